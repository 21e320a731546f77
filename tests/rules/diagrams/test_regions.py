"""Regions against the sets of codings that they stand for, and states against all there are."""

import random
from dataclasses import replace

import pytest
from softbalance.rules.diagrams.regions import ALL, NONE
from softbalance.rules.diagrams.space import Space
from softbalance.rules.language.loader import load_library
from softbalance.rules.model import Rule

import tiny
from evaluator import BROOKS_WOHLFORTH

SEEDS = range(25)


def fired(rule: Rule, runs: list[tiny.Run]) -> list[tiny.Coding]:
    return [run.coding for run in runs if rule.id in run.fired]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_region_holds_the_codings_where_its_rule_fires(seed: int) -> None:
    book = tiny.arbitrary(seed)
    space = Space(book)
    runs = [tiny.run(book, coding) for coding in tiny.codings()]
    for rule in book.rules:
        region, where = space.select_firing(rule), fired(rule, runs)
        assert space.count(region) == len(where)
        assert [c for c in tiny.codings() if space.evaluate(region, c) == ALL] == where
        assert (region == NONE) == (not where)


@pytest.mark.parametrize("seed", SEEDS)
def test_examples_are_in_the_region_and_the_simplest_leaves_most_unknown(seed: int) -> None:
    book, chance = tiny.arbitrary(seed), random.Random(seed)
    space = Space(book)
    runs = [tiny.run(book, coding) for coding in tiny.codings()]
    for rule in book.rules:
        where = fired(rule, runs)
        if not where:
            with pytest.raises(ValueError, match="empty"):
                space.pick_simplest(space.select_firing(rule))
            continue
        simplest = space.pick_simplest(space.select_firing(rule))
        assert simplest in where
        assert known(simplest) == min(map(known, where))
        drawn = [space.draw(space.select_firing(rule), chance) for _ in range(20)]
        assert all(coding in where for coding in drawn)


def known(coding: tiny.Coding) -> int:
    return sum(coding[name] != "unknown" for name in tiny.INDICATORS)


def test_every_coding_of_a_region_may_be_drawn() -> None:
    book, chance = tiny.arbitrary(0), random.Random(0)
    space = Space(book)
    drawn = {tuple(space.draw(ALL, chance).items()) for _ in range(3000)}
    assert len(drawn) == space.size == 2 * 4**3


@pytest.mark.parametrize("seed", SEEDS)
def test_both_either_and_outside_are_those_of_sets(seed: int) -> None:
    book = tiny.arbitrary(seed)
    space = Space(book)
    codings = list(tiny.codings())
    first, second, third = (space.select_holding(rule) for rule in list(book.rules)[:3])
    for coding in codings:
        a, b, c = (space.evaluate(region, coding) == ALL for region in (first, second, third))
        assert (space.evaluate(space.intersect(first, second, third), coding) == ALL) == (
            a and b and c
        )
        assert (space.evaluate(space.unite(first, second, third), coding) == ALL) == (a or b or c)
        assert (space.evaluate(space.complement(first), coding) == ALL) == (not a)
    assert space.intersect() == ALL
    assert space.unite() == NONE


@pytest.mark.parametrize("seed", SEEDS)
def test_states_are_the_combinations_that_codings_bring_about(seed: int) -> None:
    book = tiny.arbitrary(seed)
    space = Space(book)
    number = len(book.stages) - 1
    reads = book.stages[number].reads
    unsaid = dict.fromkeys(tiny.INDICATORS, "unknown") | {"form": "hard"}
    found = [space.facts(number, {**unsaid, **way}) for way in space.states(reads, number)]
    assert len({tuple(facts.values()) for facts in found}) == len(found)
    earlier = replace(book, stages=book.stages[:number])
    runs = [tiny.run(earlier, coding) for coding in tiny.codings()]
    for run in runs:
        assert not run.sound or {name: run.facts[name] for name in reads} in found


def test_all_codings_of_the_codebook_are_counted() -> None:
    assert Space(load_library()[BROOKS_WOHLFORTH]).size == 9 * 4**23
