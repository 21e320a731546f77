"""The engines compared: they agree, and where one is given other rules it is told, with proof."""

from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from softbalance.rules.classifier import Classifier
from softbalance.rules.codings import reconcile
from softbalance.rules.diagrams.space import Space
from softbalance.rules.language.loader import load_folder, load_library
from softbalance.rules.model import Rulebook
from softbalance.rules.verification.engines import DRAWN_A_PART, EngineTrial
from softbalance.schemas.episode import Episode

import synthetic
import tiny
from evaluator import BROOKS_WOHLFORTH, INDICATORS, RULEBOOKS

LIBRARY = load_library()


def with_value(book: Rulebook, name: str, value: str) -> Rulebook:
    stages = [
        replace(s, rules=tuple(replace(r, value=value) if r.id == name else r for r in s.rules))
        for s in book.stages
    ]
    return replace(book, stages=tuple(stages))


@pytest.mark.parametrize("name", RULEBOOKS)
def test_the_engines_agree_on_the_shipped_rulebooks(name: str) -> None:
    book = LIBRARY[name]
    agreement = EngineTrial(Space(book), Classifier(book))
    assert list(agreement.flaws(episodes=300)) == []
    assert agreement.episodes == 300
    assert agreement.states.keys() == {stage.id for stage in book.stages}


def test_every_combination_of_facts_is_tried() -> None:
    book = LIBRARY[BROOKS_WOHLFORTH]
    agreement = EngineTrial(Space(book), Classifier(book))
    list(agreement.flaws(episodes=0))
    assert agreement.states["rivals"] == 3 * 4**3
    assert agreement.states["derived"] == 4**3 * 4
    assert agreement.states["tests"] == 4**2 + 4**2 + 4**4


@pytest.mark.parametrize("seed", range(25))
def test_the_engines_agree_on_arbitrary_rules(seed: int) -> None:
    book = tiny.arbitrary(seed)
    agreement = EngineTrial(Space(book), Classifier(book), seed)
    assert list(agreement.flaws(episodes=100)) == []


def test_of_too_many_combinations_some_are_tried(tmp_path: Path) -> None:
    """A rule of nine premises reads 4^9 combinations of codings."""
    synthetic.write(tmp_path, [synthetic.routes("wide", dict.fromkeys(INDICATORS[:9], "yes"))])
    (book,) = load_folder(tmp_path)
    agreement = EngineTrial(Space(book), Classifier(book))
    assert list(agreement.flaws(episodes=0)) == []
    assert agreement.states == {"strategy": 9, "ways": DRAWN_A_PART, "verdict": 2}


def test_a_difference_in_an_early_stage_is_told_with_a_witness() -> None:
    book = LIBRARY[BROOKS_WOHLFORTH]
    other = with_value(book, "persistence-derived", "no")
    agreement = EngineTrial(Space(book), Classifier(other))
    flaws = list(agreement.flaws(episodes=300))
    assert flaws
    for flaw in flaws:
        assert flaw.witness is not None
        codings = reconcile(book.codebook, cast(Episode, flaw.witness))
        fired = [Classifier(b).decide(codings).fired for b in (book, other)]
        assert fired[0] != fired[1]


def test_a_difference_of_the_relational_engine_is_told_with_a_witness() -> None:
    book = LIBRARY[BROOKS_WOHLFORTH]
    # the same rules in another order: they fire in another order, and else alike
    stages = [replace(stage, rules=stage.rules[::-1]) for stage in book.stages]
    agreement = EngineTrial(Space(book), Classifier(replace(book, stages=tuple(stages))))
    (flaw,) = agreement.flaws(episodes=50)
    assert "the relational engine differ on fired;" in flaw.message
    assert flaw.witness is not None
    assert reconcile(book.codebook, cast(Episode, flaw.witness)).form in book.codebook.forms
