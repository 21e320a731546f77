"""`/v1/classifications` as a tool uses it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from softbalance.rules.episode.firing import EngineFailure
from softbalance.service.settings import Settings

from evaluator import CLASSES
from proofs import assert_is_proof
from refusals import refusal
from written_rulebooks import VARIANT, book

Application = Callable[[Settings], Flask]
POST = "/v1/classifications"
VERDICT_FIELDS = {
    "id", "classified_at", "rulebook", "episode", "decision_digest", "classification",
    "strategy", "tests", "explanations", "dominant_explanations", "notes", "contested",
}  # fmt: skip


@pytest.fixture
def client(database: str, application: Application) -> FlaskClient:
    """An application whose store is in SQLite, then one whose store is in PostgreSQL."""
    return application(Settings(database=database)).test_client()


def test_a_stored_classification(client: FlaskClient, moscow_tehran: dict[str, Any]) -> None:
    answer = client.post(POST, json=moscow_tehran)
    assert answer.status_code == 201
    got = answer.get_json()
    assert got.keys() == VERDICT_FIELDS | {"trace"}
    assert got["episode"] == moscow_tehran
    assert got["rulebook"]["id"] == "brooks-wohlforth-2004"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", got["classified_at"])
    assert answer.headers["Location"].endswith(f"{POST}/{got['id']}")
    assert client.get(answer.headers["Location"]).get_json() == got


def test_a_classification_that_is_not_stored(client: FlaskClient) -> None:
    answer = client.post(f"{POST}?store=false", json={"form": "other"})
    assert answer.status_code == 200
    assert "Location" not in answer.headers
    assert client.get(POST).get_json() == {"items": [], "next": None}
    assert client.get(f"{POST}/{answer.get_json()['id']}").status_code == 404


def test_details(client: FlaskClient, moscow_tehran: dict[str, Any]) -> None:
    answer = client.post(f"{POST}?detail=verdict", json=moscow_tehran)
    got = answer.get_json()
    assert got.keys() == VERDICT_FIELDS
    address = f"{POST}/{got['id']}"
    whole = client.get(address).get_json()
    assert_is_proof(whole)
    assert {key: whole[key] for key in VERDICT_FIELDS} == got
    assert client.get(f"{address}?detail=verdict").get_json() == got


def test_full_detail(client: FlaskClient, moscow_tehran: dict[str, Any]) -> None:
    got = client.post(f"{POST}?detail=full", json=moscow_tehran).get_json()
    outlook = {"possible_classifications", "next_questions", "flips", "why_not"}
    assert got.keys() == VERDICT_FIELDS | {"trace"} | outlook
    assert got["possible_classifications"] == ["politics_as_usual"]
    assert got["next_questions"] == []
    assert got["flips"]["size"] == 1
    assert got["why_not"].keys() == set(CLASSES) - {"politics_as_usual"}
    address = f"{POST}/{got['id']}"
    assert client.get(f"{address}?detail=full").get_json() == got
    assert client.get(address).get_json().keys() == VERDICT_FIELDS | {"trace"}


def test_what_the_caller_leaves_out_is_filled_in(client: FlaskClient) -> None:
    episode = client.post(POST, json={"form": "other"}).get_json()["episode"]
    assert episode["hegemon"] == "USA"
    assert re.fullmatch(r"[A-Za-z0-9._:-]{1,128}", episode["id"])
    other = client.post(POST, json={"form": "other"}).get_json()["episode"]
    assert episode["id"] != other["id"]


@pytest.mark.parametrize(
    ("rulebook", "classification", "tests"),
    [
        ("brooks-wohlforth-2004", "politics_as_usual",
         {"systemic_link", "security_motive", "tradeoffs"}),
        ("brooks-wohlforth-2004-walt", "politics_as_usual",
         {"systemic_link", "security_motive", "tradeoffs"}),
        ("paul-2004", "politics_as_usual", {"systemic_link"}),
    ],
)  # fmt: skip
def test_rulebooks(
    client: FlaskClient, moscow_tehran: dict[str, Any], rulebook: str, classification: str,
    tests: set[str],
) -> None:  # fmt: skip
    got = client.post(f"{POST}?rulebook={rulebook}", json=moscow_tehran).get_json()
    assert got["rulebook"]["id"] == rulebook
    assert got["classification"] == classification
    assert got["tests"].keys() == tests
    assert bool(got["explanations"]) == (rulebook != "paul-2004")


def test_pages_are_newest_first_and_complete(client: FlaskClient) -> None:
    made = [client.post(POST, json={"form": "other"}).get_json()["id"] for _ in range(7)]
    seen, cursor = [], ""
    while True:
        page = client.get(f"{POST}?limit=3{cursor}").get_json()
        assert len(page["items"]) <= 3
        seen += [item["id"] for item in page["items"]]
        assert all(item.keys() == VERDICT_FIELDS for item in page["items"])
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
        client.post(POST, json={"form": "other"})  # a newcomer does not disturb the pages
    assert seen == made[::-1]


def test_a_last_page_that_is_full_says_so(client: FlaskClient) -> None:
    for _ in range(3):
        client.post(POST, json={"form": "other"})
    assert client.get(f"{POST}?limit=3").get_json()["next"] is None


def test_filters(client: FlaskClient) -> None:
    def post(rulebook: str, **episode: Any) -> str:
        made = client.post(f"{POST}?rulebook={rulebook}", json=episode).get_json()
        return str(made["id"])

    scoped_out = {"constrains_hegemon": "no"}
    a = post("paul-2004", id="e1", form="other", actors=["RUS", "CHN"], indicators=scoped_out)
    b = post("paul-2004", id="e2", form="joint_force", actors=["RUS"])
    c = post("brooks-wohlforth-2004", id="e1", form="joint_force", actors=["EU", "EU"])

    def listed(query: str) -> list[str]:
        return [item["id"] for item in client.get(f"{POST}?{query}").get_json()["items"]]

    assert listed("rulebook=paul-2004") == [b, a]
    assert listed("form=joint_force") == [c, b]
    assert listed("actor=RUS") == [b, a]
    assert listed("actor=EU") == [c]
    assert listed("actor=eu") == []
    assert listed("episode=e1") == [c, a]
    assert listed("classification=not_a_constraint") == [a]
    assert listed("actor=RUS&form=other&rulebook=paul-2004&episode=e1") == [a]
    assert listed("actor=RUS&limit=1&cursor=2") == [a]


def test_the_proof_in_three_forms(client: FlaskClient, moscow_tehran: dict[str, Any]) -> None:
    got = client.post(POST, json=moscow_tehran).get_json()
    address = f"{POST}/{got['id']}/trace"
    assert client.get(address).get_json() == got["trace"]
    assert client.get(address, headers={"Accept": "*/*"}).get_json() == got["trace"]
    text = client.get(address, headers={"Accept": "text/plain"})
    assert text.mimetype == "text/plain"
    assert text.text.startswith("POLITICS AS USUAL\n")
    for accepted in ("text/plain; charset=utf-8", "image/png, text/plain;q=0.3"):
        assert client.get(address, headers={"Accept": accepted}).mimetype == "text/plain"
    graph = client.get(address, headers={"Accept": "text/vnd.graphviz, text/plain;q=0.5"})
    assert graph.mimetype == "text/vnd.graphviz"
    assert graph.text.startswith("digraph proof {")


def test_a_new_rulebook_takes_a_folder_of_yaml(
    application: Callable[[Settings], Flask], tmp_path: Path
) -> None:
    folder = book(tmp_path, VARIANT)
    settings = Settings(database=f"sqlite:///{tmp_path}/store.db", rulebooks=(folder,))
    client = application(settings).test_client()
    assert client.get("/v1/rulebooks/my-variant").get_json()["extends"] == (
        "brooks-wohlforth-2004-walt"
    )
    codings = {"hegemon_seen_as_threat": "yes", "aimed_at_hegemon_power": "unknown"}
    episode = {"form": "other", "indicators": codings}
    got = client.post(f"{POST}?rulebook=my-variant", json=episode)
    # the variant leaves two rules for one fact: no verdict is given, and it is said why
    assert got.status_code == 500
    assert got.get_json()["type"] == "urn:softbalance:problem:unsound-rulebook"
    assert "systemic_link = met (rule systemic-link-met)" in got.get_json()["detail"]
    whole = VARIANT.replace(
        "hegemon_seen_as_threat: yes",
        "aimed_at_hegemon_power: yes\n"
        "        - persists_without_concentration: no\n"
        "        - hegemon_seen_as_threat: yes",
    )
    book(tmp_path, whole)
    client = application(settings).test_client()
    got = client.post(f"{POST}?rulebook=my-variant", json=episode).get_json()
    assert got["rulebook"]["id"] == "my-variant"
    assert_is_proof(got)


def test_a_verdict_that_cannot_be_confirmed_is_not_given(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise EngineFailure("the engine says otherwise")

    monkeypatch.setattr("softbalance.rules.episode.decision.Decider.decide", fail)
    answer = client.post(POST, json={"form": "other", "title": "look here"})
    assert answer.status_code == 500
    assert answer.get_json()["type"] == "urn:softbalance:problem:engine-failure"
    assert "the engine says otherwise" in caplog.text
    assert "look here" in caplog.text
    assert client.get(POST).get_json()["items"] == []
    assert client.get("/readyz").status_code == 503


def test_a_store_that_is_away(application: Callable[[Settings], Flask], tmp_path: Path) -> None:
    client = application(Settings(database=f"sqlite:///{tmp_path}/store.db")).test_client()
    for part in tmp_path.glob("store.db*"):
        part.write_bytes(b"no database")
    answer = client.post(POST, json={"form": "other"})
    assert refusal(answer, 503)["type"] == "urn:softbalance:problem:store-away"
    assert int(answer.headers["Retry-After"]) > 0
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").get_json() == {"status": "alive"}
    decided = client.post(f"{POST}?store=false", json={"form": "other"})
    assert (decided.status_code, decided.get_json()["classification"]) == (200, "indeterminate")
