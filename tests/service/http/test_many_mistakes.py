"""Bodies with more mistakes than anybody reads: the first are told, the rest is counted."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from flask.testing import FlaskClient

from refusals import refusal

POST = "/v1/classifications?store=false"
MANY = 100_000


def _indicators(count: int) -> dict[str, Any]:
    return {"form": "other", "indicators": {f"q{i}": 1 for i in range(count)}}


def _fields(count: int) -> dict[str, Any]:
    return {"form": "other"} | {f"q{i}": 1 for i in range(count)}


def _spread(count: int) -> dict[str, Any]:
    """Unknown fields in each of many observations."""
    said: dict[str, Any] = {"indicator": "constrains_hegemon", "value": "yes"}
    said |= {f"q{i}": 1 for i in range(count // 1000)}
    return {"form": "other", "observations": [said] * min(count, 1000)}


@pytest.mark.parametrize("make", [_indicators, _fields, _spread])
def test_the_first_hundred_are_told_and_the_rest_counted(client: FlaskClient, make: Any) -> None:
    body = json.dumps(make(MANY), separators=(",", ":"))
    started = time.process_time()
    answer = client.post(POST, data=body, content_type="application/json")
    # each of them, looked up among the known names, would take three times as long
    assert time.process_time() - started < 5
    problem = refusal(answer, 422)
    assert len(problem["errors"]) == 100
    assert (
        f"has {MANY} mistakes, of which the first 100 are listed and {MANY - 100} more are not"
        in (problem["detail"])
    )
    assert {error["code"] for error in problem["errors"]} == {"unknown"}


def test_keys_that_stand_twice_are_counted_too(client: FlaskClient) -> None:
    body = "{" + ",".join(f'"q{i}":1,"q{i}":1' for i in range(50_000)) + "}"
    problem = refusal(client.post(POST, data=body, content_type="application/json"), 422)
    assert len(problem["errors"]) == 100
    assert "has 50000 mistakes" in problem["detail"]
    assert "49900 more are not" in problem["detail"]


def test_a_line_of_a_batch_and_a_query(client: FlaskClient) -> None:
    lines = json.dumps(_indicators(250)) + "\n" + json.dumps({"form": "other"})
    answer = client.post("/v1/batches", data=lines, content_type="application/x-ndjson")
    first, second = map(json.loads, answer.text.splitlines())
    assert len(first["error"]["errors"]) == 100
    assert "150 more are not" in first["error"]["detail"]
    assert second["classification"]
    for path in ("/v1/rulebooks", "/v1/classifications"):
        query = "&".join(f"q{i}=1" for i in range(130))
        problem = refusal(client.get(f"{path}?{query}"), 422)
        assert len(problem["errors"]) == 100
        assert "30 more mistakes are not listed" in problem["detail"]


def test_each_told_name_has_its_suggestion_and_places_stay_in_order(client: FlaskClient) -> None:
    body: dict[str, Any] = {
        "form": "other",
        "indicators": {"constrains_hegemonn": "yes"},
        "tytle": "x",
    }
    body["observations"] = [{"indicator": "nonsense", "value": "yes"}] * 11
    errors = refusal(client.post(POST, json=body), 422)["errors"]
    places = [f"/observations/{i}/indicator" for i in range(11)]
    assert [error["pointer"] for error in errors] == [
        "/indicators/constrains_hegemonn",
        *places,
        "/tytle",
    ]
    assert "did you mean 'constrains_hegemon'?" in errors[0]["detail"]
    assert "did you mean 'title'?" in errors[-1]["detail"]


def test_the_header_of_a_sheet(client: FlaskClient) -> None:
    columns = ",".join(f"prestige_payof{i}" for i in range(3000))
    answer = client.post("/v1/batches", data=f"form,{columns}\n", content_type="text/csv")
    detail = refusal(answer, 422)["detail"]
    assert "3000 columns are no indicators but look like some; correct the spelling" in detail
    assert len(detail) <= 2000
