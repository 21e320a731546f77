"""How many requests are answered at a time, whoever is slow to send them.

Connections have threads of their own, many more than there are places here. Whether a request may
come in is seen from its headers, in a place. Then it leaves the place while its body is read, so
that one who sends slowly, or never, keeps no place from others. Whether the service is healthy is
told without a place, or else a busy service would look dead.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import perf_counter
from typing import TYPE_CHECKING

from flask import Flask, request
from softbalance.service.http.bodies import Bodies, has_body
from softbalance.service.observing.metrics import Metrics

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

#: Calls that read their body while they answer.
STREAMED = ("/v1/batches",)
#: Calls that are quick and must not wait for those that are not.
HEALTH = ("/healthz", "/readyz")
_ROOM = "softbalance.room"
_WITHOUT_BODY = ("GET", "HEAD", "OPTIONS")


class Gate:
    """WSGI middleware that lets so many requests in at a time; others wait for their turn.

    The application calls for the body, see `set_up`.
    """

    def __init__(self, app: WSGIApplication, places: int, room: int, metrics: Metrics) -> None:
        self._app, self._bodies, self._metrics = app, Bodies(room), metrics
        self._places = threading.Semaphore(places)
        metrics.threads.set(places)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request when it has a place."""
        if environ["PATH_INFO"] in (*STREAMED, *HEALTH):
            return self._app(environ, start_response)
        self._take_place()
        entered = _entered.set(self)
        try:
            return self._app(environ, start_response)
        finally:
            _entered.reset(entered)
            self._give_place()
            self._forget_body(environ)

    def read_body(self, environ: WSGIEnvironment, longest: int) -> None:
        """Read the body of a request that is let in; its place is free meanwhile."""
        if has_body(environ, longest):
            with self.lend_place():
                environ[_ROOM] = self._bodies.read(environ, longest)

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

    def _forget_body(self, environ: WSGIEnvironment) -> None:
        """Let go of a body, which the request would keep until all of its answer is taken."""
        taken = environ.pop(_ROOM, None)
        if taken is not None:
            environ["wsgi.input"] = io.BytesIO()
            environ.pop("werkzeug.request", None)
            self._bodies.give_back(taken)


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


def set_up(app: Flask) -> None:
    """Let an application read bodies when all that was set up before has let a request in."""

    @app.before_request
    def read_body() -> None:
        gate = _entered.get()
        if gate is None or request.method in _WITHOUT_BODY or request.routing_exception:
            return
        gate.read_body(request.environ, request.max_content_length or 0)
