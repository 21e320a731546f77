"""What docs/rulebooks.md shows is read as it says."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from softbalance.rules.classifier import Classifier
from softbalance.rules.language.loader import load_folder, load_library
from softbalance.rules.verification.cases import run_cases
from softbalance.rules.verification.checks import verify
from softbalance.schemas.formulas import parse_formula
from softbalance.service.commands.rulebook import command

from places import ROOT

PAGE = (ROOT / "docs" / "rulebooks.md").read_text("utf-8")
SHOWN = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
FORMULAS = re.findall(r"^\| (`.*`) \| ", PAGE[PAGE.index("## Formulas") :], re.MULTILINE)
THEORIES = ROOT / "tests" / "theories"
WHOLE, *OTHERS = SHOWN
HEIRS = [text for text in OTHERS if "extends:" in text]
CASES = [text for text in OTHERS if "origin:" in text]
PROPERTIES = [text for text in OTHERS if text.startswith("properties:")]
FRAGMENTS = [text for text in OTHERS if text not in (*HEIRS, *CASES, *PROPERTIES)]


def _read(text: str) -> Any:
    return yaml.load(text, Loader=yaml.BaseLoader)


def test_the_whole_rulebook_is_the_one_that_is_tried() -> None:
    assert (THEORIES / "dependence" / "rulebook.yaml").read_text("utf-8") == WHOLE
    (book,) = load_folder(THEORIES / "dependence")
    assert verify(book, engines=False).ok


def test_the_fragments_add_to_the_whole(tmp_path: Path) -> None:
    content = _read(WHOLE)
    assert len(FRAGMENTS) == 6
    for fragment in map(_read, FRAGMENTS):
        for section, part in fragment.items():
            if isinstance(part, dict):
                content[section] = {**content.get(section, {}), **part}
            else:
                content[section] = [*content.get(section, ()), *part]
        (tmp_path / "rulebook.yaml").write_text(json.dumps(content), "utf-8")
        assert load_folder(tmp_path)
    (book,) = load_folder(tmp_path)
    ids = {rule.id for rule in book.rules}
    assert {"exposed-twice", "dependence-absent", "note-dependence", "threat-in-doubt"} <= ids
    assert "loan" in book.codebook.forms
    assert "waiting" in book.codebook.classes
    classifier = Classifier(book)
    for share, weight in (("unknown", "undetermined"), (0.2, "contributing"), (0.05, "absent")):
        answer = classifier.classify({"form": "loan", "indicators": {"trade_share": share}})
        assert answer["explanations"] == {"dependence": weight}


def test_the_properties_are_proved(tmp_path: Path) -> None:
    (tmp_path / "rulebook.yaml").write_text(f"{WHOLE}{PROPERTIES[0]}", "utf-8")
    (book,) = load_folder(tmp_path)
    assert len(book.properties) == 3
    assert verify(book, engines=False).ok


@pytest.mark.parametrize("text", HEIRS)
def test_the_heirs_are_verified(tmp_path: Path, text: str) -> None:
    (tmp_path / "rulebook.yaml").write_text(text, "utf-8")
    assert verify(load_library([tmp_path])[_read(text)["id"]], engines=False).ok


@pytest.mark.parametrize("row", FORMULAS)
def test_each_formula_is_read(row: str) -> None:
    for written in re.findall(r"`([^`]+)`", row):
        parse_formula(_read(written))


def test_the_case_is_one_that_is_tried() -> None:
    (book,) = load_folder(THEORIES / "risk-of-bias")
    results = {result.case.id: result for result in run_cases(Classifier(book))}
    assert all(result.ok for result in results.values())
    for name, expected in _read(CASES[0]).items():
        case = results[name].case
        assert {"origin": case.origin, **case.expected} == expected


def test_every_command_that_is_named_exists() -> None:
    table = PAGE[: PAGE.index("## A whole rulebook")]
    named = re.findall(r"`softbalance rulebook (\w+)([^`]*)`", table)
    assert len(named) == 5
    for name, told in named:
        shown = CliRunner().invoke(command, [name, "--help"])
        assert shown.exit_code == 0
        assert all(option in shown.output for option in re.findall(r"--[\w-]+", told))
