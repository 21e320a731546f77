"""A rulebook as an author would write it, put into a folder."""

from __future__ import annotations

from pathlib import Path

VARIANT = """\
id: my-variant
version: 0.1.0
title: A variant
summary: The threat alone makes the link.
extends: brooks-wohlforth-2004-walt
replace:
  - id: systemic-link-met
    stage: tests
    when:
      all:
        - hegemon_seen_as_threat: yes
    then: {systemic_link: met}
    because: A threat is enough.
    cites: [{source: brooks-wohlforth-2004, section: Core Assumptions of Soft Balancing}]
"""


def book(folder: Path, text: str, name: str = "book") -> Path:
    (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / name / "rulebook.yaml").write_text(text, "utf-8")
    return folder / name
