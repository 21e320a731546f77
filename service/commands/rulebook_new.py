"""A folder to begin a rulebook with: it loads, verifies and has a case."""

from __future__ import annotations

from pathlib import Path

import orjson
from softbalance.rules.classifier import Classifier
from softbalance.rules.language.loader import Library, load_folder
from softbalance.rules.model import OTHER_FORM, Codebook

_HEAD = """\
language: 2
id: {id}
version: 0.1.0
title: {title}
summary: What it asks, and how it decides.
"""
_HEIR = """\
extends: {parent}

# Write anew what differs, under the names that the parent has; what is left out is inherited.
# `softbalance rulebook show {parent}` prints its tests and decisions.
"""
_WHOLE = """\
source: mine
sources:
  mine: {{citation: "Author. Year. Title."}}

stages:
  tests: {{title: Tests, about: What the episode is put to.}}
  classification: {{title: Classification, about: The class that follows from the tests.}}

tests:
  first_test:
    title: The first test
    when: [{indicator}]
    outcomes:
      met: Why the test is met.
      failed: Why it fails.
      undetermined: What is open.
    cites: Section

decisions:
  classification:
    cites: Section
    undecided: [{open}]
    rows:
      - {{when: {{first_test: failed}}, then: {first}, because: Why this class.}}
      - {{when: {{open: first_test}}, then: {open}, because: What is open.}}
      - {{then: {other}, because: Why the other.}}
"""


def write_rulebook(folder: Path, name: str, parent: str | None, library: Library) -> None:
    """Write a rulebook and a case of it into a new folder.

    Raises FileExistsError if the folder is there, and OSError if it cannot be written.
    """
    (folder / "cases").mkdir(parents=True)
    head = _HEAD.format(id=name, title=name.replace("-", " ").capitalize())
    rest = _HEIR.format(parent=parent) if parent else _begin(library.codebook)
    (folder / "rulebook.yaml").write_text(head + rest, "utf-8")
    (book,) = load_folder(folder, [])
    forms = book.codebook.forms
    form = OTHER_FORM if OTHER_FORM in forms else next(iter(forms))
    answer = Classifier(book).classify({"title": "The first case", "form": form})
    case = orjson.dumps({"id": "first-case", "title": "The first case", "form": form}, option=2)
    (folder / "cases" / "first-case.json").write_bytes(case + b"\n")
    expected = f"first-case:\n  origin: constructed\n  classification: {answer['classification']}\n"
    (folder / "cases" / "expected.yaml").write_text(expected, "utf-8")


def _begin(codebook: Codebook) -> str:
    first, other, *_, open_ = codebook.classes
    indicator = next(iter(codebook.indicators))
    return _WHOLE.format(indicator=indicator, first=first, other=other, open=open_)
