"""Rulebooks of the second edition mean what they say, to every engine."""

import random
from collections.abc import Mapping
from pathlib import Path

import pytest
from softbalance.rules.classifier import Classifier
from softbalance.rules.codings import reconcile
from softbalance.rules.comparison.equivalence import Equivalence
from softbalance.rules.diagrams.regions import ALL
from softbalance.rules.diagrams.space import Space
from softbalance.rules.language.archive import dump_rulebook, restore_rulebook
from softbalance.rules.language.loader import Library, load_folder
from softbalance.rules.model import Clause, Premise, Rule
from softbalance.rules.verification.engines import answer_by_table
from softbalance.schemas.episode import Episode

from drawn_theories import draw_theory
from edited import FIRST_EDITION

FIRST_DIGESTS = {
    "brooks-wohlforth-2004": (
        "sha256:6259f2e222ffc054a56b9c67720169564b3a6241f5d57824ed97c5deda790adf"
    ),
    "brooks-wohlforth-2004-walt": (
        "sha256:1f8af6e3eea384a8346a5b5c5b94f05529f15938dcb01d0c54d43e6e8b8fb22b"
    ),
    "paul-2004": ("sha256:ea2430aab4cc438114d5911205117d78ae2d88bb6c74f261daeac453e3a43ce9"),
}
"""A rulebook of the first edition goes on loading with the digest that it had."""


@pytest.mark.parametrize("seed", range(10))
def test_every_engine_reads_what_the_author_wrote(tmp_path: Path, seed: int) -> None:
    theory = draw_theory(seed, tmp_path)
    book, chance = theory.rulebook, random.Random(seed)
    codings = [theory.draw(chance) for _ in range(60)]
    decider, space = Classifier(book).decider, Space(book)
    answers = answer_by_table(book, codings)
    shown = [*book.of_kind("test"), "classification"]
    for coding, answer in zip(codings, answers, strict=True):
        facts, notes, fired = theory.conclude(coding)
        decision = decider.decide(coding["form"], coding)
        assert {*decision.fired} == fired
        assert {name: decision.facts[name] for name in facts} == facts
        assert {*decision.sets["notes"]} == notes
        assert {*answer["fired"]} == fired
        assert {name: answer[name] for name in shown} == {name: facts[name] for name in shown}
        held = {r.id for r in book.rules if space.evaluate(space.select_firing(r), coding) == ALL}
        assert held == fired


@pytest.mark.parametrize("seed", range(6))
def test_a_row_is_told_by_no_more_facts_than_carry_it(tmp_path: Path, seed: int) -> None:
    """Whatever the facts that are not told, the rule holds; without one that is, it may not."""
    theory = draw_theory(seed, tmp_path)
    book, chance = theory.rulebook, random.Random(seed)
    classifier, rules = Classifier(book), {rule.id: rule for rule in book.rules}
    for _ in range(40):
        coding = theory.draw(chance)
        episode: Episode = {
            "form": coding["form"],
            "indicators": {name: value for name, value in coding.items() if name != "form"},
        }
        decision = classifier.decide(reconcile(book.codebook, episode))
        seen_by = {rule.id: seen for seen, done in decision.stages for rule in done.rules}
        for step in classifier.classify(episode)["trace"]:
            rule, seen = rules[step["rule"]], seen_by[step["rule"]]
            if rule.brief:
                told = {premise["fact"] for premise in step["premises"]}
                assert _holds_whatever(rule, seen, told)
                assert not any(_holds_whatever(rule, seen, told - {fact}) for fact in told)


def _holds_whatever(rule: Rule, seen: Mapping[str, str], told: set[str]) -> bool:
    def holds(part: Clause | Premise) -> bool:
        if isinstance(part, Premise):
            return part.fact in told and seen[part.fact] in part.values
        return sum(map(holds, part.members)) >= part.least

    return all(map(holds, rule.when))


@pytest.mark.parametrize(
    "name", ["brooks-wohlforth-2004", "brooks-wohlforth-2004-walt", "paul-2004"]
)
def test_the_shipped_rulebooks_say_what_they_said_rule_by_rule(name: str, library: Library) -> None:
    """The first edition, in which each rule was written by itself, answers alike."""
    olds = {book.id: book for book in load_folder(FIRST_EDITION)}
    old, new = olds[name], library[name]
    assert {rule.id for rule in old.rules} == {rule.id for rule in new.rules}
    assert not list(Equivalence(old, new).find_differing_fields())
    assert old.digest == FIRST_DIGESTS[name]


def test_a_kept_rulebook_has_its_words() -> None:
    (book,) = load_folder(FIRST_EDITION.parent / "theories" / "dependence")
    again = restore_rulebook(book.digest, dump_rulebook(book))
    assert again.codebook.indicators == book.codebook.indicators
    assert list(again.rules) == list(book.rules)
    assert again.sources == book.sources


def test_a_kept_rulebook_is_made_of_its_core(tmp_path: Path) -> None:
    book = draw_theory(1, tmp_path).rulebook
    again = restore_rulebook(book.digest, dump_rulebook(book))
    assert again.digest == book.digest
    assert list(again.rules) == list(book.rules)
    assert again.facts == book.facts
