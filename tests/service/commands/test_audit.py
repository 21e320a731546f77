"""The commands of docs/audit.md and docs/keys.md do what these say."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from softbalance.rules.classifier import Classifier
from softbalance.service.classifiers import classify
from softbalance.service.store import Store

from places import ROOT
from processes import SOFTBALANCE


def _blocks(page: str, kind: str) -> list[str]:
    content = (ROOT / "docs" / page).read_text("utf-8")
    return re.findall(rf"```{kind}\n(.*?)```", content, re.DOTALL)


def _run_block(lines: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("PATH", f"{Path(SOFTBALANCE).parent}{os.pathsep}{os.environ['PATH']}")
    done = subprocess.run(
        ["bash", "-e", "-c", lines], cwd=folder, capture_output=True, text=True, check=False,
        timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_lines_on_checkpoints_and_on_erasing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, classifiers: dict[str, Classifier]
) -> None:
    store = Store(f"sqlite:///{tmp_path}/softbalance.db")
    store.create()
    said = {"indicator": "constrains_hegemon", "value": "yes", "coder": "Ann B.", "note": "so"}
    episode = {"id": "one", "form": "other", "hegemon": "USA", "observations": [said]}
    store.add(classify(classifiers["paul-2004"], episode, "trace"))  # type: ignore[arg-type]
    checkpoints, erasing = _blocks("audit.md", "sh")
    told = _run_block(checkpoints, tmp_path, monkeypatch)
    assert "1 checkpoint is in the chains" in told
    told = _run_block(erasing, tmp_path, monkeypatch)
    assert told == 2 * "1 part of 1 record was erased.\n"
    store.close()


def test_a_checkpoint_is_as_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _run_block("softbalance cases --load --quiet", tmp_path, monkeypatch)
    checkpoints, _ = _blocks("audit.md", "sh")
    made = _run_block(checkpoints, tmp_path, monkeypatch).splitlines()[0]
    shown = json.loads(_blocks("audit.md", "json")[0].replace("…", ""))
    assert json.loads(made).keys() == shown.keys()
    assert json.loads(made)["records"]["position"] == shown["records"]["position"]


def test_the_lines_on_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (lines, *_) = _blocks("keys.md", "sh")
    commands = "\n".join(line for line in lines.splitlines() if line.startswith("softbalance"))
    told = _run_block(commands, tmp_path, monkeypatch)
    assert "EXPIRES" in told
    assert re.search(r"Key \w+ \(field-team\) is revoked\.", told)
