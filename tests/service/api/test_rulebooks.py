"""`/v1/rulebooks` and `/v1/codebook`."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from softbalance.rules.language.loader import Library

from evaluator import FORMS, INDICATORS, RULEBOOKS


def test_the_list(client: FlaskClient, library: Library) -> None:
    items = client.get("/v1/rulebooks").get_json()["items"]
    assert [item["id"] for item in items] == list(RULEBOOKS)
    assert {item["digest"] for item in items} == {b.digest for b in library.rulebooks.values()}


@pytest.mark.parametrize("rulebook", RULEBOOKS)
def test_a_rulebook_with_its_rules(client: FlaskClient, library: Library, rulebook: str) -> None:
    got = client.get(f"/v1/rulebooks/{rulebook}").get_json()
    rules = [rule for stage in got["stages"] for rule in stage["rules"]]
    assert [rule["id"] for rule in rules] == [rule.id for rule in library[rulebook].rules]
    for rule in rules:
        assert rule["because"]
        assert all(cite["source"] in got["sources"] for cite in rule["cites"])
    assert got["verification"]["ok"] is True
    assert {check["check"] for check in got["verification"]["checks"]} >= {
        "complete", "consistent", "live", "needed", "reachable", "cases", "agreement",
    }  # fmt: skip


def test_the_codebook(client: FlaskClient) -> None:
    got = client.get("/v1/codebook").get_json()
    assert tuple(indicator["id"] for indicator in got["indicators"]) == INDICATORS
    assert {form["id"]: form["strategy"] for form in got["forms"]} == FORMS
    assert all(indicator["question"].endswith("?") for indicator in got["indicators"])
