"""What the README says is so."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path

from flask.testing import FlaskClient
from softbalance.rules.language.loader import load_library
from softbalance.rules.verification.checks import verify
from softbalance.service.cli import COMMANDS
from softbalance.service.settings import Settings

from places import ROOT

README = (ROOT / "README.md").read_text("utf-8")


def _block(language: str, number: int = 0) -> str:
    return str(re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)[number])


def test_the_request_has_the_answer(client: FlaskClient) -> None:
    request, answer = _block("sh"), json.loads(_block("json"))
    address, body = re.findall(r"'([^']*)'", request)[0], re.findall(r"'([^']*)'", request)[-1]
    got = client.post(address.removeprefix("http://127.0.0.1:8000"), json=json.loads(body))
    made = got.get_json() | {key: answer[key] for key in ("id", "classified_at")}
    assert made == answer


def test_the_mistake_is_told_as_shown(client: FlaskClient) -> None:
    shown = json.loads(_block("json", 1))
    body = {"form": "other", "indicators": {"costly_comitment": "yes"}}
    assert client.post("/v1/classifications", json=body).get_json()["errors"] == [shown]


def test_the_iraq_case_is_as_told(client: FlaskClient) -> None:
    path = re.findall(r"`(rules/rulebooks/\S+/iraq\S+\.json)`", README)[0]
    episode = json.loads((ROOT / path).read_text("utf-8"))
    got = client.post("/v1/classifications?detail=full", json=episode).get_json()
    assert got["possible_classifications"] == ["politics_as_usual", "mixed", "indeterminate"]
    flips = {flip["classification"] for flip in got["flips"]["sets"]}
    assert flips == {"not_a_constraint", "politics_as_usual"}
    first = got["next_questions"][0]
    assert f"1  {first['indicator'].replace('_', ' ')}" in README
    assert f"{first['information_gain']:.3f} bit" in README
    asked = [question["indicator"] for question in got["next_questions"]]
    assert asked.index("costly_commitment") > asked.index("security_gain_against_hegemon")


def test_the_rulebook_is_verified_and_as_told(tmp_path: Path) -> None:
    written = _block("yaml")
    (tmp_path / "rulebook.yaml").write_text(written, "utf-8")
    assert verify(load_library([tmp_path])["threat-alone"], engines=False).ok
    kept = written.replace("remove: [persistence-derived]\n", "")
    (tmp_path / "rulebook.yaml").write_text(kept, "utf-8")
    verification = verify(load_library([tmp_path])["threat-alone"], engines=False)
    findings = [flaw for check in verification.checks for flaw in check.findings]
    assert [flaw.rule for flaw in findings] == ["persistence-derived"]
    assert f"{verification.codings:,} codings" in README


def _shown(default: object) -> str:
    if isinstance(default, bool):
        return str(default).lower()
    return "" if default == () else str(default)


def test_every_setting_has_a_row_with_its_default_and_what_it_is() -> None:
    rows = {
        name: (default.strip("` "), about)
        for name, default, about in re.findall(
            r"^\| `SOFTBALANCE_(\w+)` \|(.*?)\| (.*?) \|$", README, re.MULTILINE
        )
    }
    assert rows == {
        field.name.upper(): (
            _shown(field.default),
            field.metadata["about"],
        )
        for field in fields(Settings)
    }


def test_every_command_has_a_row() -> None:
    for command in COMMANDS:
        assert f"`softbalance {command}" in README
