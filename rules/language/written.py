"""A rulebook in the second edition of the language as written, with what it inherits.

A test, decision, collection or revision of a parent may be given anew in part: what an heir leaves
out it inherits. Each part remembers the line that it stands in.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from softbalance.rules.findings import Finding
from softbalance.rules.language.documents import Document
from softbalance.rules.language.entries import SECTIONS, rule_at
from softbalance.rules.language.lost import Lost
from softbalance.schemas.mistakes import pointer as pointer_of
from softbalance.schemas.mistakes import unknown_name


@dataclass(frozen=True)
class Part:
    """What stands under a key, in which document, and where in it (RFC 6901)."""

    data: Any
    document: Document
    pointer: str

    def finding(self, message: str, within: str = "") -> Finding:
        """Return a finding at this part, or at what is `within` it."""
        pointer = self.pointer + within
        return Finding(
            self.document.place(pointer), rule_at(self.document.content, pointer), message
        )

    def within(self, key: str | int) -> Part:
        """Return what stands under a key of this part, or None at the place where it would be."""
        try:
            inner = self.data[key]
        except LookupError:
            inner = None
        return Part(inner, self.document, self.pointer + pointer_of((key,)))


@dataclass(frozen=True)
class Written:
    """A test, decision, collection or revision: its section, name and parts by key."""

    section: str
    name: str
    parts: Mapping[str, Part]
    head: Part

    def __getitem__(self, key: str) -> Any:
        return self.parts[key].data

    def get(self, key: str, default: Any = None) -> Any:
        """Return what stands under a key, or the default."""
        return self.parts[key].data if key in self.parts else default


@dataclass
class Surface:
    """All that is written by section and name, of a rulebook and its parents."""

    written: dict[str, Written] = field(default_factory=dict)
    stages: dict[str, Part] = field(default_factory=dict)
    rules: list[Part] = field(default_factory=list)
    properties: list[Part] = field(default_factory=list)

    def of_section(self, section: str) -> Iterator[Written]:
        """Yield what is written in a section, in order."""
        return (each for each in self.written.values() if each.section == section)


class Reader:
    """Reads the parts of a document in the second edition; contradictions go to `findings`.

    `sources` are all that may be cited. A section that is cited alone is put into the default
    source.
    """

    def __init__(
        self,
        document: Document,
        data: Mapping[str, Any],
        sources: Collection[str],
        lost: Lost,
        findings: list[Finding],
    ) -> None:
        self._document, self._data, self._findings = document, data, findings
        self._sources, self._lost = sources, lost
        self._source = data.get("source")
        if self._source is not None and not self._is_known(self._source):
            self._tell("/source", str(unknown_name("source", self._source, sources)))

    def _is_known(self, source: str) -> bool:
        return source in self._sources or self._lost.hides(source)

    def _tell(self, pointer: str, message: str) -> None:
        self._findings.append(Part(None, self._document, pointer).finding(message))

    def surface(self, parent: Surface | None) -> Surface:
        """Return what the document writes and inherits."""
        surface = Surface() if parent is None else Surface(**vars(parent))
        surface.stages = self.parts("stages") or surface.stages
        surface.written = dict(surface.written)
        for section in SECTIONS:
            for name, head in self.parts(section).items():
                self.add(surface.written, section, name, head)
        surface.rules = [*surface.rules, *self.listed("rules")]
        surface.properties = [*surface.properties, *self.listed("properties")]
        return surface

    def parts(self, section: str) -> dict[str, Part]:
        """Return what stands in a mapping, by name."""
        return {
            name: self._part(f"/{section}/{name}", inner)
            for name, inner in self._data.get(section, {}).items()
        }

    def listed(self, section: str) -> list[Part]:
        """Return what stands in a list."""
        items = self._data.get(section, ())
        return [
            self._part(f"/{section}/{i}", item) for i, item in enumerate(items) if item is not None
        ]

    def _part(self, pointer: str, data: Any) -> Part:
        return Part(self._cited(data, pointer), self._document, pointer)

    def _cited(self, data: Any, pointer: str) -> Any:
        """Return data with each section that is cited alone put into the default source."""
        if isinstance(data, Mapping):
            return {
                key: self._cites(value, f"{pointer}/{key}")
                if key == "cites"
                else self._cited(value, f"{pointer}/{key}")
                for key, value in data.items()
            }
        if isinstance(data, list):
            return [self._cited(item, f"{pointer}/{i}") for i, item in enumerate(data)]
        return data

    def _cites(self, cites: Iterable[Any], pointer: str) -> list[dict[str, str]]:
        found = []
        for i, cite in enumerate(cites):
            if not isinstance(cite, str):
                found.append(cite)
                if not self._is_known(cite["source"]):
                    unknown = unknown_name("source", cite["source"], self._sources)
                    self._tell(f"{pointer}/{i}", str(unknown))
            elif self._source:
                found.append({"source": self._source, "section": cite})
            elif not self._lost.hides("source"):
                self._tell(
                    f"{pointer}/{i}",
                    "cites a section alone, and the rulebook has no `source:` that it would be of; "
                    "name one at the head, or write `{source: ..., section: ...}`",
                )
        return found

    def add(self, written: dict[str, Written], section: str, name: str, head: Part) -> None:
        """Put what is written of a name over what is inherited of it."""
        inherited = written.get(name)
        if inherited and inherited.section != section:
            kind = "inherited" if inherited.head.document != self._document else "written"
            self._findings.append(
                head.finding(
                    f"{name!r} is {kind} under `{inherited.section}:`, at "
                    f"{inherited.head.document.place(inherited.head.pointer)}; "
                    "write it in one section only"
                )
            )
            return
        own = {
            key: Part(value, self._document, f"{head.pointer}/{key}")
            for key, value in head.data.items()
        }
        if inherited and "outcomes" in own and "outcomes" in inherited.parts:
            whole = inherited["outcomes"] | own["outcomes"].data
            own["outcomes"] = Part(whole, self._document, own["outcomes"].pointer)
        parts = {**inherited.parts, **own} if inherited else own
        written[name] = Written(section, name, parts, head)
