"""The JSON Schema takes what the loader takes, and refuses what is wrong by the grammar."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from softbalance.rules.language.loader import SHIPPED
from softbalance.schemas.json_schema import make_json_schema

from edited import FIRST_EDITION
from places import ROOT

VALIDATOR = jsonschema.Draft7Validator(make_json_schema())
SOUND = [
    SHIPPED / "codebook.yaml",
    *SHIPPED.glob("*/rulebook.yaml"),
    *FIRST_EDITION.glob("*/rulebook.yaml"),
    *(ROOT / "tests" / "theories").glob("*/*.yaml"),
]
DEPENDENCE = (ROOT / "tests" / "theories" / "dependence" / "rulebook.yaml").read_text("utf-8")
FAULTS = [
    ("summary: A", "properties: [{never: threat, settled: [mixed]}]\nsummary: A"),
    ("summary: A", "properties: [{monotone: {raise: threat, towards: mixed}}]\nsummary: A"),
    ("summary: A", "properties: [{never: threat, except: [threat]}]\nsummary: A"),
    ("language: 2", "language: 3"),
    ("id: dependence\n", "id: Dependence\n"),
    ("version: 1.0.0", "version: 1.0"),
    ("title: Dependence and threat\n", ""),
    ("sources:\n", "source_s:\n"),
    ("nobody: {citation: Nobody. Nothing.}", "nobody: Nobody. Nothing."),
    ("    group: dependence\n", ""),
    ("values: [low, medium, high]", "values: [low]"),
    ("values: [low, medium, high]", "values: [low, low]"),
    ("values: [low, medium, high]", "values: [low, high]\n    unit: apples"),
    ("values: [low, medium, high]", "values: [low, high]\n    levels: {a: 0, b: 1}"),
    ("levels: {low: 0, medium: 0.1, high: 0.3}", "levels: {low: none, high: 0.3}"),
    ("cites: Somewhere", "cites: []"),
    ("cites: Somewhere", "cites: {source: nobody}"),
    ("tests: {title: Tests, about: The tests.}", "tests: {title: Tests}"),
    ("{at_least: medium}", "{at_least: medium, at_most: high}"),
    ("{at_least: medium}", "{atleast: medium}"),
    ("[threat: {at_least: medium}, not: {trade_share: high}]", "[]"),
    ("not: {trade_share: high}", "not: []"),
    ("not: {trade_share: high}", "any: {trade_share: high}"),
    ("not: {trade_share: high}", "at_least: {count: two, of: [threat]}"),
    ("not: {trade_share: high}", "at_least: {of: [threat]}"),
    ("undecided: [indeterminate]", "undecided: indeterminate"),
    ("undecided: [indeterminate]", "values: [a, a]"),
    ("outcomes:", "values: [a, b]\n    outcomes:"),
    ("outcomes:", "outcome:"),
    (", because: It is open.", ""),
    ("then: indeterminate", "then: Not known"),
    ("then: indeterminate", "then: [indeterminate]"),
]


def _read(text: str, *, as_text: bool) -> Any:
    """Read YAML as the loader does, or as editors do: by the YAML of 2009, where yes is a word."""
    if as_text:
        return yaml.load(text, Loader=yaml.BaseLoader)

    class Editor(yaml.SafeLoader):
        pass

    Editor.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in known if not tag.endswith((":bool", "stamp"))]
        for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    Editor.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("true|false"), list("tf"))
    return yaml.load(text, Loader=Editor)


@pytest.mark.parametrize("as_text", [True, False])
@pytest.mark.parametrize("path", SOUND, ids=lambda path: str(path.relative_to(ROOT)))
def test_it_takes_every_sound_document(path: Path, as_text: bool) -> None:
    content = _read(path.read_text("utf-8"), as_text=as_text)
    assert [error.message for error in VALIDATOR.iter_errors(content)] == []


@pytest.mark.parametrize("as_text", [True, False])
@pytest.mark.parametrize(("old", "new"), FAULTS)
def test_it_refuses_what_is_wrong_by_the_grammar(old: str, new: str, as_text: bool) -> None:
    assert old in DEPENDENCE
    assert not VALIDATOR.is_valid(_read(DEPENDENCE.replace(old, new, 1), as_text=as_text))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("when:\n    all:", "when:\n    every:"),
        ("then:", "then: {a: b, c: d}\n  then_:"),
        ("kind: test", "kind: tset"),
    ],
)
def test_it_refuses_faults_of_the_first_edition(old: str, new: str) -> None:
    path = FIRST_EDITION / "paul-2004" / "rulebook.yaml"
    content = yaml.load(path.read_text("utf-8"), Loader=yaml.BaseLoader)
    text = yaml.safe_dump(content, sort_keys=False)
    assert old in text
    assert not VALIDATOR.is_valid(_read(text.replace(old, new, 1), as_text=True))


def test_it_is_a_schema_by_its_own_account() -> None:
    jsonschema.Draft7Validator.check_schema(make_json_schema())
    json.dumps(make_json_schema())
