"""The names that a rulebook adds to its codebook: indicators, groups, forms and classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from softbalance.rules.findings import Finding
from softbalance.rules.language.documents import Document
from softbalance.rules.language.lost import Lost
from softbalance.rules.language.written import Part, Reader
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


def make_entry(key: str, data: Mapping[str, Any]) -> Group | Indicator | Form | VerdictClass:
    """Make what stands in a list of a codebook of what its grammar has loaded."""
    match key:
        case "groups":
            return Group(**data)
        case "indicators":
            return indicator_of(data)
        case "forms":
            return form_of(data)
    return VerdictClass(**data)


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
    codebook: Codebook,
    reader: Reader,
    data: Mapping[str, Any],
    findings: list[Finding],
    lost: Lost,
) -> Codebook:
    """Return a codebook with what a rulebook adds to it; mistakes go to `findings`.

    What it declares as the codebook has it adds nothing, and what it declares otherwise is left to
    `softbalance.rules.language.conflicts`.
    """
    added = {key: reader.listed(key) for key in VOCABULARY}
    groups = [*(g.id for g in codebook.groups), *(part.data["id"] for part in added["groups"])]
    for key, parts in added.items():
        findings += _find_twice(parts)
        for part in parts if key == "indicators" else ():
            findings += map(part.finding, indicator_mistakes(part.data, groups, lost))
    known = names_of(codebook)
    own = {
        key: [part.data for part in parts if part.data["id"] not in known[key]]
        for key, parts in added.items()
    }
    if not any(own.values()):
        return codebook
    content = {
        **codebook.content,
        **{key: [*codebook.content[key], *_plain(items)] for key, items in own.items() if items},
        "sources": {**codebook.content["sources"], **data.get("sources", {})},
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


def codebook_findings(document: Document, data: Mapping[str, Any], lost: Lost) -> list[Finding]:
    """Return what is wrong with a codebook beyond its grammar."""
    findings: list[Finding] = []
    reader = Reader(document, data, data.get("sources", {}), lost, findings)
    groups = [part.data["id"] for part in reader.listed("groups")]
    for key in VOCABULARY:
        parts = reader.listed(key)
        findings += _find_twice(parts)
        for part in parts if key == "indicators" else ():
            findings += map(part.finding, indicator_mistakes(part.data, groups, lost))
    return list(dict.fromkeys(findings))


def names_of(codebook: Codebook) -> dict[str, set[str]]:
    """Return the names that a codebook declares, by the list that they stand in."""
    return {
        "groups": {group.id for group in codebook.groups},
        "indicators": set(codebook.indicators),
        "forms": set(codebook.forms),
        "classes": set(codebook.classes),
    }


def _find_twice(parts: list[Part]) -> Iterator[Finding]:
    first: dict[str, Part] = {}
    for part in parts:
        name = part.data["id"]
        if first.setdefault(name, part) is not part:
            place = first[name].document.place(first[name].pointer)
            yield part.finding(f"the id {name!r} is already taken at {place}; rename one")


def _plain(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return items as a document has them, all scalars text."""
    return [
        {**item, "levels": {k: repr(v) for k, v in item["levels"].items()}}
        if "levels" in item
        else item
        for item in items
    ]


def indicator_mistakes(item: Mapping[str, Any], groups: list[str], lost: Lost) -> Iterator[str]:
    """Yield what is wrong with an indicator beyond its grammar."""
    if item["id"] in (*RESERVED_WORDS, FORM):
        yield f"the name {item['id']!r} has a meaning in the language; choose another"
    if item["group"] not in groups and not lost.hides(item["group"]):
        yield str(unknown_name("group", item["group"], groups))
    for value in (*item.get("values", ()), *item.get("levels", ())):
        if value in (UNKNOWN, CONTESTED):
            yield f"{value!r} is a value of every indicator; leave it out"
