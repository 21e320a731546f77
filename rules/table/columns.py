"""A rulebook laid out as columns, for engines that decide a whole table at once.

Everything about an episode becomes a whole number. A fact that takes one value is told by the
number of the rule that concludes it, counted from 1 in the order in which the rulebook lists the
rules of that fact; a rule by itself by 1 where it fires. Where nothing is concluded the number is
0. What is answered is put together from such columns and the words they stand for; how, depends
on the engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations, groupby

from softbalance.rules.model import SETS, STRATEGY, Rule, Rulebook, Stage
from softbalance.rules.satisfiability import may_both_hold
from softbalance.schemas.classification import Verdict
from softbalance.schemas.fields import CONTESTED
from softbalance.schemas.grammar import CLASSIFICATION, DOMINANT, NOTES

FIRED = "fired"
#: Each of the columns of a rulebook begins so.
HIDDEN = "__"
#: As many different lists a piece can tell apart (see `RulebookColumns.lists`): as many as DuckDB
#: still looks up for next to nothing, and few enough for its planner.
PIECE = 64
#: The number where rules conclude different values of a fact at once.
CONTRADICTION = -1


def output_columns(rulebooks: Iterable[Rulebook]) -> list[str]:
    """Return the names of the result's columns for one or more rulebooks, in order.

    Each test and explanation that one of them declares has a column, in order of first mention.
    Without the columns passed through.
    """
    declared = (
        fact
        for rulebook in rulebooks
        for kind in ("test", "explanation")
        for fact in rulebook.of_kind(kind)
    )
    answered = ("id", "rulebook", CLASSIFICATION, STRATEGY)
    return [*answered, *dict.fromkeys(declared), DOMINANT, NOTES, CONTESTED, FIRED]


def as_columns(verdict: Verdict, fired: Iterable[str]) -> dict[str, object]:
    """Return a verdict by the result's columns: tests and explanations have one each."""
    columns: dict[str, object] = {**verdict, **verdict["tests"], **verdict["explanations"]}
    del columns["tests"], columns["explanations"]
    return columns | {FIRED: list(fired)}


@dataclass(frozen=True, slots=True)
class CodedColumn:
    """A column of numbers: n times `unit` stands for the n-th of `labels`, 0 for none of them."""

    column: str
    labels: tuple[str, ...]
    unit: int = 1

    @property
    def codes(self) -> list[tuple[int, str]]:
        """Each number and its label."""
        return [(n * self.unit, word) for n, word in enumerate(self.labels, 1)]


#: Columns whose sum, from 0 to below `PIECE`, tells what words of all of them there are.
Piece = tuple[CodedColumn, ...]


@dataclass(frozen=True)
class RulebookColumns:
    """The columns that a rulebook becomes."""

    rulebook: Rulebook

    @cached_property
    def answers(self) -> dict[str, CodedColumn]:
        """The answers of one value, by name."""
        of_kind = self.rulebook.of_kind
        names = (CLASSIFICATION, STRATEGY, *of_kind("test"), *of_kind("explanation"))
        return {name: self.facts[name] for name in names if name in self.facts}

    @cached_property
    def lists(self) -> dict[str, list[Piece]]:
        """The answers that are lists, by name, each the words of its columns in their order."""
        members = {name: self._list_members(name) for name in SETS}
        members[CONTESTED] = list(self.rulebook.codebook.indicators)
        lists = {
            name: _pieces(
                CodedColumn(f"{HIDDEN}{name}_{i}", (word,)) for i, word in enumerate(words)
            )
            for name, words in members.items()
        }
        return {**lists, FIRED: self._fired}

    @cached_property
    def facts(self) -> dict[str, CodedColumn]:
        """For each fact of one value the column of the rule that concludes it, by the values."""
        values: dict[str, list[str]] = {}
        for rule in self.rulebook.rules:
            values.setdefault(rule.fact, []).append(rule.value)
        return {
            fact: CodedColumn(
                self._number(fact), tuple(values[fact]), self._unit(self._number(fact))
            )
            for fact in values
            if fact not in SETS
        }

    def list_lone_rules(self, stage: Stage) -> list[tuple[Rule, CodedColumn]]:
        """Return the rules of a stage that need a column to themselves, and that column.

        These are the rules of the facts that gather values, and those of a fact of one value of
        which several may fire, or between which other rules stand.
        """
        return [
            (rule, CodedColumn(self._flag(rule), (rule.value,), self._unit(self._flag(rule))))
            for run in _runs(stage)
            if not self._one_fires(run)
            for rule in run
        ]

    @cached_property
    def _fired(self) -> list[Piece]:
        columns: list[CodedColumn] = []
        for run in (run for stage in self.rulebook.stages for run in _runs(stage)):
            if self._one_fires(run):
                columns.append(
                    CodedColumn(self._number(run[0].fact), tuple(rule.id for rule in run))
                )
            else:
                columns += [CodedColumn(self._flag(rule), (rule.id,)) for rule in run]
        return _pieces(columns)

    def _one_fires(self, run: tuple[Rule, ...]) -> bool:
        fact = run[0].fact
        if fact in SETS:
            return False
        whole = len(run) == sum(rule.fact == fact for rule in self.rulebook.rules)
        return whole and not any(may_both_hold(*pair) for pair in combinations(run, 2))

    def _unit(self, column: str) -> int:
        return next((c.unit for piece in self._fired for c in piece if c.column == column), 1)

    def _number(self, fact: str) -> str:
        facts = dict.fromkeys(rule.fact for rule in self.rulebook.rules)
        return f"{HIDDEN}fact_{list(facts).index(fact)}"

    def _flag(self, rule: Rule) -> str:
        return f"{HIDDEN}rule_{list(self.rulebook.rules).index(rule)}"

    def _list_members(self, name: str) -> list[str]:
        return sorted(self.rulebook.facts[name].values if name in self.rulebook.facts else ())


def _runs(stage: Stage) -> list[tuple[Rule, ...]]:
    return [tuple(run) for _, run in groupby(stage.rules, key=lambda rule: rule.fact)]


def _pieces(columns: Iterable[CodedColumn]) -> list[Piece]:
    """Cut columns into pieces and give each the unit that makes its piece's sums distinct."""
    return [tuple(piece) for piece in _cut(columns)]


def _cut(columns: Iterable[CodedColumn]) -> Iterator[list[CodedColumn]]:
    piece: list[CodedColumn] = []
    unit = 1
    for coded in columns:
        if unit * (len(coded.labels) + 1) > PIECE:
            yield piece
            piece, unit = [], 1
        piece.append(replace(coded, unit=unit))
        unit *= len(coded.labels) + 1
    if piece:
        yield piece
