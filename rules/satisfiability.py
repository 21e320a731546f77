"""Whether rules of a stage can hold together, whatever earlier stages allow.

Clauses are settled fact by fact: what is left of them once a fact has a value is a smaller clause.
What is left is the same for most ways to get there (of a count only how many members are left, and
how many of them must hold), so that few states are seen however many facts the rules read.
"""

from __future__ import annotations

from itertools import chain

from softbalance.rules.model import Clause, Premise, Rule

#: What is left of clauses that must all hold, or None where one of them fails.
_Left = frozenset[Clause | Premise]


def may_both_hold(one: Rule, other: Rule) -> bool:
    """Tell whether two rules of a stage can hold together, whatever earlier stages allow."""
    clauses = frozenset((*one.when, *other.when))
    values: dict[str, set[frozenset[Premise]]] = {}
    told: dict[str, set[Premise]] = {}
    for premise in chain.from_iterable(clause.premises() for clause in clauses):
        told.setdefault(premise.fact, set()).add(premise)
    for fact, premises in told.items():
        named = {value for premise in premises for value in premise.values}
        # a value that no premise names is one that none holds of; whether there is one is not known
        # here, and that one fact is so never makes two rules hold that could not otherwise
        values[fact] = {frozenset(p for p in premises if value in p.values) for value in named}
    return _are_satisfiable(clauses, list(values.items()))


def _are_satisfiable(clauses: _Left, facts: list[tuple[str, set[frozenset[Premise]]]]) -> bool:
    states = {clauses}
    for fact, holding in facts:
        states = {
            left
            for state in states
            for true in holding
            if (left := _settle(state, fact, true)) is not None
        }
        if frozenset() in states:
            return True
    return False


def _settle(state: _Left, fact: str, true: frozenset[Premise]) -> _Left | None:
    """Return what is left of clauses once the premises on a fact that hold are known."""
    left: set[Clause | Premise] = set()
    for clause in state:
        rest = _rest_of(clause, fact, true)
        if rest is False:
            return None
        if rest is not True:
            left.add(rest)
    return frozenset(left)


def _rest_of(
    part: Clause | Premise, fact: str, true: frozenset[Premise]
) -> Clause | Premise | bool:
    if isinstance(part, Premise):
        return part in true if part.fact == fact else part
    rests = [_rest_of(member, fact, true) for member in part.members]
    open_ = tuple(rest for rest in rests if not isinstance(rest, bool))
    least = part.least - sum(rest is True for rest in rests)
    if least <= 0:
        return True
    return False if len(open_) < least else Clause(open_, least)
