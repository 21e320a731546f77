"""What every request gets: an id, its place in a trace, a line in the log, and its measure."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from time import perf_counter
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import structlog
from softbalance.service.observing.client_address import Proxies
from softbalance.service.observing.metrics import Metrics
from softbalance.service.observing.trace_context import request_id_of, span_of
from structlog.contextvars import bind_contextvars, bound_contextvars, clear_contextvars

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

#: Where the id of the caller's key stands in a request's environ, if it has one.
KEY_ID = "softbalance.key_id"
#: Set there by an answer that ends before its end.
ABORTED = "softbalance.aborted"
#: What is noted instead of the status of a request whose answer did not reach its end.
_ABORTED = "aborted"


class Access:
    """WSGI middleware that watches each request from its call to the last byte of its answer.

    Nothing is logged unless the process has set up its logs (`logs.configure`).
    """

    def __init__(
        self, app: WSGIApplication, metrics: Metrics, addresses: Proxies | None = None
    ) -> None:
        """Watch an application; with `addresses`, which finds them, those of clients are logged."""
        self._app = app
        self.addresses = addresses
        self.metrics = metrics
        self.running: set[LoggedRequest] = set()
        self.log = structlog.get_logger().bind() if structlog.is_configured() else None

    def wrap(self, middleware: Callable[[WSGIApplication], WSGIApplication]) -> None:
        """Put a middleware around the application; what it does is watched too."""
        self._app = middleware(self._app)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = LoggedRequest(self, environ)
        try:
            request.answer(self._app(environ, request.starter(start_response)))
        except BaseException:
            request.close()
            raise
        return request

    def abandon_requests(self) -> int:
        """Note all requests under way as aborted, and return how many they are.

        To be called when the process ends without waiting for them.
        """
        running = list(self.running)
        for request in running:
            request.abandon()
        return len(running)


class LoggedRequest:
    """A request under way; as an iterable, the body of its answer."""

    def __init__(self, access: Access, environ: WSGIEnvironment) -> None:
        self._access, self._environ = access, environ
        self._started = perf_counter()
        self._status, self._bytes = 500, 0
        self._length: int | None = None
        self._answered = self._ended = False
        self._route: str | None = None
        self._body: Iterator[bytes] = iter(())
        access.running.add(self)
        access.metrics.in_progress.inc()
        span = span_of(environ.get("HTTP_TRACEPARENT"))
        request_id = request_id_of(environ.get("HTTP_X_REQUEST_ID"))
        self._headers = [("X-Request-Id", request_id), ("traceparent", span.traceparent)]
        self._ids = {"request_id": request_id, "trace_id": span.trace_id, "span_id": span.span_id}
        bind_contextvars(**self._ids)

    def starter(self, start_response: StartResponse) -> StartResponse:
        """Return a `start_response` that adds the headers and notes the status."""

        def start(status: str, headers: list[Any], *exc_info: Any) -> Callable[[bytes], object]:
            self._status = int(status[:3])
            told = next((text for name, text in headers if name.lower() == "content-length"), None)
            self._length = int(told) if told else None
            # Flask forgets the request before the answer is sent
            rule = getattr(self._environ.get("werkzeug.request"), "url_rule", None)
            self._route = rule.rule if rule else None
            return start_response(status, headers + self._headers, *exc_info)

        return start

    def answer(self, body: Iterable[bytes]) -> None:
        """Take the body of the answer."""
        self._body, self._answered = iter(body), True

    def __iter__(self) -> Iterator[bytes]:
        """Return the parts of the body."""
        return self

    def __next__(self) -> bytes:
        """Return the next part of the body, counted."""
        try:
            part = next(self._body)
        except StopIteration:
            self._ended = True
            raise
        self._bytes += len(part)
        return part

    def close(self) -> None:
        """Note how the request went; the server calls this when all is sent or the client gone."""
        # the server closes an answer while it raises what kept it from sending the last part
        broken = self._answered and (sys.exception() is not None or not self._is_whole())
        try:
            if hasattr(self._body, "close"):
                self._body.close()
        finally:
            self._note(aborted=broken or ABORTED in self._environ)
            clear_contextvars()

    def abandon(self) -> None:
        """Note that this request will not be answered; called in another thread than its own."""
        with bound_contextvars(**self._ids):
            self._note(aborted=True)

    def _is_whole(self) -> bool:
        return self._ended or (self._length is not None and self._bytes >= self._length)

    def _note(self, *, aborted: bool) -> None:
        try:
            self._access.running.remove(self)
        except KeyError:  # it was abandoned
            return
        environ, metrics = self._environ, self._access.metrics
        seconds, method = perf_counter() - self._started, environ["REQUEST_METHOD"]
        outcome = _ABORTED if aborted else f"{self._status // 100}xx"
        metrics.observe_request(method, self._route, outcome, seconds)
        metrics.in_progress.dec()
        if self._access.log is None:
            return
        who = {"key_id": environ[KEY_ID]} if KEY_ID in environ else {}
        if self._access.addresses is not None:
            who["address"] = self._access.addresses.find_client(environ)
        # a log that cannot be written is no reason to break an answer
        with suppress(OSError):
            self._access.log.info(
                "request",
                method=method,
                path=quote(environ.get("PATH_INFO", ""), encoding="latin-1"),
                status=_ABORTED if aborted else self._status,
                duration=round(seconds, 6),
                bytes=self._bytes,
                **who,
            )
