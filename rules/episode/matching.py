"""Which rules of a stage hold, evaluated directly: the check on what the firing engine says.

Each premise of a stage is one bit. The premises that hold are the union of a mask per fact and
value; a rule holds if the bits of its single premises are all set and each `any` has one.
"""

from __future__ import annotations

from collections.abc import Mapping

from softbalance.rules.model import Premise, Rule, Stage


class StageMatcher:
    """The premises and rules of one stage as bit masks.

    `masks` gives, fact by fact and value by value, the premises that hold of it. `needs` gives,
    rule by rule, the premises that must all hold, and sets of premises of which one must.
    """

    def __init__(self, stage: Stage, domains: Mapping[str, tuple[str, ...]]) -> None:
        premises = dict.fromkeys(p for rule in stage.rules for p in rule.premises())
        self._bit: dict[Premise, int] = {premise: 1 << i for i, premise in enumerate(premises)}
        self.masks = {
            fact: {value: self._mask(fact, value) for value in domains[fact]}
            for fact in stage.reads
        }
        self.needs = [self._needs(rule) for rule in stage.rules]
        self._rules = [(1 << i, *needs) for i, needs in enumerate(self.needs)]

    def _mask(self, fact: str, value: str) -> int:
        return sum(bit for p, bit in self._bit.items() if p.fact == fact and value in p.values)

    def _needs(self, rule: Rule) -> tuple[int, tuple[int, ...]]:
        singles = {self._bit[clause[0]] for clause in rule.when if len(clause) == 1}
        choices = tuple(sum({self._bit[p] for p in c}) for c in rule.when if len(c) > 1)
        return sum(singles), choices

    def match(self, facts: Mapping[str, str]) -> int:
        """Return the rules that hold of the facts as a bit mask, bit i for the i-th rule."""
        true = 0
        for fact, masks in self.masks.items():
            true |= masks[facts[fact]]
        held = 0
        for bit, singles, choices in self._rules:
            if true & singles == singles:
                for choice in choices:
                    if not true & choice:
                        break
                else:
                    held |= bit
        return held
