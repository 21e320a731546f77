"""How many requests are answered at a time, whoever is slow to send them.

Connections have threads of their own, many more than there are places here. A body is read before
its request gets a place, so that one who sends slowly, or never, keeps no place from others.
Whether the service is healthy is told without a place, or else a busy service would look dead.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import perf_counter
from typing import TYPE_CHECKING, Any

from softbalance.service.observing.metrics import Metrics

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

#: Calls that read their body while they answer.
STREAMED = ("/v1/batches",)
#: Calls that are quick and must not wait for those that are not.
HEALTH = ("/healthz", "/readyz")


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
        if environ["PATH_INFO"] in (*STREAMED, *HEALTH):
            return self._app(environ, start_response)
        environ["wsgi.input"] = self._read_ahead(environ)
        self._take_place()
        entered = _entered.set(self)
        try:
            return self._app(environ, start_response)
        finally:
            _entered.reset(entered)
            self._give_place()

    @contextmanager
    def lend_place(self) -> Iterator[None]:
        """Give a place to others, and wait for one afterwards."""
        self._give_place()
        try:
            yield
        finally:
            self._take_place()

    def _take_place(self) -> None:
        came = perf_counter()
        self._places.acquire()
        self._metrics.threads_busy.inc()
        self._metrics.waited.observe(perf_counter() - came)

    def _give_place(self) -> None:
        self._metrics.threads_busy.dec()
        self._places.release()

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


#: The gate that the request of this thread has a place of.
_entered: ContextVar[Gate | None] = ContextVar("entered", default=None)


@contextmanager
def lend_place() -> Iterator[None]:
    """Lend the place of this thread's request, if it has one, to others while it waits."""
    gate = _entered.get()
    if gate is None:
        yield
        return
    with gate.lend_place():
        yield


class _BrokenBody(io.RawIOBase):
    """A body that could not be read; who reads it is told why, where errors are answered."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def readable(self) -> bool:
        return True

    def readinto(self, _: Any) -> int:
        raise self._error
