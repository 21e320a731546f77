"""API keys as rows of the store; each change of one is an event of the audit chain."""

from __future__ import annotations

from typing import Any

from softbalance.service.store import (
    KEY_CREATED,
    KEY_EXPIRED,
    KEY_REVOKED,
    KEY_ROTATED,
    add_event,
    digest_of_key,
    events,
    keys,
    now,
)
from sqlalchemy import Connection, insert, or_, select, update


def find_valid(connection: Connection, named: str) -> list[Any]:
    """Return the keys of that name or id that are neither revoked nor expired, newest last."""
    query = select(keys).where((keys.c.name == named) | (keys.c.id == named))
    query = query.where(keys.c.revoked_at.is_(None))
    query = query.where(or_(keys.c.expires_at.is_(None), keys.c.expires_at > now()))
    events_of = select(events.c.position).where(events.c.subject == keys.c.id)
    first = events_of.order_by(events.c.position).limit(1).scalar_subquery()
    return list(connection.execute(query.order_by(first)).all())


def create(connection: Connection, row: dict[str, Any]) -> None:
    """Add a key."""
    connection.execute(insert(keys), row)
    added = connection.execute(select(keys).where(keys.c.id == row["id"])).one()
    digest = digest_of_key(added)
    add_event(connection, KEY_CREATED, added.id, key=digest, expires_at=added.expires_at)


def revoke(connection: Connection, id_: str) -> None:
    """Revoke a key."""
    revoked_at = now()
    connection.execute(update(keys).where(keys.c.id == id_).values(revoked_at=revoked_at))
    add_event(connection, KEY_REVOKED, id_, revoked_at=revoked_at)


def replace(connection: Connection, id_: str, following: str, expires_at: str) -> None:
    """Let a key expire that another follows."""
    connection.execute(update(keys).where(keys.c.id == id_).values(expires_at=expires_at))
    add_event(connection, KEY_ROTATED, id_, following=following, expires_at=expires_at)


def list_expired(connection: Connection) -> list[Any]:
    """Return the keys that have expired and of which no event says so."""
    query = select(keys.c.id, keys.c.expires_at).where(keys.c.expires_at <= now())
    noted = select(events.c.subject).where(events.c.kind == KEY_EXPIRED)
    query = query.where(keys.c.revoked_at.is_(None), keys.c.id.not_in(noted))
    return list(connection.execute(query).all())


def note_expired(connection: Connection) -> int:
    """Add an event for each of these, and return how many they are."""
    found = list_expired(connection)
    for row in found:
        add_event(connection, KEY_EXPIRED, row.id, expires_at=row.expires_at)
    return len(found)
