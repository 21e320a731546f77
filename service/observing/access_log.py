"""What every request gets: an id, its place in a trace, a line in the log, and its measure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from time import perf_counter
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import structlog
from softbalance.service.observing.metrics import Metrics
from softbalance.service.observing.trace_context import request_id_of, span_of
from structlog.contextvars import bind_contextvars, clear_contextvars

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

#: Where the id of the caller's key stands in a request's environ, if it has one.
KEY_ID = "softbalance.key_id"


class Access:
    """WSGI middleware that watches each request from its call to the last byte of its answer.

    Nothing is logged unless the process has set up its logs (`logs.configure`).
    """

    def __init__(self, app: WSGIApplication, metrics: Metrics) -> None:
        self._app = app
        self.metrics = metrics
        self.log = structlog.get_logger().bind() if structlog.is_configured() else None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = LoggedRequest(self, environ)
        try:
            request.body = iter(self._app(environ, request.starter(start_response)))
        except BaseException:
            request.close()
            raise
        return request


class LoggedRequest:
    """A request under way; as an iterable, the body of its answer."""

    def __init__(self, access: Access, environ: WSGIEnvironment) -> None:
        self._access, self._environ = access, environ
        self._started = perf_counter()
        self._status, self._bytes = 500, 0
        self._route: str | None = None
        self.body: Iterator[bytes] = iter(())
        access.metrics.in_progress.inc()
        span = span_of(environ.get("HTTP_TRACEPARENT"))
        request_id = request_id_of(environ.get("HTTP_X_REQUEST_ID"))
        self._headers = [("X-Request-Id", request_id), ("traceparent", span.traceparent)]
        bind_contextvars(request_id=request_id, trace_id=span.trace_id, span_id=span.span_id)

    def starter(self, start_response: StartResponse) -> StartResponse:
        """Return a `start_response` that adds the headers and notes the status."""

        def start(status: str, headers: list[Any], *exc_info: Any) -> Callable[[bytes], object]:
            self._status = int(status[:3])
            # Flask forgets the request before the answer is sent
            rule = getattr(self._environ.get("werkzeug.request"), "url_rule", None)
            self._route = rule.rule if rule else None
            return start_response(status, headers + self._headers, *exc_info)

        return start

    def __iter__(self) -> Iterator[bytes]:
        """Return the parts of the body."""
        return self

    def __next__(self) -> bytes:
        """Return the next part of the body, counted."""
        part = next(self.body)
        self._bytes += len(part)
        return part

    def close(self) -> None:
        """Note how the request went; the server calls this when all is sent or the client gone."""
        try:
            if hasattr(self.body, "close"):
                self.body.close()
        finally:
            self._note(perf_counter() - self._started)
            clear_contextvars()

    def _note(self, seconds: float) -> None:
        environ, metrics = self._environ, self._access.metrics
        method = environ["REQUEST_METHOD"]
        metrics.observe_request(method, self._route, self._status, seconds)
        metrics.in_progress.dec()
        if self._access.log is None:
            return
        key = {"key_id": environ[KEY_ID]} if KEY_ID in environ else {}
        # a log that cannot be written is no reason to break an answer
        with suppress(OSError):
            self._access.log.info(
                "request",
                method=method,
                path=quote(environ.get("PATH_INFO", ""), encoding="latin-1"),
                status=self._status,
                duration=round(seconds, 6),
                bytes=self._bytes,
                **key,
            )
