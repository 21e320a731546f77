"""Rulebooks and the codebook in the shapes that the API publishes."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from softbalance.rules.model import Codebook, Rule, Rulebook


def summary(rulebook: Rulebook) -> dict[str, Any]:
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


def whole(rulebook: Rulebook) -> dict[str, Any]:
    """Return a rulebook with its rules, in the API's shape."""
    facts = [
        {"id": f.id, "kind": f.kind, "title": f.title, "values": list(f.values)}
        for f in rulebook.facts.values()
    ]
    stages = [
        {"id": s.id, "title": s.title, "about": s.about, "rules": [_rule(r) for r in s.rules]}
        for s in rulebook.stages
    ]
    return summary(rulebook) | {
        "sources": dict(rulebook.sources),
        "facts": facts,
        "stages": stages,
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "when": [
            [{"fact": p.fact, "values": list(p.values)} for p in clause] for clause in rule.when
        ],
        "then": {"fact": rule.fact, "value": rule.value},
        "because": rule.because,
        "cites": [asdict(cite) for cite in rule.cites],
    }


def codebook_json(codebook: Codebook) -> dict[str, Any]:
    """Return the codebook in the API's shape."""
    return {
        "id": codebook.id,
        "version": codebook.version,
        "title": codebook.title,
        "sources": dict(codebook.sources),
        "groups": [asdict(group) for group in codebook.groups],
        "indicators": [asdict(indicator) for indicator in codebook.indicators.values()],
        "forms": [asdict(form) for form in codebook.forms.values()],
        "classes": [
            {"id": c.id, "label": c.label, "meaning": c.meaning} for c in codebook.classes.values()
        ],
    }
