"""`/v1/rulebooks` and `/v1/codebook`: what the verdicts rest on."""

from __future__ import annotations

from flask import Response
from softbalance.rules.language.loader import UnknownRulebook
from softbalance.rules.model import Rulebook
from softbalance.rules.rulebook_json import describe_codebook, describe_rulebook, summarise_rulebook
from softbalance.rules.vocabularies import narrow_codebook
from softbalance.schemas.codebook import CodebookSchema
from softbalance.schemas.fields import Text, Token
from softbalance.schemas.rulebooks import Rulebook as RulebookAnswer
from softbalance.schemas.rulebooks import RulebookListSchema, RulebookSchema
from softbalance.service.classifiers import RulebookNotKept
from softbalance.service.context import Context
from softbalance.service.http.caching import FOREVER
from softbalance.service.http.parsing import Blueprint, Query, as_json
from softbalance.service.http.problems import Problem


class RulebookQuery(Query):
    """Which state of a rulebook is wanted: that which is loaded, or that of a digest."""

    digest = Token(r"sha256:[0-9a-f]{64}", "a digest; write sha256: and 64 hex digits")


class CodebookQuery(Query):
    """Whose codebook is wanted."""

    rulebook = Text(metadata={"description": "Only what this rulebook reads."})


def blueprint(context: Context) -> Blueprint:
    """Make the routes."""
    routes = Blueprint(
        "rulebooks",
        __name__,
        url_prefix="/v1",
        description="The rules and the questions behind every verdict",
    )

    known = {
        "in": "path",
        "name": "rulebook",
        "schema": {"type": "string", "enum": list(context.library.rulebooks)},
    }

    @routes.route("/rulebooks")
    @routes.response(200, RulebookListSchema)
    def list_() -> Response:
        """List the rulebooks, the default first."""
        return as_json(
            {"items": [summarise_rulebook(book) for book in context.library.rulebooks.values()]}
        )

    @routes.route("/rulebooks/<rulebook>", parameters=[known])
    @routes.arguments(RulebookQuery(), location="query")
    @routes.response(200, RulebookSchema)
    def get(query: dict[str, str], rulebook: str) -> Response:
        """Read a rulebook: its rules with reasons and citations, and the proof that it is sound.

        With a digest it is the rulebook as it was when records were decided by it, unproved.
        """
        if "digest" in query:
            kept = _find_kept(context, rulebook, query["digest"])
            return as_json(describe_rulebook(kept), headers={"Cache-Control": FOREVER})
        try:
            found = context.library[rulebook]
            answer: RulebookAnswer = {
                **describe_rulebook(found),
                "verification": context.verify(rulebook),
            }
            return as_json(answer)
        except UnknownRulebook as error:
            raise Problem(404, "not-found", str(error)) from error

    @routes.route("/codebook")
    @routes.arguments(CodebookQuery(), location="query")
    @routes.response(200, CodebookSchema)
    def codebook(query: dict[str, str]) -> Response:
        """Read the codebook: what may be coded, and what each question asks.

        With a rulebook, only what it reads, in its order.
        """
        if "rulebook" not in query:
            return as_json(describe_codebook(context.library.codebook))
        try:
            return as_json(describe_codebook(narrow_codebook(context.library[query["rulebook"]])))
        except UnknownRulebook as error:
            raise Problem(404, "not-found", str(error)) from error

    return routes


def _find_kept(context: Context, name: str, digest: str) -> Rulebook:
    try:
        return context.classifiers.find_kept(name, digest)
    except RulebookNotKept as error:
        raise Problem(404, "not-found", str(error)) from error
