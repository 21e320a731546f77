"""Copies of shipped rulebooks with a fault put in, in files as an author would have them."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from softbalance.rules.language.loader import SHIPPED, load_folder
from softbalance.rules.model import Rulebook

Content = dict[str, Any]
CITES = [{"source": "brooks-wohlforth-2004", "section": "Core Assumptions of Soft Balancing"}]


FIRST_EDITION = Path(__file__).parents[1] / "first_edition"
"""The shipped rulebooks as they were written in the first edition of the language."""


def edited(folder: Path, name: str, edit: Callable[[Content], None]) -> Path:
    """Copy a rulebook's folder and edit what its `rulebook.yaml` holds; return the copy.

    It is written rule by rule, so that each rule can be spoilt by itself.
    """
    copy = folder / name
    shutil.copytree(SHIPPED / name, copy)
    shutil.copy(FIRST_EDITION / name / "rulebook.yaml", copy)
    rewrite(copy / "rulebook.yaml", edit)
    return copy


def rewrite(path: Path, edit: Callable[[Content], None]) -> None:
    content = yaml.load(path.read_text("utf-8"), Loader=yaml.BaseLoader)
    edit(content)
    path.write_text(yaml.safe_dump(content, sort_keys=False), "utf-8")


def loaded(folder: Path) -> Rulebook:
    (book,) = load_folder(folder)
    return book


def line_of(folder: Path, rule: str) -> int:
    """The line on which a rule begins."""
    lines = (folder / "rulebook.yaml").read_text("utf-8").splitlines()
    return lines.index(f"- id: {rule}") + 1


def rule_in(content: Content, name: str) -> Content:
    rules: list[Content] = [*content.get("rules", ()), *content.get("replace", ())]
    return next(rule for rule in rules if rule["id"] == name)


def remove(*names: str) -> Callable[[Content], None]:
    """Take rules away; those that the rulebook replaces go from what it inherits."""

    def edit(content: Content) -> None:
        for key in ("rules", "replace"):
            if key in content:
                content[key] = [rule for rule in content[key] if rule["id"] not in names]
        if "extends" in content:
            content["remove"] = list(names)

    return edit


def swap(name: str, fact: str, value: str) -> Callable[[Content], None]:
    """Let a rule conclude another value."""
    return lambda content: rule_in(content, name).update(then={fact: value})


def premise(name: str, fact: str, *values: str) -> Callable[[Content], None]:
    """Give a rule's premise on a fact other values, in or out of an `any`."""

    def edit(content: Content) -> None:
        clauses = rule_in(content, name)["when"]["all"]
        for member in [m for clause in clauses for m in clause.get("any", [clause])]:
            if fact in member:
                member[fact] = list(values)

    return edit


def add(
    name: str, stage: str, when: list[Content], fact: str, value: str
) -> Callable[[Content], None]:
    """Add a rule at the end."""
    rule = {
        "id": name,
        "stage": stage,
        "when": {"all": when},
        "then": {fact: value},
        "because": "It is so.",
        "cites": CITES,
    }
    return lambda content: content.setdefault("rules", []).append(rule)


def declare(fact: str, kind: str, *values: str) -> Callable[[Content], None]:
    """Declare a fact with other values than it has."""
    declared = {"id": fact, "kind": kind, "title": fact, "values": list(values)}

    def edit(content: Content) -> None:
        others = [each for each in content.get("facts", ()) if each["id"] != fact]
        content["facts"] = [*others, declared]

    return edit
