"""From documents that are sound to the model."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import rfc8785
from softbalance.rules.language.core_json import core_json
from softbalance.rules.language.documents import Document
from softbalance.rules.language.entries import Entry
from softbalance.rules.language.inheritance import Draft, sources_of
from softbalance.rules.language.stated import property_json
from softbalance.rules.language.vocabulary import VOCABULARY, cites_of, form_of, indicator_of
from softbalance.rules.model import (
    FORM,
    STRATEGY,
    Clause,
    Codebook,
    Fact,
    Group,
    Premise,
    Property,
    Rule,
    Rulebook,
    Stage,
    VerdictClass,
    strategy_rule,
)


def codebook_of(document: Document, data: Mapping[str, Any]) -> Codebook:
    """Make the model of a codebook, or of what is sound in one."""
    parts = {
        key: [(i, item) for i, item in enumerate(data.get(key, ())) if item is not None]
        for key in VOCABULARY
    }
    groups, indicators, forms, classes = ([item for _, item in parts[key]] for key in VOCABULARY)
    return Codebook(
        id=data.get("id", ""),
        version=data.get("version", ""),
        title=data.get("title", ""),
        sources=sources_of(data),
        groups=tuple(Group(**group) for group in groups),
        indicators={item["id"]: indicator_of(item) for item in indicators},
        forms={item["id"]: form_of(item) for item in forms},
        classes={c["id"]: VerdictClass(**c) for c in classes},
        place=document.place(""),
        content=document.content,
        places={
            (key, item["id"]): document.place(f"/{key}/{i}")
            for key, items in parts.items()
            for i, item in items
        },
    )


def _stages(draft: Draft) -> list[Stage]:
    rules = [_rule(entry) for entry in draft.rules]
    return [
        Stage(rules=tuple(r for r in rules if r.stage == e.data["id"]), **e.data)
        for e in draft.stages
    ]


def rulebook_of(draft: Draft) -> Rulebook:
    """Make the model of a sound rulebook."""
    facts = {}
    for entry in draft.facts:
        fact = {"undecided": (), **entry.data}
        facts[fact["id"]] = Fact(
            **fact | {key: tuple(fact[key]) for key in ("values", "undecided")}, place=entry.place
        )
    lineage = [document.content for document in draft.lineage]
    content: dict[str, Any] = {"codebook": draft.codebook.content, "rulebooks": lineage}
    stages = _stages(draft)
    if draft.surface is not None:
        # a better translation must not change what stored verdicts were decided by
        content["core"] = core_json(stages, facts.values())
        if draft.properties:
            content["core"]["properties"] = list(map(property_json, draft.properties))
    return assemble_rulebook(draft.data, draft, stages, facts, content)


class Origin(Protocol):
    """Where a rulebook comes from."""

    @property
    def codebook(self) -> Codebook: ...  # noqa: D102
    @property
    def sources(self) -> Mapping[str, str]: ...  # noqa: D102
    @property
    def document(self) -> Document: ...  # noqa: D102
    @property
    def properties(self) -> tuple[Property, ...]: ...  # noqa: D102


def assemble_rulebook(
    data: Mapping[str, Any],
    origin: Origin,
    stages: Sequence[Stage],
    facts: Mapping[str, Fact],
    content: Mapping[str, Any],
) -> Rulebook:
    """Make a rulebook of its parts; the form → strategy rules go before them."""
    codebook = origin.codebook
    strategies = tuple(dict.fromkeys(form.strategy for form in codebook.forms.values()))
    strategy = Fact(STRATEGY, "answer", "Strategy", strategies, (), codebook.place)
    return Rulebook(
        id=data["id"],
        version=data["version"],
        title=data["title"],
        summary=data["summary"],
        extends=data.get("extends"),
        sources={**codebook.sources, **origin.sources},
        stages=(_strategy_stage(codebook), *stages),
        facts={STRATEGY: strategy, **facts},
        codebook=codebook,
        content=content,
        digest=digest(content),
        place=origin.document.place(""),
        properties=origin.properties,
    )


def _rule(entry: Entry) -> Rule:
    data = entry.data
    fact, value = data["then"]
    return Rule(
        data["id"],
        data["stage"],
        data["when"],
        fact,
        value,
        data["because"],
        cites_of(data),
        entry.place,
        data.get("brief", False),
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
