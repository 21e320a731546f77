"""How long a call of the database may last, and a database that was silent for longer."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from softbalance.service.store.failures import StoreAway

#: How often a silent database is asked whether it answers again, in seconds.
_PAUSE = 1.0


def _never() -> bool:
    return False


class Deadlines(threading.local):
    """Until when the call that this thread is making may last; each thread has its own."""

    def __init__(self) -> None:
        self._at, self._prolong = math.inf, _never

    @contextmanager
    def allow(self, seconds: float, answers: Callable[[], bool] | None = None) -> Iterator[None]:
        """Give what is done in the block so many seconds, and as many again while it `answers`."""
        before = self._at, self._prolong
        self._at = monotonic() + seconds

        def prolong() -> bool:
            # asking has a deadline of its own, which nothing prolongs
            goes_on = answers is not None and answers()
            if goes_on:
                self._at = monotonic() + seconds
            return goes_on

        self._prolong = prolong
        try:
            yield
        finally:
            self._at, self._prolong = before

    @property
    def left(self) -> float:
        """The seconds that are left, 0 when none are."""
        if monotonic() >= self._at:
            self._prolong()
        return max(0.0, self._at - monotonic())


class Silence:
    """Keeps callers from waiting, each for itself, for a database that does not answer.

    `answers` asks the database on a connection of its own and soon returns. A call that only took
    too long is no silence: the database answers others. Safe for threads.
    """

    def __init__(self, name: str, answers: Callable[[], bool]) -> None:
        self._name, self._answers = name, answers
        self._asking = threading.Lock()
        self._ask_at: float | None = None

    def refuse(self) -> None:
        """Raise StoreAway while the database is silent; one caller in a while asks it anew."""
        if self._ask_at is None:
            return
        if monotonic() >= self._ask_at and self._asking.acquire(blocking=False):
            try:
                self.check()
            finally:
                self._asking.release()
        if self._ask_at is not None:
            raise StoreAway(f"the store {self._name} does not answer: it has been silent")

    def check(self) -> None:
        """Find out whether the database answers, after a call that waited in vain."""
        self._ask_at = None if self._answers() else monotonic() + _PAUSE
