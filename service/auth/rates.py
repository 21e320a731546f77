"""How often a key may call: Flask-Limiter, with counts that all workers of a service share."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from flask import Flask, Response, g, request
from flask_limiter import Limiter
from limits.storage import Storage
from softbalance.service.observing.access_log import KEY_ID
from softbalance.service.observing.metrics import Metrics
from softbalance.service.settings import NONE

_SCHEME = "softbalance"
#: Where a process that serves alone counts: in its own memory.
ALONE = f"{_SCHEME}://"
_TABLE = "CREATE TABLE IF NOT EXISTS counts (key TEXT PRIMARY KEY, n INTEGER, until REAL)"
_log = logging.getLogger(__name__)


def get_counts_uri(file: Path) -> str:
    """Return what names the counts in a file; processes of one machine count there together."""
    return f"{_SCHEME}://{quote(str(file))}"


def set_up(app: Flask, limit: str, counters: str, metrics: Metrics) -> None:
    """Limit the requests of each key; whoever needs no key is not limited."""
    if limit == NONE:
        return

    def count_failure() -> None:
        metrics.count_temporary_failure("rates")

    options: dict[str, Any] = {"on_failure": count_failure}
    # what is registered first is called last
    app.after_request(_restore_retry_after)
    Limiter(
        lambda: str(request.environ[KEY_ID]),
        app=app,
        application_limits=[limit],
        application_limits_exempt_when=lambda: KEY_ID not in request.environ,
        storage_uri=counters,
        storage_options=options,
        headers_enabled=True,
    )
    app.after_request(_note_retry_after)


def _note_retry_after(response: Response) -> Response:
    g.retry_after = response.headers.get("Retry-After")
    return response


def _restore_retry_after(response: Response) -> Response:
    """Keep the time that an answer names itself; the limiter puts the end of its window there."""
    own = g.get("retry_after")
    if own is not None:
        response.headers["Retry-After"] = own
    elif response.status_code != 429:
        response.headers.pop("Retry-After", None)
    return response


class Counts(Storage):
    """Counts in a SQLite file, beside which `limits` has but servers and single processes.

    Nothing in it outlives the service, so that nothing waits for the disk. A worker that is
    killed leaves the file whole and unlocked. Where the file cannot be written, the process counts
    in its own memory, so that a key may call as often at each worker, and no more. Time is
    counted by the machine's monotonic clock, which all processes share and nobody sets.
    """

    STORAGE_SCHEME = [_SCHEME]

    def __init__(
        self,
        uri: str,
        wrap_exceptions: bool = False,
        on_failure: Callable[[], object] = bool,
        **_: Any,
    ) -> None:
        super().__init__(uri, wrap_exceptions)
        self._lock = threading.Lock()
        self._file = unquote(urlsplit(uri).path)
        self._shared: sqlite3.Connection | None = None
        self._own = _connect(":memory:")
        weakref.finalize(self, self._own.close)
        self._on_failure, self._failing = on_failure, False

    @property
    def base_exceptions(self) -> type[Exception]:
        """What may be raised here."""
        return sqlite3.Error

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count, anew where the time is over; return the count."""
        now = time.monotonic()
        n: int = self._row(
            "INSERT INTO counts VALUES (:key, :n, :until) ON CONFLICT (key) DO UPDATE SET "
            "n = CASE WHEN until <= :now THEN :n ELSE n + :n END, "
            "until = CASE WHEN until <= :now THEN :until ELSE until END RETURNING n",
            {"key": key, "n": amount, "until": now + expiry, "now": now},
        )[0]
        return n

    def get(self, key: str) -> int:
        """Return the count."""
        query = "SELECT n FROM counts WHERE key = ? AND until > ?"
        row = self._row(query, (key, time.monotonic()))
        return row[0] if row else 0

    def get_expiry(self, key: str) -> float:
        """Return when the time is over, in seconds since the epoch by the clock as it is now."""
        row = self._row("SELECT until FROM counts WHERE key = ?", (key,))
        return time.time() + (max(0, row[0] - time.monotonic()) if row else 0)

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
            try:
                row = self._connect_shared().execute(statement, values).fetchone()
            except sqlite3.Error as error:
                self._tell(error)
                return self._own.execute(statement, values).fetchone()
            self._failing = False
            return row

    def _connect_shared(self) -> sqlite3.Connection:
        if not self._file:
            return self._own
        if self._shared is None:
            self._shared = _connect(self._file)
            weakref.finalize(self, self._shared.close)
        return self._shared

    def _tell(self, error: sqlite3.Error) -> None:
        """Count a failure; log it when others did not come before."""
        self._on_failure()
        if not self._failing:
            told = "the file of rates %s cannot be used (%s): this process counts by itself"
            _log.error(told, self._file, error)
        self._failing = True


def _connect(file: str) -> sqlite3.Connection:
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    try:
        for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=OFF", _TABLE):
            connection.execute(statement)
    except sqlite3.Error:
        connection.close()
        raise
    return connection
