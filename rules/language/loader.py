"""Read the codebook and every rulebook from folders, check them whole, and make the model.

A library is one codebook and the rulebooks over it. A rulebook is a folder with a
`rulebook.yaml`, and beside that perhaps a folder `cases` (see
`softbalance.rules.verification.cases`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from marshmallow import Schema
from softbalance.rules.findings import Finding, Place, RulebookErrors
from softbalance.rules.language.building import codebook_of, rulebook_of
from softbalance.rules.language.conflicts import find_conflicts
from softbalance.rules.language.documents import Document, UnreadableYAML, read_document
from softbalance.rules.language.inheritance import Draft, check_grammar, draft_of, is_whole
from softbalance.rules.language.lints import LINTS, Names, codebook_findings
from softbalance.rules.model import Codebook, Rulebook
from softbalance.rules.vocabularies import unite_codebooks
from softbalance.schemas.grammar import CodebookSchema, RulebookSchema
from softbalance.schemas.mistakes import unknown_name
from softbalance.schemas.surface import SurfaceSchema

#: The folder of the rulebooks that come with the package.
SHIPPED = Path(str(files("softbalance.rules"))) / "rulebooks"
#: The one that decides where none is named, if the library has it.
DEFAULT_RULEBOOK = "brooks-wohlforth-2004"

#: A document and its data, sound by its grammar.
Read = tuple[Document, dict[str, Any]]


class UnknownRulebook(LookupError):
    """There is no rulebook of that id; the message names the nearest."""


@dataclass(frozen=True)
class Library:
    """Rulebooks by id, the default first, and all that may be coded for one of them."""

    codebook: Codebook
    rulebooks: Mapping[str, Rulebook]

    @property
    def default(self) -> str:
        """The id of the rulebook that decides where none is named."""
        return next(iter(self.rulebooks))

    def __getitem__(self, rulebook: str) -> Rulebook:
        try:
            return self.rulebooks[rulebook]
        except KeyError:
            raise UnknownRulebook(unknown_name("rulebook", rulebook, self.rulebooks)) from None


def load_library(extra: Iterable[Path] = (), shipped: Path = SHIPPED) -> Library:
    """Load the shipped rulebooks and those in `extra` folders.

    An extra folder is a rulebook's own folder, or holds such folders. Raises RulebookErrors with
    every mistake in every document at once.
    """
    findings: list[Finding] = []
    return _library(shipped, _read_all((shipped, *extra), findings), findings)


def load_folder(
    folder: Path, extra: Iterable[Path] = (), shipped: Path = SHIPPED
) -> list[Rulebook]:
    """Load the rulebooks of a folder, which may have the ids of rulebooks that are shipped.

    What they extend is looked for in the folder first, then among the shipped ones and `extra`.
    Raises RulebookErrors with every mistake in these documents at once.
    """
    findings: list[Finding] = []
    own = _read_all((folder,), findings)
    others = {d["id"]: (doc, d) for doc, d in _read_all((shipped, *extra), []) if is_whole(d)}
    names = [data["id"] for _, data in own]
    needed, parents = list(own), {data.get("extends") for _, data in own} - {*names, None}
    while parents:
        found = [others.pop(parent) for parent in parents if parent in others]
        needed += found
        parents = {data.get("extends") for _, data in found} - {*names, None}
    library = _library(shipped, needed, findings)
    return [library[name] for name in names]


def _read_all(folders: Iterable[Path], findings: list[Finding]) -> list[Read]:
    read = [_read(path, findings) for folder in folders for path in _books(folder, findings)]
    return [pair for pair in read if pair is not None]


def _library(shipped: Path, read: list[Read], findings: list[Finding]) -> Library:
    codebook = _codebook(shipped / "codebook.yaml", findings)
    rulebooks = {}
    own = _own_codebooks(read, shipped, findings)
    findings += find_conflicts(([codebook] if codebook else []) + [*own.values()], read)
    for name, draft in _drafts(read, codebook, own, findings).items() if codebook else ():
        rulebook = _check_draft(draft, findings)
        if rulebook is not None:
            rulebooks[name] = rulebook
    if findings or codebook is None:
        raise RulebookErrors(findings)
    ordered = sorted(rulebooks, key=lambda name: (name != DEFAULT_RULEBOOK, name))
    books = {name: rulebooks[name] for name in ordered}
    return Library(unite_codebooks([codebook, *(b.codebook for b in books.values())]), books)


def _books(folder: Path, findings: list[Finding]) -> list[Path]:
    if (folder / "rulebook.yaml").is_file():
        return [folder / "rulebook.yaml"]
    found = sorted(folder.glob("*/rulebook.yaml"))
    if not found:
        place = Document(str(folder), None, {}).place("")
        what = "no rulebook here" if folder.is_dir() else "no such folder"
        findings.append(
            Finding(place, None, f"{what}; a rulebook is a folder with a rulebook.yaml")
        )
    return found


def _read(path: Path, findings: list[Finding]) -> Read | None:
    try:
        document = read_document(path)
    except UnreadableYAML as error:
        findings.append(Finding(error.place, None, error.reason))
        return None
    data, wrong = check_grammar(document, _grammar_of(path, document))
    findings.extend(wrong)
    return None if data is None else (document, data)


def _own_codebooks(read: list[Read], shipped: Path, findings: list[Finding]) -> dict[str, Codebook]:
    """Return the codebooks that rulebooks bring along, by the id of the rulebook."""
    own = {}
    for document, data in read:
        path = Path(document.file).parent / "codebook.yaml"
        if path.is_file() and path.parent != shipped:
            if "extends" in data:
                message = "an heir is coded by its parent's codebook; remove this one"
                findings.append(Finding(Place(str(path), 1), None, message))
            elif (codebook := _codebook(path, findings)) is not None:
                own[data["id"]] = codebook
    return own


def _grammar_of(path: Path, document: Document) -> Schema:
    if path.name == "codebook.yaml":
        return CodebookSchema()
    second = isinstance(document.content, dict) and "language" in document.content
    return SurfaceSchema() if second else RulebookSchema()


def _drafts(
    read: list[Read],
    shared: Codebook,
    own: Mapping[str, Codebook],
    findings: list[Finding],
) -> dict[str, Draft]:
    """Resolve `extends`; a rulebook whose parent is unsound is left to its parent's findings."""
    waiting: dict[str, Read] = {}
    for document, data in read:
        if data["id"] in waiting:
            other = waiting[data["id"]][0].place("/id")
            findings.append(
                Finding(
                    document.place("/id"),
                    None,
                    f"the id {data['id']!r} is already taken at {other}; rename one",
                )
            )
        else:
            waiting[data["id"]] = document, data
    known = list(waiting)
    drafts: dict[str, Draft] = {}
    while ready := [n for n, (_, d) in waiting.items() if d.get("extends") in (None, *drafts)]:
        for name in ready:
            document, data = waiting.pop(name)
            parent = drafts.get(data.get("extends", ""))
            codebook = own.get(name, shared)
            drafts[name] = draft_of(document, data, parent, codebook, findings)
    for document, data in waiting.values():
        parent = data["extends"]
        reason = (
            f"extends {parent!r}, which does not load or extends this one in turn"
            if parent in known
            else str(unknown_name("rulebook", parent, known))
        )
        findings.append(Finding(document.place("/extends"), None, reason))
    return drafts


def _codebook(path: Path, findings: list[Finding]) -> Codebook | None:
    read = _read(path, findings)
    if read is None:
        return None
    document, data = read
    wrong = list(codebook_findings(document, data))
    findings.extend(wrong)
    return None if wrong else codebook_of(document, data)


def _check_draft(draft: Draft, findings: list[Finding]) -> Rulebook | None:
    names = Names(draft, draft.codebook)
    wrong = [finding for lint in LINTS for finding in lint(names)]
    findings.extend(wrong)
    return rulebook_of(draft) if draft.whole and not wrong else None
