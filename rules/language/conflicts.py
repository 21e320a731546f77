"""One name means one thing in a library: names that folders declare otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from softbalance.rules.findings import Finding, Place
from softbalance.rules.language.documents import Document
from softbalance.rules.language.vocabulary import VOCABULARY
from softbalance.rules.language.written import list_parts
from softbalance.rules.model import Codebook


def find_conflicts(
    codebooks: Iterable[Codebook], read: Iterable[tuple[Document, Mapping[str, Any]]]
) -> Iterator[Finding]:
    """Yield each name of a vocabulary that two documents declare with different content."""
    first: dict[tuple[str, str], tuple[Place, Any]] = {}
    for key, entry, place in _list_entries(codebooks, read):
        known, content = first.setdefault((key, entry["id"]), (place, entry))
        if content != entry:
            yield Finding(
                place,
                None,
                f"{key}: {entry['id']!r} is declared otherwise at {known}, and a name means one "
                "thing in a library; give this one another name, or declare it alike",
            )


def _list_entries(
    codebooks: Iterable[Codebook], read: Iterable[tuple[Document, Mapping[str, Any]]]
) -> Iterator[tuple[str, Mapping[str, Any], Place]]:
    for codebook in codebooks:
        for key in VOCABULARY:
            for entry in codebook.content[key]:
                yield key, entry, codebook.places[key, entry["id"]]
    for document, data in read:
        for key in VOCABULARY if "language" in data else ():
            for i, part in enumerate(list_parts(document, data, key, [])):
                yield key, part.data, document.place(f"/{key}/{i}")
