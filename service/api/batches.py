"""`/v1/batches`: many episodes in one request, answered line by line as they come."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING, Any

import orjson
from flask import Response, request
from marshmallow import Schema, fields
from softbalance.rules.episode.firing import EngineFailure
from softbalance.schemas.classification import DETAILS, VERDICT, Answer, classification_schema
from softbalance.schemas.episode import episode_schema
from softbalance.schemas.fields import Choice
from softbalance.schemas.problem import ProblemSchema
from softbalance.service.auth.batch_turns import NoTurns, take_turn
from softbalance.service.context import Context
from softbalance.service.datasets.reading.defects import TOO_MANY, UnusableDataset
from softbalance.service.http.parsing import Blueprint, Query, invalid_episode
from softbalance.service.http.patience import TooSlow
from softbalance.service.http.problems import Problem, payload
from softbalance.service.http.spool import BodySpool, CutOff, NoRoom, TooLong
from softbalance.service.http.workers import (
    LAST_LINES,
    ServiceStopping,
    deadline,
    replace_worker,
)
from softbalance.service.observing.access_log import ABORTED
from softbalance.service.observing.metrics import Metrics
from werkzeug.exceptions import RequestEntityTooLarge

if TYPE_CHECKING:
    from softbalance.service.datasets.batches import Answered, Line

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
        """Classify an Episode a line, or a row; a line that cannot be read never stops the rest.

        An answer that cannot go on ends with a line that says why: with `service-stopping`, send
        the lines after those that were answered again.
        """
        read = _reader()
        most = context.settings.max_batch
        request.max_content_length = most
        if (request.content_length or 0) > most:
            raise RequestEntityTooLarge
        with ExitStack() as held:
            spool = _begin(held, most, context.metrics)
            lines = _read(read, spool, context)
            answered = _end_in_time(_classify(context, lines, query))
            answers = _answers(held.pop_all(), answered, request.environ, context.metrics)
        # what ends a batch before its first line is answered with its status
        first = next(answers, b"")
        response = Response(chain([first], answers), mimetype=NDJSON)
        response.call_on_close(answers.close)
        return response

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

    def sheet(stream: Any, codebook: Any, most: int) -> Any:
        try:
            return sheet_lines(stream, codebook, most)
        except UnusableDataset as error:
            raise Problem(422, "invalid-header", str(error)) from error

    readers = {NDJSON: episode_lines, CSV: sheet}
    if request.mimetype not in readers:
        sent = f"content type {request.mimetype!r}" if request.mimetype else "no content type"
        told = f"the body was sent with {sent}; send {NDJSON} or {CSV}"
        raise Problem(415, "unsupported-media-type", told)
    return readers[request.mimetype]


def _begin(held: ExitStack, most: int, metrics: Metrics) -> BodySpool:
    """Take a turn and begin to read the body; both are `held`."""
    source, length = request.environ["wsgi.input"], request.content_length
    try:
        if (turn := take_turn()) is not None:
            held.enter_context(turn)
        return held.enter_context(BodySpool(source, most, length))
    except (NoRoom, NoTurns) as error:
        raise _report_no_room(error, metrics) from error


def _report_no_room(error: Exception, metrics: Metrics) -> Problem:
    _log.error("a batch cannot be kept: %s", error)
    metrics.count_temporary_failure("batches")
    detail = "the service has no room for a batch at present; send it again later"
    return Problem(503, "no-room", detail, headers={"Retry-After": "30"})


def _read(read: Any, spool: BodySpool, context: Context) -> Iterator[Line]:
    """Return the lines of a batch; those of a sheet are known when its header is read."""
    try:
        lines: Iterator[Line] = read(
            spool, context.library.codebook, context.settings.max_batch_lines
        )
    except (TooLong, TooSlow, NoRoom, CutOff, ServiceStopping) as error:
        raise _end(error, 0, context.metrics) from error
    return lines


def _classify(
    context: Context, lines: Iterator[Line], query: Mapping[str, Any]
) -> Iterator[Answered]:
    from softbalance.service.datasets.batches import classify_lines  # noqa: PLC0415

    return classify_lines(
        lines,
        context.classifiers[query["rulebook"]],
        query["detail"],
        context.metrics.count_decisions,
    )


def _answers(
    held: ExitStack, answered: Iterator[Answered], environ: dict[str, Any], metrics: Metrics
) -> Generator[bytes]:
    """Yield the lines of the answer; when nobody takes them any more, reading ends too."""
    line = None
    with held:
        try:
            for line, answer in answered:
                told = _describe_line(line, answer, environ, metrics)
                yield orjson.dumps({"line": line.number, **told}, option=orjson.OPT_APPEND_NEWLINE)
        except (EngineFailure, TooLong, TooSlow, NoRoom, CutOff, ServiceStopping) as error:
            number = line.number if line else 0
            problem = _end(error, number, metrics)
            if line is None and isinstance(error, NoRoom):
                raise problem from error
            environ[ABORTED] = True
            told = {"line": number + 1, "error": payload(problem, environ["PATH_INFO"])}
            yield orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE)


def _end(error: Exception, number: int, metrics: Metrics) -> Problem:
    """Log and count what ends a batch after the line of this number; return the problem."""
    if isinstance(error, EngineFailure):
        _log.critical("%s; in a batch", error)
        metrics.count_failure(error)
        replace_worker()
    problem = _describe_end(error, number)
    if isinstance(error, NoRoom):
        problem = _report_no_room(error, metrics)
    _log.warning("a batch was not answered to its end: %s", problem.kind)
    metrics.count_cut_batch(problem.kind)
    return problem


def _end_in_time(answered: Iterator[Answered]) -> Iterator[Answered]:
    """Yield answers; raise ServiceStopping once there is no time for more."""
    for answer in answered:
        if deadline.is_past(LAST_LINES):
            raise ServiceStopping
        yield answer


def _describe_end(error: Exception, number: int) -> Problem:
    """Return the problem that ends a batch after the line of this number."""
    if isinstance(error, ServiceStopping):
        told = f"all lines up to line {number} were answered; send the rest again"
        told = told if number else "no line was answered; send all of them again"
        return Problem(503, "service-stopping", f"this process of the service ends now: {told}")
    status, kind = {
        TooLong: (413, "request-entity-too-large"),
        TooSlow: (408, "request-timeout"),
        CutOff: (400, "bad-request"),
    }.get(type(error), (500, "engine-failure"))
    return Problem(status, kind, f"no further line is answered: {error}")


def _describe_line(
    line: Line, answer: Answer | None, environ: dict[str, Any], metrics: Metrics
) -> Mapping[str, object]:
    if answer is not None:
        return _describe_answer(answer)
    if line.mistakes[0].code == TOO_MANY:
        environ[ABORTED] = True
        problem = _end(TooLong(line.mistakes[0].detail), line.number - 1, metrics)
    else:
        problem = _describe_mistakes(line.mistakes)
    return {"error": payload(problem, environ["PATH_INFO"])}


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
    return invalid_episode(mistakes)
