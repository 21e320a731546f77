"""What is wrong with a rulebook, told all at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from softbalance.rules.documents import Place


class Finding(NamedTuple):
    """One mistake in a YAML document: the place, the rule if it is in one, cause and remedy."""

    place: Place
    rule: str | None
    message: str

    def __str__(self) -> str:
        rule = f" rule {self.rule}:" if self.rule else ""
        return f"{self.place}:{rule} {self.message}"


class RulebookErrors(ValueError):
    """Raised by the loader with every finding in every document it read."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(sorted(set(findings)))
        super().__init__("\n".join(map(str, self.findings)))
