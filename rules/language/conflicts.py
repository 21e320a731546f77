"""One name means one thing in a library: names that folders declare otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from softbalance.rules.findings import Finding, Place
from softbalance.rules.language.documents import Document
from softbalance.rules.language.lost import NOTHING_LOST
from softbalance.rules.language.vocabulary import VOCABULARY, make_entry
from softbalance.rules.language.written import Reader
from softbalance.rules.model import OTHER_FORM, Codebook

#: What a list of a vocabulary declares one of.
_KINDS = {"groups": "group", "indicators": "indicator", "forms": "form", "classes": "class"}


class Declared(NamedTuple):
    """What is declared under a name, in which document, and where."""

    key: str
    name: str
    entry: Any
    place: Place


class Conflicts:
    """What each name of a library was first declared to mean."""

    def __init__(self) -> None:
        self._first: dict[tuple[str, str], Declared] = {}

    def add(self, declared: Iterable[Declared]) -> Iterator[Finding]:
        """Yield a finding for each name that was declared before, and otherwise."""
        for each in declared:
            if (each.key, each.name) == ("forms", OTHER_FORM):
                continue  # it means none of the forms of its own codebook
            first = self._first.setdefault((each.key, each.name), each)
            if first.entry != each.entry and first.place.file != each.place.file:
                yield Finding(
                    each.place,
                    None,
                    f"the {_KINDS[each.key]} {each.name!r} is declared otherwise at {first.place}, "
                    "and a name means one thing in a library; give this one another name, or "
                    "declare it alike",
                )


def declared_by_codebook(codebook: Codebook) -> Iterator[Declared]:
    """Yield what a codebook declares."""
    entries = (
        {group.id: group for group in codebook.groups},
        codebook.indicators,
        codebook.forms,
        codebook.classes,
    )
    for key, named in zip(VOCABULARY, entries, strict=True):
        for name, entry in named.items():
            yield Declared(key, name, entry, codebook.places[key, name])


def declared_by_rulebook(document: Document, data: Mapping[str, Any]) -> Iterator[Declared]:
    """Yield what a rulebook of the second edition adds to its codebook."""
    reader = Reader(document, data, (), NOTHING_LOST, [])
    for key in VOCABULARY if "language" in document.content else ():
        for part in reader.listed(key):
            place = document.place(part.pointer)
            yield Declared(key, part.data["id"], make_entry(key, part.data), place)
