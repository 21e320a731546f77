"""Which rules make two rulebooks give an episode of a dataset different classes.

Of the many episodes of a dataset, the table engine says no more than which rules fired. That tells
the first facts on which the rulebooks part, as a comparison on one episode does, except for what it
does not say of codings: a rule that concludes what was coded anyway counts as a difference, and
every coded member of an `any` as one by which it held.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from softbalance.rules.comparison.parted_facts import Side, find_decisive_facts
from softbalance.rules.model import SETS, STRATEGY, Rule, Rulebook


@dataclass(frozen=True, slots=True)
class PartingRules:
    """A fact, and the rules that conclude different values of it; None where no rule fired."""

    fact: str
    before: Rule | None
    after: Rule | None


class RulebookPair:
    """Two rulebooks, to be compared on episodes of which only the fired rules are known."""

    def __init__(self, before: Rulebook, after: Rulebook) -> None:
        self._before, self._after = _Book(before), _Book(after)

    @lru_cache(maxsize=10_000)  # noqa: B019 - lives as long as a comparison
    def find_parting_rules(
        self, before: tuple[str, ...], after: tuple[str, ...]
    ) -> tuple[PartingRules, ...]:
        """Return the first facts on which they part, from the ids of the rules that fired.

        In order of inference of the first rulebook; none if the class is the same.
        """
        # notes and forms differ far more often than what the class follows from
        return self._find(self._before.drop_unread(before), self._after.drop_unread(after))

    @lru_cache(maxsize=10_000)  # noqa: B019
    def _find(self, before: tuple[str, ...], after: tuple[str, ...]) -> tuple[PartingRules, ...]:
        sides = self._before.make_side(before), self._after.make_side(after)
        return tuple(
            PartingRules(parted.fact, *(side.find_rule(parted.fact) for side in sides))
            for parted in find_decisive_facts(sides)
            if parted.first
        )


class _Book:
    """A rulebook with its rules by id, those left out whose conclusion no rule reads."""

    def __init__(self, rulebook: Rulebook) -> None:
        self._rulebook = rulebook
        unread = {*SETS, STRATEGY}
        self._rules = {rule.id: rule for rule in rulebook.rules if rule.fact not in unread}

    def drop_unread(self, fired: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for name in fired if name in self._rules)

    def make_side(self, fired: tuple[str, ...]) -> Side:
        return Side(self._rulebook, [self._rules[name] for name in fired], coded={})
