"""Whether stored classifications are what was stored: the walk along the chain.

`docs/audit.md` says what it can tell, and what only a head that was noted elsewhere can.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from softbalance.service.store.audit_findings import (
    ALTERED,
    INSERTED,
    REMOVED,
    Audit,
    Break,
    Heads,
)
from softbalance.service.store.audited_records import AuditedRecord, read_records
from softbalance.service.store.database import Database
from softbalance.service.store.event_audit import audit_events
from softbalance.service.store.head_audit import find_missing_head
from softbalance.service.store.rulebook_audit import find_altered_rulebook
from softbalance.service.store.tables import actors, coders, records
from sqlalchemy import select

#: How many records may be missing in a row for their number to be told.
_MOST_MISSING = 10_000


def audit(
    database: Database,
    told: Callable[[int], object] = int,
    noted: str | None = None,
    heads: Iterable[Heads] = (),
) -> Audit:
    """Walk both chains from their beginning; stop where one is broken.

    `told` is called with the number of records that were walked since the last call. `noted` is
    a head that was noted elsewhere, and must be the digest of one of the records; `heads` are
    those of checkpoints. Kept rulebooks and all that events tell of is compared with its digests.
    Memory does not grow with the number of records. Raises StoreAway.
    """
    found = _walk(database, told, noted)
    if found.broken is None:
        found = audit_events(database, found)
    if found.broken is None:
        broken = find_altered_rulebook(database) or find_missing_head(database, heads)
        found = found._replace(broken=broken)
    return found


def _walk(database: Database, told: Callable[[int], object], noted: str | None) -> Audit:
    """Walk the records."""
    found, met = Audit(0, None, None), noted is None
    for before, record, after in _with_neighbours(read_records(database)):
        whole = found.whole
        broken = _break_at(database, whole + 1, before, record, after)
        if broken is not None:
            # the break may be the record before this one
            place = whole + 1 if broken.position is None else broken.position
            return found._replace(whole=min(whole, place - 1), broken=broken)
        erased = len(record.list_erased())
        found = found._replace(
            whole=whole + 1,
            head=record.digest,
            erased=found.erased + erased,
            erased_of=found.erased_of + (erased > 0),
        )
        met = met or record.digest == noted
        told(1)
    broken = _find_stray_name(database)
    if broken is None and not met:
        detail = (
            f"no record has the noted digest {noted}: the records from there on were cut off, or "
            "the whole chain was made anew"
        )
        broken = Break(REMOVED, found.whole + 1, None, detail)
    return found._replace(broken=broken)


def _break_at(
    database: Database,
    expected: int,
    before: AuditedRecord | None,
    record: AuditedRecord,
    after: AuditedRecord | None,
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


def _check_columns(record: AuditedRecord) -> Break | None:
    difference = record.find_difference()
    return None if difference is None else _make_break(ALTERED, record, difference)


def _find_moved(
    database: Database, before: AuditedRecord | None, record: AuditedRecord
) -> Break | None:
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


def _explain_unfit(last: str | None, record: AuditedRecord, after: AuditedRecord | None) -> Break:
    """Return the break of a record whose digest fits it nowhere."""
    if after is not None and after.previous == last and after.previous != record.digest:
        detail = f"its neighbours are chained to each other, and {after.id} was moved for it"
        return _make_break(INSERTED, record, detail)
    hint = "" if after is not None else ", or it was added by other hands"
    return _make_break(ALTERED, record, f"its digest is not that of what it says{hint}")


def _report_missing(position: int, count: int, after: AuditedRecord) -> Break:
    gone = "one record is" if count == 1 else f"{count} records are"
    return Break(REMOVED, position, None, f"{gone} missing before {after.id}")


def _make_break(kind: str, record: AuditedRecord, detail: str) -> Break:
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
    walked: Iterator[AuditedRecord],
) -> Iterator[tuple[AuditedRecord | None, AuditedRecord, AuditedRecord | None]]:
    before: AuditedRecord | None = None
    record = next(walked, None)
    while record is not None:
        after = next(walked, None)
        yield before, record, after
        before, record = record, after
