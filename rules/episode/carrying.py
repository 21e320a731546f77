"""A smallest set of facts that carries a rule: while these have their values, it holds."""

from __future__ import annotations

from collections.abc import Mapping, Set
from itertools import combinations

from softbalance.rules.model import Clause, Premise, Rule

#: So many sets are tried; where that is not enough, facts are left out one by one instead.
_MOST_TRIED = 5000


def find_carrying_facts(rule: Rule, seen: Mapping[str, str]) -> list[str]:
    """Return the facts of a smallest set that carries a rule that holds, in the rule's order.

    Of several such sets it is the one whose facts stand first.
    """
    facts = dict.fromkeys(p.fact for p in rule.premises() if p.holds(seen))
    needed = [fact for fact in facts if not _carry(rule, seen, facts.keys() - {fact})]
    others = [fact for fact in facts if fact not in needed]
    tried = 0
    for size in range(len(others) + 1):
        for chosen in combinations(others, size):
            if _carry(rule, seen, {*needed, *chosen}):
                return [fact for fact in facts if fact in needed or fact in chosen]
            tried += 1
        if tried > _MOST_TRIED:
            break
    kept = dict.fromkeys(facts)
    for fact in reversed(others):
        if _carry(rule, seen, kept.keys() - {fact}):
            del kept[fact]
    return list(kept)


def _carry(rule: Rule, seen: Mapping[str, str], facts: Set[str]) -> bool:
    """Tell whether a rule holds by these facts, whatever the others are."""
    return all(_holds_by(clause, seen, facts) for clause in rule.when)


def _holds_by(part: Clause | Premise, seen: Mapping[str, str], facts: Set[str]) -> bool:
    if isinstance(part, Premise):
        return part.fact in facts and part.holds(seen)
    return sum(_holds_by(member, seen, facts) for member in part.members) >= part.least
