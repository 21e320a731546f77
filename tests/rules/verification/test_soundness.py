"""Proofs against walking through every coding: what is found, and that the witnesses show it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from softbalance.rules.diagrams.space import Space
from softbalance.rules.findings import Flaw
from softbalance.rules.language.loader import load_library
from softbalance.rules.model import Clause, Premise, Rule, Rulebook
from softbalance.rules.verification.soundness import (
    contradictions,
    dead_rules,
    early_premises,
    gaps,
    idle_premises,
    redundant_rules,
    unreachable_values,
    unread_facts,
)

import tiny
from evaluator import BROOKS_WOHLFORTH, PAUL

SEEDS = range(150)


def runs(rulebook: Rulebook) -> list[tiny.Run]:
    return [tiny.run(rulebook, coding) for coding in tiny.codings()]


def shown_by(rulebook: Rulebook, flaw: Flaw) -> tiny.Run:
    assert flaw.witness is not None
    unsaid = dict.fromkeys(tiny.INDICATORS, "unknown")
    coding = {"form": flaw.witness["form"], **unsaid, **flaw.witness["indicators"]}
    return tiny.run(rulebook, coding)


def named(flaw: Flaw, before: str) -> list[str]:
    """The ids that the message names just before these words."""
    return flaw.message.partition(before)[0].split()


def without(rulebook: Rulebook, rule: Rule) -> Rulebook:
    stages = [replace(s, rules=tuple(r for r in s.rules if r != rule)) for s in rulebook.stages]
    return replace(rulebook, stages=tuple(stages))


@pytest.mark.parametrize("seed", SEEDS)
def test_gaps_and_contradictions_are_those_of_some_coding(seed: int) -> None:
    book = tiny.arbitrary(seed)
    space, walked = Space(book), runs(book)
    found = list(gaps(space))
    missing = [named(flaw, " for ")[-1] for flaw in found]
    assert set(missing) == {fact for run in walked for fact in run.gaps}
    for fact, flaw in zip(missing, found, strict=True):
        assert fact in shown_by(book, flaw).gaps
    clashing = list(contradictions(space))
    assert {flaw.rule for flaw in clashing} == {pair[1] for run in walked for pair in run.clashes}
    for flaw in clashing:
        assert flaw.rule in {pair[1] for pair in shown_by(book, flaw).clashes}


@pytest.mark.parametrize("seed", SEEDS)
def test_dead_rules_and_unreachable_values_are_those_of_no_coding(seed: int) -> None:
    book = tiny.arbitrary(seed)
    space, walked = Space(book), runs(book)
    fired = {rule for run in walked for rule in run.fired}
    dead = list(dead_rules(space))
    assert {flaw.rule for flaw in dead} == {rule.id for rule in book.rules} - fired
    assert all(flaw.witness is None for flaw in dead)
    reached = {item for run in walked if run.sound for item in run.facts.items()}
    reached |= {("notes", note) for run in walked if run.sound for note in run.notes}
    declared = {(f.id, value) for f in book.facts.values() for value in f.values}
    unreachable = list(unreachable_values(space))
    told = {tuple(named(flaw, ":")[-2:]) for flaw in unreachable}
    assert told == declared - reached


@pytest.mark.parametrize("seed", SEEDS)
def test_a_redundant_rule_changes_no_answer_when_it_goes(seed: int) -> None:
    book = tiny.arbitrary(seed)
    answers = [run.answer for run in runs(book)]
    rules = {rule.id: rule for rule in book.rules}
    for flaw in redundant_rules(Space(book)):
        assert flaw.rule in shown_by(book, flaw).fired
        assert [run.answer for run in runs(without(book, rules[flaw.rule]))] == answers


@pytest.mark.parametrize("seed", SEEDS)
def test_a_rule_that_is_not_redundant_concludes_something_alone(seed: int) -> None:
    book = tiny.arbitrary(seed)
    walked = runs(book)
    redundant = {flaw.rule for flaw in redundant_rules(Space(book))}
    rules = {rule.id: rule for rule in book.rules}
    for name in rules.keys() - redundant:
        fires = [run.fired for run in walked if name in run.fired]
        same = {r.id for r in rules.values() if (r.fact, r.value) == _conclusion(rules[name])}
        assert not fires or any(fired & same == {name} for fired in fires)


@pytest.mark.parametrize("seed", SEEDS)
def test_idle_premises_are_those_that_no_firing_depends_on(seed: int) -> None:
    book = tiny.arbitrary(seed)
    walked = runs(book)
    idle = Counter(flaw.rule for flaw in idle_premises(Space(book)))
    fired = {rule for run in walked for rule in run.fired}
    for rule in book.rules:
        weaker = [_replaced(book, rule, when) for when in _weakened(rule)]
        same = [all(_fires(other, rule, run) for run in walked) for other in weaker]
        assert idle[rule.id] == (sum(same) if rule.id in fired else 0)


def _weakened(rule: Rule) -> Iterator[tuple[Clause, ...]]:
    """Each way to leave out a clause, an alternative, or one of several values."""
    for i, clause in enumerate(rule.when):
        yield rule.when[:i] + rule.when[i + 1 :]
        for changed in _weaker(clause):
            yield (*rule.when[:i], changed, *rule.when[i + 1 :])


def _weaker(clause: Clause) -> Iterator[Clause]:
    for j, member in enumerate(clause.members):
        instead: list[list[Clause | Premise]] = []
        if clause.least == 1 and len(clause.members) > 1:
            instead.append([])
        if isinstance(member, Clause):
            instead += [[inner] for inner in _weaker(member)]
        elif len(member.values) > 1:
            kept = ([v for v in member.values if v != value] for value in member.values)
            instead += [[Premise(member.fact, tuple(values))] for values in kept]
        for these in instead:
            yield Clause((*clause.members[:j], *these, *clause.members[j + 1 :]), clause.least)


def _replaced(book: Rulebook, rule: Rule, when: tuple[Clause, ...]) -> Rulebook:
    weaker = replace(rule, when=when)
    stages = [
        replace(s, rules=tuple(weaker if r == rule else r for r in s.rules)) for s in book.stages
    ]
    return replace(book, stages=tuple(stages))


def _fires(book: Rulebook, rule: Rule, before: tiny.Run) -> bool:
    """Whether a rule fires of a coding just as it did before the rulebook was changed."""
    return (rule.id in tiny.run(book, before.coding).fired) == (rule.id in before.fired)


def test_shipped_rulebooks_are_sound() -> None:
    for book in load_library().rulebooks.values():
        space = Space(book)
        for check in (gaps, contradictions, dead_rules, redundant_rules, unreachable_values):
            assert list(check(space)) == []
        for structure in (early_premises, unread_facts):
            assert list(structure(book)) == []
        assert list(idle_premises(space)) == []


def test_a_premise_on_a_later_stage_is_told() -> None:
    book = load_library()[BROOKS_WOHLFORTH]
    reversed_ = replace(book, stages=(book.stages[0], *reversed(book.stages[1:])))
    assert {flaw.rule for flaw in early_premises(reversed_)} >= {"usual-by-rival", "rival-in-play"}


def test_an_intermediate_fact_that_nothing_reads_is_told_with_its_place() -> None:
    book = load_library()[BROOKS_WOHLFORTH]
    kept = [s for s in book.stages if s.id not in ("classification", "notes")]
    (flaw,) = unread_facts(replace(book, stages=tuple(kept)))
    assert "rival_in_play" in flaw.message
    line = Path(flaw.place.file).read_text("utf-8").splitlines()[flaw.place.line - 1]
    assert line == "  rival_in_play:"


def test_a_revision_that_no_answer_depends_on_is_redundant() -> None:
    book = load_library()[PAUL]
    idle = Rule(
        "idle-revision",
        "tests",
        (Clause((Premise("shifts_capabilities", ("unknown",)),)),),
        "shifts_capabilities",
        "no",
        "",
        (),
        book.place,
    )
    stages = [replace(s, rules=(*s.rules, idle)) if s.id == "tests" else s for s in book.stages]
    (flaw,) = redundant_rules(Space(replace(book, stages=tuple(stages))))
    assert flaw.rule == "idle-revision"
    assert "no answer depends" in flaw.message


def _conclusion(rule: Rule) -> tuple[str, str]:
    return rule.fact, rule.value
