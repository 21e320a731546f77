"""Stages, facts and rules as the core has them, each with the place where its author wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from softbalance.rules.findings import Finding, Place
from softbalance.rules.language.documents import Document
from softbalance.rules.model import Clause, Premise

#: The keys of a rulebook that list rules.
RULE_LISTS = ("rules", "replace")
#: The sections in which facts stand under their names, in the order of their rules in a stage.
SECTIONS = ("revise", "decisions", "tests", "collect")


class Entry(NamedTuple):
    """A stage, fact or rule, and where it stands; the `when` of a rule is a tuple of clauses.

    What is `translated` was checked as its author wrote it.
    """

    data: Mapping[str, Any]
    document: Document
    pointer: str
    translated: bool = False

    @property
    def place(self) -> Place:
        """Where the entry begins."""
        return self.document.place(self.pointer)

    def finding(self, message: str, within: str = "") -> Finding:
        """Return a finding in this entry, at the part `within` it."""
        pointer = self.pointer + within
        is_rule = "when" in self.data
        rule = self.data["id"] if is_rule else rule_at(self.document.content, pointer)
        return Finding(self.document.place(pointer), rule, message)


def rule_name(fact: str, value: str) -> str:
    """Return the id of the rule by which a fact gets a value, where its author gives none."""
    return f"{fact}-{value}".replace("_", "-")


def rule_at(content: Any, pointer: str) -> str | None:
    """Return the id of the rule that a place is in, or else the fact that is concluded there."""
    match [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]:
        case [key, index, *_] if key in RULE_LISTS:
            return _given_id(_look_up(content, [key, index]))
        case ["tests", fact, "outcomes", value, *rest]:
            row = _look_up(content, ["tests", fact, "outcomes", value, *rest[:1]])
            return _given_id(row) or rule_name(fact, value)
        case [section, fact, "rows", index, *_] if section in SECTIONS:
            row = _look_up(content, [section, fact, "rows", index])
            then = row.get("then") if isinstance(row, dict) else None
            return _given_id(row) or (rule_name(fact, then) if isinstance(then, str) else fact)
        case [section, fact, *_] if section in SECTIONS:
            return fact
    return None


def _look_up(content: Any, path: list[str]) -> Any:
    for part in path:
        if isinstance(content, list):
            content = content[int(part)] if part.isdigit() and int(part) < len(content) else None
        else:
            content = content.get(part) if isinstance(content, dict) else None
    return content


def _given_id(row: Any) -> str | None:
    return row["id"] if isinstance(row, dict) and isinstance(row.get("id"), str) else None


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
