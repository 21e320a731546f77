"""Facts that proofs conclude differently, and which of these differences follow from which.

A *side* is one decision. Two rulebooks on one episode are sides, and so are two coders of it under
one rulebook. Sides *part* on a fact that some rule concluded if those that know the fact have
different values for it. That follows from the premises by which its rules held and that the sides
saw differently. Where such a premise is itself a fact on which they part, it is *behind* the other.
A parting with another behind it explains little, so the *first* ones are told apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from softbalance.rules.episode.decision import Decision
from softbalance.rules.model import SETS, Rule, Rulebook
from softbalance.schemas.grammar import CLASSIFICATION

#: Stands for the value of a name that no rule has concluded and whose coding is not at hand.
UNCONCLUDED = ""


class Side:
    """One decision: a rulebook, those of its rules that fired, and what was coded.

    `coded` may be empty where all sides have the same codings but these are not at hand. `rules`
    are the rules that concluded each fact of a single value.
    """

    def __init__(self, rulebook: Rulebook, fired: Iterable[Rule], coded: Mapping[str, str]) -> None:
        self.rulebook = rulebook
        self._coded = coded
        self.rules: dict[str, list[Rule]] = {}
        for rule in fired:
            if rule.fact not in SETS:
                self.rules.setdefault(rule.fact, []).append(rule)

    @classmethod
    def from_decision(cls, decision: Decision) -> Side:
        """Make a side of a decision."""
        return cls(decision.rulebook, (f.rule for f in decision.firings), decision.coded)

    def find_rule(self, name: str, before: str | None = None) -> Rule | None:
        """Return a rule that concluded a name; None if none did, as for an indicator as coded.

        With `before`, a fact, only if it stands in a stage before the rules for that fact.
        """
        rules = self.rules.get(name)
        if not rules or (before and not self.rulebook.is_concluded_before(name, before)):
            return None
        return rules[-1]

    def look_up(self, name: str, before: str | None = None) -> str | None:
        """Return the value of a name in the end, or None if the rulebook does without it.

        With `before`, a fact, return the value that the rules for that fact saw.
        """
        rule = self.find_rule(name, before)
        if rule:
            return rule.value
        return self._coded.get(name, UNCONCLUDED) if name in self.rulebook.known else None

    def find_premises(self, fact: str) -> Iterator[str]:
        """Yield the premises by which the rules for a fact held; of an `any`, those that did.

        Where codings are not at hand, those that may have.
        """
        for rule in self.rules.get(fact, ()):
            for premise in rule.premises():
                seen = self.look_up(premise.fact, before=fact)
                if seen == UNCONCLUDED or seen in premise.values:
                    yield premise.fact


@dataclass(frozen=True, slots=True)
class PartedFact:
    """A fact on which sides part.

    `apart` are the premises by which its rules held on any side and that the sides saw differently;
    those of them that are facts on which the sides part before are `behind` it. A fact is
    `decisive` if the classes differ and a proof of one of them goes from the class down to this
    fact through facts on which they part. It is `first` if no other is behind it.
    """

    fact: str
    decisive: bool
    first: bool
    apart: tuple[str, ...]
    behind: frozenset[str]


def find_parted_facts(sides: Sequence[Side]) -> list[PartedFact]:
    """Return the facts on which sides part, in order of inference of the first rulebook."""
    concluded = dict.fromkeys(fact for side in sides for fact in side.rules)
    decisive = _trace_back([CLASSIFICATION], sides)
    others = {
        fact: causes
        for fact, causes in _trace_back(concluded, sides).items()
        if fact not in decisive
    }
    return _in_order([*_make(decisive, True), *_make(others, False)], sides)


def find_decisive_facts(sides: Sequence[Side]) -> list[PartedFact]:
    """Return those of the facts on which sides part that are decisive, quicker than with others."""
    return _in_order(_make(_trace_back([CLASSIFICATION], sides), True), sides)


class _Causes(NamedTuple):
    """What a parting may follow from; see PartedFact."""

    apart: tuple[str, ...]
    behind: frozenset[str]


def _trace_back(facts: Iterable[str], sides: Sequence[Side]) -> dict[str, _Causes]:
    """Return those of the facts on which sides part, and all others that these may follow from."""
    found: dict[str, _Causes] = {}
    waiting = [fact for fact in facts if _part_on(fact, sides)]
    while waiting:
        fact = waiting.pop()
        if fact not in found:
            found[fact] = _find_causes(fact, sides)
            waiting += found[fact].behind
    return found


def _find_causes(fact: str, sides: Sequence[Side]) -> _Causes:
    premises = dict.fromkeys(name for side in sides for name in side.find_premises(fact))
    apart = tuple(n for n in premises if _differ(side.look_up(n, before=fact) for side in sides))
    # an indicator that is seen as it was coded is no fact, even if a later stage gives it a value
    facts = (name for name in apart if any(side.find_rule(name, before=fact) for side in sides))
    return _Causes(apart, frozenset(name for name in facts if _part_on(name, sides)))


def _part_on(name: str, sides: Sequence[Side]) -> bool:
    return _differ(side.look_up(name) for side in sides)


def _differ(values: Iterable[str | None]) -> bool:
    return len(set(values) - {None}) > 1


def _make(causes: Mapping[str, _Causes], decisive: bool) -> Iterator[PartedFact]:
    # where none is first, rulebooks infer them from each other in opposite directions: all are
    first = {fact for fact, each in causes.items() if not each.behind} or causes.keys()
    for fact, each in causes.items():
        yield PartedFact(fact, decisive, fact in first, each.apart, each.behind)


def _in_order(parted: Iterable[PartedFact], sides: Sequence[Side]) -> list[PartedFact]:
    order = list(dict.fromkeys(fact for side in sides for fact in side.rulebook.reads))
    return sorted(parted, key=lambda each: order.index(each.fact))
