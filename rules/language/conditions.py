"""Where formulas are true, false or undecided, as conditions on facts: clauses without negation.

A *condition* is a premise, a clause, or True or False where nothing is left to ask. The complement
of a set of values is the set of the others, so no condition needs a "not". Conditions that must all
hold are *tightened*: what one says of a fact is taken as said in the others, until nothing changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from softbalance.rules.model import Clause, Premise
from softbalance.schemas.formulas import Count, Formula, Named, Not, Open

Condition = Premise | Clause | bool
#: Name → the values that it can take.
Domain = Callable[[str], tuple[str, ...]]


class Truth(NamedTuple):
    """Where a formula is true and where it is false; it is undecided elsewhere."""

    true: Condition
    false: Condition


class Atom(NamedTuple):
    """Of a name, the values for which it is true and those for which it is undecided."""

    name: str
    true: tuple[str, ...]
    undecided: tuple[str, ...]


class Conditions:
    """Makes conditions of formulas.

    `domain` gives the values of a name and `read` says what a name with its values means.
    """

    def __init__(self, domain: Domain, read: Callable[[Named], Atom]) -> None:
        self._domain, self._read = domain, read

    def truth(self, formula: Formula) -> Truth:
        """Return where a formula is true and where false, after strong Kleene logic."""
        if isinstance(formula, Named):
            atom = self._read(formula)
            settled = (*atom.true, *atom.undecided)
            false = [value for value in self._domain(atom.name) if value not in settled]
            return Truth(self._premise(atom.name, atom.true), self._premise(atom.name, false))
        if isinstance(formula, Count):
            members = [self.truth(member) for member in formula.members]
            # false once too few are left that could be true
            enough_false = len(members) - formula.least + 1
            return Truth(
                self.count([m.true for m in members], formula.least),
                self.count([m.false for m in members], enough_false),
            )
        inner = self.truth(formula.of)
        if isinstance(formula, Not):
            return Truth(inner.false, inner.true)
        if isinstance(formula, Open):
            return Truth(
                self.all([self.complement(inner.true), self.complement(inner.false)]),
                self.count([inner.true, inner.false], 1),
            )
        return Truth(self.complement(inner.true), inner.true)

    def undecided(self, truth: Truth) -> Condition:
        """Return where a formula is neither true nor false."""
        return self.all([self.complement(truth.true), self.complement(truth.false)])

    def _premise(self, name: str, values: Iterable[str]) -> Condition:
        kept = set(values)
        ordered = tuple(value for value in self._domain(name) if value in kept)
        return (
            Premise(name, ordered) if 0 < len(ordered) < len(self._domain(name)) else bool(ordered)
        )

    def all(self, conditions: Sequence[Condition]) -> Condition:
        """Return the condition that all conditions hold."""
        return self.count(conditions, len(conditions))

    def complement(self, condition: Condition) -> Condition:
        """Return where a condition does not hold."""
        if isinstance(condition, bool):
            return not condition
        if isinstance(condition, Premise):
            others = set(self._domain(condition.fact)).difference(condition.values)
            return self._premise(condition.fact, others)
        members = [self.complement(member) for member in condition.members]
        return self.count(members, len(members) - condition.least + 1)

    def count(self, conditions: Iterable[Condition], least: int) -> Condition:
        """Return the condition that at least so many conditions hold, in its simplest form."""
        members: list[Condition] = []
        for condition in conditions:
            if condition is True:
                least -= 1
            elif condition is not False:
                members.append(condition)
        if least <= 0 or least > len(members):
            return least <= 0
        if least == 1:
            members = self._merge(_flatten(members, lambda c: c.least == 1), set.union)
        elif least == len(members):
            every = _flatten(members, lambda c: c.least == len(c.members))
            members = self._merge(every, set.intersection)
            least = len(members)
        if any(isinstance(member, bool) for member in members):
            return self.count(members, least)
        kept = tuple(member for member in members if not isinstance(member, bool))
        return kept[0] if len(kept) == 1 else Clause(kept, least)

    def _merge(
        self,
        members: list[Premise | Clause],
        join: Callable[[set[str], set[str]], set[str]],
    ) -> list[Condition]:
        """Make one premise of those on one fact, where the first of them stands."""
        values: dict[str, set[str]] = {}
        merged: dict[str | Clause, None] = {}
        for member in members:
            if isinstance(member, Premise):
                own = set(member.values)
                values[member.fact] = join(values.get(member.fact, own), own)
                merged[member.fact] = None
            else:
                merged[member] = None
        return [
            self._premise(item, values[item]) if isinstance(item, str) else item for item in merged
        ]

    def tighten(self, conditions: Iterable[Condition]) -> tuple[Clause, ...] | None:
        """Return conditions that must all hold as clauses, each as narrow as the others allow.

        They stand in the order in which their facts are first mentioned. None where they cannot
        all hold.
        """
        conditions = list(conditions)
        whole = self.all(conditions)
        while True:
            if isinstance(whole, bool):
                return () if whole else None
            parts = _conjuncts(whole)
            narrowed = self.all([self._narrow(part, parts) for part in parts])
            if narrowed == whole:
                break
            whole = narrowed
        clauses = [_as_clause(part) for part in parts]
        mentioned = list(dict.fromkeys(p.fact for c in conditions for p in _premises(c)))
        kept = [c for c in clauses if not any(_is_implied(c, by) for by in clauses)]
        return tuple(
            sorted(
                kept,
                key=lambda c: (
                    max(mentioned.index(p.fact) for p in c.premises()),
                    c.lone is None,
                ),
            )
        )

    def _narrow(self, part: Premise | Clause, parts: Sequence[Premise | Clause]) -> Condition:
        """Return what a part still asks where the others hold."""
        if isinstance(part, Premise):
            return part
        others = [other for other in parts if other is not part]
        known: dict[Condition, bool] = {}
        for other in others:
            known[other] = True
            known[self.complement(other)] = False
        lone = {other.fact: other.values for other in others if isinstance(other, Premise)}
        members = [self._within(member, known, lone) for member in part.members]
        return self.count(members, part.least)

    def _within(
        self,
        part: Premise | Clause,
        known: Mapping[Condition, bool],
        lone: Mapping[str, tuple[str, ...]],
    ) -> Condition:
        """Return what is left to ask of a part where some conditions are known to hold or not."""
        if part in known:
            return known[part]
        if isinstance(part, Clause):
            members = [self._within(member, known, lone) for member in part.members]
            return self.count(members, part.least)
        if part.fact not in lone:
            return part
        possible = lone[part.fact]
        kept = [value for value in part.values if value in possible]
        return True if len(kept) == len(possible) else self._premise(part.fact, kept)


def _flatten(
    members: Iterable[Condition], same: Callable[[Clause], bool]
) -> list[Premise | Clause]:
    flat: list[Premise | Clause] = []
    for member in members:
        if isinstance(member, Clause) and same(member):
            flat += member.members
        elif not isinstance(member, bool):
            flat.append(member)
    return flat


def _conjuncts(condition: Premise | Clause) -> tuple[Premise | Clause, ...]:
    if isinstance(condition, Clause) and condition.least == len(condition.members):
        return condition.members
    return (condition,)


def _premises(condition: Condition) -> Iterator[Premise]:
    return iter(()) if isinstance(condition, bool) else condition.premises()


def _as_clause(part: Premise | Clause) -> Clause:
    return part if isinstance(part, Clause) else Clause((part,))


def _is_implied(clause: Clause, by: Clause) -> bool:
    """Tell whether a list of alternatives is a wider one of another's."""
    if clause is by or clause.least != 1 or by.least != 1 or clause == by:
        return False
    return all(
        any(
            isinstance(mine, Premise)
            and isinstance(other, Premise)
            and mine.fact == other.fact
            and set(other.values) <= set(mine.values)
            for mine in clause.members
        )
        for other in by.members
    )
