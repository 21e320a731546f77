"""`/v1/classifications`: classify an episode; read what was classified."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from flask import Response, request, url_for
from marshmallow import Schema, fields
from softbalance.rules.model import Codebook
from softbalance.schemas.classification import (
    FULL,
    TRACE,
    VERDICT,
    Answer,
    Classification,
    ReplaySchema,
    StepSchema,
    classification_schema,
)
from softbalance.schemas.episode import ID_PATTERN, Episode, episode_schema
from softbalance.schemas.fields import StrictSchema
from softbalance.schemas.mistakes import LocatedMistake, unknown_name
from softbalance.service.api.classification_queries import (
    DetailQuery,
    make_list_query,
    make_post_query,
)
from softbalance.service.classifiers import RulebookNotKept, classify
from softbalance.service.context import Context
from softbalance.service.http.caching import is_record
from softbalance.service.http.idempotency import (
    HEADER,
    PATTERN,
    REPLAYED,
    claim_of,
    read_key,
    report_reused_key,
)
from softbalance.service.http.parsing import (
    Blueprint,
    as_json,
    invalid_query,
)
from softbalance.service.http.problems import Problem
from softbalance.service.replay import decide_again, differences, in_full
from softbalance.service.store import ClaimConflict
from softbalance.service.text.dot import proof_graph
from softbalance.service.text.proof import proof_text
from werkzeug.datastructures import MIMEAccept

JSON = "application/json"
#: Media type of a proof that is no JSON → what writes it.
_PROOFS: dict[str, Callable[[Answer, Codebook], str]] = {
    "text/plain": proof_text,
    "text/vnd.graphviz": proof_graph,
}
#: Header of a list: the ids of the records that belong there and are not what was stored.
DAMAGED = "Softbalance-Damaged"
_DAMAGED = {
    "schema": {"type": "string"},
    "description": "Ids of records that belong here and are damaged, so that they are left out.",
}
_TEXT = {"schema": {"type": "string"}}


def blueprint(context: Context) -> Blueprint:
    """Make the routes."""
    routes = Blueprint(
        "classifications",
        __name__,
        url_prefix="/v1/classifications",
        description="Episodes and their verdicts",
    )
    episode = episode_schema(context.library.codebook.vocabulary)
    answer = classification_schema(episode)
    _add_post(routes, context, episode, answer)
    _add_list(routes, context, answer)
    _add_get(routes, context, answer)
    _add_trace(routes, context)
    _add_replay(routes, context)
    routes.after_request(is_record)
    return routes


def _add_post(
    routes: Blueprint, context: Context, episode: StrictSchema, answer: type[Schema]
) -> None:
    @routes.route("", methods=["POST"])
    @routes.arguments(make_post_query(context.library), location="query")
    @routes.arguments(episode)
    @routes.response(201, answer, headers={"Location": {"schema": {"type": "string"}}})
    @routes.alt_response(
        200,
        schema=answer,
        headers={REPLAYED: {"schema": {"type": "string", "enum": ["true"]}}},
        description="Classified and not stored, or stored before under the same key.",
    )
    @routes.header(HEADER, PATTERN, "Sent again, it gives the record that it was first used for.")
    def post(query: dict[str, Any], sent: Episode) -> Response:
        """Classify an episode; store the classification unless `store=false`."""
        read_key(request)  # refused also where nothing is stored under it
        if query["store"]:
            return _classify_and_store(context, query, sent)
        classifier = context.classifiers[query["rulebook"]]
        return as_json(classify(classifier, sent, query["detail"], context.metrics.count_decisions))


def _add_list(routes: Blueprint, context: Context, answer: type[Schema]) -> None:
    class PageSchema(StrictSchema):
        """A page of records, newest first, without their traces."""

        items = fields.List(fields.Nested(answer), required=True)
        next = fields.String(required=True, allow_none=True)

    @routes.route("", methods=["GET"])
    @routes.arguments(make_list_query(context.library), location="query")
    @routes.response(200, PageSchema, headers={DAMAGED: _DAMAGED})
    def list_(query: dict[str, Any]) -> Response:
        """List classifications, newest first; pass `next` on as `cursor` for more.

        A page is shorter than `limit` where its records are large: it ends after 8 MiB.
        """
        limit, cursor = query.pop("limit"), query.pop("cursor", None)
        _expect_rulebook(context, query.get("rulebook"))
        page = context.store.page(query, limit, int(cursor) if cursor else None, traces=False)
        items = [_at(VERDICT, item) for item in page.items]
        # what is damaged cannot be given; its neighbours can, and it is not passed over in silence
        headers = {DAMAGED: ", ".join(page.damaged)} if page.damaged else {}
        content = {"items": items, "next": str(page.next) if page.next else None}
        return as_json(content, headers=headers)


def _add_get(routes: Blueprint, context: Context, answer: type[Schema]) -> None:
    @routes.route("/<record>", methods=["GET"])
    @routes.arguments(DetailQuery(), location="query")
    @routes.response(200, answer)
    def get(query: dict[str, Any], record: str) -> Response:
        """Read one classification."""
        stored = _find_record(context, record)
        if query["detail"] == FULL:
            stored = in_full(stored, _again(context, stored, FULL))
        return as_json(_at(query["detail"], stored))


def _add_trace(routes: Blueprint, context: Context) -> None:
    @routes.route("/<record>/trace", methods=["GET"])
    @routes.response(200, StepSchema(many=True))
    @routes.doc(responses={200: {"content": dict.fromkeys(_PROOFS, _TEXT)}})
    @routes.alt_response(406, "NOT_ACCEPTABLE")
    def trace(record: str) -> Response:
        """Read the proof: as JSON, as text for people, or as a graph for Graphviz."""
        stored = _find_record(context, record)
        wanted = _choose_media_type()
        if wanted == JSON:
            return as_json(stored["trace"], headers={"Vary": "Accept"})
        proof = _PROOFS[wanted](stored, context.library.codebook)
        return Response(proof, mimetype=wanted, headers={"Vary": "Accept"})


def _add_replay(routes: Blueprint, context: Context) -> None:
    @routes.route("/<record>/replay", methods=["POST"])
    @routes.response(200, ReplaySchema)
    @routes.alt_response(409, "CONFLICT")
    def replay(record: str) -> Response:
        """Decide it again with the rulebook that decided it; tell what came out otherwise."""
        stored = _find_record(context, record)
        found = differences(stored, _again(context, stored, TRACE))
        told = [difference._asdict() for difference in found]
        return as_json({"identical": not found, "differences": told})


def _classify_and_store(context: Context, query: Mapping[str, Any], sent: Episode) -> Response:
    """Answer with a new record, or with that which the request's idempotency key was used for."""
    claim = claim_of(request, query["rulebook"], sent)
    classifier, detail = context.classifiers[query["rulebook"]], query["detail"]
    try:
        first = context.store.find_claimed(claim) if claim else None
        if first is None:
            kept = TRACE if detail == VERDICT else detail
            classified = classify(classifier, sent, kept, context.metrics.count_decisions)
            first = context.store.add(_at(TRACE, classified), claim)
    except ClaimConflict as error:
        raise report_reused_key() from error
    if first is not None:
        return _answer_with_first(context, first, detail)
    location = url_for(".get", record=classified["id"])
    return as_json(_at(detail, classified), 201, {"Location": location})


