"""How long clients may keep the service waiting: each for a while, and then it is given up.

As in Apache's mod_reqtimeout the time allowed grows with what is sent or taken, so that a large
body may take long and a trickle may not.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import Any

#: Bytes a second that a client has to send or take in the long run.
SLOWEST = 1000


class TooSlow(Exception):
    """A client did not send what it began to send."""

    def __init__(self, patience: float) -> None:
        super().__init__(
            f"the request was not sent within {patience:g} seconds, nor at {SLOWEST} bytes a "
            "second; send it again, whole"
        )


class PatientSocket:
    """A client's connection; it may keep us waiting for `patience` seconds in all.

    What it sends or takes earns it new time, a second for each SLOWEST bytes, up to `patience`.
    Waiting for it to send and waiting for it to take are counted apart, as a batch does both at
    once. For the rest it is the socket that it wraps.
    """

    def __init__(self, wrapped: socket.socket, patience: float) -> None:
        self._socket, self._patience = wrapped, patience
        self._left = [patience, patience]
        self._given_up = False
        #: Called when the client is given up, so that the connection ends with this answer.
        self.on_giving_up: Callable[[], object] = bool

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)

    def begin(self) -> None:
        """Start anew, for another request."""
        self._left = [self._patience, self._patience]

    def setblocking(self, flag: bool) -> None:
        """Set whether calls wait; a connection that was closed stays so."""
        if self._socket.fileno() != -1:
            self._socket.setblocking(flag)

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Return what comes next, empty at the end. Raises TooSlow once, then tells the end."""
        if self._given_up:
            return b""
        limit = self._socket.gettimeout()
        left = self._left[0]
        try:
            data: bytes = self._wait(0, limit, partial(self._socket.recv, size, flags))
        except TimeoutError:
            if limit is not None and limit < left:
                raise
            self._given_up = True
            self.on_giving_up()
            raise TooSlow(self._patience) from None
        self._earn(len(data))
        return data

    def sendall(self, data: bytes) -> None:
        """Send all; the client is taken to be gone when it does not take it."""
        rest = memoryview(data)
        while rest:
            try:
                sent = self._wait(1, self._socket.gettimeout(), partial(self._socket.send, rest))
            except TimeoutError:
                self._given_up = True
                raise BrokenPipeError(errno.EPIPE, "the client takes no answer") from None
            self._earn(sent)
            rest = rest[sent:]

    def _wait(self, way: int, limit: float | None, call: Callable[[], Any]) -> Any:
        """Call with what is left of the time; a call that must not wait is made as it is."""
        if limit == 0:
            return call()
        left = self._left[way]
        if left <= 0:
            raise TimeoutError
        started = monotonic()
        self._socket.settimeout(left if limit is None else min(left, limit))
        try:
            return call()
        finally:
            self._left[way] -= monotonic() - started
            self._socket.settimeout(limit)

    def _earn(self, size: int) -> None:
        self._left = [min(self._patience, left + size / SLOWEST) for left in self._left]
