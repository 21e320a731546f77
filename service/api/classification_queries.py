"""The query parameters of `/v1/classifications`; some take only names of what is loaded."""

from __future__ import annotations

from marshmallow import validate
from softbalance.rules.language.loader import Library
from softbalance.schemas.classification import DETAILS, TRACE
from softbalance.schemas.episode import ID_PATTERN
from softbalance.schemas.fields import Choice, Text, Token
from softbalance.schemas.mistakes import Mistake
from softbalance.service.http.parsing import Flag, Query, WholeNumber

_BOUNDS = Mistake("range", "is not a whole number from 1 to 1000")


class DetailQuery(Query):
    """How much of a record is wanted."""

    detail = Choice("detail", DETAILS, load_default=TRACE)


def make_post_query(library: Library) -> Query:
    """Make the schema of how to classify."""

    class PostQuery(Query):
        """How to classify."""

        rulebook = Choice("rulebook", library.rulebooks, load_default=library.default)
        detail = Choice("detail", DETAILS, load_default=TRACE)
        store = Flag(load_default=True)

    return PostQuery()


def make_list_query(library: Library) -> Query:
    """Make the schema of which records are wanted."""

    class ListQuery(Query):
        """Which records are wanted."""

        classification = Choice("class", library.codebook.classes)
        rulebook = Text(low=1)
        form = Choice("form", library.codebook.forms)
        actor = Text(low=1, high=64)
        episode = Token(ID_PATTERN, "an episode's id")
        limit = WholeNumber(
            load_default=50,
            validate=validate.Range(1, 1000, error=_BOUNDS),
            error_messages={"invalid": _BOUNDS, "too_large": _BOUNDS},
        )
        cursor = Token(
            r"[0-9]{1,18}",
            "a cursor of this service; pass on the `next` of a page as it is",
            metadata={"description": "The `next` of the page before."},
        )

    return ListQuery()
