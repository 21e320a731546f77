"""How much memory the bodies of requests take that wait to be answered.

A small body is always read. For a larger one there has to be room in the memory for all of them
before its first byte is taken: none waits half read, so that they never wait for each other.
"""

from __future__ import annotations

import io
import threading
from time import monotonic
from typing import TYPE_CHECKING, Any

from softbalance.service.http.problems import Problem

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

#: A body up to this size needs no room; connections are few enough for that.
SMALL = 64 * 1024
#: How long a request waits for room, and how long it is told to wait then, in seconds.
WAIT, RETRY_AFTER = 10, 5


class Bodies:
    """Room for so many bytes of bodies in a process."""

    def __init__(self, room: int) -> None:
        self._room = self._free = room
        self._changed = threading.Condition()

    def read(self, environ: WSGIEnvironment, longest: int) -> int:
        """Put the body, read, in its place; return the room that it takes, to be given back.

        One longer than `longest` is left unread. Raises the problem of a body for which no room
        comes to be. One that cannot be read raises why where it is read again.
        """
        size, source = _size(environ, longest), environ["wsgi.input"]
        taken = 0
        try:
            body = source.read(min(size, SMALL))
            if len(body) == SMALL < size:
                taken = self._take(min(size, self._room))
                body += source.read(size - SMALL)
            environ["wsgi.input"] = io.BytesIO(body)
        except Problem:
            raise
        except Exception as error:
            environ["wsgi.input"] = _BrokenBody(error)
        return taken

    def _take(self, size: int) -> int:
        until = monotonic() + WAIT
        with self._changed:
            while size > self._free:
                if not self._changed.wait(until - monotonic()):
                    told = "the service holds as many bodies as it may; send this one again later"
                    raise Problem(503, "busy", told, headers={"Retry-After": str(RETRY_AFTER)})
            self._free -= size
        return size

    def give_back(self, size: int) -> None:
        """Give back room."""
        with self._changed:
            self._free += size
            self._changed.notify_all()


def has_body(environ: WSGIEnvironment, longest: int) -> bool:
    """Return whether there is a body that is to be read."""
    return _size(environ, longest) > 0


def _size(environ: WSGIEnvironment, longest: int) -> int:
    """Return how much to read of a body: nothing of one that will be refused for its length."""
    told = environ.get("CONTENT_LENGTH") or ""
    if told.isascii() and told.isdigit():
        return int(told) if int(told) <= longest else 0
    # what has no length is sent in chunks; a byte more than is taken shows that it is longer
    return longest + 1 if "HTTP_TRANSFER_ENCODING" in environ else 0


class _BrokenBody(io.RawIOBase):
    """A body that could not be read; who reads it is told why, where errors are answered."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def readable(self) -> bool:
        return True

    def readinto(self, _: Any) -> int:
        raise self._error
