"""Rulebooks as written, before they are checked: grammar and inheritance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from marshmallow import Schema
from softbalance.rules.findings import Finding
from softbalance.rules.language.checking import Checker
from softbalance.rules.language.documents import Document
from softbalance.rules.language.entries import SECTIONS, Entry, entries
from softbalance.rules.language.lost import NOTHING_LOST, Lost, take_sound_part
from softbalance.rules.language.names import NameReader, read_meanings
from softbalance.rules.language.stated import translate_properties
from softbalance.rules.language.translation import Translator, declare_facts, declare_stages
from softbalance.rules.language.vocabulary import extend_codebook
from softbalance.rules.language.written import Reader, Surface
from softbalance.rules.model import SETS, Codebook, Property
from softbalance.schemas.grammar import CLASSIFICATION
from softbalance.schemas.mistakes import unknown_name


@dataclass
class Core:
    """Stages, facts and rules, each as the core has them."""

    stages: list[Entry] = field(default_factory=list)
    facts: list[Entry] = field(default_factory=list)
    rules: list[Entry] = field(default_factory=list)


@dataclass
class Draft:
    """A rulebook with all that it inherits, names in its rules not yet checked.

    `plain` is what of the core is written as such, in the first edition of the language; the rest
    comes of the `surface`. `replaced` and `removed` are done to the rules of both.
    """

    document: Document
    data: Mapping[str, Any]
    lineage: tuple[Document, ...]
    sources: dict[str, str]
    codebook: Codebook
    surface: Surface | None
    plain: Core
    core: Core
    replaced: dict[str, Entry]
    removed: frozenset[str]
    whole: bool
    lost: Lost
    properties: tuple[Property, ...] = ()

    @property
    def stages(self) -> list[Entry]:
        """The stages."""
        return self.core.stages

    @property
    def facts(self) -> list[Entry]:
        """The facts."""
        return self.core.facts

    @property
    def rules(self) -> list[Entry]:
        """The rules, stage for stage in their order."""
        return self.core.rules


def check_grammar(document: Document, schema: Schema) -> tuple[Any, list[Finding]]:
    """Load a document by its grammar; return its data, None if anything is wrong, and what is."""
    sound = take_sound_part(document, schema)
    return None if sound.findings else sound.data, sound.findings


def sources_of(data: Mapping[str, Any]) -> dict[str, str]:
    """Return the citations a document declares, by source id."""
    return {source: entry["citation"] for source, entry in data.get("sources", {}).items()}


class Source(NamedTuple):
    """A rulebook's document, what is sound of it by its grammar, and what is not."""

    document: Document
    data: Mapping[str, Any]
    lost: Lost = NOTHING_LOST


def draft_of(
    source: Source, parent: Draft | None, codebook: Codebook, findings: list[Finding]
) -> Draft:
    """Join a rulebook with its parent; contradictions between the two go to `findings`.

    A parent's codebook goes before `codebook`.
    """
    document, data, lost = source
    lost = lost.join(parent.lost) if parent else lost
    if "language" in document.content:
        return _surface_draft(source, parent, codebook, findings)
    plain = Core(*(entries(document, data, key) for key in ("stages", "facts", "rules")))
    sources = sources_of(data)
    if parent is None:
        findings.extend(_find_misplaced(document, data, lost))
        return Draft(
            *(document, data, (document,), sources, codebook, None, plain, plain),
            *({}, frozenset(), lost == NOTHING_LOST, lost),
        )
    replacing = entries(document, data, "replace")
    findings.extend(_contradictions(document, data, parent.rules, plain.rules, replacing))
    own = {entry.data["id"]: entry for entry in replacing}
    removed = frozenset(data.get("remove", ()))
    return Draft(
        document,
        data,
        (*parent.lineage, document),
        parent.sources | sources,
        parent.codebook,
        parent.surface,
        _add(parent.plain, plain, own, removed),
        _add(parent.core, plain, own, removed),
        parent.replaced | own,
        parent.removed | removed,
        parent.whole and lost == NOTHING_LOST,
        lost,
        parent.properties,
    )


def _add(inherited: Core, own: Core, replaced: Mapping[str, Entry], removed: Set[str]) -> Core:
    return Core(
        own.stages or inherited.stages,
        _overlay(inherited.facts, own.facts),
        _edit(inherited.rules, replaced, removed) + own.rules,
    )


