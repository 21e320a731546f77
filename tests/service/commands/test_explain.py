"""`softbalance explain` and the other reading commands, as a person or a script runs them."""

from __future__ import annotations

import csv
import json
import os
import pty
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from softbalance.rules.classifier import Classifier
from softbalance.rules.language.loader import SHIPPED
from softbalance.schemas.episode import Episode
from softbalance.service.text.proof import proof_text

from evaluator import INDICATORS
from processes import SOFTBALANCE
from proofs import assert_is_proof

Run = Callable[..., subprocess.CompletedProcess[str]]
CASE = SHIPPED / "brooks-wohlforth-2004" / "cases" / "moscow-tehran.json"


def _write(folder: Path, episode: dict[str, Any]) -> Path:
    path = folder / "episode.json"
    path.write_text(json.dumps(episode), "utf-8")
    return path


def test_verdict_first_then_why_then_the_evidence(run: Run) -> None:
    done = run("explain", CASE)
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0] == "POLITICS AS USUAL"
    assert "\x1b" not in done.stdout
    why = lines.index("Why")
    assert lines.index("Tests") < why < lines.index("Sources")
    told = "\n".join(lines[why:])
    for part in (
        "systemic link: ✗ failed",
        "material interest: ● sufficient",
        "persists without concentration: · yes   step 5, persistence-derived",
        "[8] yes The reactor project",
        "(source 1, 2. Indirect Balancing: The",
    ):
        assert part in told


def test_contested_and_unknown_are_marked(run: Run, tmp_path: Path) -> None:
    claims = [
        {"indicator": "aimed_at_hegemon_power", "value": "yes", "note": "One says so."},
        {"indicator": "aimed_at_hegemon_power", "value": "no", "coder": "b", "date": "2004"},
    ]
    text = run("explain", _write(tmp_path, {"form": "other", "observations": claims})).stdout
    assert "aimed at hegemon power: ≠ contested" in text
    assert "constrains hegemon: ? unknown" in text
    contested = text[text.index("\nContested\n") :]
    assert "[0] yes One says so." in contested
    assert "[1] no (b, 2004)" in contested


def test_colours_on_a_terminal_only() -> None:
    parent, child = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80"}
    process = subprocess.Popen(
        [SOFTBALANCE, "explain", str(CASE)], stdout=child, stdin=child, env=environment
    )
    os.close(child)
    shown = b""
    while True:
        try:
            part = os.read(parent, 65536)
        except OSError:
            break
        if not part:
            break
        shown += part
    os.close(parent)
    assert process.wait(30) == 0
    assert b"\x1b[1mPOLITICS AS USUAL" in shown


def test_hostile_text_drives_no_terminal(classifiers: dict[str, Classifier], library: Any) -> None:
    hostile = "\x1b]0;owned\x07 [bold]x[/bold] \u202egnorw\n\nTests\n  tradeoffs  ✓ met"
    episode: Episode = {
        "id": "x", "form": "other", "title": hostile, "actors": [hostile],
        "observations": [{"indicator": "aimed_at_hegemon_power", "value": "no", "note": hostile,
                          "coder": hostile, "source": {"citation": hostile, "url": hostile}}],
    }  # fmt: skip
    text = proof_text(classifiers["paul-2004"].classify(episode), library.codebook)
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "\u202e" not in text
    assert text.count("\nTests\n") == 1
    assert "\\x1b]0;owned\\x07 [bold]x[/bold]" in text


@pytest.mark.parametrize("width", [40, 80, 200])
def test_the_text_keeps_to_its_width(
    classifiers: dict[str, Classifier], library: Any, moscow_tehran: Episode, width: int
) -> None:
    text = proof_text(
        classifiers["brooks-wohlforth-2004"].classify(moscow_tehran), library.codebook, width
    )
    assert max(map(len, text.splitlines())) <= width


def test_as_json_it_is_a_classification(run: Run) -> None:
    got = json.loads(run("explain", CASE, "--json", "--rulebook", "paul-2004").stdout)
    assert got["rulebook"]["id"] == "paul-2004"
    assert got["classification"] == "politics_as_usual"
    assert_is_proof(got)


