"""A request's body, taken from the client as it comes and kept in a file until it is read.

An answer that streams while the body is still being sent would otherwise wait for ever for a
client that reads only when all is sent: neither side would take anything from the other.
"""

from __future__ import annotations

import io
import tempfile
import threading
from typing import Any

from softbalance.service.http.patience import TooSlow

_STRIDE = 64 * 1024


class BodySpool(io.BufferedReader):
    """Reads what a thread of its own takes from `source`; close it to end that, too.

    Reading raises TooLong when more than `limit` bytes came, TooSlow when they come too slowly,
    and OSError when they end early.
    """

    def __init__(self, source: Any, limit: int) -> None:
        super().__init__(_SpooledBody(source, limit))


class TooLong(Exception):
    """A body is longer than is taken."""


class _SpooledBody(io.RawIOBase):
    def __init__(self, source: Any, limit: int) -> None:
        super().__init__()
        self._source, self._limit = source, limit
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        self._taken = self._given = 0
        self._ended = False
        self._error: Exception | None = None
        self._changed = threading.Condition()
        threading.Thread(target=self._take, daemon=True).start()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with self._changed:
            while self._given == self._taken and not self._ended:
                self._changed.wait()
            if isinstance(self._error, TooSlow | TooLong):
                raise self._error
            if self._error is not None:
                raise OSError(f"the body ended early: {self._error}") from self._error
            self._file.seek(self._given)
            count = self._file.readinto(buffer)
            self._given += count
            return int(count)

    def close(self) -> None:
        with self._changed:
            self._ended = True
            self._file.close()
        super().close()

    def _take(self) -> None:
        try:
            # by lines, so that a line is there as soon as it has come
            while part := self._source.readline(_STRIDE):
                if self._taken + len(part) > self._limit:
                    raise TooLong(f"the body is longer than {self._limit} bytes")
                with self._changed:
                    if self._ended:
                        return
                    self._file.seek(self._taken)
                    self._file.write(part)
                    self._taken += len(part)
                    self._changed.notify()
        except Exception as error:
            self._error = error
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify()
