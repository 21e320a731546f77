"""`POST /v1/comparisons` and `softbalance explain` with several rulebooks."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from evaluator import RULEBOOKS, evaluate

#: Aimed at a threatening power, but paid for by nobody while a policy was in dispute.
PARTING: dict[str, Any] = {
    "id": "parting",
    "form": "limited_entente",
    "indicators": {
        "constrains_hegemon": "yes", "aimed_at_hegemon_power": "yes",
        "hegemon_seen_as_threat": "yes", "persists_without_concentration": "no",
        "security_gain_against_hegemon": "yes", "frustrates_policy_only": "no",
        "costly_commitment": "no", "sacrifices_other_goals": "no", "bonus_of_other_goals": "yes",
        "disputes_specific_policy": "yes",
    },
}  # fmt: skip
POST = "/v1/comparisons"


def test_verdicts_and_the_first_parting(client: FlaskClient) -> None:
    query = "rulebook=brooks-wohlforth-2004&rulebook=paul-2004"
    got = client.post(f"{POST}?{query}", json=PARTING).get_json()
    assert got["agree"] is False
    for rulebook, verdict in got["classifications"].items():
        assert verdict == evaluate(rulebook, PARTING)
    (parting,) = got["parting"]
    assert parting["fact"] == "classification"
    assert parting["decisive"] is True
    tradeoffs = {"brooks-wohlforth-2004": "failed", "paul-2004": None}
    assert {"fact": "tradeoffs", "values": tradeoffs} in parting["premises"]


def test_all_rulebooks_where_none_is_named(
    client: FlaskClient, moscow_tehran: dict[str, Any]
) -> None:
    got = client.post(POST, json=moscow_tehran).get_json()
    assert list(got["classifications"]) == list(RULEBOOKS)
    assert got["agree"] is True


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("rulebook=paul-2004", "name two rulebooks or more"),
        ("rulebook=paul-2004&rulebook=paul-2004", "each once"),
        ("rulebook=paul-2004&rulebook=paul-2005", "did you mean 'paul-2004'?"),
    ],
)
def test_queries(client: FlaskClient, query: str, told: str) -> None:
    answer = client.post(f"{POST}?{query}", json=PARTING)
    assert answer.status_code == 422
    assert told in answer.get_json()["detail"]
    assert "query parameter 'rulebook'" in answer.get_json()["detail"]


def test_on_the_command_line(
    run: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    path = tmp_path / "parting.json"
    path.write_text(json.dumps(PARTING))
    names = ("--rulebook", "brooks-wohlforth-2004", "--rulebook", "paul-2004")
    text = run("explain", path, *names).stdout
    assert text.startswith("THE RULEBOOKS PART\n")
    assert "tradeoffs (brooks-wohlforth-2004: failed; paul-2004: does not ask)" in text
    assert json.loads(run("explain", path, *names, "--json").stdout)["agree"] is False
    assert run("explain", path, *names, *names).returncode == 2
