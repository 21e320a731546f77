"""The core of a rulebook as JSON: what its digest is over beside what its author wrote."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from softbalance.rules.findings import Place
from softbalance.rules.language.vocabulary import cites_of
from softbalance.rules.model import Clause, Fact, Premise, Rule, Stage
from softbalance.rules.rulebook_json import clause_json, describe_cites


def core_json(stages: Iterable[Stage], facts: Iterable[Fact]) -> dict[str, Any]:
    """Return stages with their rules, and facts, as JSON."""
    return {
        "facts": [
            {
                "id": fact.id,
                "kind": fact.kind,
                "title": fact.title,
                "values": list(fact.values),
                "undecided": list(fact.undecided),
            }
            for fact in facts
        ],
        "stages": [
            {
                "id": stage.id,
                "title": stage.title,
                "about": stage.about,
                "rules": [_rule_json(rule) for rule in stage.rules],
            }
            for stage in stages
        ],
    }


def _rule_json(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "when": [clause_json(clause) for clause in rule.when],
        "then": [rule.fact, rule.value],
        "because": rule.because,
        "cites": describe_cites(rule.cites),
        "brief": rule.brief,
    }


def read_core(core: Mapping[str, Any], place: Place) -> tuple[list[Stage], dict[str, Fact]]:
    """Make stages and facts again of what `core_json` gave."""
    facts = {
        fact["id"]: Fact(
            **fact | {key: tuple(fact[key]) for key in ("values", "undecided")}, place=place
        )
        for fact in core["facts"]
    }
    stages = [
        Stage(
            stage["id"],
            stage["title"],
            stage["about"],
            tuple(_read_rule(rule, stage["id"], place) for rule in stage["rules"]),
        )
        for stage in core["stages"]
    ]
    return stages, facts


def _read_rule(rule: Mapping[str, Any], stage: str, place: Place) -> Rule:
    fact, value = rule["then"]
    when = tuple(read_clause(clause) for clause in rule["when"])
    because, cites = rule["because"], cites_of(rule)
    return Rule(rule["id"], stage, when, fact, value, because, cites, place, rule["brief"])


def read_clause(clause: Any) -> Clause:
    """Make a clause again of what `clause_json` gave."""
    least, members = (clause["at_least"], clause["of"]) if isinstance(clause, dict) else (1, clause)
    return Clause(tuple(_read_member(member) for member in members), least)


def _read_member(member: Any) -> Clause | Premise:
    if isinstance(member, dict) and "fact" in member:
        return Premise(member["fact"], tuple(member["values"]))
    return read_clause(member)
