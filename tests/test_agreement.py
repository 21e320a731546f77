"""The engines compared: they agree, and where one is given other rules it is told, with proof."""

from dataclasses import replace

import pytest
from softbalance.rules.agreement import Agreement
from softbalance.rules.decision import Decider
from softbalance.rules.loader import load_library
from softbalance.rules.model import Rulebook
from softbalance.rules.reconcile import reconcile
from softbalance.rules.space import Space

import tiny
from evaluator import BROOKS_WOHLFORTH, RULEBOOKS

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
    agreement = Agreement(Space(book), Decider(book))
    assert list(agreement.flaws(episodes=300)) == []
    assert agreement.episodes == 300
    assert agreement.states.keys() == {stage.id for stage in book.stages}


def test_every_combination_of_facts_is_tried() -> None:
    book = LIBRARY[BROOKS_WOHLFORTH]
    agreement = Agreement(Space(book), Decider(book))
    list(agreement.flaws(episodes=0))
    assert agreement.states["rivals"] == 3 * 4**3
    assert agreement.states["derived"] == 4**3 * 4
    assert agreement.states["tests"] == 4**2 + 4**2 + 4**4


@pytest.mark.parametrize("seed", range(20))
def test_the_engines_agree_on_arbitrary_rules(seed: int) -> None:
    book = tiny.arbitrary(seed)
    agreement = Agreement(Space(book), Decider(book), seed)
    assert list(agreement.flaws(episodes=100)) == []


def test_a_difference_in_an_early_stage_is_told_with_a_witness() -> None:
    book = LIBRARY[BROOKS_WOHLFORTH]
    other = with_value(book, "persistence-derived", "no")
    agreement = Agreement(Space(book), Decider(other))
    flaws = list(agreement.flaws(episodes=300))
    assert flaws
    for flaw in flaws:
        assert flaw.witness is not None
        codings = reconcile(book.codebook, flaw.witness)
        fired = [Decider(b).decide(codings.form, codings.values).fired for b in (book, other)]
        assert fired[0] != fired[1]
