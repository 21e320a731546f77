"""The page for users of Python and its notebook do what they show."""

from __future__ import annotations

import doctest
import json
from pathlib import Path
from typing import Any

import nbclient
import nbformat

from places import ROOT

NOTEBOOK = ROOT / "examples" / "softbalance.ipynb"


def test_every_snippet_of_the_page_does_what_it_shows() -> None:
    page = ROOT / "docs" / "python.md"
    # an empty line before a fence ends what a snippet shows
    found = doctest.testfile(str(page), module_relative=False)
    assert found.attempted > 10
    assert found.failed == 0


def test_the_modules_own_snippet_does_what_it_shows() -> None:
    found = doctest.testfile(str(ROOT / "python" / "__init__.py"), module_relative=False)
    assert (found.attempted, found.failed) == (3, 0)


def test_the_notebook_runs_and_draws_proofs(tmp_path: Path) -> None:
    assert not any(cell.get("outputs") for cell in json.loads(NOTEBOOK.read_text("utf-8"))["cells"])
    read: Any = nbformat.reads  # some versions have types
    notebook = read(NOTEBOOK.read_text("utf-8"), as_version=4)
    nbclient.NotebookClient(
        notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    drawn = [
        output["data"]["text/html"]
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if "text/html" in output.get("data", {})
    ]
    assert any("POLITICS AS USUAL" in html for html in drawn)
    assert any("<table" in html and "not_a_constraint" in html for html in drawn)
