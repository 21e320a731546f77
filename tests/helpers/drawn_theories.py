"""Rulebooks drawn at random in the second edition of the language, and what they mean.

The meaning is read off what an author writes, formula by formula in three values: no condition, no
clause and no diagram is made on the way.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from softbalance.rules.findings import RulebookErrors
from softbalance.rules.language.loader import load_folder
from softbalance.rules.model import Rulebook

FORMS = ("alone", "together", "another")
CLASSES = ("first", "second", "third", "fourth")
CITES = [{"source": "nobody", "section": "Nowhere"}]
OPEN = ("unknown", "contested")
TRUE, FALSE, UNDECIDED = "true", "false", "undecided"
OUTCOMES = {TRUE: "met", FALSE: "failed", UNDECIDED: "undetermined"}


@dataclass
class Theory:
    """A rulebook as written, and the scales of its indicators."""

    content: dict[str, Any]
    scales: dict[str, tuple[str, ...]]
    rulebook: Rulebook

    def draw(self, chance: random.Random) -> dict[str, str]:
        """A form and a value for each indicator."""
        return {
            "form": chance.choice(FORMS),
            **{name: chance.choice((*scale, *OPEN)) for name, scale in self.scales.items()},
        }

    def codings(self) -> Iterator[dict[str, str]]:
        """Every coding there is."""
        domains = [(*scale, *OPEN) for scale in self.scales.values()]
        for form, *values in product(FORMS, *domains):
            yield {"form": form, **dict(zip(self.scales, values, strict=True))}

    def holds(self, formula: Any, coding: Mapping[str, str]) -> bool:
        """Whether a formula over what is coded is true."""
        return _evaluate(self, formula, coding)

    def conclude(self, coding: Mapping[str, str]) -> tuple[dict[str, str], set[str], set[str]]:
        """The facts in the end, the notes, and the rules by their ids, as they are written."""
        meaning = _Meaning(self.content, self.scales, dict(coding))
        return meaning.run()


def _evaluate(theory: Theory, formula: Any, coding: Mapping[str, str]) -> bool:
    return _Meaning(theory.content, theory.scales, dict(coding)).truth(formula) == TRUE


def draw_theory(seed: int, folder: Path, most: int = 12, properties: Sequence[Any] = ()) -> Theory:
    """Draw a rulebook; one in which a row happens to be out of reach is drawn again.

    It has `most` indicators at most, and states these properties.
    """
    chance = random.Random(seed)
    while True:
        scales = {f"i{n}": _draw_scale(chance) for n in range(chance.randint(min(4, most), most))}
        content = _draw_content(chance, scales)
        if properties:
            content["properties"] = list(properties)
        book = folder / "drawn"
        book.mkdir(parents=True, exist_ok=True)
        (folder / "codebook.yaml").write_text(json.dumps(_codebook(scales)), "utf-8")
        (book / "rulebook.yaml").write_text(json.dumps(content), "utf-8")
        try:
            (rulebook,) = load_folder(book, shipped=folder)
        except RulebookErrors as errors:
            told = {finding.message for finding in errors.findings}
            expected = ("can never", "always hold", "no reason", "no rule concludes")
            assert all(any(part in m for part in expected) for m in told), told
            continue
        return Theory(content, scales, rulebook)


def _draw_scale(chance: random.Random) -> tuple[str, ...]:
    size = chance.choice((2, 2, 3, 4, 5))
    return ("yes", "no") if size == 2 else tuple(f"v{n}" for n in range(size))


def _codebook(scales: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    def told(name: str) -> dict[str, Any]:
        return {"id": name, "group": "all", "question": name, "help": name, "cites": CITES}

    return {
        "id": "drawn",
        "version": "1.0.0",
        "title": "Drawn",
        "sources": {"nobody": {"citation": "Nobody. Nothing."}},
        "groups": [{"id": "all", "title": "All"}],
        "indicators": [
            told(name) | ({} if scale == ("yes", "no") else {"values": list(scale)})
            for name, scale in scales.items()
        ],
        "forms": [
            {"id": f, "strategy": f, "label": f, "because": f, "cites": CITES} for f in FORMS
        ],
        "classes": [{"id": c, "label": c, "meaning": c} for c in CLASSES],
    }


def _draw_content(chance: random.Random, scales: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    names: dict[str, tuple[str, ...]] = {"form": FORMS, **scales}
    tests = {}
    for n in range(chance.randint(1, 4)):
        tests[f"t{n}"] = {
            "when": _formula(chance, names, 4),
            "outcomes": _outcomes(chance, names),
            "cites": CITES,
        }
    seen = {**names, **dict.fromkeys(tests, ("met", "failed", "undetermined"))}
    way = _rows(chance, names, ("low", "middle", "high"), 6)
    seen["way"] = ("low", "middle", "high")
    revised = chance.choice(list(scales))
    return {
        "language": "2",
        "id": "drawn",
        "version": "1.0.0",
        "title": "Drawn",
        "summary": "Drawn.",
        "stages": {
            name: {"title": name, "about": name}
            for name in ("revise", "tests", "classification", "notes")
        },
        "revise": {
            revised: {
                "cites": CITES,
                "rows": [
                    {
                        "id": f"revised-{n}",
                        "when": _formula(chance, names, 2),
                        "then": chance.choice((*scales[revised], *OPEN)),
                        "because": "So.",
                    }
                    for n in range(2)
                ],
            }
        },
        "tests": tests,
        "decisions": {
            "way": {
                "stage": "tests",
                "values": ["low", "middle", "high"],
                "rows": way,
                "cites": CITES,
            },
            "classification": {
                "values": list(CLASSES),
                "rows": _rows(chance, seen, CLASSES, 12),
                "cites": CITES,
            },
        },
        "collect": {
            "notes": {
                "cites": CITES,
                "rows": [
                    {
                        "id": f"note-{n}",
                        "when": _formula(chance, {**seen, "classification": CLASSES}, 3),
                        "add": chance.choice(("one", "other")),
                        "because": "So.",
                    }
                    for n in range(3)
                ],
            }
        },
    }


def _outcomes(chance: random.Random, names: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    outcomes: dict[str, Any] = dict.fromkeys(("met", "failed", "undetermined"), "So.")
    if chance.random() < 0.3:
        split = chance.choice(list(outcomes))
        number = chance.randrange(10**6)
        outcomes[split] = [
            {"id": f"r{number}-a", "when": _formula(chance, names, 1), "because": "So."},
            {"id": f"r{number}-b", "because": "So."},
        ]
    return outcomes


def _rows(
    chance: random.Random,
    names: Mapping[str, tuple[str, ...]],
    values: tuple[str, ...],
    most: int,
) -> list[dict[str, Any]]:
    prefix = f"row{chance.randrange(10**6)}"
    rows: list[dict[str, Any]] = [
        {
            "id": f"{prefix}-{n}",
            "when": _formula(chance, names, 3),
            "then": chance.choice(values),
            "because": "So.",
        }
        for n in range(chance.randint(1, most - 1))
    ]
    return [*rows, {"id": f"{prefix}-end", "then": chance.choice(values), "because": "So."}]


def _formula(chance: random.Random, names: Mapping[str, tuple[str, ...]], deep: int) -> Any:
    if not deep or chance.random() < 0.35:
        return _atom(chance, names)
    kind = chance.choice(("all", "any", "any", "not", "at_least", "at_least", "open", "unless"))
    if kind in ("not", "open", "unless"):
        return {kind: _formula(chance, names, deep - 1)}
    size = chance.randint(2, 4) if kind != "at_least" else chance.choice((2, 3, 4, 5, 9))
    inner = 0 if size > 5 else deep - 1
    members = [_formula(chance, names, inner) for _ in range(size)]
    if kind == "all":
        return members
    if kind == "any":
        return {"any": members}
    return {"at_least": {"count": str(chance.randint(1, min(5, size))), "of": members}}


def _atom(chance: random.Random, names: Mapping[str, tuple[str, ...]]) -> Any:
    name = chance.choice(list(names))
    values = names[name]
    if values[0] in ("yes", "met") and chance.random() < 0.4:
        return name
    if values[0] == "v0" and chance.random() < 0.4:
        return {name: {chance.choice(("at_least", "at_most")): chance.choice(values)}}
    own = (*values, *OPEN) if name.startswith("i") and chance.random() < 0.3 else values
    chosen = chance.sample(own, chance.randint(1, max(1, len(own) - 1)))
    return {name: chosen[0] if len(chosen) == 1 else chosen}


class _Meaning:
    def __init__(
        self, content: dict[str, Any], scales: Mapping[str, tuple[str, ...]], facts: dict[str, str]
    ) -> None:
        self.content, self.scales, self.facts = content, scales, facts

    def run(self) -> tuple[dict[str, str], set[str], set[str]]:
        notes, fired = set(), {f"strategy-{self.facts['form']}"}
        for name, revision in self.content["revise"].items():
            for row in revision["rows"]:
                if self.truth(row["when"]) == TRUE:
                    fired.add(row["id"])
                    revised = name, row["then"]
                    break
            else:
                continue
            self.facts[revised[0]] = revised[1]
        later = {}
        for name, test in self.content["tests"].items():
            outcome = dict(
                zip((TRUE, FALSE, UNDECIDED), ("met", "failed", "undetermined"), strict=True)
            )
            later[name] = outcome[self.truth(test["when"])]
            reasons = test["outcomes"][later[name]]
            if isinstance(reasons, str):
                fired.add(f"{name}-{later[name]}")
            else:
                fired.add(self.first(reasons)["id"])
        for name in ("way", "classification"):
            row = self.first(self.content["decisions"][name]["rows"])
            fired.add(row["id"])
            if name == "way":
                self.facts |= {**later, name: row["then"]}
            else:
                self.facts[name] = row["then"]
        for row in self.content["collect"]["notes"]["rows"]:
            if self.truth(row["when"]) == TRUE:
                notes.add(row["add"])
                fired.add(row["id"])
        return self.facts, notes, fired

    def first(self, rows: list[dict[str, Any]]) -> dict[str, Any]:
        return next(row for row in rows if "when" not in row or self.truth(row["when"]) == TRUE)

    def truth(self, formula: Any) -> str:  # noqa: PLR0911 - a case for each word
        if isinstance(formula, str):
            return self.atom(formula, ["yes" if formula.startswith("i") else "met"])
        if isinstance(formula, list):
            return self.count([self.truth(member) for member in formula], len(formula))
        ((word, inner),) = formula.items()
        if word == "any":
            return self.count([self.truth(member) for member in inner], 1)
        if word == "at_least":
            members = [self.truth(member) for member in inner["of"]]
            return self.count(members, int(inner["count"]))
        if word == "not":
            return {TRUE: FALSE, FALSE: TRUE}.get(self.truth(inner), UNDECIDED)
        if word == "open":
            return TRUE if self.truth(inner) == UNDECIDED else FALSE
        if word == "unless":
            return FALSE if self.truth(inner) == TRUE else TRUE
        if isinstance(inner, dict):
            ((bound, limit),) = inner.items()
            scale = self.scales[word]
            at = scale.index(limit)
            return self.atom(word, list(scale[at:] if bound == "at_least" else scale[: at + 1]))
        return self.atom(word, [inner] if isinstance(inner, str) else inner)

    @staticmethod
    def count(members: list[str], least: int) -> str:
        if members.count(TRUE) >= least:
            return TRUE
        return FALSE if len(members) - members.count(FALSE) < least else UNDECIDED

    def atom(self, name: str, values: list[str]) -> str:
        value = self.facts[name]
        if value in values:
            return TRUE
        literal = {*values} & {*OPEN, "undetermined"}
        undecided = value in OPEN if name.startswith("i") else value == "undetermined"
        return UNDECIDED if undecided and not literal else FALSE
