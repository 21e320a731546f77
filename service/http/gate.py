"""How many requests are answered at a time, whoever is slow to send them.

Connections have threads of their own, many more than there are places here. A body is read before
its request gets a place, so that one who sends slowly, or never, keeps no place from others.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterable
from time import perf_counter
from typing import TYPE_CHECKING, Any

from softbalance.service.observing.metrics import Metrics

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

#: Calls that read their body while they answer.
STREAMED = ("/v1/batches",)
#: Calls that wait for nothing, and so for no turn either.
IMMEDIATE = ("/healthz",)


class Gate:
    """WSGI middleware that lets so many requests in at a time; others wait for their turn."""

    def __init__(
        self, app: WSGIApplication, places: int, longest_body: int, metrics: Metrics
    ) -> None:
        self._app, self._longest, self._metrics = app, longest_body, metrics
        self._places = threading.Semaphore(places)
        metrics.threads.set(places)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request when its body is there."""
        if environ["PATH_INFO"] in STREAMED + IMMEDIATE:
            return self._app(environ, start_response)
        environ["wsgi.input"] = self._read_ahead(environ)
        came = perf_counter()
        with self._places, self._metrics.threads_busy.track_inprogress():
            self._metrics.waited.observe(perf_counter() - came)
            return self._app(environ, start_response)

    def _read_ahead(self, environ: WSGIEnvironment) -> Any:
        """Return the body, read; one that will be refused for its length is left unread."""
        source, told = environ["wsgi.input"], environ.get("CONTENT_LENGTH") or ""
        if told.isdigit() and int(told) > self._longest:
            return source
        # what has no length is sent in chunks; a byte more than is taken shows that it is longer
        size = int(told) if told.isdigit() else self._longest + 1
        try:
            return io.BytesIO(source.read(size))
        except Exception as error:
            return _BrokenBody(error)


class _BrokenBody(io.RawIOBase):
    """A body that could not be read; who reads it is told why, where errors are answered."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def readable(self) -> bool:
        return True

    def readinto(self, _: Any) -> int:
        raise self._error
