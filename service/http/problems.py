"""Errors over HTTP: one shape (RFC 9457), one handler."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from urllib.parse import quote

import orjson
from flask import Flask, Response, current_app, request
from softbalance.schemas.mistakes import MOST_TOLD, LocatedMistake
from werkzeug.exceptions import HTTPException

MIMETYPE = "application/problem+json"
_PAGE = "softbalance.problem_page"
#: How long a pointer and a text in an answer may be.
LONGEST_POINTER, LONGEST_DETAIL = 1000, 2000
_log = logging.getLogger(__name__)

#: What to do about an error that comes from HTTP itself.
_REMEDIES = {
    404: "there is nothing at this address; /docs lists every call",
    405: "this address does not take this method; the Allow header names those it takes",
    415: "send the body with a content type that this call takes; /docs names them",
    429: "the key has made all the requests that it may for now; the Retry-After header says when "
    "it may again",
    500: "an error of ours; it is logged, and nothing was stored",
}


class Problem(Exception):
    """An error to be answered: its HTTP status, kind, cause and places."""

    def __init__(
        self,
        status: int,
        kind: str,
        detail: str,
        errors: Iterable[LocatedMistake] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.kind, self.detail = status, kind, detail
        self.errors, self.headers = tuple(errors), dict(headers or {})


def payload(problem: Problem, instance: str) -> dict[str, object]:
    """Return the problem details object (RFC 9457, section 3)."""
    return {
        "type": f"urn:softbalance:problem:{problem.kind}",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": _escape_surrogates(problem.detail[:LONGEST_DETAIL]),
        "instance": instance,
        "errors": [
            {
                "pointer": _shorten_pointer(e.pointer),
                "code": e.code,
                "detail": _escape_surrogates(e.detail),
            }
            for e in problem.errors[:MOST_TOLD]
        ],
    }


def answer(problem: Problem) -> Response:
    """Return the HTTP response that tells a problem: a page to a browser, JSON to all others."""
    page = current_app.extensions.get(_PAGE)
    if page is not None and wants_html():
        return page(problem)  # type: ignore[no-any-return]
    body = orjson.dumps(payload(problem, quote(request.path)))
    return Response(body, problem.status, problem.headers, mimetype=MIMETYPE)


def show_pages(app: Flask, page: Callable[[Problem], Response]) -> None:
    """Tell browsers of problems by a page; the API has but one shape of error."""
    app.extensions[_PAGE] = page


def wants_html() -> bool:
    """Return whether HTML is wanted rather than JSON, of anything but the API."""
    accepted = request.accept_mimetypes
    liked = accepted.best_match([MIMETYPE, "application/json", "text/html"])
    return liked == "text/html" and not request.path.startswith("/v1/")


def _shorten_pointer(pointer: str) -> str:
    """Point to what is around the place where a key on the way is too long to repeat."""
    while len(pointer) > LONGEST_POINTER:
        pointer = pointer.rpartition("/")[0]
    return _escape_surrogates(pointer)


def _escape_surrogates(text: str) -> str:
    """Escape lone surrogates, which a hostile text may hold and no answer can."""
    return text.encode("utf-8", "backslashreplace").decode()


def _of_http(error: HTTPException) -> Problem:
    status = error.code or 500
    kind = HTTPStatus(status).phrase.lower().replace(" ", "-")
    headers = {k: v for k, v in error.get_headers() if k in ("Allow", "Retry-After")}
    detail = _describe_limit() if status == 413 else _REMEDIES.get(status, error.description)
    return Problem(status, kind, detail or kind, (), headers)


def _describe_limit() -> str:
    limit = request.max_content_length
    if limit is None:
        return "the body is larger than this call takes; send less at a time"
    return f"the body has more than the {limit} bytes that this call takes; send less at a time"


def register(app: Flask) -> None:
    """Answer every error of the app as a problem."""

    @app.errorhandler(Problem)
    def answer_problem(problem: Problem) -> Response:
        return answer(problem)

    @app.errorhandler(HTTPException)
    def answer_http(error: HTTPException) -> Response:
        if error.response is not None or (error.code or 500) < 400:
            return error.get_response()  # type: ignore[return-value]
        return answer(_of_http(error))

    @app.errorhandler(Exception)
    def answer_unexpected(error: Exception) -> Response:
        _log.exception("unexpected error at %s %s", request.method, request.path)
        return answer(Problem(500, "internal-server-error", _REMEDIES[500]))
