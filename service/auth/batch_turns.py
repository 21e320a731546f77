"""How many batches of a key are answered at a time, by all workers of a service together.

Each has a file that is locked for as long as it is answered. A lock ends with its process, so that
a worker that is killed keeps no turn.
"""

from __future__ import annotations

import errno
import fcntl
import shutil
import tempfile
import weakref
from functools import cached_property
from pathlib import Path
from typing import IO

from flask import Flask, current_app, request
from softbalance.service.http.problems import Problem
from softbalance.service.observing.access_log import KEY_ID

_NAME = "softbalance.batch_turns"
#: What is told to who has all turns taken, in seconds.
_RETRY_AFTER = 5


class NoTurns(Exception):
    """The folder of turns cannot be written."""


class BatchTurns:
    """The turns of all keys: files in a folder, one that is made when needed if none is given."""

    def __init__(self, most: int, folder: Path | None) -> None:
        self._most, self._given = most, folder

    @cached_property
    def _folder(self) -> Path:
        if self._given is not None:
            self._given.mkdir(exist_ok=True)
            return self._given
        folder = tempfile.mkdtemp(prefix="softbalance-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        return Path(folder)

    def take(self, key: str) -> IO[bytes] | None:
        """Return what keeps a turn of this key until it is closed; None where all are taken.

        Raises NoTurns.
        """
        try:
            for number in range(self._most):
                file = (self._folder / f"{key}-{number}").open("ab")
                if _lock(file):
                    return file
                file.close()
        except OSError as error:
            raise NoTurns(f"{error.strerror}: {error.filename}") from error
        return None


def _lock(file: IO[bytes]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES):
            return False
        file.close()
        raise
    return True


def set_up(app: Flask, most: int, folder: Path | None) -> None:
    """Let an application limit batches; processes that serve together share the folder."""
    app.extensions[_NAME] = BatchTurns(most, folder)


def take_turn() -> IO[bytes] | None:
    """Return the turn of the request at hand, to be closed; None where no key was asked for.

    Raises NoTurns, and the problem of a key that has all its turns taken.
    """
    key = request.environ.get(KEY_ID)
    if key is None:
        return None
    turn: IO[bytes] | None = current_app.extensions[_NAME].take(key)
    if turn is None:
        detail = (
            "the key has as many batches answered as it may at a time; send this one again when "
            "another has ended"
        )
        headers = {"Retry-After": str(_RETRY_AFTER)}
        raise Problem(429, "too-many-batches", detail, headers=headers)
    return turn