def _surface_draft(
    source: Source, parent: Draft | None, codebook: Codebook, findings: list[Finding]
) -> Draft:
    told = len(findings)
    document, data, lost = source
    lost = lost.join(parent.lost) if parent else lost
    base = parent.codebook if parent else codebook
    sources = (parent.sources if parent else {}) | sources_of(data)
    reader = Reader(document, data, {**base.sources, **sources}, lost, findings)
    codebook = extend_codebook(base, reader, data, findings, lost)
    surface = reader.surface(parent.surface if parent else None)
    inherited = parent.plain if parent else Core()
    own = {name for s in SECTIONS if s != "revise" for name in data.get(s, {})}
    plain = _without(inherited, own)
    facts = _overlay(plain.facts, declare_facts(surface))
    names = NameReader(
        read_meanings(codebook, facts, surface), lost, {entry.data["id"] for entry in facts}
    )
    checker = Checker(surface, names, plain.stages, plain.rules, findings)
    translator = Translator(surface, names, checker, findings)
    rules = [*plain.rules, *translator.rules()]
    replaced, removed = (parent.replaced, parent.removed) if parent else ({}, frozenset())
    kept = {name: entry for name, entry in replaced.items() if entry.data["then"][0] not in own}
    findings.extend(_find_half_replaced(surface, own, replaced))
    rules = _edit(rules, kept, removed)
    replacing = [made for part in reader.listed("replace") for made in translator.single(part)]
    if parent:
        findings.extend(_contradictions(document, data, rules, [], replacing))
    else:
        findings.extend(_find_misplaced(document, data, lost, ("stages",)))
    given = {entry.data["id"]: entry for entry in replacing}
    gone = frozenset(data.get("remove", ()))
    kept_rules = _edit(rules, given, gone)
    facts = [_drop_removed(entry, kept_rules) for entry in facts]
    classes = [v for e in facts if e.data["id"] == CLASSIFICATION for v in e.data["values"]]
    properties = translate_properties(surface.properties, names, codebook, classes, findings)
    core = Core(declare_stages(surface) or plain.stages, facts, kept_rules)
    return Draft(
        document,
        data,
        (*(parent.lineage if parent else ()), document),
        sources,
        codebook,
        surface,
        plain,
        core,
        kept | given,
        removed | gone,
        len(findings) == told and lost == NOTHING_LOST and (parent is None or parent.whole),
        lost,
        properties,
    )


def _drop_removed(fact: Entry, rules: Iterable[Entry]) -> Entry:
    """Return a fact without the values of a collection whose rows an heir has removed."""
    name, values = fact.data["id"], fact.data["values"]
    if name not in SETS or not fact.translated:
        return fact
    added = {entry.data["then"][1] for entry in rules if entry.data["then"][0] == name}
    kept = [value for value in values if value in added]
    return fact._replace(data={**fact.data, "values": kept or values})


def _without(core: Core, facts: Set[str]) -> Core:
    """Return a core without some facts and the rules that conclude them."""
    return Core(
        core.stages,
        [entry for entry in core.facts if entry.data["id"] not in facts],
        [entry for entry in core.rules if entry.data["then"][0] not in facts],
    )


def _find_half_replaced(
    surface: Surface, own: Set[str], replaced: Mapping[str, Entry]
) -> Iterator[Finding]:
    """Find facts given anew in part, a rule of which a parent has replaced by itself."""
    for name in sorted(own & surface.written.keys()):
        written = surface.written[name]
        if all(part.document is written.head.document for part in written.parts.values()):
            continue
        for rule, entry in replaced.items():
            if entry.data["then"][0] == name:
                yield written.head.finding(
                    f"{name!r} is given anew in part, but its rule {rule!r} was replaced by itself "
                    f"at {entry.place}, where there is no formula to inherit; write all parts of "
                    f"{name!r} here, or replace the rule under `replace:`"
                )


def _find_misplaced(
    document: Document,
    data: Mapping[str, Any],
    lost: Lost,
    required: Iterable[str] = ("stages", "facts", "rules"),
) -> Iterator[Finding]:
    for key in ("replace", "remove"):
        if key in data:
            yield Finding(
                document.place(f"/{key}"),
                None,
                f"{key!r} needs a parent; add `extends:` or write the rules under `rules:`",
            )
    for key in required if not lost.whole else ():
        if key not in data and not lost.hides(key):
            yield Finding(
                document.place(""),
                None,
                f"{key!r} is missing; add it, or inherit it with `extends:`",
            )


def _contradictions(
    document: Document,
    data: Mapping[str, Any],
    inherited_rules: list[Entry],
    added: list[Entry],
    replacing: list[Entry],
) -> Iterator[Finding]:
    inherited = [rule.data["id"] for rule in inherited_rules]
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


def _edit(rules: list[Entry], replaced: Mapping[str, Entry], removed: Set[str]) -> list[Entry]:
    return [replaced.get(e.data["id"], e) for e in rules if e.data["id"] not in removed]
