"""Which rules part two rulebooks on one episode, told from the rules that fired.

`softbalance.rules.comparison.verdicts` tells of one episode all that can be told. This is its
answer to the question which facts and rules made the class another, for the many episodes of a
dataset, of which the table engine says no more than which rules fired. Two rulebooks *part* on a
fact that both know if they have different values for it; a parting that follows from another
explains nothing, so those are told where no premise of a rule that fired is itself one on which
they part.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from softbalance.rules.model import SETS, Rule, Rulebook
from softbalance.schemas.grammar import CLASSIFICATION


@dataclass(frozen=True, slots=True)
class Parting:
    """A fact, and the rules that conclude different values of it; None where no rule fired."""

    fact: str
    before: Rule | None
    after: Rule | None


_Conclusions = dict[str, Rule]


class Partings:
    """Finds where the classes of two rulebooks part."""

    def __init__(self, before: Rulebook, after: Rulebook) -> None:
        self._books = _Book(before), _Book(after)

    @lru_cache(maxsize=10_000)  # noqa: B019 - lives as long as a comparison
    def of(self, before: tuple[str, ...], after: tuple[str, ...]) -> tuple[Parting, ...]:
        """Return the first facts on which they part, from the ids of the rules that fired.

        In order of inference of the first rulebook; none if the class is the same.
        """
        fired = self._books[0].conclusions(before), self._books[1].conclusions(after)
        found: dict[str, Parting] = {}
        self._look(CLASSIFICATION, fired, found, set())
        order = [*fired[0], *fired[1]]
        return tuple(sorted(found.values(), key=lambda parting: order.index(parting.fact)))

    def _look(
        self, fact: str, fired: Sequence[_Conclusions], found: dict[str, Parting], seen: set[str]
    ) -> None:
        seen.add(fact)
        rules = [conclusions.get(fact) for conclusions in fired]
        values = {rule.value if rule else None for rule in rules}
        if len(values) == 1:
            return
        premises = dict.fromkeys(p.fact for rule in rules if rule for p in rule.premises())
        deeper = [name for name in premises if self._parts(name, fired, rules)]
        for name in deeper:
            if name not in seen:
                self._look(name, fired, found, seen)
        if not deeper:
            found[fact] = Parting(fact, *rules)

    def _parts(
        self, name: str, fired: Sequence[_Conclusions], rules: Sequence[Rule | None]
    ) -> bool:
        """Return whether both rulebooks know a name, and these rules saw different values of it."""
        if not all(name in book.known for book in self._books):
            return False
        parts = zip(self._books, fired, rules, strict=True)
        return len({book.seen(name, conclusions, rule) for book, conclusions, rule in parts}) > 1


class _Book:
    """A rulebook: its rules by id, and the names that it reads or concludes."""

    def __init__(self, rulebook: Rulebook) -> None:
        self._rules = {rule.id: rule for rule in rulebook.rules}
        self._stage = {stage.id: number for number, stage in enumerate(rulebook.stages)}
        read = {premise.fact for rule in rulebook.rules for premise in rule.premises()}
        self.known = read | {rule.fact for rule in rulebook.rules}

    def conclusions(self, fired: Iterable[str]) -> _Conclusions:
        """Return the rule that concluded each fact with a single value, in order of inference."""
        rules = (self._rules[name] for name in fired)
        return {rule.fact: rule for rule in rules if rule.fact not in SETS}

    def seen(self, name: str, conclusions: _Conclusions, by: Rule | None) -> str | None:
        """Return the value concluded of a name before a rule's stage; None if it is as coded."""
        rule = conclusions.get(name)
        if rule is None or (by and self._stage[rule.stage] >= self._stage[by.stage]):
            return None
        return rule.value
