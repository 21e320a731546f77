"""The process that serves, as one of gunicorn's workers, and when it is to end."""

from __future__ import annotations

import os
import signal
from math import inf
from time import monotonic

#: Seconds after the end of `grace` that an answer under way has for its last lines.
LAST_LINES = 2
#: Seconds after the end of `grace` that a process has; then it goes, whatever runs.
LAST_WORDS = 4
#: Seconds after the end of `grace` at which gunicorn kills a process that is still there.
LAST_RESORT = 6


class Deadline:
    """When this process stops taking input; never, until it is told to stop."""

    def __init__(self) -> None:
        self._moment = inf

    def set(self, seconds: float) -> None:
        """End in so many seconds; what was set before stays."""
        self._moment = min(self._moment, monotonic() + seconds)

    def is_past(self, seconds: float = 0) -> bool:
        """Return whether the end is so many seconds ago."""
        return monotonic() >= self._moment + seconds


#: The end of this process.
deadline = Deadline()


class ServiceStopping(Exception):
    """The process ends before an answer does."""


def replace_worker() -> None:
    """Have gunicorn put a fresh process in place of this one, whose engine may be left dirty.

    The request at hand is still answered. Where no gunicorn is, nothing is done.
    """
    if "gunicorn" in os.environ.get("SERVER_SOFTWARE", ""):
        os.kill(os.getpid(), signal.SIGTERM)
