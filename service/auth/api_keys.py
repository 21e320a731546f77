"""API keys: made, listed, rotated, revoked, and recognised by what a caller sends.

A token is `sb_ID_SECRET`. The id finds the key; of the secret only its hash is stored.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from softbalance.service.auth import key_rows
from softbalance.service.auth.key_uses import KeyUses
from softbalance.service.store import Database, StoreAway, format_time, keys, now
from sqlalchemy import Connection, select

#: What a key may be allowed: to read what is stored, to classify, to read the metrics.
READ, CLASSIFY, METRICS = SCOPES = ("read", "classify", "metrics")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_TOKEN = re.compile(r"sb_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")


class UnusableKey(ValueError):
    """A key that cannot be made or revoked as asked; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Key:
    """What is known of a key; times are RFC 3339 in UTC, None where there is none.

    It is valid until it is revoked or expires.
    """

    id: str
    name: str
    scopes: tuple[str, ...]
    created_at: str
    revoked_at: str | None = None
    expires_at: str | None = None
    last_used_at: str | None = None


class Keys:
    """The keys of a store. Safe for threads.

    Every call asks the store, so that a key that is revoked is refused by every worker from the
    next request on. Only while the store is away do those count that were valid when it was last
    there: what needs no store goes on.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._last: dict[str, Any] = {}
        self.uses = KeyUses()

    def create(
        self, name: str, scopes: Iterable[str], expires_at: datetime | None = None
    ) -> tuple[Key, str]:
        """Make a key and return it with its token, which cannot be had again.

        Raises UnusableKey for a name that is no name or in use, or a time that is over, and
        StoreAway.
        """
        if not _NAME.fullmatch(name):
            raise UnusableKey(
                f"{name!r} is no name for a key; write up to 64 of A-Z a-z 0-9 . _ @ -, a letter "
                "or digit first"
            )
        with self._database.begin_write() as connection:
            if key_rows.find_valid(connection, name):
                raise UnusableKey(
                    f"there is a key {name!r} already; revoke it or choose another name"
                )
            return _add(connection, name, scopes, expires_at)

    def rotate(
        self, named: str, overlap: timedelta = timedelta(0), expires_at: datetime | None = None
    ) -> tuple[Key, Key, str]:
        """Make another key of the same name and scopes in place of one, the newest of its name.

        Return the old one, which expires after the overlap, the new one and its token. Raises
        UnusableKey if no key is valid or the time is over, and StoreAway.
        """
        with self._database.begin_write() as connection:
            old = self._find_valid(connection, named)[-1]
            made, token = _add(connection, old.name, old.scopes.split(), expires_at)
            ends = format_time(datetime.now(UTC) + overlap)
            if old.expires_at is not None:
                ends = min(ends, old.expires_at)
            key_rows.replace(connection, old.id, made.id, ends)
            old = connection.execute(select(keys).where(keys.c.id == old.id)).one()
        return _key(old), made, token

    def list_(self) -> list[Key]:
        """Return all keys, the oldest first. Raises StoreAway."""
        query = select(keys).order_by(keys.c.created_at, keys.c.id)
        with self._database.begin_read() as connection:
            return [_key(row) for row in connection.execute(query)]

    def revoke(self, named: str) -> Key:
        """Revoke the valid key of that name or id, and return it.

        An older one that it followed, and that is valid yet, is revoked with it by name.
        Raises UnusableKey if none is valid, and StoreAway.
        """
        with self._database.begin_write() as connection:
            found = self._find_valid(connection, named)
            for row in found:
                key_rows.revoke(connection, row.id)
        return _key(found[-1])

    def note_expired(self) -> int:
        """Add an event for each key that has expired since this was last done. Raises StoreAway."""
        with self._database.begin_read() as connection:
            if not key_rows.list_expired(connection):
                return 0
        with self._database.begin_write() as connection:
            return key_rows.note_expired(connection)

    def _find_valid(self, connection: Connection, named: str) -> list[Any]:
        found = key_rows.find_valid(connection, named)
        if not found:
            raise UnusableKey(
                f"no valid key has the name or id {named!r}; `softbalance keys list` shows all"
            )
        return found

    def find_by_token(self, token: str) -> Key | None:
        """Return the valid key that a token is of, or None. Raises StoreAway."""
        if not (parts := _TOKEN.fullmatch(token)):
            return None
        row = self._row(parts[1])
        # compared also where there is no such key, so that both take as long
        same = hmac.compare_digest(row.hash if row else "", _hash(parts[2]))
        return self._use(row) if row and same else None

    def find_by_id(self, id_: str) -> Key | None:
        """Return the valid key of that id, or None. Raises StoreAway."""
        row = self._row(id_)
        return self._use(row) if row else None

    def _use(self, row: Any) -> Key | None:
        if row.expires_at is not None and row.expires_at <= now():
            return None
        self.uses.note(row.id)
        return _key(row)

    def _row(self, id_: str) -> Any:
        query = select(keys).where(keys.c.id == id_, keys.c.revoked_at.is_(None))
        try:
            with self._database.begin_read() as connection:
                row = connection.execute(query).one_or_none()
        except StoreAway:
            if id_ not in self._last:
                raise
            return self._last[id_]
        if row is None:
            self._last.pop(id_, None)
        else:
            self._last[id_] = row
        return row


def _hash(secret: str) -> str:
    """Return the hash under which a secret is stored.

    A secret has 256 random bits. Nobody can try them all, however fast the hash; the slow hashes
    that passwords need would only make each request slow.
    """
    return hashlib.sha256(secret.encode()).hexdigest()


def _add(
    connection: Connection, name: str, scopes: Iterable[str], expires_at: datetime | None
) -> tuple[Key, str]:
    """Add a key; return it and its token."""
    id_, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    ends = None if expires_at is None else format_time(expires_at.astimezone(UTC))
    made = Key(id_, name, tuple(sorted(set(scopes))), now(), expires_at=ends)
    if ends is not None and ends <= made.created_at:
        raise UnusableKey(f"the key would expire at {ends}, which is over; choose a later time")
    row = {
        "id": id_,
        "name": name,
        "scopes": " ".join(made.scopes),
        "hash": _hash(secret),
        "created_at": made.created_at,
        "expires_at": ends,
    }
    key_rows.create(connection, row)
    return made, f"sb_{id_}_{secret}"


def _key(row: Any) -> Key:
    scopes = tuple(row.scopes.split())
    times = (row.created_at, row.revoked_at, row.expires_at, row.last_used_at)
    return Key(row.id, row.name, scopes, *times)
