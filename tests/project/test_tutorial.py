"""The tutorial for authors, from start to end: each file written, each command run as shown."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from console import run_step, shows, steps
from places import ROOT

PAGE = (ROOT / "docs" / "write-a-rulebook.md").read_text("utf-8")
#: A file that the reader writes, or commands that are run.
BLOCK = re.compile(r"^```(?:(?:yaml|json) (\S+)|(console))\n(.*?)^```$", re.DOTALL | re.MULTILINE)
THEORY = ROOT / "tests" / "theories" / "risk-of-bias"


def test_every_step_does_what_the_page_shows(tmp_path: Path) -> None:
    ran = 0
    for name, console, text in BLOCK.findall(PAGE):
        if name:
            (tmp_path / name).write_text(text, "utf-8")
        for command, shown in steps(f"```console\n{text}```") if console else ():
            outputs = run_step(command, tmp_path)
            assert any(shows(shown, output) for output in outputs), f"{command}\n{outputs[2]}"
            ran += 1
    assert ran == PAGE.count("\n$ ") > 8


@pytest.mark.parametrize(
    "path", [p for p in THEORY.rglob("*") if p.is_file()], ids=lambda p: p.name
)
def test_the_files_are_those_that_are_tried_elsewhere(path: Path) -> None:
    files = {name: text for name, console, text in BLOCK.findall(PAGE) if name}
    assert files[f"risk-of-bias/{path.relative_to(THEORY)}"] == path.read_text("utf-8")