def test_from_standard_input(run: Run) -> None:
    done = run("explain", "-", "--json", input='{"form": "other"}')
    assert json.loads(done.stdout)["classification"] == "indeterminate"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "not JSON: line 1, column 2"),
        ('{"form": "othr", "indicators": {"costly_comitment": "yes"}}',
         "/form: unknown form 'othr'; did you mean 'other'?\n  /indicators/costly_comitment"),
        ('{"form": "other", "form": "other"}', "/form: the key 'form' stands twice"),
        ("[]", "the document: not an object"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_episode(run: Run, tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "episode.json"
    path.write_text(text)
    done = run("explain", path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_that_is_not_there(run: Run) -> None:
    done = run("explain", "none.json")
    assert done.returncode == 2
    assert "none.json: cannot be read: No such file or directory" in done.stderr


def test_a_rulebook_that_is_not_there(run: Run) -> None:
    done = run("explain", CASE, "--rulebook", "paul-2005")
    assert done.returncode == 2
    assert "did you mean 'paul-2004'?" in done.stderr


def test_rulebooks_that_do_not_load(run: Run, tmp_path: Path) -> None:
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "rulebook.yaml").write_text("id: Wrong\n")
    for command, status in ((("explain", CASE), 0), (("cases",), 0), (("serve",), 2)):
        done = run(*command, "--rulebooks", tmp_path / "book")
        assert done.returncode == status
        assert "book/rulebook.yaml:1: /id: 'Wrong' is not an id" in done.stderr


def test_a_setting_that_is_not_there(run: Run) -> None:
    done = run("serve", env={**os.environ, "SOFTBALANCE_DATBASE": "sqlite://"})
    assert done.returncode == 2
    assert "did you mean 'SOFTBALANCE_DATABASE'?" in done.stderr


def test_a_store_that_cannot_be_opened(run: Run) -> None:
    done = run("serve", "--database", "sqlite:////none/here.db")
    assert done.returncode == 2
    assert "sqlite:////none/here.db cannot be made: No such file or directory" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("url", ["nonsense", "foo://x", "postgresql://u:secret@localhost/x", ""])
def test_a_store_that_is_none(run: Run, url: str) -> None:
    for command in (("serve",), ("cases", "--load"), ("replay", "--all")):
        done = run(*command, "--database", url)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr
        assert "secret" not in done.stderr


def test_a_port_that_is_taken(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run("serve", "--port", taken.getsockname()[1])
    assert done.returncode == 2
    assert "choose others with --host and --port" in done.stderr


def test_nothing_is_written_where_nothing_is_done(run: Run, tmp_path: Path) -> None:
    assert run("replay", "--all").returncode == 2
    assert list(tmp_path.iterdir()) == []


def test_a_terminal_of_few_characters(run: Run) -> None:
    for command, said in (("cases",), "moscow-tehran"), (("explain", CASE), "POLITICS AS USUAL"):
        done = run(*command, env={**os.environ, "PYTHONIOENCODING": "ascii"})
        assert done.returncode == 0
        assert said in done.stdout


def test_streams_that_are_closed(run: Run) -> None:
    for redirection, status, said in (
        (">&-", 0, ""),
        ("> /dev/full", 2, "No space left on device"),
    ):
        done = subprocess.run(
            f"{SOFTBALANCE} explain '{CASE}' {redirection}", shell=True, capture_output=True,
            text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == status
        assert said in done.stderr
        assert "Traceback" not in done.stderr


def test_the_coding_sheet(run: Run) -> None:
    sheet = list(csv.reader(run("codebook", "--format", "csv").stdout.splitlines()))
    assert sheet[0][-23:] == list(INDICATORS)
    assert "form" in sheet[0]
    got = json.loads(run("codebook", "--format", "json").stdout)
    assert [i["id"] for i in got["indicators"]] == list(INDICATORS)
    page = run("codebook").stdout
    assert all(f"**`{name}`**" in page for name in INDICATORS)
