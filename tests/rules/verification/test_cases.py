"""The cases: what has to come out of each, through Python, HTTP and the command line."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
import yaml
from flask.testing import FlaskClient
from softbalance.rules.classifier import Classifier
from softbalance.rules.findings import RulebookErrors
from softbalance.rules.language.loader import SHIPPED, Library, load_library
from softbalance.rules.verification.cases import cases_of, run_cases

from evaluator import BROOKS_WOHLFORTH, evaluate
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


EXPECTED: dict[str, dict[str, Any]] = yaml.safe_load(
    (SHIPPED / BROOKS_WOHLFORTH / "cases" / "expected.yaml").read_text("utf-8")
)


def _episode(case: str) -> dict[str, Any]:
    path = SHIPPED / BROOKS_WOHLFORTH / "cases" / f"{case}.json"
    return dict(json.loads(path.read_text("utf-8")))


def _assert_comes_out(case: str, got: Mapping[str, Any]) -> None:
    """An answer holds all that is expected of the case, and all else is as the codebook has it."""
    for field, expected in EXPECTED[case].items():
        if isinstance(expected, dict):
            assert got[field].items() >= expected.items()
        elif field != "origin":
            assert got[field] == expected
    episode = _episode(case)
    assert got["episode"].items() >= episode.items()
    wanted = evaluate(BROOKS_WOHLFORTH, episode)
    assert {field: got[field] for field in wanted} == wanted
    assert got["rulebook"]["id"] == BROOKS_WOHLFORTH


def test_what_is_expected_is_what_the_draft_and_history_say() -> None:
    assert EXPECTED.keys() == DRAFT.keys() | HISTORY.keys()
    for case, (form, classification, dominant, tests) in DRAFT.items():
        assert _episode(case)["form"] == form
        expected = dict(EXPECTED[case])
        explanations = expected.pop("explanations", {})
        assert expected == {
            "origin": "draft",
            "classification": classification,
            "dominant_explanations": dominant,
            "tests": tests,
        }
        if case == "iraq-security-council-2003":
            assert explanations["policy_bargaining"] in ("contributing", "sufficient")
    for case, (hegemon, classification) in HISTORY.items():
        episode = _episode(case)
        assert episode["hegemon"] == hegemon
        assert EXPECTED[case]["origin"] == "general_history"
        assert EXPECTED[case]["classification"] == classification
        if classification == "politics_as_usual":
            dominant = EXPECTED[case]["dominant_explanations"]
            assert {*dominant} & {"policy_bargaining", "material_interest"}
        assert all(o["source"]["locator"] == "general history" for o in episode["observations"])


def test_through_python(library: Library) -> None:
    results = list(run_cases(Classifier(library[BROOKS_WOHLFORTH])))
    assert [result.case.id for result in results] == list(EXPECTED)
    for result in results:
        assert result.ok
        assert list(result.find_mismatches()) == []
        _assert_comes_out(result.case.id, result.got)


@pytest.mark.parametrize("case", [*DRAFT, *HISTORY])
def test_through_http(client: FlaskClient, case: str) -> None:
    answer = client.post("/v1/classifications", json=_episode(case))
    assert answer.status_code == 201
    got = answer.get_json()
    _assert_comes_out(case, got)
    assert_is_proof(got)


def test_each_claim_of_the_draft_has_a_section(library: Library) -> None:
    for case in cases_of(library[BROOKS_WOHLFORTH]):
        assert case.episode["observations"]
        for observation in case.episode["observations"]:
            assert observation["source"]["citation"].strip()
            assert observation["source"]["locator"].strip()


def test_on_the_command_line_and_from_the_store(
    run: Run, client: FlaskClient, tmp_path: Path
) -> None:
    done = run("cases", "--json", "--load", "--database", f"sqlite:///{tmp_path}/store.db")
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    assert [entry["case"] for entry in shown] == list(EXPECTED)
    for entry in shown:
        case = entry["case"]
        expected = {key: value for key, value in EXPECTED[case].items() if key != "origin"}
        assert entry == {
            "case": case,
            "rulebook": BROOKS_WOHLFORTH,
            "expected": expected,
            "got": entry["got"],
            "ok": True,
        }
        _assert_comes_out(case, entry["got"])
        (item,) = client.get(f"/v1/classifications?episode={case}").get_json()["items"]
        record = client.get(f"/v1/classifications/{item['id']}").get_json()
        assert {field: record[field] for field in entry["got"]} == entry["got"]
        assert_is_proof(record)


def test_for_people(run: Run) -> None:
    done = run("cases")
    assert done.returncode == 0
    _, *rows, blank, last = done.stdout.splitlines()
    assert [row.split() for row in rows] == [
        ["✓", case, verdict["classification"], *dominant, "as", "expected"]
        for case, verdict in EXPECTED.items()
        for dominant in [verdict["dominant_explanations"] or ["none"]]
    ]
    assert blank == ""
    assert last == "11 of 11 cases come out as expected, under 1 rulebook."


def _copied(folder: Path) -> Path:
    """Copy the rulebook under another id, and return the folder of its cases."""
    copytree(SHIPPED / BROOKS_WOHLFORTH, folder)
    rulebook = folder / "rulebook.yaml"
    rulebook.write_text(rulebook.read_text().replace(f"id: {BROOKS_WOHLFORTH}\n", "id: other\n", 1))
    return folder / "cases"


#: A wrong expectation of a case: its text, what stands in its place, and what is told of it.
WRONG = [
    (
        "nato-warsaw-pact",
        "classification: hard_balancing",
        "classification: soft_balancing",
        "classification is expected to be soft_balancing and comes out as hard_balancing",
    ),
    (
        "suez-1956",
        "dominant_explanations: []",
        "dominant_explanations: [balancing]",
        "dominant_explanations is expected to be balancing and comes out as none",
    ),
    (
        "moscow-tehran",
        "security_motive: failed",
        "security_motive: met",
        "security_motive is expected to be met and comes out as failed",
    ),
    (
        "iraq-security-council-2003",
        "policy_bargaining: contributing",
        "policy_bargaining: sufficient",
        "policy_bargaining is expected to be sufficient and comes out as contributing",
    ),
]


@pytest.mark.parametrize(("case", "right", "wrong", "told"), WRONG)
def test_a_wrong_expectation_is_told_by_name(
    run: Run, tmp_path: Path, case: str, right: str, wrong: str, told: str
) -> None:
    expected = _copied(tmp_path / "book") / "expected.yaml"
    before, name, after = expected.read_text().partition(f"{case}:\n")
    expected.write_text(before + name + after.replace(right, wrong, 1))
    line = before.count("\n") + 1
    done = run("cases", "--rulebooks", "book")
    assert done.returncode == 3
    assert "21 of 22 cases come out as expected, under 2 rulebooks." in done.stdout
    assert f"book/cases/expected.yaml:{line}: case {case}: {told}\n" in done.stdout
    (row,) = [row for row in done.stdout.splitlines() if row.startswith("✗")]
    assert row.split()[1] == case
    assert row.rstrip().endswith("not as expected")
    assert f"case {case}: {told}\n" in run("cases", "--quiet", "--rulebooks", "book").stdout


def test_a_wrong_expectation_is_told_to_programs(run: Run, tmp_path: Path) -> None:
    expected = _copied(tmp_path / "book") / "expected.yaml"
    expected.write_text(expected.read_text().replace("hard_balancing", "soft_balancing"))
    done = run("cases", "--json", "--rulebooks", "book")
    assert done.returncode == 3
    (entry,) = [entry for entry in json.loads(done.stdout) if not entry["ok"]]
    assert (entry["case"], entry["rulebook"]) == ("nato-warsaw-pact", "other")
    assert entry["expected"]["classification"] == "soft_balancing"
    assert entry["got"]["classification"] == "hard_balancing"


def test_loading_is_repeatable(run: Run) -> None:
    assert "11 cases stored, 0 were there" in run("cases", "--load").stderr
    assert "0 cases stored, 11 were there" in run("cases", "--load").stderr


def test_every_mistake_in_the_cases_is_told(tmp_path: Path) -> None:
    cases = _copied(tmp_path / "book")
    (cases / "suez-1956.json").unlink()
    (cases / "stray.json").write_text("{}")
    (cases / "moscow-tehran.json").write_text('{"form": "arming_adversry"}')
    with pytest.raises(RulebookErrors) as raised:
        cases_of(load_library([tmp_path / "book"])["other"])
    text = str(raised.value)
    assert "suez-1956.json:1: is no Episode" in text
    assert "stray.json:1: has no entry in expected.yaml" in text
    assert "did you mean 'arming_adversary'?" in text
