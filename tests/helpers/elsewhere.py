"""A codebook and two rulebooks of another field, which share no name with the shipped ones.

Beside their names, the values of their facts are others too, and so is what they lack: the second
rulebook has neither tests nor explanations.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

CITES = [{"source": "keeper-1901", "section": "Of lamps"}]
BOOK, PLAIN = "harbour-lights", "harbour-plain"
EPISODE: dict[str, Any] = {
    "id": "first-night",
    "title": "The first night",
    "form": "tall_tower",
    "indicators": {"keeper_awake": "yes"},
    "observations": [
        {"indicator": "lamp_lit", "value": "yes", "coder": "ann"},
        {"indicator": "fog_bank", "value": "yes", "coder": "ann"},
        {"indicator": "fog_bank", "value": "no", "coder": "bob"},
    ],
}

#: What the first rulebook makes of it, a case of its own.
EXPECTED: dict[str, Any] = {
    "origin": "general_history",
    "classification": "safe_passage",
    "dominant_explanations": ["lamp_oil", "weather"],
    "tests": {"beam": "passed"},
    "explanations": {"weather": "murky"},
}


def _indicator(name: str, group: str) -> dict[str, Any]:
    asked = f"Is it so that {name.replace('_', ' ')}?"
    return {"id": name, "group": group, "question": asked, "help": "Look and see.", "cites": CITES}


def _form(name: str, strategy: str) -> dict[str, Any]:
    label = name.replace("_", " ").capitalize()
    return {"id": name, "strategy": strategy, "label": label, "because": "By eye.", "cites": CITES}


def _class(name: str, **more: str) -> dict[str, Any]:
    label = name.replace("_", " ").capitalize()
    return {"id": name, "label": label, "meaning": "The ship shows it.", **more}


def _fact(name: str, kind: str, *values: str, undecided: str = "") -> dict[str, Any]:
    fact = {"id": name, "kind": kind, "title": f"Of the {name}", "values": list(values)}
    return {**fact, "undecided": [undecided]} if undecided else fact


def _rule(name: str, stage: str, fact: str, value: str, **when: str | list[str]) -> dict[str, Any]:
    premises = [{on: wanted} for on, wanted in when.items()]
    said = {"because": "Sailors say so.", "cites": CITES}
    return {"id": name, "stage": stage, "when": {"all": premises}, "then": {fact: value}, **said}


def _stage(name: str, title: str) -> dict[str, str]:
    return {"id": name, "title": title, "about": "What sailors look for."}


CODEBOOK: dict[str, Any] = {
    "id": "harbour",
    "version": "1.0.0",
    "title": "Harbour watch",
    "sources": {"keeper-1901": {"citation": "Keeper, Ann. 1901. Lamps and fogs."}},
    "groups": [{"id": "lantern", "title": "The lantern"}, {"id": "sky", "title": "The sky"}],
    "indicators": [
        _indicator("lamp_lit", "lantern"),
        _indicator("keeper_awake", "lantern"),
        _indicator("fog_bank", "sky"),
    ],
    "forms": [_form("tall_tower", "by_height"), _form("light_ship", "afloat")],
    "classes": [
        _class("safe_passage"),
        _class("ran_aground", predicate="aground, and no light would have helped"),
        _class("out_of_sight"),
    ],
}
BOOKS: list[dict[str, Any]] = [
    {
        "id": BOOK,
        "version": "1.0.0",
        "title": "Harbour lights: how ships come home",
        "summary": "Asks for the beam, then for the fog.",
        "stages": [
            _stage("beams", "Beam trials"),
            _stage("causes", "Natural causes"),
            _stage("outcome", "Outcome"),
            _stage("carrying", "What carries"),
        ],
        "facts": [
            _fact("beam", "test", "passed", "missed", "unclear", undecided="unclear"),
            _fact("weather", "explanation", "strong", "weak", "murky", undecided="murky"),
            _fact("classification", "answer", *(c["id"] for c in CODEBOOK["classes"]))
            | {"undecided": ["out_of_sight"]},
            _fact("dominant_explanations", "answer", "weather", "lamp_oil"),
            _fact("notes", "answer", "keeper_praised"),
        ],
        "rules": [
            _rule("beam-passed", "beams", "beam", "passed", lamp_lit="yes"),
            _rule("beam-missed", "beams", "beam", "missed", lamp_lit="no"),
            _rule("beam-unclear", "beams", "beam", "unclear", lamp_lit=["unknown", "contested"]),
            _rule("weather-strong", "causes", "weather", "strong", fog_bank="yes"),
            _rule("weather-weak", "causes", "weather", "weak", fog_bank="no"),
            _rule("weather-murky", "causes", "weather", "murky", fog_bank=["unknown", "contested"]),
            _rule("home", "outcome", "classification", "safe_passage", beam="passed"),
            _rule("reef", "outcome", "classification", "ran_aground", beam="missed"),
            _rule("gone", "outcome", "classification", "out_of_sight", beam="unclear"),
            _rule("by-oil", "carrying", "dominant_explanations", "lamp_oil", beam="passed"),
            _rule("by-weather", "carrying", "dominant_explanations", "weather", weather="murky"),
            _rule("praised", "carrying", "notes", "keeper_praised", keeper_awake="yes"),
        ],
    },
    {
        "id": PLAIN,
        "version": "1.0.0",
        "title": "Harbour, plainly",
        "summary": "Asks for the lamp alone.",
        "stages": [_stage("outcome", "Outcome")],
        "facts": [_fact("classification", "answer", "safe_passage", "ran_aground")],
        "rules": [
            _rule("lit", "outcome", "classification", "safe_passage", lamp_lit=["yes", "unknown"]),
            _rule("dark", "outcome", "classification", "ran_aground", lamp_lit=["no", "contested"]),
        ],
    },
]


def written(folder: Path) -> Path:
    """Write the codebook and the rulebooks as a folder that `load_library` takes as `shipped`."""
    folder.mkdir()
    # JSON is YAML, and its strings stay strings
    (folder / "codebook.yaml").write_text(json.dumps(CODEBOOK), "utf-8")
    for book in BOOKS:
        (folder / book["id"]).mkdir()
        (folder / book["id"] / "rulebook.yaml").write_text(json.dumps(book), "utf-8")
    cases = folder / BOOK / "cases"
    cases.mkdir()
    (cases / f"{EPISODE['id']}.json").write_text(json.dumps(EPISODE), "utf-8")
    (cases / "expected.yaml").write_text(json.dumps({EPISODE["id"]: EXPECTED}), "utf-8")
    return folder
