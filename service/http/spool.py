"""A request's body, taken from the client as it comes and kept in a file until it is read.

An answer that streams while the body is still being sent would otherwise wait for ever for a
client that reads only when all is sent: neither side would take anything from the other.
"""

from __future__ import annotations

import io
import tempfile
import threading
from contextlib import suppress
from typing import Any

from softbalance.service.http.patience import TooSlow
from softbalance.service.http.workers import ServiceStopping, deadline

_STRIDE = 64 * 1024
#: Seconds between two looks at the time.
_PAUSE = 1


class BodySpool(io.BufferedReader):
    """Reads what a thread of its own takes from `source`; close it to end that, too.

    Reading gives what came, and then raises TooLong when more than `limit` bytes came, TooSlow
    when they come too slowly, NoRoom when the file cannot be written, and CutOff when they end
    before `expected` bytes or otherwise early; and ServiceStopping when time is up. Making it
    raises NoRoom, too.
    """

    def __init__(self, source: Any, limit: int, expected: int | None = None) -> None:
        super().__init__(_SpooledBody(source, limit, expected))


class TooLong(Exception):
    """A body is longer than is taken."""


class CutOff(OSError):
    """A body ends before its end."""


class NoRoom(Exception):
    """The folder for temporary files cannot be written."""

    def __init__(self, error: OSError) -> None:
        super().__init__(
            f"the service cannot keep the body while it is read ({error.strerror or error}); "
            "send it again later"
        )


class _SpooledBody(io.RawIOBase):
    def __init__(self, source: Any, limit: int, expected: int | None) -> None:
        super().__init__()
        self._source, self._limit, self._expected = source, limit, expected
        try:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        except OSError as error:
            raise NoRoom(error) from error
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
                if deadline.is_past():
                    raise ServiceStopping
                self._changed.wait(_PAUSE)
            if self._given < self._taken and deadline.is_past():
                raise ServiceStopping
            if self._given == self._taken and self._error is not None:
                if isinstance(self._error, TooSlow | TooLong | NoRoom):
                    raise self._error
                raise CutOff(f"the body ended early: {self._error}") from self._error
            self._file.seek(self._given)
            count = self._file.readinto(memoryview(buffer)[: self._taken - self._given])
            self._given += count
            return int(count)

    def close(self) -> None:
        with self._changed:
            self._ended = True
            # closing writes what is still in a buffer, for which there may be no room
            with suppress(OSError):
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
                    self._keep(part)
                    self._changed.notify()
            if self._expected is not None and self._taken < self._expected:
                raise EOFError(f"{self._taken} of {self._expected} bytes came")
        except Exception as error:
            self._error = error
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify()

    def _keep(self, part: bytes) -> None:
        try:
            self._file.seek(self._taken)
            self._file.write(part)
            self._file.flush()
        except OSError as error:
            raise NoRoom(error) from error
        self._taken += len(part)
