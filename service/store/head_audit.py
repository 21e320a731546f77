"""The heads of both chains, and whether heads that were noted are still in them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from softbalance.service.store.audit_findings import ALTERED, REMOVED, Break, Heads
from softbalance.service.store.database import Database
from softbalance.service.store.tables import events, records
from sqlalchemy import Connection, Table, select

#: How many heads are in memory at a time.
_AT_A_TIME = 100
_MADE_ANEW = "the chain was made anew, or another store stands in its place"
_CUT_OFF = "its end was cut off, or an older copy stands in its place"


def read_heads(database: Database) -> Heads:
    """Return the heads of both chains as they are. Raises StoreAway."""
    with database.begin_read() as connection:
        return Heads(*_read_head(connection, records), *_read_head(connection, events))


def find_missing_head(database: Database, heads: Iterable[Heads]) -> Break | None:
    """Return what became of the first head that is not in its chain. Raises StoreAway.

    The chains are whole.
    """
    remaining = iter(heads)
    # read before the store is asked, which may not take long
    while part := list(islice(remaining, _AT_A_TIME)):
        with database.begin_read() as connection:
            for noted in part:
                broken = _check_heads(connection, noted)
                if broken is not None:
                    return broken
    return None


def _check_heads(connection: Connection, noted: Heads) -> Break | None:
    return _check_head(
        connection, records, noted.records, noted.digest, noted.source
    ) or _check_head(connection, events, noted.events, noted.events_digest, noted.source)


def _check_head(
    connection: Connection, table: Table, position: int, digest: str | None, source: str
) -> Break | None:
    if not position:
        return None
    query = select(table.c.digest).where(table.c.position == position)
    found = connection.execute(query).scalar()
    if found == digest:
        return None
    kind, why = (REMOVED, _CUT_OFF) if found is None else (ALTERED, _MADE_ANEW)
    what = "record" if table is records else "event"
    detail = f"{source} has {digest} there: {why}"
    return Break(kind, position, None, detail, f"the {what} at position {position}")


def _read_head(connection: Connection, table: Table) -> tuple[int, str | None]:
    query = select(table.c.position, table.c.digest).order_by(table.c.position.desc())
    row = connection.execute(query.limit(1)).first()
    return (0, None) if row is None else (row.position, row.digest)
