"""Which rules of a stage hold, evaluated directly: the check on what the firing engine says.

Each premise of a stage is one bit. The premises that hold are the union of a mask per fact and
value; a rule holds if the bits of its lone premises are all set, and each other clause has enough
members that hold.
"""

from __future__ import annotations

from collections.abc import Mapping

from softbalance.rules.model import Clause, Premise, Rule, Stage

#: A clause in bits: those of its own premises, its clauses, and how many of both must hold.
Counted = tuple[int, tuple["Counted", ...], int]


class StageMatcher:
    """The premises and rules of one stage as bit masks.

    `masks` gives, fact by fact and value by value, the premises that hold of it. `needs` gives,
    rule by rule, the premises that must all hold, the sets of premises of which one must, and all
    other clauses.
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

    def _needs(self, rule: Rule) -> tuple[int, tuple[int, ...], tuple[Counted, ...]]:
        singles, choices, counted = 0, [], []
        for clause in rule.when:
            own, inner, least = self._count(clause)
            if clause.lone:
                singles |= own
            elif least == 1 and not inner:
                choices.append(own)
            else:
                counted.append((own, inner, least))
        return singles, tuple(choices), tuple(counted)

    def _count(self, clause: Clause) -> Counted:
        own = dict.fromkeys(m for m in clause.members if isinstance(m, Premise))
        inner = [self._count(m) for m in clause.members if isinstance(m, Clause)]
        # a premise that is listed twice counts twice
        twice = list(clause.members)
        for premise in own:
            twice.remove(premise)
        inner += [(self._bit[m], (), 1) for m in twice if isinstance(m, Premise)]
        return sum(self._bit[premise] for premise in own), tuple(inner), clause.least

    def match(self, facts: Mapping[str, str]) -> int:
        """Return the rules that hold of the facts as a bit mask, bit i for the i-th rule."""
        true = 0
        for fact, masks in self.masks.items():
            true |= masks[facts[fact]]
        held = 0
        for bit, singles, choices, counted in self._rules:
            if true & singles == singles:
                for choice in choices:
                    if not true & choice:
                        break
                else:
                    if not counted or all(_has_enough(true, each) for each in counted):
                        held |= bit
        return held


def _has_enough(true: int, counted: Counted) -> bool:
    own, inner, least = counted
    held = (true & own).bit_count()
    return held >= least or held + sum(_has_enough(true, each) for each in inner) >= least
