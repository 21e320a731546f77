"""`/v1/batches`: many episodes in one request, answered line by line as they come."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

import orjson
from flask import Response, request
from marshmallow import Schema, fields
from softbalance.rules.episode.firing import EngineFailure
from softbalance.schemas.classification import DETAILS, VERDICT, Answer, classification_schema
from softbalance.schemas.episode import episode_schema
from softbalance.schemas.fields import Choice
from softbalance.schemas.problem import ProblemSchema
from softbalance.service.context import Context
from softbalance.service.http.parsing import Blueprint, Query, invalid_episode
from softbalance.service.http.patience import TooSlow
from softbalance.service.http.problems import Problem, payload
from softbalance.service.http.spool import BodySpool, TooLong
from softbalance.service.http.workers import replace_worker
from softbalance.service.observing.metrics import Metrics
from werkzeug.exceptions import RequestEntityTooLarge

if TYPE_CHECKING:
    from softbalance.service.datasets.batches import Answered

_log = logging.getLogger(__name__)
NDJSON, CSV = "application/x-ndjson", "text/csv"
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            NDJSON: {"schema": {"type": "string", "description": "An Episode a line."}},
            CSV: {"schema": {"type": "string", "description": "The wide layout of datasets."}},
        },
    }
}


def blueprint(context: Context) -> Blueprint:
    """Make the routes."""
    routes = Blueprint(
        "batches", __name__, url_prefix="/v1/batches", description="Many episodes at once"
    )

    class BatchQuery(Query):
        """How to classify; nothing of a batch is stored."""

        rulebook = Choice(
            "rulebook", context.library.rulebooks, load_default=context.library.default
        )
        detail = Choice("detail", DETAILS, load_default=VERDICT)

    @routes.route("", methods=["POST"])
    @routes.arguments(BatchQuery(), location="query")
    @routes.response(200, _line_schema(context), content_type=NDJSON)
    @routes.doc(**_BODY)
    def post(query: dict[str, Any]) -> Response:
        """Classify an Episode a line, or a row; a line that cannot be read never stops the rest."""
        read = _reader()
        most = context.settings.max_batch
        request.max_content_length = most
        if (request.content_length or 0) > most:
            raise RequestEntityTooLarge
        spool = BodySpool(request.environ["wsgi.input"], most)
        try:
            lines = read(spool, context.library.codebook)
        except BaseException:
            spool.close()
            raise
        from softbalance.service.datasets.batches import classify_lines  # noqa: PLC0415

        classifier = context.classifiers[query["rulebook"]]
        answered = classify_lines(
            lines, classifier, query["detail"], context.metrics.count_decisions
        )
        answered = _limit_answers(answered, context.settings.max_batch_lines)
        answers = _answers(spool, answered, request.path, context.metrics)
        return Response(answers, mimetype=NDJSON)

    return routes


def _line_schema(context: Context) -> Schema:
    """Return the schema of an answer's line: a classification, or what was wrong with the line."""
    own: dict[str, fields.Field[Any]] = {
        "line": fields.Integer(required=True),
        "episode_id": fields.String(allow_none=True),
        "error": fields.Nested(ProblemSchema),
    }
    answer = classification_schema(episode_schema(context.library.codebook.vocabulary))
    line = answer.from_dict(own, name="BatchLine")
    optional = [name for name in line().fields if name != "line"]
    return line(exclude=["episode"], partial=optional)


def _reader() -> Any:
    # DuckDB takes a while to import, and most workers never see a batch
    from softbalance.service.datasets.batches import (  # noqa: PLC0415
        episode_lines,
        sheet_lines,
    )
    from softbalance.service.datasets.reading.defects import UnusableDataset  # noqa: PLC0415

    def sheet(stream: Any, codebook: Any) -> Any:
        try:
            return sheet_lines(stream, codebook)
        except UnusableDataset as error:
            raise Problem(422, "invalid-header", str(error)) from error

    readers = {NDJSON: episode_lines, CSV: sheet}
    if request.mimetype not in readers:
        sent = f"content type {request.mimetype!r}" if request.mimetype else "no content type"
        told = f"the body was sent with {sent}; send {NDJSON} or {CSV}"
        raise Problem(415, "unsupported-media-type", told)
    return readers[request.mimetype]


def _answers(
    spool: BodySpool, answered: Iterator[Answered], instance: str, metrics: Metrics
) -> Iterator[bytes]:
    """Yield the lines of the answer; when nobody takes them any more, reading ends too."""
    line = None
    with spool:
        try:
            for line, answer in answered:
                told: Mapping[str, object]
                if answer is None:
                    told = {"error": payload(_describe_mistakes(line.mistakes), instance)}
                else:
                    told = _describe_answer(answer)
                yield orjson.dumps({"line": line.number, **told}, option=orjson.OPT_APPEND_NEWLINE)
        except (EngineFailure, TooLong, TooSlow) as error:
            if isinstance(error, EngineFailure):
                _log.critical("%s; in a batch", error)
                metrics.count_failure(error)
                replace_worker()
            number = line.number if line else 0
            told = {"line": number + 1, "error": payload(_describe_end(error), instance)}
            yield orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE)


def _limit_answers(answered: Iterator[Answered], most: int) -> Iterator[Answered]:
    """Yield so many answers; raise TooLong if there are more."""
    yield from islice(answered, most)
    if next(answered, None) is not None:
        raise TooLong(f"the batch has more than {most} lines")


def _describe_end(error: Exception) -> Problem:
    """Return the problem that ends a batch before its end."""
    status, kind = {
        TooLong: (413, "request-entity-too-large"),
        TooSlow: (408, "request-timeout"),
    }.get(type(error), (500, "engine-failure"))
    return Problem(status, kind, f"no further line is answered: {error}")


def _describe_answer(answer: Answer) -> dict[str, object]:
    told = {
        "id": str(uuid.uuid4()),
        "classified_at": datetime.now(UTC).isoformat(timespec="microseconds")[:-6] + "Z",
        **answer,
        "episode_id": answer["episode"].get("id"),
    }
    del told["episode"]
    return told


def _describe_mistakes(mistakes: Any) -> Problem:
    if any(mistake.code == "json" for mistake in mistakes):
        return Problem(400, "not-json", f"the line is {mistakes[0].detail}", mistakes)
    return invalid_episode(list(mistakes))
