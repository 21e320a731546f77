"""How often a key may call: Flask-Limiter, with counts that all workers of a service share."""

from __future__ import annotations

import sqlite3
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from flask import Flask, request
from flask_limiter import Limiter
from limits.storage import Storage
from softbalance.service.observing.access_log import KEY_ID
from softbalance.service.settings import NONE

#: Where a process that serves alone counts.
ALONE = "memory://"
_SCHEME = "softbalance"


def get_counts_uri(file: Path) -> str:
    """Return what names the counts in a file; processes of one machine count there together."""
    return f"{_SCHEME}://{quote(str(file))}"


def set_up(app: Flask, limit: str, counters: str) -> None:
    """Limit the requests of each key; whoever needs no key is not limited."""
    if limit == NONE:
        return
    Limiter(
        lambda: str(request.environ[KEY_ID]),
        app=app,
        application_limits=[limit],
        application_limits_exempt_when=lambda: KEY_ID not in request.environ,
        storage_uri=counters,
        headers_enabled=True,
        # counts that cannot be kept are no reason to refuse anybody
        swallow_errors=True,
    )


class Counts(Storage):
    """Counts in a SQLite file, beside which `limits` has but servers and single processes.

    Nothing in it outlives the service, so that nothing waits for the disk. A worker that is
    killed leaves the file whole and unlocked.
    """

    STORAGE_SCHEME = [_SCHEME]

    def __init__(self, uri: str, wrap_exceptions: bool = False, **_: Any) -> None:
        super().__init__(uri, wrap_exceptions)
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(
            unquote(urlsplit(uri).path), isolation_level=None, check_same_thread=False
        )
        for statement in (
            "PRAGMA journal_mode=WAL",
            "PRAGMA synchronous=OFF",
            "CREATE TABLE IF NOT EXISTS counts (key TEXT PRIMARY KEY, n INTEGER, until REAL)",
        ):
            self._connection.execute(statement)

    @property
    def base_exceptions(self) -> type[Exception]:
        """What may be raised here."""
        return sqlite3.Error

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count, anew where the time is over; return the count."""
        now = time.time()
        n: int = self._row(
            "INSERT INTO counts VALUES (:key, :n, :until) ON CONFLICT (key) DO UPDATE SET "
            "n = CASE WHEN until <= :now THEN :n ELSE n + :n END, "
            "until = CASE WHEN until <= :now THEN :until ELSE until END RETURNING n",
            {"key": key, "n": amount, "until": now + expiry, "now": now},
        )[0]
        return n

    def get(self, key: str) -> int:
        """Return the count."""
        row = self._row("SELECT n FROM counts WHERE key = ? AND until > ?", (key, time.time()))
        return row[0] if row else 0

    def get_expiry(self, key: str) -> float:
        """Return when the time is over, in seconds since the epoch."""
        row = self._row("SELECT until FROM counts WHERE key = ?", (key,))
        return row[0] if row else time.time()

    def check(self) -> bool:
        """Return whether counts can be kept."""
        return bool(self._row("SELECT 1", ()))

    def reset(self) -> int | None:
        """Forget all counts."""
        self._row("DELETE FROM counts", ())
        return None

    def clear(self, key: str) -> None:
        """Forget a count."""
        self._row("DELETE FROM counts WHERE key = ?", (key,))

    def _row(self, statement: str, values: Any) -> Any:
        with self._lock:
            return self._connection.execute(statement, values).fetchone()
