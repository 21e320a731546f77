"""From documents that are sound to the model."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import rfc8785
from softbalance.rules.language.documents import Document
from softbalance.rules.language.inheritance import Draft, Entry, sources_of
from softbalance.rules.model import (
    FORM,
    STRATEGY,
    Cite,
    Clause,
    Codebook,
    Fact,
    Form,
    Group,
    Indicator,
    Premise,
    Rule,
    Rulebook,
    Stage,
    VerdictClass,
    strategy_rule,
)


def codebook_of(document: Document, data: Mapping[str, Any]) -> Codebook:
    """Make the model of a sound codebook."""
    return Codebook(
        id=data["id"],
        version=data["version"],
        title=data["title"],
        sources=sources_of(data),
        groups=tuple(Group(**group) for group in data["groups"]),
        indicators={i["id"]: Indicator(**i | {"cites": _cites(i)}) for i in data["indicators"]},
        forms={f["id"]: Form(**f | {"cites": _cites(f)}) for f in data["forms"]},
        classes={c["id"]: VerdictClass(**c) for c in data["classes"]},
        place=document.place(""),
        content=document.content,
    )


def _stages(draft: Draft) -> list[Stage]:
    rules = [_rule(entry) for entry in draft.rules]
    return [
        Stage(rules=tuple(r for r in rules if r.stage == e.data["id"]), **e.data)
        for e in draft.stages
    ]


def rulebook_of(draft: Draft, codebook: Codebook) -> Rulebook:
    """Make the model of a sound rulebook."""
    data = draft.data
    content = {
        "codebook": codebook.content,
        "rulebooks": [document.content for document in draft.lineage],
    }
    strategies = tuple(dict.fromkeys(form.strategy for form in codebook.forms.values()))
    facts = {STRATEGY: Fact(STRATEGY, "answer", "Strategy", strategies, (), codebook.place)}
    for entry in draft.facts:
        fact = {"undecided": (), **entry.data}
        facts[fact["id"]] = Fact(
            **fact | {key: tuple(fact[key]) for key in ("values", "undecided")}, place=entry.place
        )
    return Rulebook(
        id=data["id"],
        version=data["version"],
        title=data["title"],
        summary=data["summary"],
        extends=data.get("extends"),
        sources={**codebook.sources, **draft.sources},
        stages=(_strategy_stage(codebook), *_stages(draft)),
        facts=facts,
        codebook=codebook,
        content=content,
        digest=digest(content),
        place=draft.document.place(""),
    )


def _rule(entry: Entry) -> Rule:
    data = entry.data
    fact, value = data["then"]
    when = tuple(
        Clause(tuple(Premise(name, values) for name, values in clause)) for clause in data["when"]
    )
    return Rule(
        data["id"], data["stage"], when, fact, value, data["because"], _cites(data), entry.place
    )


def _strategy_stage(codebook: Codebook) -> Stage:
    """The stage that every rulebook begins with: the form fixes the strategy."""
    rules = tuple(
        Rule(
            strategy_rule(form.id),
            STRATEGY,
            (Clause((Premise(FORM, (form.id,)),)),),
            STRATEGY,
            form.strategy,
            form.because,
            form.cites,
            codebook.place,
        )
        for form in codebook.forms.values()
    )
    return Stage(STRATEGY, "Strategy", "The form of the action fixes its strategy.", rules)


def digest(content: Any) -> str:
    """Return `sha256:` and the hash of the canonical JSON (RFC 8785) of `content`."""
    return "sha256:" + hashlib.sha256(rfc8785.dumps(content)).hexdigest()


def _cites(data: Mapping[str, Any]) -> tuple[Cite, ...]:
    return tuple(Cite(**cite) for cite in data["cites"])
