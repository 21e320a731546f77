"""Reading records a part at a time, so that large ones take no more memory than small ones."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select

#: A part ends with the record that makes its documents longer, in characters.
_LONGEST = 4 * 1024 * 1024
#: Rows that the driver fetches at once.
_ROWS = 8


def fetch_some(connection: Connection, query: Select[Any], limit: int) -> tuple[list[Any], bool]:
    """Return the first rows of a query with that limit, and whether more may follow them.

    The query has a column `document`; after some megabytes of these, no more rows are read.
    """
    rows, size = [], 0
    with connection.execute(query, execution_options={"yield_per": _ROWS}) as found:
        for row in found:
            rows.append(row)
            size += len(row.document)
            if size > _LONGEST:
                return rows, True
    return rows, len(rows) == limit
