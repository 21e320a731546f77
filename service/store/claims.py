"""Idempotency keys: what they were used for, and until when that counts."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from softbalance.schemas.classification import Classification
from softbalance.service.store.database import Database
from softbalance.service.store.event_chain import (
    IDEMPOTENCY_EXPIRED,
    IDEMPOTENCY_USED,
    NOBODY,
    add_event,
    digest_of_fields,
    format_time,
    now,
)
from softbalance.service.store.stored_records import WHOLE, load_record
from softbalance.service.store.tables import idempotency_keys, records
from sqlalchemy import ColumnElement, Connection, delete, func, insert, select

_COLUMNS = idempotency_keys.c
_COMMITTED = ("salt", "scope", "key", "fingerprint", "position", "claimed_at")
_QUERY = select(_COLUMNS.fingerprint, _COLUMNS.claimed_at, *WHOLE).join_from(
    idempotency_keys, records
)


class ClaimConflict(Exception):
    """An idempotency key was used before, for another request."""


class Claim(NamedTuple):
    """An idempotency key: whose it is, the key, and a fingerprint of the request."""

    scope: str
    key: str
    fingerprint: str


def find_claimed(
    connection: Connection, claim: Claim, kept: timedelta | None
) -> Classification | None:
    """Return the record that a key was used for within the time that keys are kept.

    With None they are kept for ever. Raises ClaimConflict and DamagedRecord.
    """
    query = _QUERY.where(_COLUMNS.scope == claim.scope, _COLUMNS.key == claim.key)
    row = connection.execute(query).one_or_none()
    if row is None or (kept is not None and row.claimed_at < _before(kept)):
        return None
    if row.fingerprint != claim.fingerprint:
        raise ClaimConflict
    return load_record(row)


def add_claim(
    connection: Connection, claim: Claim, position: int, record: str, kept: timedelta | None
) -> None:
    """Note that a key was used for the record of that position and id.

    It is one that was not used before, or longer ago than keys are `kept`.
    """
    same = (_COLUMNS.scope == claim.scope, _COLUMNS.key == claim.key)
    if kept is not None:
        forget_claims(connection, *same)
    row = {**claim._asdict(), "position": position, "claimed_at": now()}
    row["salt"] = secrets.token_hex(16)
    row["event"] = add_event(connection, IDEMPOTENCY_USED, record, claim=digest_of_claim(row))
    connection.execute(insert(idempotency_keys), row)


def digest_of_claim(row: Mapping[str, Any]) -> str:
    """Return what the event tells of a key, which nobody can guess when the row is gone."""
    return digest_of_fields(*(row[name] for name in _COMMITTED))


def expire_claims(database: Database, kept: timedelta) -> int:
    """Forget the keys that were used longer ago; return how many. Raises StoreAway."""
    before = _before(kept)
    with database.begin_read() as connection:
        old = select(_COLUMNS.event).where(_COLUMNS.claimed_at < before).limit(1)
        if connection.execute(old).first() is None:
            return 0
    with database.begin_write() as connection:
        return _forget_older(connection, before)


def forget_claims(connection: Connection, *conditions: ColumnElement[bool]) -> None:
    """Forget the keys that meet the conditions, each with an event of its own."""
    query = select(_COLUMNS.event, records.c.id).join_from(idempotency_keys, records)
    for event, record in connection.execute(query.where(*conditions)).all():
        connection.execute(delete(idempotency_keys).where(_COLUMNS.event == event))
        add_event(connection, IDEMPOTENCY_EXPIRED, record, event=event)


def _forget_older(connection: Connection, before: str) -> int:
    """Forget all keys up to the first that is still kept, in the order of their events."""
    young = select(func.min(_COLUMNS.event)).where(_COLUMNS.claimed_at >= before)
    first = connection.execute(young).scalar()
    query = select(func.max(_COLUMNS.event))
    last = connection.execute(query if first is None else query.where(_COLUMNS.event < first))
    upto = last.scalar()
    if upto is None:
        return 0
    gone = connection.execute(delete(idempotency_keys).where(_COLUMNS.event <= upto)).rowcount
    add_event(connection, IDEMPOTENCY_EXPIRED, NOBODY, upto=upto)
    return gone


def _before(kept: timedelta) -> str:
    return format_time(datetime.now(UTC) - kept)
