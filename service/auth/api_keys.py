"""API keys: made, listed, revoked, and recognised by what a caller sends.

A token is `sb_ID_SECRET`. The id finds the key; of the secret only its hash is stored.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from softbalance.service.store import Database, StoreAway, keys
from sqlalchemy import insert, select, update

#: What a key may be allowed: to read what is stored, to classify, to read the metrics.
READ, CLASSIFY, METRICS = SCOPES = ("read", "classify", "metrics")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_TOKEN = re.compile(r"sb_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")


class UnusableKey(ValueError):
    """A key that cannot be made or revoked as asked; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Key:
    """What is known of a key; times are RFC 3339 in UTC, `revoked_at` None while it is valid."""

    id: str
    name: str
    scopes: tuple[str, ...]
    created_at: str
    revoked_at: str | None


class Keys:
    """The keys of a store. Safe for threads.

    Every call asks the store, so that a key that is revoked is refused by every worker from the
    next request on. Only while the store is away do those count that were valid when it was last
    there: what needs no store goes on.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._last: dict[str, Any] = {}

    def create(self, name: str, scopes: Iterable[str]) -> tuple[Key, str]:
        """Make a key and return it with its token, which cannot be had again.

        Raises UnusableKey for a name that is no name or in use, and StoreAway.
        """
        if not _NAME.fullmatch(name):
            raise UnusableKey(
                f"{name!r} is no name for a key; write up to 64 of A-Z a-z 0-9 . _ @ -, a letter "
                "or digit first"
            )
        id_, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
        made = Key(id_, name, tuple(sorted(set(scopes))), _now(), None)
        row = {
            "id": id_,
            "name": name,
            "scopes": " ".join(made.scopes),
            "hash": _hash(secret),
            "created_at": made.created_at,
        }
        taken = select(keys.c.id).where(keys.c.name == name, keys.c.revoked_at.is_(None))
        with self._database.begin_write() as connection:
            if connection.execute(taken).first() is not None:
                raise UnusableKey(
                    f"there is a key {name!r} already; revoke it or choose another name"
                )
            connection.execute(insert(keys), row)
        return made, f"sb_{id_}_{secret}"

    def list_(self) -> list[Key]:
        """Return all keys, the oldest first. Raises StoreAway."""
        query = select(keys).order_by(keys.c.created_at, keys.c.id)
        with self._database.begin_read() as connection:
            return [_key(row) for row in connection.execute(query)]

    def revoke(self, named: str) -> Key:
        """Revoke the valid key of that name or id. Raises UnusableKey if none is, and StoreAway."""
        valid = keys.c.revoked_at.is_(None)
        found = select(keys).where((keys.c.name == named) | (keys.c.id == named), valid)
        with self._database.begin_write() as connection:
            row = connection.execute(found).first()
            if row is None:
                raise UnusableKey(
                    f"no valid key has the name or id {named!r}; `softbalance keys list` shows all"
                )
            change = update(keys).where(keys.c.id == row.id).values(revoked_at=_now())
            connection.execute(change)
        return _key(row)

    def find_by_token(self, token: str) -> Key | None:
        """Return the valid key that a token is of, or None. Raises StoreAway."""
        if not (parts := _TOKEN.fullmatch(token)):
            return None
        row = self._row(parts[1])
        # compared also where there is no such key, so that both take as long
        same = hmac.compare_digest(row.hash if row else "", _hash(parts[2]))
        return _key(row) if row and same else None

    def find_by_id(self, id_: str) -> Key | None:
        """Return the valid key of that id, or None. Raises StoreAway."""
        row = self._row(id_)
        return _key(row) if row else None

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


def _key(row: Any) -> Key:
    return Key(row.id, row.name, tuple(row.scopes.split()), row.created_at, row.revoked_at)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
