"""`/v1/rulebooks` and `/v1/codebook`: what the verdicts rest on."""

from __future__ import annotations

from flask import Response
from softbalance.rules.language.loader import UnknownRulebook
from softbalance.rules.rulebook_json import describe_codebook, describe_rulebook, summarise_rulebook
from softbalance.schemas.codebook import CodebookSchema
from softbalance.schemas.rulebooks import Rulebook, RulebookListSchema, RulebookSchema
from softbalance.service.context import Context
from softbalance.service.http.parsing import Blueprint, as_json
from softbalance.service.http.problems import Problem


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
    @routes.response(200, RulebookSchema)
    def get(rulebook: str) -> Response:
        """Read a rulebook: its rules with reasons and citations, and the proof that it is sound."""
        try:
            found = context.library[rulebook]
            answer: Rulebook = {
                **describe_rulebook(found),
                "verification": context.verify(rulebook),
            }
            return as_json(answer)
        except UnknownRulebook as error:
            raise Problem(404, "not-found", str(error)) from error

    @routes.route("/codebook")
    @routes.response(200, CodebookSchema)
    def codebook() -> Response:
        """Read the codebook: what may be coded, and what each question asks."""
        return as_json(describe_codebook(context.library.codebook))

    return routes
