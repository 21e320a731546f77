"""Rules, lists and numbers of things in words, for a person at a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from softbalance.rules.model import Clause, Premise, Rule


def format_count(count: int, plural: str) -> str:
    """Return a number of things in words, the one thing without its `s`."""
    return f"{count:,} {plural[:-1] if count == 1 else plural}"


def join_words(words: Iterable[object], last: str = "and") -> str:
    """Return words as a list in a sentence: `a`, `a and b`, `a, b and c`."""
    *rest, end = map(str, words)
    return f"{', '.join(rest)} {last} {end}" if rest else end


def premise_words(premise: Premise) -> str:
    """Return a premise as `fact is value, value or value`."""
    return f"{premise.fact} is {join_words(premise.values, 'or')}"


def clause_words(clause: Clause) -> str:
    """Return a clause as its premise, as `either ..., or ...`, or as a count of what must hold."""
    if clause.lone:
        return premise_words(clause.lone)
    members = [_member_words(member) for member in clause.members]
    if clause.least == 1:
        return "either " + ", or ".join(members)
    if clause.least == len(members):
        return "both " + " and ".join(members) if len(members) == 2 else ", and ".join(members)
    return f"at least {clause.least} of {len(members)}: {', '.join(members)}"


def _member_words(member: Premise | Clause) -> str:
    return f"({clause_words(member)})" if isinstance(member, Clause) else premise_words(member)


def premises_words(clauses: Sequence[Clause]) -> str:
    """Return clauses as one sentence."""
    return "; and ".join(map(clause_words, clauses))


def locate_rule(rule: Rule) -> str:
    """Return a rule's id and the place where it stands."""
    return f"{rule.id} ({rule.place})"