def _answer_with_first(context: Context, first: Classification, detail: str) -> Response:
    """Answer with the record that an idempotency key was used for."""
    if detail == FULL:
        first = in_full(first, _again(context, first, FULL))
    headers = {"Location": url_for(".get", record=first["id"]), REPLAYED: "true"}
    return as_json(_at(detail, first), headers=headers)


def _expect_rulebook(context: Context, rulebook: str | None) -> None:
    """Raise the problem of a rulebook that is neither loaded nor kept in the store."""
    loaded = context.library.rulebooks
    if rulebook is None or rulebook in loaded:
        return
    known = sorted({*loaded, *context.store.rulebooks()})
    if rulebook not in known:
        mistake = unknown_name("rulebook", rulebook, known)
        raise invalid_query([LocatedMistake("/rulebook", mistake.code, str(mistake))])


def _choose_media_type() -> str:
    """Return the media type of a proof that the caller likes best; parameters do not matter."""
    offered = (JSON, *_PROOFS)
    accepted = [(kind.split(";")[0], weight) for kind, weight in request.accept_mimetypes]
    wanted = MIMEAccept(accepted).best_match(offered) if accepted else JSON
    if wanted is None:
        told = f"the trace is offered as {', '.join(offered)}; ask for one"
        raise Problem(406, "not-acceptable", told, headers={"Vary": "Accept"})
    return wanted


def _again(context: Context, stored: Classification, detail: str) -> Answer:
    """Decide a stored episode with the rulebook that decided it then."""
    try:
        return decide_again(context.classifiers, stored, detail)
    except RulebookNotKept as error:
        raise Problem(409, "rulebook-not-kept", f"{error}; it cannot decide again") from error


def _at(detail: str, classified: Classification) -> Classification:
    """Leave out what a lower detail does not have."""
    told = classified.copy()
    if detail != FULL:
        told.pop("possible_classifications", None)
        told.pop("next_questions", None)
        told.pop("flips", None)
        told.pop("why_not", None)
    if detail == VERDICT:
        told.pop("trace", None)
    return told


def _find_record(context: Context, record: str) -> Classification:
    found = context.store.get(record) if re.fullmatch(ID_PATTERN, record) else None
    if found is None:
        raise Problem(
            404,
            "not-found",
            f"no classification {record[:128]!r} is stored; GET /v1/classifications lists them",
        )
    return found
