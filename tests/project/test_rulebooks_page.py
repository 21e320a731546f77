"""What docs/rulebooks.md shows is read as it says."""

import re
from pathlib import Path

import pytest
import yaml
from softbalance.rules.language.loader import load_folder, load_library
from softbalance.rules.verification.checks import verify
from softbalance.schemas.formulas import parse_formula

from places import ROOT

PAGE = (ROOT / "docs" / "rulebooks.md").read_text("utf-8")
SHOWN = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
FORMULAS = re.findall(r"^\| (`.*`) \| ", PAGE[PAGE.index("## Formulas") :], re.MULTILINE)
THEORIES = ROOT / "tests" / "theories"


def test_the_whole_rulebook_is_the_one_that_is_tried() -> None:
    assert SHOWN[0] == (THEORIES / "dependence" / "rulebook.yaml").read_text("utf-8")
    (book,) = load_folder(THEORIES / "dependence")
    assert verify(book, engines=False).ok


def test_the_properties_are_proved(tmp_path: Path) -> None:
    (tmp_path / "rulebook.yaml").write_text(f"{SHOWN[0]}{SHOWN[1]}", "utf-8")
    (book,) = load_folder(tmp_path)
    assert len(book.properties) == 3
    assert verify(book, engines=False).ok


def test_the_heir_is_verified(tmp_path: Path) -> None:
    (tmp_path / "rulebook.yaml").write_text(SHOWN[2], "utf-8")
    assert verify(load_library([tmp_path])["threat-alone"], engines=False).ok


@pytest.mark.parametrize("row", FORMULAS)
def test_each_formula_is_read(row: str) -> None:
    for written in re.findall(r"`([^`]+)`", row):
        parse_formula(yaml.load(written, Loader=yaml.BaseLoader))
