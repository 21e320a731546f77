"""`/code`: the desk at which an episode is coded, with its verdict beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import flask
from flask import Response, render_template, request
from marshmallow import ValidationError
from softbalance.rules.classifier import Classifier
from softbalance.rules.language.loader import UnknownRulebook
from softbalance.rules.model import Codebook, Group, Indicator, Rulebook
from softbalance.rules.verification.cases import Case
from softbalance.schemas.classification import FULL, Answer
from softbalance.schemas.episode import Episode, episode_schema
from softbalance.schemas.grammar import CLASSIFICATION
from softbalance.schemas.mistakes import MOST_TOLD, locate_mistakes
from softbalance.schemas.outlook import Question
from softbalance.service.context import Context
from softbalance.service.http.parsing import as_json, body_of, invalid_episode, json_body
from softbalance.service.http.problems import Problem, payload
from softbalance.service.pages.rendering import PageBlueprint, render_page
from softbalance.service.text.argument import Statement, unfold_proofs
from softbalance.service.text.phrases import label
from softbalance.service.text.sentence import fact_names, kind_titles


@dataclass(frozen=True)
class DeskPage:
    """What the desk asks, and what it can start from."""

    codebook: Codebook
    rulebooks: Sequence[Rulebook]
    default: str
    cases: Sequence[Case]
    max_body: int

    @property
    def groups(self) -> Iterator[tuple[Group, list[Indicator]]]:
        """The groups of the codebook, each with its questions."""
        for group in self.codebook.groups:
            indicators = self.codebook.indicators.values()
            yield group, [asked for asked in indicators if asked.group == group.id]

    def read_by(self, asked: Indicator) -> list[str]:
        """Return the rulebooks that read an indicator."""
        return [
            book.id
            for book in self.rulebooks
            if any(asked.id in stage.reads for stage in book.stages)
        ]


@dataclass(frozen=True)
class VerdictFragment:
    """A classification of detail `full`, what its facts are called, and its proof unfolded."""

    answer: Answer
    codebook: Codebook
    kinds: Mapping[str, str]
    titles: Mapping[str, str]
    statements: Sequence[Statement]

    @property
    def best(self) -> Question | None:
        """The question that tells most, if any still matters."""
        return next(iter(self.answer["next_questions"]), None)

    def render(self) -> dict[str, Any]:
        """Return what the desk's script shows: the part of the page, and what goes elsewhere."""
        return {
            "html": render_template("code_verdict.html", page=self),
            "said": label(self.answer["classification"], self.codebook),
            "contested": self.answer["contested"],
            "best": self.best and self.best["indicator"],
        }


def blueprint(context: Context) -> flask.Blueprint:
    """Make the routes."""
    routes = PageBlueprint("desk", __name__, url_prefix="/code")
    codebook = context.library.codebook
    rulebooks = list(context.library.rulebooks.values())
    cases = {
        f"{case.rulebook}/{case.id}": case
        for name in context.library.rulebooks
        for case in context.cases_of(name)
    }
    schema = episode_schema(codebook.vocabulary)

    @routes.get("", query=("record", "case"))
    def desk() -> Response:
        max_body = context.settings.max_body
        page = DeskPage(
            codebook, rulebooks, context.library.default, list(cases.values()), max_body
        )
        return render_page("code.html", page)

    @routes.post("/verdict", query=("rulebook",))
    def verdict() -> Response:
        """Judge the Episode as it stands; mistakes are an answer here, since it is still typed."""
        classifier = _classifier(context, request.args.get("rulebook", context.library.default))
        try:
            episode: Episode = schema.load(json_body(body_of(request)))
        except ValidationError as error:
            return _answer_mistakes(invalid_episode(locate_mistakes(error.messages, MOST_TOLD)))
        except Problem as problem:
            if not problem.errors:
                raise
            return _answer_mistakes(problem)
        answer = classifier.classify({"id": "draft", **episode}, FULL)
        return as_json({"mistakes": [], **_fragment(answer, classifier.rulebook).render()})

    @routes.get("/cases/<path:name>")
    def case(name: str) -> Response:
        """Return the Episode of a shipped case, `RULEBOOK/CASE`."""
        if name not in cases:
            raise Problem(404, "not-found", f"no case {name[:128]!r} is shipped")
        return as_json(cases[name].episode)

    return routes


def _fragment(answer: Answer, rulebook: Rulebook) -> VerdictFragment:
    facts = [*answer["tests"], *answer["explanations"]]
    statements = unfold_proofs(answer, rulebook.codebook, [CLASSIFICATION, *facts])
    titles = fact_names(facts, rulebook)
    kinds = kind_titles(rulebook)
    return VerdictFragment(answer, rulebook.codebook, kinds, titles, list(statements))


def _classifier(context: Context, rulebook: str) -> Classifier:
    try:
        return context.classifiers[rulebook]
    except UnknownRulebook as error:
        raise Problem(422, "invalid-query", str(error)) from error


def _answer_mistakes(problem: Problem) -> Response:
    return as_json({"mistakes": payload(problem, request.path)["errors"]})
