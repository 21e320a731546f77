"""Where coders part on one episode: at which rules, and over which codings.

What each coder alone has coded of an episode is decided by one rulebook. Two decisions *part* on a
fact that rules concluded if they have different values for it. That follows from what the rules
that fired rest on: from other facts on which they part, or from what was coded. Told is each fact
on which they part where what was coded differs, with the rules on either side; a parting that only
follows from others explains nothing to a coder, and is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from softbalance.rules.episode.decision import Decision, Firing
from softbalance.rules.model import SETS, Rule
from softbalance.schemas.grammar import CLASSIFICATION


@dataclass(frozen=True, slots=True)
class Dissent:
    """A fact on which coders part since they coded differently.

    `values` and `rules` are by coder: the value of the fact, and the rule that concluded it, None
    where an indicator keeps its coded value. `codings` are the indicators (or the form) that the
    rules rest on and that were coded differently, each with its values by coder. A dissent is
    `decisive` if the classes differ and a proof of one of them goes through this fact.
    """

    fact: str
    decisive: bool
    values: Mapping[str, str]
    rules: Mapping[str, Rule | None]
    codings: Mapping[str, Mapping[str, str]]


def dissents(decisions: Mapping[str, Decision]) -> list[Dissent]:
    """Return where the decisions on one episode, by coder, part; in order of inference."""
    sides = {coder: _Side(decision) for coder, decision in decisions.items()}
    concluded = dict.fromkeys(fact for side in sides.values() for fact in side.fired)
    parted = [fact for fact in concluded if _differ(side.value(fact) for side in sides.values())]
    apart = {fact: _apart(fact, sides) for fact in parted}
    behind = {fact: apart[fact].keys() & concluded.keys() - {fact} for fact in parted}
    decisive = _reached(CLASSIFICATION, behind)
    return [
        Dissent(
            fact,
            fact in decisive,
            {coder: side.value(fact) for coder, side in sides.items()},
            {coder: side.rule(fact) for coder, side in sides.items()},
            codings,
        )
        for fact in parted
        if (codings := {n: seen for n, seen in apart[fact].items() if n not in behind[fact]})
    ]


class _Side:
    """One coder's decision; `fired` has the rule that concluded each fact of a single value."""

    def __init__(self, decision: Decision) -> None:
        self._decision = decision
        self.fired: dict[str, Firing] = {
            firing.rule.fact: firing for firing in decision.firings if firing.rule.fact not in SETS
        }

    def value(self, fact: str) -> str:
        return self._decision.facts[fact]

    def rule(self, fact: str) -> Rule | None:
        firing = self.fired.get(fact)
        return firing.rule if firing else None

    def rests_on(self, fact: str) -> Iterator[str]:
        """Yield the premises by which the rule for a fact held; of an `any`, those that did."""
        firing = self.fired.get(fact)
        for clause in firing.rule.when if firing else ():
            yield from (p.fact for p in clause if firing and firing.facts[p.fact] in p.values)

    def seen(self, fact: str, name: str) -> str:
        """Return the value of a name as the rule for a fact saw it."""
        firing = self.fired.get(fact)
        return firing.facts.get(name, self.value(name)) if firing else self.value(name)


def _differ(values: Iterator[str]) -> bool:
    return len(set(values)) > 1


def _apart(fact: str, sides: Mapping[str, _Side]) -> dict[str, dict[str, str]]:
    """Return what the rules for a fact rest on and saw differently, with what each saw."""
    names = dict.fromkeys(name for side in sides.values() for name in side.rests_on(fact))
    seen = {name: {coder: side.seen(fact, name) for coder, side in sides.items()} for name in names}
    return {name: values for name, values in seen.items() if _differ(iter(values.values()))}


def _reached(fact: str, behind: Mapping[str, set[str]]) -> set[str]:
    """Return a fact on which they part, and all others that its values may follow from."""
    found: set[str] = set()
    waiting = {fact} & behind.keys()
    while waiting:
        found |= waiting
        waiting = set[str]().union(*(behind[each] for each in waiting)) & behind.keys() - found
    return found
