"""Rulebooks that were read, joined with their parents and codebooks, and checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from softbalance.rules.findings import Finding
from softbalance.rules.language.building import rulebook_of
from softbalance.rules.language.conflicts import (
    Conflicts,
    declared_by_codebook,
    declared_by_rulebook,
)
from softbalance.rules.language.inheritance import Draft, Source, draft_of
from softbalance.rules.language.lints import LINTS, Names
from softbalance.rules.language.reading import ReadCodebook, ReadRulebook
from softbalance.rules.model import Rulebook
from softbalance.schemas.mistakes import unknown_name


class Assembly:
    """Rulebooks over a shared codebook: which are sound, and what is wrong with each other.

    `told` are the findings by the rulebook that has to be mended; `findings` are of none.
    """

    def __init__(self, shared: ReadCodebook, read: Iterable[ReadRulebook]) -> None:
        self.shared, self._conflicts = shared, Conflicts()
        self.findings = list(shared.findings)
        self.told: dict[str, list[Finding]] = {}
        self.read: dict[str, ReadRulebook] = {}
        self._drafts: dict[str, Draft] = {}
        self.sound: dict[str, Rulebook] = {}
        if shared.codebook:
            list(self._conflicts.add(declared_by_codebook(shared.codebook)))
        for each in read:
            self._take(each)
        self._draft_all()
        for name, draft in self._drafts.items():
            self._finish(name, draft)

    def all_findings(self) -> list[Finding]:
        """Return every finding."""
        return [*self.findings, *(finding for told in self.told.values() for finding in told)]

    def explain(self, name: str) -> list[Finding]:
        """Return why a rulebook that was read is not sound: its own mistakes, or its parent's."""
        seen: list[str] = []
        while name in self.read and not self.told[name] and name not in seen:
            seen.append(name)
            name = (self.read[name].data or {}).get("extends", "")
        return self.told.get(name, [])

    def _take(self, read: ReadRulebook) -> None:
        if read.name in self.read:
            other = self.read[read.name].document.place("/id")
            message = f"the id {read.name!r} is already taken at {other}; rename one"
            place = read.document.place("/id")
            self.findings += [*read.findings, Finding(place, None, message)]
            return
        self.read[read.name] = read
        told = self.told[read.name] = list(read.findings)
        if read.own:
            told += read.own.findings
            if read.own.codebook:
                told += self._conflicts.add(declared_by_codebook(read.own.codebook))
        if read.data is not None:
            told += self._conflicts.add(declared_by_rulebook(read.document, read.data))

    def _draft_all(self) -> None:
        """Resolve `extends`; a rulebook whose parent cannot be read is left to its parent."""
        waiting = {name: read for name, read in self.read.items() if read.data is not None}
        while ready := [
            name
            for name, read in waiting.items()
            if read.data.get("extends") in (None, *self._drafts)
        ]:
            for name in ready:
                self._draft(name, waiting.pop(name))
        for name, read in waiting.items():
            parent = read.data["extends"]
            reason = (
                f"extends {parent!r}, which does not load or extends this one in turn"
                if parent in self.read
                else str(unknown_name("rulebook", parent, self.read))
            )
            place = read.document.place("/extends")
            self.told[name].append(Finding(place, None, reason))

    def _draft(self, name: str, read: ReadRulebook) -> None:
        parent = self._drafts.get(read.data.get("extends", ""))
        book = read.own or self.shared
        codebook = parent.codebook if parent else book.codebook
        if codebook is None:  # its findings say why, and nothing can be checked
            return
        found: list[Finding] = []
        source = Source(read.document, read.data, read.lost.join(book.lost))
        draft = draft_of(source, parent, codebook, found)
        self._drafts[name] = draft
        names = Names(draft, draft.codebook)
        found += (finding for lint in LINTS for finding in lint(names))
        self.told[name] += self._place_at_heir(read, found)

    def _place_at_heir(self, read: ReadRulebook, found: list[Finding]) -> Iterator[Finding]:
        """Yield findings where the author of a rulebook can mend them.

        What is wrong with the parent already is told there; what of the parent is wrong only in
        the heir is told where the heir names its parent.
        """
        own = Path(read.document.file).parent
        parents = self.told.get(read.data.get("extends", ""), ())
        for finding in found:
            if Path(finding.place.file).parent == own:
                yield finding
            elif finding not in parents:
                place = read.document.place("/extends")
                message = f"{finding.message} (as inherited from {finding.place})"
                yield Finding(place, finding.rule, message)

    def _finish(self, name: str, draft: Draft) -> None:
        parent, has_own = draft.data.get("extends"), self.read[name].own is not None
        sound = draft.whole and not self.told[name] and (has_own or not self.shared.findings)
        if sound and (parent is None or parent in self.sound):
            self.sound[name] = rulebook_of(draft)
