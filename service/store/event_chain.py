"""The chain of events: what happened to keys, to idempotency keys and to parts of records.

An event is added in the transaction that does what it tells of. The chain is made as that of the
records is, and apart from it, so that a record takes no more than it did.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from softbalance.service.store.chain import canonical, digest_of, hash_text
from softbalance.service.store.database import Database
from softbalance.service.store.tables import events
from sqlalchemy import Connection, insert, select

KEY_CREATED, KEY_REVOKED = "key-created", "key-revoked"
KEY_ROTATED, KEY_EXPIRED = "key-rotated", "key-expired"
IDEMPOTENCY_USED, IDEMPOTENCY_EXPIRED = "idempotency-used", "idempotency-expired"
RECORD_ERASED = "record-erased"
#: The subject of an event that is about no key and no record.
NOBODY = "-"
_HEAD = select(events.c.position, events.c.digest).order_by(events.c.position.desc()).limit(1)
_ADD = insert(events)
#: How many events are in memory at a time.
_AT_A_TIME = 500


def add_event(connection: Connection, kind: str, subject: str, **details: Any) -> int:
    """Add an event at the end of the chain, and return its position.

    `connection` is one that writes. Details are texts, whole numbers, None and lists of such.
    """
    head = connection.execute(_HEAD).first()
    position, previous = (head.position + 1, head.digest) if head else (1, None)
    document = canonical({"kind": kind, "subject": subject, "at": now(), **details})
    row = {"position": position, "kind": kind, "subject": subject, "document": document}
    digest = digest_of(position, previous, document)
    connection.execute(_ADD, {**row, "previous": previous, "digest": digest})
    return position


def digest_of_key(row: Any) -> str:
    """Return what an event tells of a key: the digest of all that never changes of it.

    The hash of its secret is among that, so that nobody can tell its name from the digest.
    """
    return digest_of_fields(row.id, row.name, row.scopes, row.hash, row.created_at)


def digest_of_fields(*fields: str | int) -> str:
    """Return the digest of the canonical JSON of a list."""
    return hash_text(orjson.dumps(fields).decode())


def read_events(database: Database) -> Iterator[Any]:
    """Yield the rows of all events in order, read a few at a time. Raises StoreAway."""
    query = select(events).order_by(events.c.position).limit(_AT_A_TIME)
    rows: Sequence[Any] = []
    while True:
        later = query.where(events.c.position > rows[-1].position) if rows else query
        with database.begin_read() as connection:
            rows = connection.execute(later).all()
        if not rows:
            return
        yield from rows


def now() -> str:
    """Return the time as it is stored: UTC, RFC 3339, to the second."""
    return format_time(datetime.now(UTC))


def format_time(moment: datetime) -> str:
    """Return a time of UTC as it is stored."""
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
