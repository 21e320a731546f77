"""Rulebooks of the second edition mean what they say, to every engine."""

import random
from pathlib import Path

import pytest
from softbalance.rules.classifier import Classifier
from softbalance.rules.diagrams.regions import ALL
from softbalance.rules.diagrams.space import Space
from softbalance.rules.language.archive import dump_rulebook, restore_rulebook
from softbalance.rules.verification.engines import answer_by_table

from drawn_theories import draw_theory


@pytest.mark.parametrize("seed", range(24))
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


def test_a_kept_rulebook_is_made_of_its_core(tmp_path: Path) -> None:
    book = draw_theory(1, tmp_path).rulebook
    again = restore_rulebook(book.digest, dump_rulebook(book))
    assert again.digest == book.digest
    assert list(again.rules) == list(book.rules)
    assert again.facts == book.facts
