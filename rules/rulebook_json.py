"""Rulebooks and the codebook in the shapes that the API publishes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from softbalance.rules.model import (
    Cite,
    Clause,
    Codebook,
    Form,
    Indicator,
    Premise,
    Rule,
    Rulebook,
)
from softbalance.schemas import classification
from softbalance.schemas import codebook as published_codebook
from softbalance.schemas import rulebooks as published


def summarise_rulebook(rulebook: Rulebook) -> published.RulebookSummary:
    """Return a rulebook without its rules, in the API's shape."""
    return {
        "id": rulebook.id,
        "version": rulebook.version,
        "digest": rulebook.digest,
        "title": rulebook.title,
        "summary": rulebook.summary,
        "extends": rulebook.extends,
        "classes": list(rulebook.classes),
    }


def describe_rulebook(rulebook: Rulebook) -> published.WholeRulebook:
    """Return a rulebook with its rules, in the API's shape."""
    facts: list[published.Fact] = [
        {"id": f.id, "kind": f.kind, "title": f.title, "values": list(f.values)}
        for f in rulebook.facts.values()
    ]
    stages: list[published.Stage] = [
        {"id": s.id, "title": s.title, "about": s.about, "rules": [_rule(r) for r in s.rules]}
        for s in rulebook.stages
    ]
    return {
        **summarise_rulebook(rulebook),
        "sources": dict(rulebook.sources),
        "facts": facts,
        "stages": stages,
    }


def _rule(rule: Rule) -> published.Rule:
    return {
        "id": rule.id,
        "when": [clause_json(clause) for clause in rule.when],
        "then": {"fact": rule.fact, "value": rule.value},
        "because": rule.because,
        "cites": describe_cites(rule.cites),
    }


def clause_json(clause: Clause) -> published.Clause:
    """Return a clause as a list of which one must hold, or as `{"at_least": n, "of": [...]}`."""
    members = [_member_json(member) for member in clause.members]
    return members if clause.least == 1 else {"at_least": clause.least, "of": members}


def _member_json(member: Premise | Clause) -> Any:
    if isinstance(member, Premise):
        return {"fact": member.fact, "values": list(member.values)}
    return clause_json(member)


def describe_cites(cites: Iterable[Cite]) -> list[classification.Cite]:
    """Return citations in the API's shape."""
    return [{"source": cite.source, "section": cite.section} for cite in cites]


def describe_codebook(codebook: Codebook) -> published_codebook.Codebook:
    """Return the codebook in the API's shape."""
    return {
        "id": codebook.id,
        "version": codebook.version,
        "title": codebook.title,
        "sources": dict(codebook.sources),
        "groups": [{"id": group.id, "title": group.title} for group in codebook.groups],
        "indicators": [_indicator(indicator) for indicator in codebook.indicators.values()],
        "forms": [_form(form) for form in codebook.forms.values()],
        "classes": [
            {"id": verdict.id, "label": verdict.label, "meaning": verdict.meaning}
            for verdict in codebook.classes.values()
        ],
    }


def _indicator(indicator: Indicator) -> published_codebook.Indicator:
    return {
        "id": indicator.id,
        "group": indicator.group,
        "question": indicator.question,
        "help": indicator.help,
        "cites": describe_cites(indicator.cites),
        "values": list(indicator.values),
        "levels": list(indicator.levels) if indicator.levels else None,
        "unit": indicator.unit,
    }


def _form(form: Form) -> published_codebook.Form:
    return {
        "id": form.id,
        "strategy": form.strategy,
        "label": form.label,
        "because": form.because,
        "cites": describe_cites(form.cites),
    }
