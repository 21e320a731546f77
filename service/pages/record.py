"""`/classifications/ID`: one classification with its proof and what follows from it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import flask
import orjson
from flask import Response, render_template
from softbalance.rules.comparison.rulebooks_on_episode import compare_rulebooks
from softbalance.rules.model import Codebook, Rulebook
from softbalance.rules.wording import join_words
from softbalance.schemas.classification import FULL, TRACE, Answer, Classification
from softbalance.schemas.comparison import Comparison
from softbalance.schemas.episode import ID_PATTERN, Observation
from softbalance.service.classifiers import RulebookNotKept
from softbalance.service.context import Context
from softbalance.service.http.problems import Problem
from softbalance.service.pages.picture import Picture, picture_of
from softbalance.service.pages.rendering import PageBlueprint, render_page
from softbalance.service.replay import Difference, decide_again, differences, in_full
from softbalance.service.store import Link
from softbalance.service.text.argument import Statement, find_conflicting, unfold_proofs
from softbalance.service.text.dot import proof_graph
from softbalance.service.text.outlook_text import flips_words, missing_words
from softbalance.service.text.proof import proof_text, sources_of
from softbalance.service.text.sentence import fact_names, kind_titles, verdict_sentence


@dataclass(frozen=True)
class Verdict:
    """What is shown of any classification, stored or not: see `verdict.html`.

    `statements` are the proofs of the class and of what it does not rest on; `kinds` what the
    rulebook calls its tests and its explanations, `titles` what it calls each; `reasons` fact → why
    it has its value.
    """

    answer: Answer
    sentence: str
    kinds: Mapping[str, str]
    titles: Mapping[str, str]
    reasons: Mapping[str, str]
    statements: Sequence[Statement]
    picture: Picture


@dataclass(frozen=True)
class Evidence:
    """An observation: its number from 1, and whether others contradict it."""

    number: int
    said: Observation
    conflicts: bool


@dataclass(frozen=True)
class Outlook:
    """What follows from a verdict, with the words that lead it in."""

    missing: str
    flips: str
    answer: Answer


@dataclass(frozen=True)
class RecordPage:
    """A stored classification.

    `outlook` and `compared` are None where the rulebook that decided is not kept; `not_kept` says
    so. `replayed` are the differences that a replay found, None if none was asked for.
    """

    verdict: Verdict
    evidence: Sequence[Evidence]
    sources: Mapping[str, int]
    not_kept: str | None
    outlook: Outlook | None
    compared: Comparison | None
    link: Link | None
    replayed: Sequence[Difference] | None = None


def blueprint(context: Context) -> flask.Blueprint:
    """Make the routes."""
    routes = PageBlueprint("record", __name__, url_prefix="/classifications")

    @routes.get("/<record>")
    def record_(record: str) -> Response:
        return render_page("record.html", record_page(context, load_stored(context, record)))

    @routes.post("/<record>/replay")
    def replay(record: str) -> Response:
        found = load_stored(context, record)
        try:
            again = decide_again(context.classifiers, found, TRACE)
        except RulebookNotKept as error:
            raise Problem(409, "rulebook-not-kept", f"{error}; it cannot decide again") from error
        return render_page("record.html", record_page(context, found, differences(found, again)))

    @routes.get("/<record>/download.<ending>")
    def download(record: str, ending: str) -> Response:
        if ending not in DOWNLOADS:
            offered = join_words(DOWNLOADS, "or")
            raise Problem(404, "not-found", f"there is no download of that kind; take {offered}")
        mimetype, write = DOWNLOADS[ending]
        body = write(context, load_stored(context, record))
        saved = {"Content-Disposition": f'attachment; filename="{record}.{ending}"'}
        return Response(body, headers=saved, mimetype=mimetype)

    return routes


def _json(context: Context, found: Classification) -> bytes:
    with suppress(RulebookNotKept):
        found = in_full(found, decide_again(context.classifiers, found, FULL))
    return orjson.dumps(found, option=orjson.OPT_INDENT_2)


def _svg(context: Context, found: Classification) -> str:
    picture = picture_of(found, context.library.codebook)
    return render_template("picture.svg", picture=picture)


def _write_text(
    write: Callable[[Answer, Codebook], str],
) -> Callable[[Context, Classification], str]:
    return lambda context, found: write(found, context.library.codebook)


#: Ending → media type, and what writes a stored classification so.
DOWNLOADS: dict[str, tuple[str, Callable[[Context, Classification], str | bytes]]] = {
    "json": ("application/json", _json),
    "txt": ("text/plain", _write_text(proof_text)),
    "dot": (
        "text/vnd.graphviz",
        _write_text(proof_graph),
    ),
    "svg": ("image/svg+xml", _svg),
}


def load_stored(context: Context, record: str) -> Classification:
    """Return a stored classification, or raise the problem that there is none."""
    found = context.store.get(record) if re.fullmatch(ID_PATTERN, record) else None
    if found is None:
        raise Problem(404, "not-found", f"no classification {record[:128]!r} is stored here")
    return found


def verdict_of(answer: Answer, codebook: Codebook, rulebook: Rulebook | None) -> Verdict:
    """Return what is shown of a classification that has its trace."""
    facts = [*answer["tests"], *answer["explanations"]]
    concluded = {s["concludes"]["fact"]: s["because"] for s in answer["trace"]}
    return Verdict(
        answer,
        verdict_sentence(answer, codebook, rulebook),
        kind_titles(rulebook),
        fact_names(facts, rulebook),
        {fact: concluded[fact] for fact in facts if fact in concluded},
        list(unfold_proofs(answer, codebook, ["classification", *facts])),
        picture_of(answer, codebook),
    )


def record_page(
    context: Context, found: Classification, replayed: Sequence[Difference] | None = None
) -> RecordPage:
    """Return the page of a stored classification."""
    codebook = context.library.codebook
    not_kept, rulebook, compared, outlook = None, None, None, None
    try:
        rulebook = context.classifiers.find_by_digest(found["rulebook"]["digest"]).rulebook
        again = decide_again(context.classifiers, found, FULL)
        outlook = Outlook(missing_words(again, codebook), flips_words(again["flips"]), again)
        compared = _compare_rulebooks(context, found)
    except RulebookNotKept as error:
        not_kept = str(error)
    return RecordPage(
        verdict_of(found, codebook, rulebook),
        _evidence(found),
        sources_of(found["episode"]),
        not_kept,
        outlook,
        compared,
        context.store.position(found["id"]),
        replayed=replayed,
    )


def _evidence(found: Classification) -> list[Evidence]:
    episode = found["episode"]
    at_odds = {i for name in found["contested"] for i in find_conflicting(episode, name)}
    observations = episode.get("observations", ())
    return [Evidence(n + 1, said, n in at_odds) for n, said in enumerate(observations)]


def _compare_rulebooks(context: Context, found: Classification) -> Comparison | None:
    """Return what the service's other rulebooks make of the episode; None if there are none."""
    own = context.classifiers.find_by_digest(found["rulebook"]["digest"])
    others = [name for name in context.library.rulebooks if name != own.rulebook.id]
    if not others:
        return None
    return compare_rulebooks(
        [own, *(context.classifiers[name] for name in others)], found["episode"]
    )
