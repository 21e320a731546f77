"""How many requests are answered at a time, whoever is slow to send them.

Connections have threads of their own, many more than there are places here. Whether a request may
come in is seen from its headers, in a place. Then it leaves the place while its body is read, so
that one who sends slowly, or never, keeps no place from others.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterable
from time import perf_counter
from typing import TYPE_CHECKING

from flask import Flask, request
from softbalance.service.http.bodies import Bodies, has_body
from softbalance.service.observing.metrics import Metrics

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

#: Calls that read their body while they answer.
STREAMED = ("/v1/batches",)
#: Calls that wait for nothing, and so for no turn either.
IMMEDIATE = ("/healthz",)
_GATE, _ROOM = "softbalance.gate", "softbalance.room"
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
        if environ["PATH_INFO"] in STREAMED + IMMEDIATE:
            return self._app(environ, start_response)
        environ[_GATE] = self
        self._enter()
        try:
            return self._app(environ, start_response)
        finally:
            self._leave()
            self._forget_body(environ)

    def read_body(self, environ: WSGIEnvironment, longest: int) -> None:
        """Read the body of a request that is let in; its place is free meanwhile."""
        if not has_body(environ, longest):
            return
        self._leave()
        try:
            environ[_ROOM] = self._bodies.read(environ, longest)
        finally:
            self._enter()

    def _enter(self) -> None:
        came = perf_counter()
        self._places.acquire()
        self._metrics.waited.observe(perf_counter() - came)
        self._metrics.threads_busy.inc()

    def _leave(self) -> None:
        self._metrics.threads_busy.dec()
        self._places.release()

    def _forget_body(self, environ: WSGIEnvironment) -> None:
        """Let go of a body, which the request would keep until all of its answer is taken."""
        taken = environ.pop(_ROOM, None)
        if taken is not None:
            environ["wsgi.input"] = io.BytesIO()
            environ.pop("werkzeug.request", None)
            self._bodies.give_back(taken)


def set_up(app: Flask) -> None:
    """Let an application read bodies when all that was set up before has let a request in."""

    @app.before_request
    def read_body() -> None:
        gate: Gate | None = request.environ.get(_GATE)
        if gate is None or request.method in _WITHOUT_BODY or request.routing_exception:
            return
        gate.read_body(request.environ, request.max_content_length or 0)
