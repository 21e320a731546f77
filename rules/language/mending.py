"""Formulas with a mistake, mended so that their other parts can be checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any

from marshmallow import ValidationError
from softbalance.rules.language.entries import RULE_LISTS, SECTIONS
from softbalance.schemas.formulas import FormulaField
from softbalance.schemas.grammar import Premises

#: The keys and indices that lead to a part of a document.
Path = tuple[str | int, ...]
#: What stands in a formula in the place of a part with a mistake; no author can have it as a name.
LOST_FACT = "Lost"


def mend_formulas(
    content: Mapping[str, Any], mistakes: Iterable[list[str]]
) -> tuple[dict[str, Any], set[Path]]:
    """Return a document with parts of formulas replaced, and the rows and rules that are sound so.

    `mistakes` are the keys that lead to each mistake.
    """
    ways: dict[Path, list[list[str]]] = {}
    spoilt: set[Path] = set()
    for parts in mistakes:
        row = _row_of(parts)
        inner = parts[len(row) :]
        if row and inner[:1] == ["when"] and len(inner) > 1:
            ways.setdefault(row, []).append(inner[1:])
        else:
            spoilt.add(row)
    mended = deepcopy(dict(content))
    sound: set[Path] = set()
    field = FormulaField() if "language" in content else Premises()
    for row, inner_ways in ways.items():
        holder = _follow(mended, row)
        if row in spoilt or not isinstance(holder, dict):
            continue
        formula = deepcopy(holder["when"])
        try:
            for way in inner_ways:
                _replace(formula, way)
            field.deserialize(formula)
        except (ValidationError, LookupError, TypeError, ValueError):
            continue
        holder["when"] = formula
        sound.add(row if row[0] in RULE_LISTS or len(row) > 2 else (*row, "when"))
    return mended, sound


def _row_of(parts: list[str]) -> Path:
    """Return the rule, row, reason or fact that a mistake is in."""
    match parts:
        case [key, index, *_] if key in RULE_LISTS:
            return key, int(index)
        case [section, fact, "rows", index, *_] if section in SECTIONS and index.isdigit():
            return section, fact, "rows", int(index)
        case ["tests", fact, "outcomes", *_]:
            return ()
        case [section, fact, *_] if section in SECTIONS:
            return section, fact
    return ()


def _follow(part: Any, path: Path) -> Any:
    for key in path:
        part = part[key]
    return part


def _replace(formula: Any, way: list[str]) -> None:
    *before, last = way
    for key in before:
        formula = formula[int(key) if isinstance(formula, list) else key]
    if isinstance(formula, list):
        formula[int(last)] = {LOST_FACT: "lost"}
    elif last == "count":
        formula[last] = "1"
    else:
        formula[last] = [{LOST_FACT: "lost"}]
