"""The cases: what has to come out of each, through Python, HTTP and the command line."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from flask.testing import FlaskClient
from softbalance.rules.classifier import Classifier
from softbalance.rules.findings import RulebookErrors
from softbalance.rules.language.loader import SHIPPED, Library, load_library
from softbalance.rules.verification.cases import cases_of, run_cases

from proofs import assert_is_proof

Run = Callable[..., subprocess.CompletedProcess[str]]

FAILED, UNDETERMINED = "failed", "undetermined"
#: case → form, classification, dominant explanations, tests: what the draft concludes.
DRAFT: dict[str, tuple[str, str, list[str], dict[str, str]]] = {
    "russia-china-india-partnerships": (
        "joint_military_technology",
        "politics_as_usual",
        ["material_interest"],
        {"systemic_link": FAILED, "tradeoffs": FAILED},
    ),
    "eu-defense-cooperation": (
        "joint_force",
        "politics_as_usual",
        ["regional_security"],
        {"systemic_link": FAILED, "tradeoffs": FAILED},
    ),
    "moscow-tehran": (
        "arming_adversary",
        "politics_as_usual",
        ["material_interest"],
        {"systemic_link": FAILED, "security_motive": FAILED, "tradeoffs": FAILED},
    ),
    "shanghai-cooperation-organization": (
        "new_institution",
        "politics_as_usual",
        ["regional_security"],
        {"systemic_link": FAILED, "tradeoffs": FAILED},
    ),
    "iraq-security-council-2003": (
        "existing_institution",
        "indeterminate",
        [],
        {"systemic_link": UNDETERMINED, "security_motive": UNDETERMINED, "tradeoffs": UNDETERMINED},
    ),
}
#: case → hegemon, classification: the behaviours that the draft takes for granted.
HISTORY = {
    "nato-warsaw-pact": ("SUN", "hard_balancing"),
    "france-nato-command-1966": ("USA", "politics_as_usual"),
    "vietnam-allied-refusals": ("USA", "politics_as_usual"),
    "currency-revaluation-resistance": ("USA", "politics_as_usual"),
    "bretton-woods-gold": ("USA", "politics_as_usual"),
    "suez-1956": ("USA", "not_a_constraint"),
}


def _assert_as_the_table_says(case: str, got: dict[str, Any]) -> None:
    episode = got["episode"]
    if case in DRAFT:
        form, classification, dominant, tests = DRAFT[case]
        assert (episode["form"], got["classification"]) == (form, classification)
        assert got["dominant_explanations"] == dominant
        assert got["tests"].items() >= tests.items()
    else:
        hegemon, classification = HISTORY[case]
        assert (episode["hegemon"], got["classification"]) == (hegemon, classification)
        if classification == "politics_as_usual":
            assert set(got["dominant_explanations"]) & {"policy_bargaining", "material_interest"}
        assert all(o["source"]["locator"] == "general history" for o in episode["observations"])
    if case == "iraq-security-council-2003":
        assert got["explanations"]["policy_bargaining"] in ("contributing", "sufficient")


def test_through_python(library: Library) -> None:
    results = list(run_cases(Classifier(library["brooks-wohlforth-2004"])))
    assert {result.case.id for result in results} == DRAFT.keys() | HISTORY.keys()
    for result in results:
        assert result.ok
        _assert_as_the_table_says(result.case.id, dict(result.got))


@pytest.mark.parametrize("case", [*DRAFT, *HISTORY])
def test_through_http(client: FlaskClient, library: Library, case: str) -> None:
    episodes = {c.id: c.episode for c in cases_of(library["brooks-wohlforth-2004"])}
    answer = client.post("/v1/classifications", json=episodes[case])
    assert answer.status_code == 201
    got = answer.get_json()
    _assert_as_the_table_says(case, got)
    assert_is_proof(got)


def test_each_claim_of_the_draft_has_a_section(library: Library) -> None:
    for case in cases_of(library["brooks-wohlforth-2004"]):
        for observation in case.episode["observations"]:
            assert observation["source"]["citation"]
            assert observation["source"]["locator"]


def test_on_the_command_line(run: Run) -> None:
    done = run("cases", "--json")
    assert done.returncode == 0
    shown = json.loads(done.stdout)
    assert {entry["case"] for entry in shown} == DRAFT.keys() | HISTORY.keys()
    for entry in shown:
        assert entry.keys() == {"case", "rulebook", "expected", "got", "ok"}
        assert entry["ok"] is True
        assert entry["expected"]["classification"] == entry["got"]["classification"]
        _assert_as_the_table_says(entry["case"], entry["got"])


def test_for_people(run: Run) -> None:
    done = run("cases")
    assert done.returncode == 0
    assert "11 of 11 cases come out as expected" in done.stdout
    assert "moscow-tehran" in done.stdout


def test_a_case_that_comes_out_otherwise_is_told(run: Run, tmp_path: Path) -> None:
    copytree(SHIPPED / "brooks-wohlforth-2004", tmp_path / "book")
    book = tmp_path / "book" / "rulebook.yaml"
    book.write_text(book.read_text().replace("id: brooks-wohlforth-2004\n", "id: other\n", 1))
    expected = tmp_path / "book" / "cases" / "expected.yaml"
    expected.write_text(expected.read_text().replace("hard_balancing", "soft_balancing"))
    done = run("cases", "--rulebooks", tmp_path / "book")
    assert done.returncode == 3
    assert "21 of 22 cases" in done.stdout
    assert "soft_balancing" in done.stdout


def test_loading_is_repeatable(run: Run) -> None:
    assert "11 cases stored, 0 were there" in run("cases", "--load").stderr
    assert "0 cases stored, 11 were there" in run("cases", "--load").stderr


def test_every_mistake_in_the_cases_is_told(tmp_path: Path) -> None:
    copytree(SHIPPED / "brooks-wohlforth-2004", tmp_path / "book")
    book = tmp_path / "book" / "rulebook.yaml"
    book.write_text(book.read_text().replace("id: brooks-wohlforth-2004\n", "id: other\n", 1))
    cases = tmp_path / "book" / "cases"
    (cases / "suez-1956.json").unlink()
    (cases / "stray.json").write_text("{}")
    (cases / "moscow-tehran.json").write_text('{"form": "arming_adversry"}')
    with pytest.raises(RulebookErrors) as raised:
        cases_of(load_library([tmp_path / "book"])["other"])
    text = str(raised.value)
    assert "suez-1956.json:1: is no Episode" in text
    assert "stray.json:1: has no entry in expected.yaml" in text
    assert "did you mean 'arming_adversary'?" in text
