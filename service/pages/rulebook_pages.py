"""`/rulebooks`: the rulebooks, each with its rules and its proof, and what differs between two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import flask
from flask import Response, request
from softbalance.rules.comparison.equivalence import Equivalence
from softbalance.rules.comparison.rulebook_changes import RulebookDifference, diff_rulebooks
from softbalance.rules.language.loader import UnknownRulebook
from softbalance.rules.model import Rulebook
from softbalance.schemas.rulebooks import Verification
from softbalance.service.classifiers import RulebookNotKept
from softbalance.service.context import Context
from softbalance.service.http.problems import Problem
from softbalance.service.pages.rendering import PageBlueprint, render_page
from softbalance.service.store import FiringCounts, Firings
from softbalance.service.text.difference_text import equivalence_words

#: How long a page may count firings before it is shown with what it has, in seconds.
_PATIENCE = 0.3


@dataclass(frozen=True)
class RulebooksPage:
    """The rulebooks of the service, the default first."""

    books: Sequence[Rulebook]


@dataclass(frozen=True)
class RulebookPage:
    """A rulebook with how often its rules fired.

    `current` is false for an earlier state of it, kept because records were decided by it; it is
    not verified. `verified` is its verification as JSON, None before somebody asks.
    """

    book: Rulebook
    current: bool
    fired: FiringCounts
    verified: Verification | None = None


@dataclass(frozen=True)
class DifferencePage:
    """Two rulebooks compared, as they are written and as they answer; None before two are named.

    `cells` is the cross table of classes: (first, second) → codings.
    """

    books: Sequence[Rulebook]
    before: str
    after: str
    difference: RulebookDifference | None = None
    answers: Mapping[str, Any] | None = None
    summary: str = ""
    cells: Mapping[tuple[str, str], int] | None = None


def blueprint(context: Context) -> flask.Blueprint:
    """Make the routes."""
    routes = PageBlueprint("rulebook-pages", __name__, url_prefix="/rulebooks")
    firings = Firings(context.store.database)
    books = list(context.library.rulebooks.values())

    @lru_cache(maxsize=64)
    def answers(before: str, after: str) -> dict[str, Any]:
        return Equivalence(context.library[before], context.library[after]).as_json()

    @routes.get("")
    def list_() -> Response:
        return render_page("rulebooks.html", RulebooksPage(books))

    @routes.get("/diff", query=("before", "after"))
    def diff() -> Response:
        before, after = (request.args.get(name, "") for name in ("before", "after"))
        if not before and not after:
            return render_page(
                "rulebooks_diff.html", DifferencePage(books, books[0].id, books[-1].id)
            )
        pair = _get_loaded(context, before), _get_loaded(context, after)
        told = answers(before, after)
        cells = {(cell["before"], cell["after"]): cell["codings"] for cell in told["classes"]}
        page = DifferencePage(
            books, before, after, diff_rulebooks(*pair), told, equivalence_words(told), cells
        )
        return render_page("rulebooks_diff.html", page)

    @routes.get("/<rulebook>", query=("digest",))
    def get(rulebook: str) -> Response:
        return render_page("rulebook.html", _page(context, firings, rulebook, verify=False))

    @routes.get("/<rulebook>/verification", query=("digest",))
    def verification(rulebook: str) -> Response:
        return render_page("rulebook.html", _page(context, firings, rulebook, verify=True))

    return routes


def _page(context: Context, firings: Firings, name: str, *, verify: bool) -> RulebookPage:
    digest = request.args.get("digest")
    book = _load_kept(context, name, digest) if digest else _get_loaded(context, name)
    loaded = context.library.rulebooks.get(name)
    current = loaded is not None and loaded.digest == book.digest
    verified = context.verify(name) if verify and current else None
    return RulebookPage(book, current, firings.count(book.digest, _PATIENCE), verified)


def _get_loaded(context: Context, name: str) -> Rulebook:
    try:
        return context.library[name[:128]]
    except UnknownRulebook as error:
        raise Problem(404, "not-found", str(error)) from error


def _load_kept(context: Context, name: str, digest: str) -> Rulebook:
    """Return the rulebook as it was when records were decided by it."""
    try:
        return context.classifiers.find_kept(name, digest)
    except RulebookNotKept as error:
        raise Problem(404, "not-found", str(error)) from error
