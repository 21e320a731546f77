"""How request parts are read: strict JSON bodies, closed sets of query parameters."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, NoReturn, TypeVar

import orjson
from flask import Request, Response, request
from flask_smorest import Blueprint as SmorestBlueprint
from marshmallow import RAISE, ValidationError, fields
from marshmallow.fields import List
from softbalance.rules.wording import join_words
from softbalance.schemas.fields import StrictSchema
from softbalance.schemas.mistakes import (
    MOST_TOLD,
    LocatedMistake,
    Mistake,
    MistakeList,
    locate_mistakes,
    pointer,
)
from softbalance.schemas.strict_json import DuplicateKeys, NotJSON, parse
from softbalance.service.http.problems import Problem
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import RequestEntityTooLarge

View = TypeVar("View", bound=Callable[..., Response])
_JSON_TYPE = re.compile(r"application/([\w.-]+\+)?json")


class Parser(FlaskParser):
    """Tells every mistake as a problem with pointers."""

    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "query": RAISE,
    }

    def parse(self, argmap: Any, req: Request | None = None, **options: Any) -> Any:
        """Read one part of the request; the same query is read once, and answered with a copy."""
        if options.get("location") != "query":
            return super().parse(argmap, req, **options)
        return dict(self._query(argmap, request.query_string))

    @lru_cache(maxsize=1024)  # noqa: B019 - there is one parser, and it lives as long as the process
    def _query(self, schema: Any, _: bytes) -> Any:
        return super().parse(schema, location="query")

    def load_json(self, req: Request, schema: Any) -> Any:
        """Read a JSON body strictly."""
        charset = req.mimetype_params.get("charset", "utf-8").lower()
        if not _JSON_TYPE.fullmatch(req.mimetype) or charset not in ("utf-8", "utf8", "us-ascii"):
            sent = f"content type {req.content_type!r}" if req.mimetype else "no content type"
            raise Problem(
                415,
                "unsupported-media-type",
                f"the body was sent with {sent}; send it with 'Content-Type: application/json'",
            )
        return json_body(body_of(req))

    def load_querystring(self, req: Request, schema: Any) -> Any:
        """Read the query, each parameter once."""
        lists = {name for name, field in schema.load_fields.items() if isinstance(field, List)}
        twice = [n for n in req.args if n not in lists and len(req.args.getlist(n)) > 1]
        if twice:
            raise Problem(
                422,
                "invalid-query",
                f"query parameter {twice[0]!r} is given twice; give it once",
                [
                    LocatedMistake("", "duplicate", f"query parameter {name!r} is given twice")
                    for name in twice[:MOST_TOLD]
                ],
            )
        given = req.args.to_dict()
        return given | {name: req.args.getlist(name) for name in lists & given.keys()}

    def handle_error(self, error: ValidationError, req: Request, schema: Any, **_: Any) -> NoReturn:
        """Raise the problem of a body or a query that does not fit its schema."""
        ((location, messages),) = error.messages.items()  # type: ignore[union-attr]
        mistakes = locate_mistakes(messages, MOST_TOLD)
        if location == "query":
            raise invalid_query(mistakes)
        raise invalid_episode(mistakes)


def body_of(req: Request) -> bytes:
    """Read the whole body; 413 if it is larger than the application takes.

    A body with a Content-Length is measured before it is read. One that is sent in chunks is cut
    at the limit by the framework, and so it is asked for one byte more.
    """
    if req.headers.get("Content-Encoding", "identity") != "identity":
        sent = req.headers["Content-Encoding"]
        raise Problem(
            415, "unsupported-media-type", f"the body is encoded ({sent}); send it as it is"
        )
    body = req.get_data()
    limit = req.max_content_length
    cut = limit is not None and len(body) >= limit and req.content_length is None
    if cut and req.environ["wsgi.input"].read(1):
        raise RequestEntityTooLarge
    return body


def json_body(body: bytes) -> Any:
    """Parse a body as strict JSON, or raise the problem that says why it cannot be."""
    try:
        return parse(body)
    except NotJSON as error:
        reason = "the body is empty" if not body.strip() else f"the body is not JSON: {error}"
        raise Problem(400, "not-json", reason, [LocatedMistake("", "json", reason)]) from error
    except DuplicateKeys as error:
        raise invalid_episode(error.mistakes) from error


def invalid_episode(mistakes: list[LocatedMistake]) -> Problem:
    """Return the problem of a body that is JSON but no valid document."""
    more = mistakes.more if isinstance(mistakes, MistakeList) else 0
    number = len(mistakes) + more
    count = "one mistake" if number == 1 else f"{number} mistakes"
    if more:
        count += f", of which the first {len(mistakes)} are listed and {more} more are not"
    first = mistakes[0]
    detail = f"the body has {count}: {first.pointer or 'the document'}: {first.detail}"
    return Problem(422, "invalid-episode", detail, mistakes)


def invalid_query(mistakes: list[LocatedMistake]) -> Problem:
    """Return the problem of query parameters; none of them has a pointer into the body."""
    more = mistakes.more if isinstance(mistakes, MistakeList) else 0
    told = [
        LocatedMistake("", m.code, f"query parameter {_parameter(m.pointer)!r}: {m.detail}")
        for m in mistakes
    ]
    counted = f"; {more} more mistakes are not listed" if more else ""
    return Problem(422, "invalid-query", told[0].detail + counted, told)


def _parameter(pointer: str) -> str:
    return pointer.split("/")[1].replace("~1", "/").replace("~0", "~")


class Blueprint(SmorestBlueprint):
    """A blueprint whose arguments are read by `Parser`; a call without a query takes none."""

    ARGUMENTS_PARSER = Parser()

    def add_url_rule(self, rule: str, *args: Any, **options: Any) -> None:
        """Register a view."""
        view = args[1] if len(args) > 1 else options["view_func"]
        told = getattr(view, "_apidoc", {}).get("arguments", {}).get("parameters", ())
        if not any(part.get("in") == "query" for part in told):
            view = _refuse_query(view)
            args, options = args[:1], {**options, "view_func": view}
        super().add_url_rule(rule, *args, **options)

    @staticmethod
    def header(name: str, pattern: str, about: str) -> Callable[[View], View]:
        """Document a header that a view reads by itself. Stands nearest to the view."""

        def document(view: View) -> View:
            schema = {"type": "string", "pattern": f"^{pattern}$"}
            described = {"in": "header", "name": name, "schema": schema, "description": about}
            view._apidoc = {"arguments": {"parameters": [described]}}  # type: ignore[attr-defined]
            return view

        return document


def _refuse_query(view: Any) -> Any:
    @wraps(view)
    def check(*args: Any, **options: Any) -> Any:
        expect_query()
        return view(*args, **options)

    return check


def expect_query(*known: str) -> None:
    """Raise the problem of a query that has other parameters than these."""
    others = [name for name in request.args if name not in known]
    if not others:
        return
    taken = f"only {join_words(known)}" if known else "no query parameters"
    told = f"is not known; this call takes {taken}"
    mistakes = [LocatedMistake(pointer((name,)), "unknown", told) for name in others[:MOST_TOLD]]
    raise invalid_query(MistakeList(mistakes, max(0, len(others) - MOST_TOLD)))


class Query(StrictSchema):
    """A closed set of query parameters."""


class WholeNumber(fields.Integer):
    """A number written in the digits 0 to 9 and nothing else."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> int:
        if not (isinstance(value, str) and value.isascii() and value.isdigit()):
            raise self.make_error("invalid")
        return int(value[:18])


class Flag(fields.Boolean):
    """`true` or `false`, as these words."""

    truthy = {"true"}
    falsy = {"false"}
    default_error_messages: dict[str, Any] = {
        "invalid": Mistake("format", "is neither true nor false; write one of the two")
    }


def as_json(content: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return JSON that is ready to be sent; schemas only document such answers."""
    return Response(orjson.dumps(content), status, headers, mimetype="application/json")
