"""Which rules part two rulebooks, told from the rules that fired."""

import pytest
from softbalance.rules.classifier import Classifier
from softbalance.rules.codings import Codings
from softbalance.rules.comparison.partings import Partings
from softbalance.rules.comparison.verdicts import compare

from drawn_episodes import random_codings
from evaluator import BROOKS_WOHLFORTH, PAUL, WALT

PAIRS = [(BROOKS_WOHLFORTH, WALT), (BROOKS_WOHLFORTH, PAUL), (PAUL, WALT)]


@pytest.mark.parametrize("names", PAIRS)
def test_the_facts_are_those_of_a_full_comparison(
    classifiers: dict[str, Classifier], names: tuple[str, str]
) -> None:
    pair = [classifiers[name] for name in names]
    partings = Partings(*(classifier.rulebook for classifier in pair))
    parted = 0
    for form, values in random_codings(400, seed=11):
        codings = Codings(form, values, {})
        fired = [classifier.decide(codings).fired for classifier in pair]
        compared = compare(pair, {"form": form, "indicators": values})
        decisive = [part["fact"] for part in compared["parting"] if part["decisive"]]
        found = partings.of(*fired)
        assert {parting.fact for parting in found} == set(decisive)
        for parting in found:
            for rule, rules in zip((parting.before, parting.after), fired, strict=True):
                assert rule is None or rule.id in rules
        parted += bool(found)
    assert parted > 50
