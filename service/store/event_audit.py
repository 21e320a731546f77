"""Whether events are what was stored, and whether what they tell of is as they say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
from softbalance.service.store.audit_findings import ALTERED, INSERTED, REMOVED, Audit, Break
from softbalance.service.store.chain import canonical, digest_of
from softbalance.service.store.claims import digest_of_claim
from softbalance.service.store.database import Database
from softbalance.service.store.event_chain import (
    IDEMPOTENCY_EXPIRED,
    IDEMPOTENCY_USED,
    KEY_CREATED,
    KEY_REVOKED,
    KEY_ROTATED,
    NOBODY,
    RECORD_ERASED,
    digest_of_key,
    read_events,
)
from softbalance.service.store.tables import events, idempotency_keys, keys, records
from sqlalchemy import Connection, Select, select

#: How many rows are in memory at a time.
_AT_A_TIME = 500


def audit_events(database: Database, found: Audit) -> Audit:
    """Walk the chain of events, and compare keys and records with it.

    `found` is what the walk along the records found; returned is that and more. Raises StoreAway.
    """
    state, head = _Told({}, 0), None
    for place, row in enumerate(read_events(database), 1):
        broken, event = _check_event(row, place, head)
        if broken is None:
            broken = state.take(row, event)
        if broken is not None:
            return found._replace(broken=broken)
        head = row.digest
        found = found._replace(events=place, events_head=head)
    upto = state.expired_upto
    broken = _find_missing_record(database) or _find_other_key(database, state.keys)
    broken = broken or _find_other_claim(database, upto) or _find_missing_claim(database, upto)
    return found._replace(broken=broken)


@dataclass
class _KeyTold:
    """What events tell of an API key."""

    digest: str
    expires_at: str | None
    revoked_at: str | None = None


@dataclass
class _Told:
    """What the events up to one tell: the API keys by id, and which claims are forgotten."""

    keys: dict[str, _KeyTold]
    expired_upto: int

    def take(self, row: Any, event: dict[str, Any]) -> Break | None:
        """Take an event in; return a break if it cannot be one of ours."""
        try:
            if row.kind == KEY_CREATED:
                self.keys[row.subject] = _KeyTold(event["key"], event["expires_at"])
            elif row.kind == KEY_ROTATED:
                self.keys[row.subject].expires_at = event["expires_at"]
            elif row.kind == KEY_REVOKED:
                self.keys[row.subject].revoked_at = event["revoked_at"]
            elif row.kind == IDEMPOTENCY_EXPIRED and row.subject == NOBODY:
                self.expired_upto = max(self.expired_upto, int(event["upto"]))
        except (LookupError, TypeError, ValueError):
            return _make_break(ALTERED, row.position, "it does not say what such an event says")
        return None


def _check_event(row: Any, expected: int, last: str | None) -> tuple[Break | None, dict[str, Any]]:
    """Return what is wrong with an event or before it, and the event."""
    if row.position > expected:
        return _make_break(REMOVED, expected, f"the next is at position {row.position}"), {}
    if row.position < expected:
        return _make_break(INSERTED, row.position, "no event stands before the first"), {}
    if row.previous != last:
        detail = "it was chained to another than the one before it"
        return _make_break(ALTERED, row.position, detail), {}
    wrong = "its digest is not that of what it says"
    try:
        event: dict[str, Any] = orjson.loads(row.document)
        if digest_of(row.position, row.previous, row.document) == row.digest:
            same = (event["kind"], event["subject"]) == (row.kind, row.subject)
            wrong = "" if same and canonical(event) == row.document else "its columns say otherwise"
    except (ValueError, LookupError, TypeError, AttributeError):
        return _make_break(ALTERED, row.position, wrong), {}
    return (_make_break(ALTERED, row.position, wrong) if wrong else None), event


def _find_other_key(database: Database, told: dict[str, _KeyTold]) -> Break | None:
    """Return an API key that is not what its events say."""
    with database.begin_read() as connection:
        rows = {row.id: row for row in connection.execute(select(keys))}
    for id_ in sorted(told.keys() - rows.keys()):
        return Break(REMOVED, None, None, "its events tell of it", f"the key {id_}")
    for id_, row in rows.items():
        name = f"the key {id_}"
        if id_ not in told:
            return Break(INSERTED, None, None, "no event tells of it", name)
        expected = told[id_]
        actual = _KeyTold(digest_of_key(row), row.expires_at, row.revoked_at)
        if actual != expected:
            return Break(ALTERED, None, None, "it is not what its events say", name)
    return None


def _find_other_claim(database: Database, upto: int) -> Break | None:
    """Return an idempotency key that is not what its event says."""
    columns = idempotency_keys.c
    query = (
        select(
            idempotency_keys,
            events.c.kind,
            events.c.subject,
            events.c.document,
            records.c.id.label("record"),
        )
        .outerjoin(events, columns.event == events.c.position)
        .outerjoin(records, columns.position == records.c.position)
    )
    for row in _in_parts(database, query, columns.event):
        name = f"the idempotency key of record {row.record}"
        if row.event <= upto or (row.kind, row.subject) != (IDEMPOTENCY_USED, row.record):
            return Break(INSERTED, None, row.record, "no event tells of it", name)
        if orjson.loads(row.document).get("claim") != digest_of_claim(row._mapping):
            return Break(ALTERED, None, row.record, "it is not what its event says", name)
    return None


def _find_missing_claim(database: Database, upto: int) -> Break | None:
    """Return an idempotency key that is gone though no event says that it was forgotten."""
    query = (
        select(events.c.position, events.c.subject)
        .outerjoin(idempotency_keys, idempotency_keys.c.event == events.c.position)
        .where(events.c.kind == IDEMPOTENCY_USED, events.c.position > upto)
        .where(idempotency_keys.c.event.is_(None))
    )
    for row in _in_parts(database, query, events.c.position):
        with database.begin_read() as connection:
            forgotten = _list_forgotten(connection, row.subject)
        if row.position not in forgotten:
            name = f"the idempotency key of record {row.subject}"
            return Break(REMOVED, None, row.subject, "no event says that it expired", name)
    return None


def _list_forgotten(connection: Connection, record: str) -> list[int]:
    query = select(events.c.document).where(events.c.subject == record)
    query = query.where(events.c.kind == IDEMPOTENCY_EXPIRED)
    told = [orjson.loads(document) for document in connection.execute(query).scalars()]
    return [event.get("event") for event in told]


def _find_missing_record(database: Database) -> Break | None:
    """Return a record that events tell of and that is not there."""
    query = select(events.c.position, events.c.subject).outerjoin(
        records, records.c.id == events.c.subject
    )
    query = query.where(events.c.kind.in_((IDEMPOTENCY_USED, RECORD_ERASED)))
    query = query.where(records.c.id.is_(None)).order_by(events.c.position).limit(1)
    with database.begin_read() as connection:
        row = connection.execute(query).first()
    if row is None:
        return None
    detail = f"the event at position {row.position} tells of it"
    return Break(REMOVED, None, row.subject, detail, f"the record {row.subject}")


def _in_parts(database: Database, query: Select[Any], by: Any) -> Iterator[Any]:
    """Yield the rows of a query, ordered by a column of it, a few at a time."""
    query = query.add_columns(by.label("ordered_by")).order_by(by).limit(_AT_A_TIME)
    rows: Any = []
    while True:
        later = query.where(by > rows[-1].ordered_by) if rows else query
        with database.begin_read() as connection:
            rows = connection.execute(later).all()
        if not rows:
            return
        yield from rows


def _make_break(kind: str, position: int, detail: str) -> Break:
    return Break(kind, None, None, detail, f"the event at position {position}")
