"""What the service does by itself now and then: checkpoints, expiry, the last uses of keys.

Each worker has a thread for it, so that no request waits. Of workers that serve together one does
what is to be done once, for as long as it lives.
"""

from __future__ import annotations

import fcntl
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from softbalance.service.auth.api_keys import Keys
from softbalance.service.checkpoints.signing import UnusableSigningKey
from softbalance.service.checkpoints.writing import is_asked_for, write_checkpoint
from softbalance.service.context import Context
from softbalance.service.store import CommitUnknown, StoreAway, expire_claims

#: Seconds between two looks at what is due.
_LOOK = 0.5
#: Seconds after which last uses are stored, and after which expiry is looked for.
_USES, _EXPIRY = 10, 60
#: Seconds after which a checkpoint that failed is tried again, unless the next is due before.
_AGAIN = 60
_log = logging.getLogger(__name__)


class Housekeeping:
    """The work of one worker. `turn` is a file that workers which serve together share."""

    def __init__(self, context: Context, keys: Keys, turn: Path) -> None:
        self._context, self._keys, self._turn = context, keys, turn
        self._held: IO[bytes] | None = None
        self._due = dict.fromkeys((self._store_uses, self._expire, self._write_checkpoint), 0.0)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Do what is due while the block runs."""
        ended = threading.Event()
        thread = threading.Thread(target=self._run, args=(ended,), name="housekeeping", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()

    def _run(self, ended: threading.Event) -> None:
        while not ended.wait(_LOOK):
            for job, due in self._due.items():
                if time.monotonic() >= due and not ended.is_set():
                    self._due[job] = time.monotonic() + self._do(job)

    def _do(self, job: object) -> float:
        """Do a job; return the seconds until it is due again."""
        try:
            seconds: float = job()  # type: ignore[operator]
        except (StoreAway, CommitUnknown, UnusableSigningKey, OSError) as error:
            _log.error("housekeeping: %s", error)
        except Exception:  # whatever it is, the other jobs go on
            _log.exception("housekeeping failed")
        else:
            return seconds
        return _AGAIN

    def _store_uses(self) -> float:
        self._keys.uses.store(self._context.store.database)
        return _USES

    def _expire(self) -> float:
        if self._has_turn():
            kept = self._context.store.claims_kept
            if kept is not None:
                expire_claims(self._context.store.database, kept)
            self._keys.note_expired()
        return _EXPIRY

    def _write_checkpoint(self) -> float:
        settings = self._context.settings
        if not is_asked_for(settings) or not self._has_turn():
            return _USES
        left = self._find_time_left(settings.checkpoint_interval)
        if left > 0:
            return left
        written = write_checkpoint(settings, self._context.store.database)
        for failure in written.failures:
            _log.error("a checkpoint was not delivered: %s", failure)
        if written.failures:
            return min(_AGAIN, settings.checkpoint_interval)
        self._turn.write_text(str(time.monotonic()))
        return settings.checkpoint_interval

    def _find_time_left(self, interval: int) -> float:
        """Return the seconds until the next checkpoint, whichever worker wrote the last."""
        last = self._turn.read_text()
        return float(last) + interval - time.monotonic() if last else 0

    def _has_turn(self) -> bool:
        """Return whether this worker is the one that does what is to be done once."""
        if self._held is None:
            file = self._turn.open("ab")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.close()
                return False
            self._held = file
        return True
