"""Whatever an author writes, the loader tells mistakes; it never fails itself."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from softbalance.rules.findings import RulebookErrors
from softbalance.rules.language.loader import SHIPPED, load_folder

from edited import FIRST_EDITION
from places import ROOT

THEORIES = ROOT / "tests" / "theories"
FOLDERS = [
    SHIPPED / "paul-2004",
    SHIPPED / "brooks-wohlforth-2004-walt",
    FIRST_EDITION / "paul-2004",
    THEORIES / "risk-of-bias",
    THEORIES / "dependence",
]
WRONG: list[Any] = [
    "", "x", "yes", "a/b~c", "9", [], {}, ["x"], {"x": "y"}, [{}], {"a": {"b": "c"}}, [["x"]],
    {"at_least": {"count": "9", "of": ["x"]}}, {"not": []},
]  # fmt: skip


def _paths(part: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inside = part.items() if isinstance(part, dict) else enumerate(part)
    for key, inner in inside if isinstance(part, dict | list) else ():
        yield (*at, key)
        yield from _paths(inner, (*at, key))


def _spoil(chance: random.Random, content: Any) -> None:
    *way, last = chance.choice(list(_paths(content)))
    for key in way:
        content = content[key]
    if isinstance(content, dict) and chance.random() < 0.3:
        moved = content.pop(last)
        if chance.random() < 0.5:
            content[chance.choice(("x", "when", "a/b", "any"))] = moved
    else:
        content[last] = copy.deepcopy(chance.choice(WRONG))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_a_spoilt_document_gets_findings(tmp_path: Path, folder: Path) -> None:
    chance, told = random.Random(str(folder.name)), []
    for _ in range(40):
        for path in folder.glob("*.yaml"):
            content = yaml.load(path.read_text("utf-8"), Loader=yaml.BaseLoader)
            for _ in range(chance.choice((1, 1, 2, 3))):
                _spoil(chance, content)
            (tmp_path / path.name).write_text(json.dumps(content), "utf-8")
        try:
            load_folder(tmp_path)
        except RulebookErrors as errors:
            told.append(errors.findings)
    assert len(told) > 20
    assert all(told)
