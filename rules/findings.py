"""What is wrong with a rulebook, told all at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple


class Place(NamedTuple):
    """A line of a file, counted from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Finding(NamedTuple):
    """One mistake in a YAML document: the place, the rule if it is in one, cause and remedy."""

    place: Place
    rule: str | None
    message: str

    def __str__(self) -> str:
        rule = f" rule {self.rule}:" if self.rule else ""
        return f"{self.place}:{rule} {self.message}"


def _order(finding: Finding) -> tuple[Place, str, str]:
    return finding.place, finding.rule or "", finding.message


class RulebookErrors(ValueError):
    """Raised by the loader with every finding in every document it read."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(sorted(set(findings), key=_order))
        super().__init__("\n".join(map(str, self.findings)))


@dataclass(frozen=True, slots=True)
class Flaw:
    """What a check of a rulebook that loads has found: the rule, its place, cause and remedy.

    `witness` is an Episode that shows it, or None where no episode can. A `remark` is worth
    knowing and makes no verdict wrong.
    """

    rule: str | None
    place: Place
    message: str
    witness: Mapping[str, Any] | None = None
    remark: bool = False
