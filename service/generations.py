"""Generations of workers: those that were started with one library; one serves at a time.

When the next is ready it begins to serve, in one instant for all processes. From then on, workers
of the one before accept no connection and begin no request: connections that clients keep open go
over to the next generation. What they have begun, they finish.
"""

from __future__ import annotations

import copy
import errno
import mmap
import socket
from typing import Any

_WORD = 8
#: Seconds that handing a connection over may take; the other end has only to accept it.
_PATIENCE = 1


class Generation:
    """A generation of workers, as they and the process that starts them know it.

    The first is to be made before any fork, and serves at once. Each accepts, beside those of
    clients, the connections in `inbox`.
    """

    def __init__(self) -> None:
        # memory that all processes share; a word is written in one go
        self._shared, self._number = mmap.mmap(-1, _WORD), 0
        # each datagram carries a connection to one of the workers that listen
        self._outbox, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._outbox.settimeout(_PATIENCE)
        self.inbox = Inbox(there)

    def make_next(self) -> Generation:
        """Make the next, which serves from the call of its `begin`; this may be tried again."""
        made = copy.copy(self)
        made._number += 1
        return made

    def begin(self) -> None:
        """Serve from now on, in place of the generation before."""
        self._shared[:_WORD] = self._number.to_bytes(_WORD, "little")

    @property
    def is_waiting(self) -> bool:
        """Whether it does not serve yet."""
        return int.from_bytes(self._shared[:_WORD], "little") < self._number

    @property
    def is_over(self) -> bool:
        """Whether a later one serves."""
        return int.from_bytes(self._shared[:_WORD], "little") > self._number

    def hand_over(self, connection: Any) -> bool:
        """Give a socket of which nothing is read to whoever serves; return if that worked."""
        try:
            socket.send_fds(self._outbox, [b"."], [connection.fileno()])
        except OSError:
            return False
        # no shutdown: the connection lives on in the other process
        connection.close()
        return True


class Inbox:
    """Where a generation accepts connections that were handed over; like a listening socket."""

    def __init__(self, source: socket.socket) -> None:
        self._source, self._address = source, ("", 0)
        source.setblocking(False)

    def accept(self) -> tuple[socket.socket, Any]:
        """Return a connection and its client's address.

        Raises BlockingIOError if another took it, ConnectionAbortedError if the client is gone.
        """
        _, descriptors, _, _ = socket.recv_fds(self._source, 1, 1)
        if not descriptors:
            raise ConnectionAbortedError(errno.ECONNABORTED, "too many files are open")
        connection = socket.socket(fileno=descriptors[0])
        try:
            self._address = connection.getsockname()
            return connection, connection.getpeername()
        except OSError as error:
            connection.close()
            raise ConnectionAbortedError(errno.ECONNABORTED, "the client is gone") from error

    def setblocking(self, _: bool) -> None:
        """Leave it as it is: nobody waits here."""

    def fileno(self) -> int:
        """Return the descriptor to be polled."""
        return self._source.fileno()

    def getsockname(self) -> Any:
        """Return the service's address, as the connection accepted last has it."""
        return self._address

    def close(self) -> None:
        """Stop accepting in this process."""
        self._source.close()
