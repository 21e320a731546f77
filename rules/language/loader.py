"""Read the codebook and every rulebook from folders, check them whole, and make the model.

A library is rulebooks, each over the shared codebook or one of its own. A rulebook is a folder with
a `rulebook.yaml`, and beside that perhaps a `codebook.yaml` and a folder `cases` (see
`softbalance.rules.verification.cases`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from softbalance.rules.findings import Finding, RulebookErrors
from softbalance.rules.language.assembly import Assembly
from softbalance.rules.language.reading import (
    CODEBOOK,
    ReadRulebook,
    read_codebook,
    read_rulebooks,
)
from softbalance.rules.model import Codebook, Rulebook
from softbalance.rules.vocabularies import unite_codebooks
from softbalance.schemas.mistakes import unknown_name

#: The folder of the rulebooks that come with the package.
SHIPPED = Path(str(files("softbalance.rules"))) / "rulebooks"
#: The one that decides where none is named, if the library has it.
DEFAULT_RULEBOOK = "brooks-wohlforth-2004"


class UnknownRulebook(LookupError):
    """There is no rulebook of that id; the message names the nearest."""


class BrokenRulebook(UnknownRulebook):
    """The rulebook of that id does not load; the message is its findings."""


@dataclass(frozen=True)
class Library:
    """Rulebooks by id, the default first, and all that may be coded for one of them.

    `findings` is all that is wrong with folders that were left out, and `broken` what is wrong
    with a rulebook that was, by its id.
    """

    codebook: Codebook
    rulebooks: Mapping[str, Rulebook]
    findings: tuple[Finding, ...] = ()
    broken: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict)

    @property
    def default(self) -> str:
        """The id of the rulebook that decides where none is named."""
        return next(iter(self.rulebooks))

    def __getitem__(self, rulebook: str) -> Rulebook:
        if rulebook in self.rulebooks:
            return self.rulebooks[rulebook]
        if rulebook in self.broken:
            told = "\n".join(map(str, self.broken[rulebook]))
            raise BrokenRulebook(f"the rulebook {rulebook!r} does not load:\n{told}")
        raise UnknownRulebook(unknown_name("rulebook", rulebook, self.rulebooks))


def load_library(extra: Iterable[Path] = (), shipped: Path = SHIPPED) -> Library:
    """Load the shipped rulebooks and those in `extra` folders.

    An extra folder is a rulebook's own folder, or holds such folders. Raises RulebookErrors with
    every mistake in every document at once.
    """
    library = load_sound_library(extra, shipped)
    if library.findings:
        raise RulebookErrors(library.findings)
    return library


def load_sound_library(extra: Iterable[Path] = (), shipped: Path = SHIPPED) -> Library:
    """Load the shipped rulebooks, and those in `extra` folders that have no mistakes.

    The others are told in the library. Raises RulebookErrors, with every mistake in every
    document, if one is in what is shipped.
    """
    findings: list[Finding] = []
    read = read_rulebooks((shipped, *extra), shipped / CODEBOOK, findings)
    library = _library(Assembly(read_codebook(shipped / CODEBOOK), read), findings)
    if any(Path(finding.place.file).is_relative_to(shipped) for finding in library.findings):
        raise RulebookErrors(library.findings)
    return library


def load_folder(
    folder: Path, extra: Iterable[Path] = (), shipped: Path = SHIPPED
) -> list[Rulebook]:
    """Load the rulebooks of a folder, which may have the ids of rulebooks that are shipped.

    What they extend is looked for in the folder first, then among the shipped ones and `extra`.
    Raises RulebookErrors with every mistake in these documents at once.
    """
    library = load_sound_folder(folder, extra, shipped)
    if library.findings:
        raise RulebookErrors(library.findings)
    return list(library.rulebooks.values())


def load_sound_folder(folder: Path, extra: Iterable[Path] = (), shipped: Path = SHIPPED) -> Library:
    """Load the rulebooks of a folder as `load_folder` does; those with mistakes are told in it.

    Raises RulebookErrors if none is sound.
    """
    findings: list[Finding] = []
    shared = shipped / CODEBOOK
    own = list(read_rulebooks((folder,), shared, findings))
    others = {read.name: read for read in read_rulebooks((shipped, *extra), shared, [])}
    names = {read.name for read in own}
    needed, parents = list(own), _parents(own) - names
    while parents:
        found = [others.pop(parent) for parent in parents if parent in others]
        needed += found
        parents = _parents(found) - names
    library = _library(Assembly(read_codebook(shared), needed), findings)
    books = {name: book for name, book in library.rulebooks.items() if name in names}
    if not books:
        raise RulebookErrors(library.findings)
    ordered = {read.name: books[read.name] for read in own if read.name in books}
    return Library(library.codebook, ordered, library.findings, library.broken)


def _parents(read: Iterable[ReadRulebook]) -> set[str]:
    return {each.data["extends"] for each in read if each.data and "extends" in each.data}


def _library(assembly: Assembly, findings: list[Finding]) -> Library:
    shared = assembly.shared.codebook
    told = RulebookErrors([*findings, *assembly.all_findings()])
    if shared is None:
        raise told
    ordered = sorted(assembly.sound, key=lambda name: (name != DEFAULT_RULEBOOK, name))
    books = {name: assembly.sound[name] for name in ordered}
    codebooks = [book.codebook for book in books.values()]
    broken = {
        name: RulebookErrors(assembly.explain(name)).findings
        for name in assembly.read
        if name not in books
    }
    return Library(unite_codebooks([shared, *codebooks]), books, told.findings, broken)
