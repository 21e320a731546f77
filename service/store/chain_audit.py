"""Whether stored classifications are what was stored: the walk along the chain.

`docs/audit.md` says what it can tell, and what only a head that was noted elsewhere can.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson
from softbalance.service.store.chain import canonical, digest_of
from softbalance.service.store.database import Database
from softbalance.service.store.stored_records import actors_of, coders_of, pick_search_columns
from softbalance.service.store.tables import actors, coders, records
from sqlalchemy import Connection, Row, Table, select

ALTERED, REMOVED, INSERTED = "altered", "removed", "inserted"
#: How many records are in memory at a time.
_AT_A_TIME = 100
#: How many records may be missing in a row for their number to be told.
_MOST_MISSING = 10_000


class Break(NamedTuple):
    """The first place where the chain is not what was stored.

    `kind` is altered, removed or inserted; `record` the id of the record, None where it is gone;
    `detail` says what is wrong.
    """

    kind: str
    position: int
    record: str | None
    detail: str


@dataclass(frozen=True)
class Audit:
    """What a walk found: how many records are whole, the digest of the last, the first break."""

    whole: int
    head: str | None
    broken: Break | None


class _Record:
    """A row of the store, its document read, and the names beside it."""

    def __init__(self, row: Row[Any], names: Mapping[str, list[str]]) -> None:
        self.row, self.names = row, names
        self.position: int = row.position
        self.id: str = row.id
        self.previous: str | None = row.previous
        self.digest: str = row.digest
        try:
            self.answer: Any = orjson.loads(row.document)
            self._canonical: str | None = canonical(self.answer)
        except ValueError:
            self.answer = self._canonical = None

    def fits(self, position: int) -> bool:
        """Return whether the digest is that of this record, were it at a position."""
        if self._canonical is None:
            return False
        return digest_of(position, self.previous, self._canonical) == self.digest

    def find_difference(self) -> str | None:
        """Name a column or a table that says otherwise than the document, or None."""
        if orjson.dumps(self.answer).decode() != self.row.document:
            return "document"
        try:
            for name, value in pick_search_columns(self.answer).items():
                if self.row._mapping[name] != value:
                    return name
            expected = {"actors": actors_of(self.answer), "coders": coders_of(self.answer)}
        except (LookupError, TypeError, AttributeError):
            return "document"
        for name, values in expected.items():
            if sorted(values) != sorted(self.names[name]):
                return name
        return None


def audit(
    database: Database, told: Callable[[int], object] = int, noted: str | None = None
) -> Audit:
    """Walk the chain from its first record; stop where it is broken.

    `told` is called with the number of records that were walked since the last call. `noted` is
    a head that was noted elsewhere, and must be the digest of one of the records. Memory does not
    grow with the number of records. Raises StoreAway.
    """
    whole, head, met = 0, None, noted is None
    for before, record, after in _with_neighbours(_records(database)):
        broken = _break_at(database, whole + 1, before, record, after)
        if broken is not None:
            return Audit(min(whole, broken.position - 1), head, broken)
        whole, head = whole + 1, record.digest
        met = met or head == noted
        told(1)
    broken = _find_stray_name(database)
    if broken is None and not met:
        detail = (
            f"no record has the noted digest {noted}: the records from there on were cut off, or "
            "the whole chain was made anew"
        )
        broken = Break(REMOVED, whole + 1, None, detail)
    return Audit(whole, head, broken)


def _break_at(
    database: Database,
    expected: int,
    before: _Record | None,
    record: _Record,
    after: _Record | None,
) -> Break | None:
    """Return what is wrong with a record, or with what should stand before it."""
    here, last = record.position, before.digest if before else None
    if here < expected:
        return _make_break(INSERTED, record, "no record stands before the first")
    if here > expected:
        return _report_missing(expected, here - expected, record)
    if record.fits(here):
        if record.previous == last:
            return _check_columns(record)
        if before is None:
            return _make_break(ALTERED, record, "it claims a record before the first")
        detail = f"it is not the one that {record.id}, the next, was chained to"
        return _make_break(ALTERED, before, detail)
    return _find_moved(database, before, record) or _explain_unfit(last, record, after)


def _check_columns(record: _Record) -> Break | None:
    name = record.find_difference()
    detail = f"its {name} is not what the record says"
    return None if name is None else _make_break(ALTERED, record, detail)


def _find_moved(database: Database, before: _Record | None, record: _Record) -> Break | None:
    """Return what was inserted or removed before a record that fits another position."""
    with database.begin_read() as connection:
        query = select(records.c.position, records.c.id).order_by(records.c.position)
        parent = connection.execute(query.where(records.c.digest == record.previous)).first()
        origin = parent.position + 1 if parent else 1
        if (parent or record.previous is None) and record.fits(origin) and before is not None:
            first = connection.execute(query.where(records.c.position == origin)).one()
            detail = f"{record.id}, now at position {record.position}, was chained before it was"
            return Break(INSERTED, origin, first.id, detail)
    for missing in range(1, _MOST_MISSING):
        if record.fits(record.position + missing):
            return _report_missing(record.position, missing, record)
    return None


def _explain_unfit(last: str | None, record: _Record, after: _Record | None) -> Break:
    """Return the break of a record whose digest fits it nowhere."""
    if after is not None and after.previous == last and after.previous != record.digest:
        detail = f"its neighbours are chained to each other, and {after.id} was moved for it"
        return _make_break(INSERTED, record, detail)
    hint = "" if after is not None else ", or it was added by other hands"
    return _make_break(ALTERED, record, f"its digest is not that of what it says{hint}")


def _report_missing(position: int, count: int, after: _Record) -> Break:
    gone = "one record is" if count == 1 else f"{count} records are"
    return Break(REMOVED, position, None, f"{gone} missing before {after.id}")


def _make_break(kind: str, record: _Record, detail: str) -> Break:
    return Break(kind, record.position, record.id, detail)


def _find_stray_name(database: Database) -> Break | None:
    """Return a row beside the records that belongs to none of them."""
    with database.begin_read() as connection:
        for table in (actors, coders):
            query = select(table.c.position).outerjoin(records).where(records.c.position.is_(None))
            found = connection.execute(query.limit(1)).first()
            if found is not None:
                detail = f"the table {table.name} names a record that is not there"
                return Break(INSERTED, found.position, None, detail)
    return None


def _with_neighbours(
    walked: Iterator[_Record],
) -> Iterator[tuple[_Record | None, _Record, _Record | None]]:
    before: _Record | None = None
    record = next(walked, None)
    while record is not None:
        after = next(walked, None)
        yield before, record, after
        before, record = record, after


def _records(database: Database) -> Iterator[_Record]:
    """Yield every record in order of position, read a few at a time."""
    query = select(records).order_by(records.c.position).limit(_AT_A_TIME)
    after: int | None = None
    while True:
        with database.begin_read() as connection:
            later = query if after is None else query.where(records.c.position > after)
            rows = connection.execute(later).all()
            if not rows:
                return
            first, after = rows[0].position, rows[-1].position
            acting = _names(connection, actors, first, after)
            coding = _names(connection, coders, first, after)
        for row in rows:
            position = row.position
            names = {"actors": acting.get(position, []), "coders": coding.get(position, [])}
            yield _Record(row, names)


def _names(connection: Connection, table: Table, first: int, last: int) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    rows = connection.execute(select(table).where(table.c.position.between(first, last)))
    for name, position in rows:
        found.setdefault(position, []).append(name)
    return found
