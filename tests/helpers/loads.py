"""Clients of a real server that load it: one that is polled, one that sends slowly."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from contextlib import closing
from typing import Self
from urllib.parse import urlsplit

NDJSON = "application/x-ndjson"


class Poll:
    """Asks for paths again and again while a block runs, each time on a new connection."""

    def __init__(self, address: str, *paths: str) -> None:
        self._address = urlsplit(address).netloc
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(path,)) for path in paths]
        #: Seconds of the answers 200, by path.
        self.taken: dict[str, list[float]] = {path: [] for path in paths}
        self.failed: list[str] = []

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    @property
    def longest(self) -> float:
        """The longest that an answer took, in seconds."""
        return max(seconds for taken in self.taken.values() for seconds in taken)

    def _ask(self, path: str) -> None:
        while not self._over.is_set():
            started = time.monotonic()
            connection = http.client.HTTPConnection(self._address, timeout=60)
            try:
                with closing(connection):
                    connection.request("GET", path, headers={"Connection": "close"})
                    with connection.getresponse() as answer:
                        status = answer.status
            except (OSError, http.client.HTTPException) as error:
                self.failed.append(f"{path}: {error!r}")
            else:
                if status == 200:
                    self.taken[path].append(time.monotonic() - started)
                else:
                    self.failed.append(f"{path}: {status}")
            self._over.wait(0.05)


class SlowBatch:
    """A batch that is sent in chunks, by hand or by `trickle`; as a block it ends with that."""

    def __init__(self, address: str, request_id: str = "batch") -> None:
        self._connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
        self._connection.putrequest("POST", "/v1/batches")
        self._connection.putheader("Content-Type", NDJSON)
        self._connection.putheader("Transfer-Encoding", "chunked")
        self._connection.putheader("X-Request-Id", request_id)
        self._connection.endheaders()
        self._connection.auto_open = 0  # what is sent after the end belongs to no other connection
        self._over = threading.Event()
        self._sender: threading.Thread | None = None
        self._answer: http.client.HTTPResponse | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._sender is not None:
            self._sender.join()  # it would open another connection where this one is closed
        if self._answer is not None:
            self._answer.close()
        self._connection.close()

    def send(self, lines: int) -> None:
        """Send so many lines."""
        data = b'{"form": "other"}\n' * lines
        self._connection.send(b"%x\r\n%s\r\n" % (len(data), data))

    def end(self) -> None:
        """Send the end of the body."""
        self._connection.send(b"0\r\n\r\n")

    def trickle(self) -> None:
        """Send a line ten times a second, until the connection breaks or is left."""

        def send() -> None:
            try:
                while not self._over.wait(0.1):
                    self.send(1)
            except (OSError, http.client.NotConnected):
                return

        self._sender = threading.Thread(target=send)
        self._sender.start()

    def answer(self) -> http.client.HTTPResponse:
        """Return the answer, whose lines can be read as they come."""
        self._answer = self._connection.getresponse()
        return self._answer

    def vanish(self) -> None:
        """Break the connection, as the end of a client's process does when answers are unread."""
        self._connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.__exit__()
