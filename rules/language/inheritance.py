"""Rulebooks as written, before they are checked: grammar and inheritance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from marshmallow import Schema, ValidationError
from softbalance.rules.findings import Finding, Place
from softbalance.rules.language.documents import Document
from softbalance.schemas.mistakes import LocatedMistake, locate_mistakes, unknown_name

#: The keys of a rulebook that list rules.
_RULES = ("rules", "replace")


class Entry(NamedTuple):
    """A stage, fact or rule as written, and where it stands."""

    data: Mapping[str, Any]
    document: Document
    pointer: str

    @property
    def place(self) -> Place:
        """Where the entry begins."""
        return self.document.place(self.pointer)

    def finding(self, message: str, within: str = "") -> Finding:
        """Return a finding in this entry, at the part `within` it."""
        rule = self.data["id"] if "when" in self.data else None
        return Finding(self.document.place(self.pointer + within), rule, message)


@dataclass
class Draft:
    """A rulebook with all that it inherits, names not yet checked."""

    document: Document
    data: Mapping[str, Any]
    lineage: tuple[Document, ...]
    sources: dict[str, str]
    stages: list[Entry]
    facts: list[Entry]
    rules: list[Entry]
    whole: bool


def check_grammar(document: Document, schema: Schema) -> tuple[Any, list[Finding]]:
    """Load a document by its grammar; return its data and what is wrong with it.

    Where only some rules are wrong, the data is whole but for these, which are None in it: so the
    others can be checked further and all mistakes told at once. Else it is None.
    """
    try:
        return schema.load(document.content), []
    except ValidationError as error:
        mistakes = locate_mistakes(error.messages)
        return _sound_part(error.valid_data, mistakes), [
            Finding(
                document.place(m.pointer),
                _rule_at(document.content, m.pointer),
                f"{m.pointer or 'the document'}: {m.detail}",
            )
            for m in mistakes
        ]


def _sound_part(data: Any, mistakes: list[LocatedMistake]) -> Any:
    wrong = {tuple(m.pointer.split("/")[1:3]) for m in mistakes}
    if not all(len(place) == 2 and place[0] in _RULES for place in wrong):
        return None
    return data | {
        key: [None if (key, str(i)) in wrong else rule for i, rule in enumerate(data[key])]
        for key in _RULES
        if key in data
    }


def is_whole(data: Mapping[str, Any]) -> bool:
    """Return whether no rule was left out for a mistake of grammar."""
    return not any(None in data.get(key, ()) for key in _RULES)


def _rule_at(content: Any, pointer: str) -> str | None:
    match pointer.split("/")[1:3]:
        case [key, index] if key in _RULES:
            rule = content[key][int(index)]
            return str(rule["id"]) if isinstance(rule, dict) and "id" in rule else None
    return None


def entries(document: Document, data: Mapping[str, Any], key: str) -> list[Entry]:
    """Return the sound items of a list of the document with their places."""
    return [
        Entry(item, document, f"/{key}/{i}")
        for i, item in enumerate(data.get(key, ()))
        if item is not None
    ]


def sources_of(data: Mapping[str, Any]) -> dict[str, str]:
    """Return the citations a document declares, by source id."""
    return {source: entry["citation"] for source, entry in data.get("sources", {}).items()}


def draft_of(
    document: Document, data: Mapping[str, Any], parent: Draft | None, findings: list[Finding]
) -> Draft:
    """Join a rulebook with its parent; contradictions between the two go to `findings`."""
    stages, facts, rules = (entries(document, data, key) for key in ("stages", "facts", "rules"))
    sources = sources_of(data)
    if parent is None:
        findings.extend(_find_misplaced(document, data))
        return Draft(document, data, (document,), sources, stages, facts, rules, is_whole(data))
    replacing = entries(document, data, "replace")
    findings.extend(_contradictions(document, data, parent, rules, replacing))
    return Draft(
        document,
        data,
        (*parent.lineage, document),
        parent.sources | sources,
        stages or parent.stages,
        _overlay(parent.facts, facts),
        _inherit(parent, replacing, set(data.get("remove", ()))) + rules,
        parent.whole and is_whole(data),
    )


def _find_misplaced(document: Document, data: Mapping[str, Any]) -> Iterator[Finding]:
    for key in ("replace", "remove"):
        if key in data:
            yield Finding(
                document.place(f"/{key}"),
                None,
                f"{key!r} needs a parent; add `extends:` or write the rules under `rules:`",
            )
    for key in ("stages", "facts", "rules"):
        if key not in data:
            yield Finding(
                document.place(""),
                None,
                f"{key!r} is missing; add it, or inherit it with `extends:`",
            )


def _contradictions(
    document: Document,
    data: Mapping[str, Any],
    parent: Draft,
    added: list[Entry],
    replacing: list[Entry],
) -> Iterator[Finding]:
    inherited = [rule.data["id"] for rule in parent.rules]
    removed = data.get("remove", ())
    for i, rule in enumerate(removed):
        if rule not in inherited:
            yield Finding(
                document.place(f"/remove/{i}"),
                rule,
                f"removes a rule its parent lacks; {unknown_name('rule', rule, inherited)}",
            )
    seen: set[str] = set()
    for entry in replacing:
        rule = entry.data["id"]
        if rule in seen:
            yield entry.finding("is replaced twice; keep one of the two")
        seen.add(rule)
        if rule not in inherited:
            yield entry.finding(
                "replaces a rule its parent lacks; "
                f"{unknown_name('rule', rule, inherited)}, or move it to `rules:`"
            )
        elif rule in removed:
            yield entry.finding("is both removed and replaced; keep one of the two")
    for entry in added:
        if entry.data["id"] in inherited:
            yield entry.finding(
                "has the id of an inherited rule; move it to `replace:` or give it another id"
            )


def _overlay(inherited: list[Entry], own: list[Entry]) -> list[Entry]:
    named = {entry.data["id"]: entry for entry in own}
    kept = [named.pop(entry.data["id"], entry) for entry in inherited]
    return kept + [entry for entry in own if entry.data["id"] in named]


def _inherit(parent: Draft, replacing: list[Entry], removed: set[str]) -> list[Entry]:
    named = {entry.data["id"]: entry for entry in replacing}
    return [named.get(e.data["id"], e) for e in parent.rules if e.data["id"] not in removed]
