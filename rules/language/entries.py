"""Stages, facts and rules as the core has them, each with the place where its author wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from softbalance.rules.findings import Finding, Place
from softbalance.rules.language.documents import Document
from softbalance.rules.model import Clause, Premise

#: The keys of a rulebook that list rules.
RULE_LISTS = ("rules", "replace")


class Entry(NamedTuple):
    """A stage, fact or rule, and where it stands; the `when` of a rule is a tuple of clauses."""

    data: Mapping[str, Any]
    document: Document
    pointer: str

    @property
    def place(self) -> Place:
        """Where the entry begins."""
        return self.document.place(self.pointer)

    def finding(self, message: str, within: str = "") -> Finding:
        """Return a finding in this entry, at the part `within` it."""
        rule = self.data["id"] if "when" in self.data else None
        return Finding(self.document.place(self.pointer + within), rule, message)


def entries(document: Document, data: Mapping[str, Any], key: str) -> list[Entry]:
    """Return the sound items of a list of the document with their places."""
    return [
        Entry(_with_clauses(item) if key in RULE_LISTS else item, document, f"/{key}/{i}")
        for i, item in enumerate(data.get(key, ()))
        if item is not None
    ]


def _with_clauses(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    when = tuple(Clause(tuple(Premise(*named) for named in clause)) for clause in rule["when"])
    return {**rule, "when": when}
