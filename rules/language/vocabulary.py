"""The names that a rulebook adds to its codebook: indicators, groups, forms and classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from softbalance.rules.findings import Finding
from softbalance.rules.language.documents import Document
from softbalance.rules.language.written import list_parts
from softbalance.rules.model import (
    FORM,
    Cite,
    Codebook,
    Form,
    Group,
    Indicator,
    VerdictClass,
)
from softbalance.schemas.fields import CONTESTED, UNKNOWN
from softbalance.schemas.formulas import RESERVED_WORDS
from softbalance.schemas.mistakes import unknown_name

#: The lists of a codebook, each of things with an id.
VOCABULARY = ("groups", "indicators", "forms", "classes")


def indicator_of(data: Mapping[str, Any]) -> Indicator:
    """Make an indicator of what its grammar has loaded."""
    levels = data.get("levels")
    values = tuple(levels) if levels else tuple(data.get("values", ("yes", "no")))
    return Indicator(
        data["id"],
        data["group"],
        data["question"],
        data["help"],
        cites_of(data),
        values,
        tuple(levels.values()) if levels else None,
        data.get("unit"),
    )


def form_of(data: Mapping[str, Any]) -> Form:
    """Make a form of what its grammar has loaded."""
    return Form(**{**data, "cites": cites_of(data)})


def cites_of(data: Mapping[str, Any]) -> tuple[Cite, ...]:
    """Make citations of what their grammar has loaded."""
    return tuple(Cite(**cite) for cite in data["cites"])


def extend_codebook(
    codebook: Codebook, document: Document, data: Mapping[str, Any], findings: list[Finding]
) -> Codebook:
    """Return a codebook with what a rulebook adds to it; mistakes go to `findings`."""
    told = len(findings)
    added = {key: list_parts(document, data, key, findings) for key in VOCABULARY}
    findings.extend(_mistakes(codebook, document, data))
    if len(findings) > told or not any(added.values()):
        return codebook
    own = {key: [part.data for part in parts] for key, parts in added.items()}
    content = {
        **codebook.content,
        **{key: [*codebook.content[key], *_plain(items)] for key, items in own.items() if items},
        "sources": {**codebook.content["sources"], **document.content.get("sources", {})},
    }
    return replace(
        codebook,
        sources={
            **codebook.sources,
            **{name: entry["citation"] for name, entry in data.get("sources", {}).items()},
        },
        groups=(*codebook.groups, *(Group(**item) for item in own["groups"])),
        indicators={
            **codebook.indicators,
            **{item["id"]: indicator_of(item) for item in own["indicators"]},
        },
        forms={**codebook.forms, **{item["id"]: form_of(item) for item in own["forms"]}},
        classes={**codebook.classes, **{c["id"]: VerdictClass(**c) for c in own["classes"]}},
        content=content,
    )


def _plain(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return items as a document has them, all scalars text."""
    return [
        {**item, "levels": {k: repr(v) for k, v in item["levels"].items()}}
        if "levels" in item
        else item
        for item in items
    ]


def _mistakes(codebook: Codebook, document: Document, data: Mapping[str, Any]) -> Iterator[Finding]:
    groups = [*(g.id for g in codebook.groups), *(g["id"] for g in data.get("groups", ()))]
    taken: dict[str, set[str]] = {
        "groups": {group.id for group in codebook.groups},
        "indicators": set(codebook.indicators),
        "forms": set(codebook.forms),
        "classes": set(codebook.classes),
    }
    for key in VOCABULARY:
        for i, item in enumerate(data.get(key, ())):
            name, place = item["id"], document.place(f"/{key}/{i}")
            if name in taken[key]:
                yield Finding(
                    place, None, f"the id {name!r} is in the codebook already; choose another"
                )
            taken[key].add(name)
            if key == "indicators":
                yield from (Finding(place, None, m) for m in indicator_mistakes(item, groups))


def indicator_mistakes(item: Mapping[str, Any], groups: list[str]) -> Iterator[str]:
    """Yield what is wrong with an indicator beyond its grammar."""
    if item["id"] in (*RESERVED_WORDS, FORM):
        yield f"the name {item['id']!r} has a meaning in the language; choose another"
    if item["group"] not in groups:
        yield str(unknown_name("group", item["group"], groups))
    for value in (*item.get("values", ()), *item.get("levels", ())):
        if value in (UNKNOWN, CONTESTED):
            yield f"{value!r} is a value of every indicator; leave it out"
