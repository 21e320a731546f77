"""Codebooks and rulebooks read from folders: what is sound of each, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from marshmallow import Schema
from softbalance.rules.findings import Finding, Place
from softbalance.rules.language.building import codebook_of
from softbalance.rules.language.documents import Document, UnreadableYAML, read_document
from softbalance.rules.language.lost import NOTHING_LOST, Lost, take_sound_part
from softbalance.rules.language.vocabulary import codebook_findings
from softbalance.rules.model import Codebook
from softbalance.schemas.grammar import CodebookSchema, RulebookSchema
from softbalance.schemas.surface import SurfaceSchema

#: The keys that only the second edition of the language has.
_NEWER = SurfaceSchema().fields.keys() - RulebookSchema().fields.keys()
RULEBOOK, CODEBOOK = "rulebook.yaml", "codebook.yaml"


class ReadCodebook(NamedTuple):
    """What is sound of a codebook; None if it cannot be read at all."""

    codebook: Codebook | None
    lost: Lost
    findings: list[Finding]


class ReadRulebook(NamedTuple):
    """A rulebook as read: its id or else its folder's name, and what is sound of it.

    `data` is None if it cannot be read any further. `own` is the codebook that stands beside it.
    """

    name: str
    document: Document
    data: Any
    lost: Lost
    findings: list[Finding]
    own: ReadCodebook | None


def read_codebook(path: Path) -> ReadCodebook:
    """Read a codebook."""
    try:
        document = read_document(path)
    except UnreadableYAML as error:
        return ReadCodebook(None, Lost(whole=True), [Finding(error.place, None, error.reason)])
    sound = take_sound_part(document, CodebookSchema())
    if sound.data is None:
        return ReadCodebook(None, sound.lost, sound.findings)
    wrong = codebook_findings(document, sound.data, sound.lost)
    codebook = codebook_of(document, sound.data)
    return ReadCodebook(codebook, sound.lost, [*sound.findings, *wrong])


def read_rulebooks(
    folders: Iterable[Path], shared: Path, findings: list[Finding]
) -> Iterator[ReadRulebook]:
    """Read every rulebook in folders; a folder without one goes to `findings`.

    The codebook at `shared` is no rulebook's own.
    """
    for folder in folders:
        for path in _find_rulebooks(folder, findings):
            yield _read_rulebook(path, shared)


def _find_rulebooks(folder: Path, findings: list[Finding]) -> list[Path]:
    if (folder / RULEBOOK).is_file():
        return [folder / RULEBOOK]
    found = sorted(folder.glob(f"*/{RULEBOOK}"))
    if not found:
        what = "no rulebook here" if folder.is_dir() else "no such folder"
        place = Place(str(folder), 1)
        findings.append(Finding(place, None, f"{what}; a rulebook is a folder with a {RULEBOOK}"))
    return found


def _read_rulebook(path: Path, shared: Path) -> ReadRulebook:
    folder = path.parent
    try:
        document = read_document(path)
    except UnreadableYAML as error:
        nothing, wrong = Document(str(path), None, {}), [Finding(error.place, None, error.reason)]
        return ReadRulebook(folder.name, nothing, None, Lost(whole=True), wrong, None)
    data, lost, findings = take_sound_part(document, _grammar_of(document))
    content = document.content if isinstance(document.content, dict) else {}
    newer = [key for key in content if key in _NEWER] if "language" not in content else []
    if newer:
        message = f"{newer[0]!r} is of the second edition of the language; add `language: 2`"
        findings = [*findings, Finding(document.place(f"/{newer[0]}"), None, message)]
    said = content.get("id")
    name = said if isinstance(said, str) and said else folder.name
    own = folder / CODEBOOK
    codebook = read_codebook(own) if own.is_file() and own != shared else None
    if codebook and "extends" in content:
        message = "an heir is coded by its parent's codebook; remove this one"
        codebook = None
        findings = [*findings, Finding(Place(str(own), 1), None, message)]
    if findings and lost == NOTHING_LOST:
        lost = Lost(frozenset({None}))
    return ReadRulebook(name, document, data, lost, findings, codebook)


def _grammar_of(document: Document) -> Schema:
    second = isinstance(document.content, dict) and "language" in document.content
    return SurfaceSchema() if second else RulebookSchema()
