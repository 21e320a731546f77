"""A table out of a file of another program, before it is kept as Parquet."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

#: A column's cells as Python has them.
Cells = Sequence[Any]


@dataclass(frozen=True, slots=True)
class ForeignTable:
    """Columns side by side: their names, and the cells of each as an Arrow array.

    `lines` are those of the rows as people see them, None where these are counted from 1. `blank`
    counts the rows left out whose cells are all blank; `warnings` say what may not be meant so.
    """

    names: Sequence[str]
    arrays: Sequence[Any]
    lines: Sequence[int] | None = None
    blank: int = 0
    warnings: tuple[str, ...] = ()


def cell_text(cell: object) -> str | None:
    """Return a cell as the text that a sheet has for it, None if it is empty."""
    if cell is None or isinstance(cell, str):
        return cell or None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        if math.isnan(cell):
            return None
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1 << 53 else repr(cell)
    if isinstance(cell, datetime.datetime):
        midnight = cell.time() == datetime.time()
        return cell.date().isoformat() if midnight else cell.isoformat(" ")
    return str(cell)


def text_cells(cells: Iterable[object]) -> list[str | None]:
    """Return cells as text."""
    return [cell_text(cell) for cell in cells]
