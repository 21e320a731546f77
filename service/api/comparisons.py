"""`/v1/comparisons`: one episode under several rulebooks, and where these part."""

from __future__ import annotations

from typing import Any

from flask import Response
from marshmallow import fields
from softbalance.rules.comparison.rulebooks_on_episode import compare_rulebooks
from softbalance.schemas.comparison import ComparisonSchema
from softbalance.schemas.episode import Episode, episode_schema
from softbalance.schemas.fields import Choice
from softbalance.schemas.mistakes import LocatedMistake
from softbalance.service.context import Context
from softbalance.service.http.parsing import Blueprint, Query, as_json, invalid_query


def blueprint(context: Context) -> Blueprint:
    """Make the routes."""
    routes = Blueprint(
        "comparisons", __name__, url_prefix="/v1/comparisons", description="Rulebooks side by side"
    )
    known = context.library.rulebooks

    class CompareQuery(Query):
        """Which rulebooks to compare: two or more, each named once; all where none is named."""

        rulebook = fields.List(
            Choice("rulebook", known),
            load_default=list(known),
            metadata={"minItems": 2, "uniqueItems": True},
        )

    @routes.route("", methods=["POST"])
    @routes.arguments(CompareQuery(), location="query")
    @routes.arguments(episode_schema(context.library.codebook.vocabulary))
    @routes.response(200, ComparisonSchema)
    def post(query: dict[str, Any], sent: Episode) -> Response:
        """Decide an episode by several rulebooks; name the first premises on which they part."""
        names = query["rulebook"]
        if len(names) < 2 or len(set(names)) < len(names):
            detail = "name two rulebooks or more, each once: ?rulebook=A&rulebook=B"
            raise invalid_query([LocatedMistake("/rulebook", "length", detail)])
        return as_json(compare_rulebooks([context.classifiers[name] for name in names], sent))

    return routes
