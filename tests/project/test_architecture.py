"""`docs/architecture.md` says what is so: rooms, paths, contracts, libraries."""

from __future__ import annotations

import configparser
import re
import xml.etree.ElementTree as ET

import pytest

from pages_read import missing, paths_named, section
from places import ROOT

PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
SETUP = configparser.ConfigParser()
SETUP.read(ROOT / "setup.cfg", "utf-8")
PICTURES = ("episode.svg", "row.svg")
SVG = "{http://www.w3.org/2000/svg}"


def test_every_room_is_named() -> None:
    rooms = [
        path.parent.relative_to(ROOT)
        for package in ("rules", "schemas", "service")
        for path in sorted((ROOT / package).rglob("__init__.py"))
    ]
    assert len(rooms) > 20
    assert [room for room in rooms if f"`{room}/`" not in PAGE] == []


def test_every_module_outside_rooms_is_named() -> None:
    modules = [
        path.relative_to(ROOT)
        for package in ("rules", "service")
        for path in (ROOT / package).glob("*.py")
        if path.stem != "__init__"
    ]
    assert [module for module in modules if f"`{module}`" not in PAGE] == []


def test_every_path_exists() -> None:
    named = paths_named(PAGE)
    assert len(named) > 40
    assert missing(named) == []


@pytest.mark.parametrize("picture", PICTURES)
def test_every_path_in_a_picture_exists(picture: str) -> None:
    assert f"images/{picture}" in PAGE
    drawn = ET.parse(ROOT / "docs" / "images" / picture).getroot()
    paths = [str(text.text) for text in drawn.iter(f"{SVG}text") if text.get("class") == "path"]
    assert len(paths) > 5
    folders = (ROOT, ROOT / "rules" / "episode")
    assert [path for path in paths if not any((at / path).exists() for at in folders)] == []


def test_the_contracts_are_those_that_are_kept() -> None:
    kept = {
        contract["name"]: " → ".join(contract["layers"].strip().split("\n"))
        for name, contract in SETUP.items()
        if name.startswith("importlinter:contract") and contract["type"] == "layers"
    }
    told = re.findall(
        r"^\| (.*?) \| (.* → .*) \|$", section(PAGE, "Import contracts"), re.MULTILINE
    )
    assert {name: layers.replace(r"\|", "|") for name, layers in told} == kept


def test_every_library_is_named_and_needed() -> None:
    lines = SETUP["options"]["install_requires"].strip().split("\n")
    needed = {re.split(r"[\[\s>=<]", line)[0] for line in lines if not line.startswith("#")}
    libraries = section(PAGE, "Libraries, and what is written by hand")
    table = "\n".join(re.findall(r"^\| (`.*?) \|", libraries, re.MULTILINE))
    assert set(re.findall(r"`(.+?)`", table)) == needed


def test_a_path_that_does_not_exist_is_found() -> None:
    named = paths_named("`rules/none.py`, `schemas/`, `GET /v1/x`, `rules/rulebooks/ID/`, `no.md`")
    assert missing(named) == ["rules/none.py", "no.md"]
