"""Which rules part two rulebooks, told from nothing but the rules that fired."""

from pathlib import Path

import pytest
from softbalance.rules.classifier import Classifier
from softbalance.rules.codings import Codings
from softbalance.rules.comparison.rulebooks_on_dataset import RulebookPair
from softbalance.rules.language.loader import load_library
from softbalance.rules.model import Rule

import synthetic
from drawn_episodes import random_codings
from evaluator import BROOKS_WOHLFORTH, INDICATORS, PAUL, WALT

PAIRS = [(BROOKS_WOHLFORTH, WALT), (BROOKS_WOHLFORTH, PAUL), (PAUL, WALT)]


@pytest.mark.parametrize("names", PAIRS)
def test_some_rules_are_told_exactly_where_the_class_differs(
    classifiers: dict[str, Classifier], names: tuple[str, str]
) -> None:
    pair = [classifiers[name] for name in names]
    rulebooks = RulebookPair(*(classifier.rulebook for classifier in pair))
    parted = 0
    for form, values in random_codings(400, seed=11):
        decisions = [classifier.decide(Codings(form, values, {})) for classifier in pair]
        found = rulebooks.find_parting_rules(*(decision.fired for decision in decisions))
        assert bool(found) == (len({each.facts["classification"] for each in decisions}) > 1)
        for parting in found:
            for rule, decision in zip((parting.before, parting.after), decisions, strict=True):
                assert rule is None or rule.id in decision.fired
                assert rule is None or (rule.fact, rule.value) == (
                    parting.fact,
                    decision.facts[parting.fact],
                )
        parted += bool(found)
    assert parted > 50


def told(folder: Path, *books: synthetic.Book, **values: str) -> list[tuple[str, str, str]]:
    synthetic.write(folder, books)
    library = load_library([folder])
    pair = [library[book["id"]] for book in books]
    codings = Codings("other", {**dict.fromkeys(INDICATORS, "unknown"), **values}, {})
    fired = [Classifier(book).decide(codings).fired for book in pair]
    return [
        (found.fact, _named(found.before), _named(found.after))
        for found in RulebookPair(*pair).find_parting_rules(*fired)
    ]


def _named(rule: Rule | None) -> str:
    return rule.id if rule else "as coded"


def test_a_member_of_an_any_that_did_not_hold_explains_nothing(tmp_path: Path) -> None:
    """One class rests on the merits alone: whether the weight is low has no part in it."""
    books = []
    for name, weight, label in (("one", "high", "mixed"), ("two", "medium", "politics_as_usual")):
        either = {"any": [{"weight": "low"}, {"objects_on_merits": "yes"}]}
        rules = [
            synthetic.rule("weigh", "first", [{"objects_on_merits": "yes"}], "weight", weight),
            synthetic.rule("end", "last", [either], "classification", label),
        ]
        facts = {"weight": ["low", "medium", "high"], "classification": synthetic.CLASSES}
        books.append(synthetic.book(name, rules, facts))
    assert told(tmp_path, *books, objects_on_merits="yes") == [("classification", "end", "end")]


def test_where_each_fact_follows_from_another_all_are_told(tmp_path: Path) -> None:
    books = []
    directions = {"up": ("low", "high", "true"), "down": ("high", "low", "false")}
    labels = {"up": "mixed", "down": "politics_as_usual"}
    for name, (one, two, value) in directions.items():
        rules = [
            synthetic.rule("start", "one", [{"objects_on_merits": "yes"}], one, value),
            synthetic.rule("go-on", "two", [{one: value}], two, value),
            synthetic.rule("end", "three", [{two: value}], "classification", labels[name]),
        ]
        facts = {
            one: ["true", "false"],
            two: ["true", "false"],
            "classification": synthetic.CLASSES,
        }
        books.append(synthetic.book(name, rules, facts))
    assert told(tmp_path, *books, objects_on_merits="yes") == [
        ("low", "start", "go-on"),
        ("high", "go-on", "start"),
        ("classification", "end", "end"),
    ]
