"""A rulebook laid out as columns, for engines that decide a whole table at once.

Everything about an episode becomes a small whole number. A fact that takes one value is the number
of the rule that concluded it, counted from 1 in the order in which the rulebook lists the rules of
that fact, 0 where none did. A rule by itself is 1 where it fired, else 0. What is answered is put
together from such columns and the words they stand for; how, depends on the engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, groupby, product
from typing import NamedTuple

from softbalance.rules.model import FORM, SETS, STRATEGY, Premise, Rule, Rulebook, Stage
from softbalance.schemas.fields import CONTESTED
from softbalance.schemas.rulebook import CLASSIFICATION, DOMINANT, NOTES

FIRED = "fired"
#: The columns of the result of the shipped rulebooks (interfaces, "Output").
OUTPUT = (
    "id",
    "rulebook",
    CLASSIFICATION,
    STRATEGY,
    "systemic_link",
    "security_motive",
    "tradeoffs",
    "policy_bargaining",
    "regional_security",
    "material_interest",
    DOMINANT,
    NOTES,
    CONTESTED,
    FIRED,
)
#: Every column that is not an answer begins so.
HIDDEN = "__"


class Coded(NamedTuple):
    """A column of whole numbers: n stands for the n-th of `words`, 0 for none of them."""

    column: str
    words: tuple[str, ...]


class Reading(NamedTuple):
    """Where `column` holds `code`, the fact that is read has `value`."""

    column: str
    code: str | int
    value: str


def may_both_hold(one: Rule, other: Rule) -> bool:
    """Tell whether two rules of a stage could fire together, whatever the earlier stages allow."""
    clauses = (*one.when, *other.when)
    return _consistent(clause[0] for clause in clauses if len(clause) == 1) and any(
        _consistent(premises) for premises in product(*clauses)
    )


def _consistent(premises: Iterable[Premise]) -> bool:
    allowed: dict[str, set[str]] = {}
    for fact, values in ((p.fact, set(p.values)) for p in premises):
        allowed[fact] = allowed.get(fact, values) & values
        if not allowed[fact]:
            return False
    return True


@dataclass(frozen=True)
class Layout:
    """The columns that a rulebook becomes; with `fired`, those that tell which rules fired too."""

    rulebook: Rulebook
    fired: bool = True

    @cached_property
    def flags(self) -> dict[str, str]:
        """The column that tells of a rule by itself whether it fired, by rule id."""
        return {rule.id: f"{HIDDEN}rule_{i}" for i, rule in enumerate(self.rulebook.rules)}

    def number(self, fact: str) -> str:
        """Return the column with the number of the rule that concluded a fact of one value."""
        return f"{HIDDEN}number_{self._rank[fact]}"

    @cached_property
    def _rank(self) -> dict[str, int]:
        names = dict.fromkeys(rule.fact for rule in self.rulebook.rules)
        return {fact: i for i, fact in enumerate(names)}

    def rules_of(self, fact: str) -> list[Rule]:
        """Return the rules that conclude a fact, in order."""
        return [rule for rule in self.rulebook.rules if rule.fact == fact]

    def readings(self, fact: str, after: bool) -> list[Reading]:
        """Return how to read a fact, an indicator or the form; the first reading that fits counts.

        An indicator that a stage may revise reads as revised `after` that stage, and where no rule
        revised it as coded.
        """
        coded = [Reading(fact, value, value) for value in self.rulebook.domain(fact)]
        rules = self.rules_of(fact)
        concluded = [Reading(self.number(fact), n, r.value) for n, r in enumerate(rules, 1)]
        if fact in self.rulebook.facts:
            return concluded
        return concluded + coded if after else coded

    def alone(self, stage: Stage) -> list[Rule]:
        """Return the rules of a stage that need a column to themselves.

        These are the rules of the facts that gather values, and where asked what fired, those of a
        fact of one value of which several may fire or between which other rules stand.
        """
        return [
            rule
            for rules in self._runs(stage)
            if rules[0].fact in SETS or (self.fired and not self._one_fires(rules))
            for rule in rules
        ]

    @staticmethod
    def _runs(stage: Stage) -> list[tuple[Rule, ...]]:
        return [tuple(run) for _, run in groupby(stage.rules, key=lambda rule: rule.fact)]

    def _one_fires(self, run: tuple[Rule, ...]) -> bool:
        whole = len(run) == len(self.rules_of(run[0].fact))
        return whole and not any(may_both_hold(*pair) for pair in combinations(run, 2))

    @cached_property
    def answers(self) -> dict[str, Coded]:
        """The answers of one value, by name."""
        rulebook = self.rulebook
        names = (
            CLASSIFICATION,
            STRATEGY,
            *rulebook.of_kind("test"),
            *rulebook.of_kind("explanation"),
        )
        return {name: Coded(self.number(name), self._values(name)) for name in names}

    def _values(self, fact: str) -> tuple[str, ...]:
        return tuple(rule.value for rule in self.rules_of(fact))

    @cached_property
    def lists(self) -> dict[str, list[Coded]]:
        """The answers that are lists, by name: each the words of its columns, in that order."""
        lists = {
            name: [Coded(f"{HIDDEN}{name}_{i}", (word,)) for i, word in enumerate(words)]
            for name, words in {
                **{name: self._gathered(name) for name in SETS},
                CONTESTED: self.rulebook.codebook.indicators,
            }.items()
        }
        if self.fired:
            lists[FIRED] = [c for stage in self.rulebook.stages for c in self._fired(stage)]
        return lists

    def _fired(self, stage: Stage) -> Iterator[Coded]:
        alone = self.alone(stage)
        for run in self._runs(stage):
            if run[0] in alone:
                yield from (Coded(self.flags[rule.id], (rule.id,)) for rule in run)
            else:
                yield Coded(self.number(run[0].fact), tuple(rule.id for rule in run))

    def _gathered(self, name: str) -> list[str]:
        """Return the values that a fact can gather, in the order in which they are answered."""
        values = self.rulebook.facts[name].values if name in self.rulebook.facts else ()
        return sorted(values, key=lambda value: (name == DOMINANT and value != "balancing", value))


def output_columns(rulebooks: Iterable[Rulebook]) -> list[str]:
    """Return the names of the result's columns for one or more rulebooks, in order.

    Those of the shipped rulebooks always, then the tests and explanations that others declare.
    Without the columns passed through (interfaces, "Output").
    """
    declared = [
        fact
        for rulebook in rulebooks
        for kind in ("test", "explanation")
        for fact in rulebook.of_kind(kind)
    ]
    return list(dict.fromkeys([*OUTPUT, *declared]))
