"""`Idempotency-Key`: sent again, a request gives the record that it gave first."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from softbalance.service.settings import Settings
from werkzeug.test import TestResponse

from refusals import refusal

POST = "/v1/classifications"
EPISODE = {"form": "other", "indicators": {"aimed_at_hegemon_power": "no"}}


@pytest.fixture
def client(database: str, application: Callable[[Settings], Flask]) -> FlaskClient:
    return application(Settings(database=database)).test_client()


def _post(client: FlaskClient, key: str, body: Any = EPISODE, query: str = "") -> TestResponse:
    return client.post(POST + query, json=body, headers={"Idempotency-Key": key})


def _count(client: FlaskClient) -> int:
    return len(client.get(POST).get_json()["items"])


def test_the_first_record_is_given_again(client: FlaskClient) -> None:
    first = _post(client, "key!")
    again = _post(client, "key!")
    assert first.status_code == 201
    assert "Idempotency-Replayed" not in first.headers
    assert again.status_code == 200
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"]
    assert again.get_data() == first.get_data()
    assert _count(client) == 1


def test_how_much_is_asked_for_and_the_order_of_keys_are_not_part_of_it(
    client: FlaskClient,
) -> None:
    first = _post(client, "k").get_json()
    turned = dict(reversed(EPISODE.items()))
    verdict = _post(client, "k", turned, "?detail=verdict")
    full = _post(client, "k", query="?detail=full&rulebook=brooks-wohlforth-2004")
    assert verdict.status_code == full.status_code == 200
    assert verdict.get_json() == {k: v for k, v in first.items() if k != "trace"}
    assert full.get_json()["trace"] == first["trace"]
    assert full.get_json()["flips"]["size"] is not None
    assert _count(client) == 1


@pytest.mark.parametrize(
    ("body", "query"),
    [({**EPISODE, "title": "another"}, ""), (EPISODE, "?rulebook=paul-2004"), ({}, "")],
)
def test_another_request_with_the_key_is_refused(
    client: FlaskClient, body: Any, query: str
) -> None:
    first = _post(client, "k").get_json()
    answer = _post(client, "k", body, query)
    assert answer.status_code == 422
    told = answer.get_json()
    if body:
        assert told["type"] == "urn:softbalance:problem:idempotency-key-reused"
        assert "send a new one" in told["detail"]
    assert [item["id"] for item in client.get(POST).get_json()["items"]] == [first["id"]]
    assert _post(client, "k2", {"form": "other"}).status_code == 201


def test_what_failed_does_not_use_the_key_up(client: FlaskClient) -> None:
    refusal(_post(client, "k", {"form": "none"}), 422)
    made = _post(client, "k")
    assert made.status_code == 201
    assert "Idempotency-Replayed" not in made.headers
    assert _count(client) == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "two words", "a, b", "schlüssel"])
def test_a_key_that_is_none(client: FlaskClient, key: str) -> None:
    answer = _post(client, key)
    assert answer.status_code == 400
    assert "send 1 to 255 visible ASCII characters" in answer.get_json()["detail"]
    assert _count(client) == 0
    assert _post(client, "x" * 255).status_code == 201


def test_what_is_not_stored_has_no_use_for_a_key(client: FlaskClient) -> None:
    made = [_post(client, "k", query="?store=false").get_json()["id"] for _ in range(2)]
    assert len(set(made)) == 2
    problem = refusal(_post(client, "two words", query="?store=false"), 400)
    assert problem["type"] == "urn:softbalance:problem:invalid-idempotency-key"


def test_sixteen_at_once_make_one_record(serve: Callable[..., str], database: str) -> None:
    address = serve("--workers", 2, "--threads", 8, "--database", database)

    def post(_: int) -> tuple[int, str, str, dict[str, Any]]:
        headers = {"Content-Type": "application/json", "Idempotency-Key": "sixteen"}
        request = urllib.request.Request(address + POST, json.dumps(EPISODE).encode(), headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            replayed = answer.headers.get("Idempotency-Replayed", "")
            return (
                answer.status, replayed, answer.headers["Location"], json.loads(answer.read())
            )  # fmt: skip

    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(post, range(16)))
    assert sorted((status, told) for status, told, *_ in answers) == (
        [(200, "true")] * 15 + [(201, "")]
    )
    assert len({location for _, _, location, _ in answers}) == 1
    assert all(answer == answers[0][3] for *_, answer in answers)
    with urllib.request.urlopen(f"{address}{POST}", timeout=10) as listed:
        assert len(json.loads(listed.read())["items"]) == 1


def test_the_header_is_in_the_document(client: FlaskClient) -> None:
    paths = client.get("/openapi.json").get_json()["paths"]
    post = paths[POST]["post"]
    (header,) = [part for part in post["parameters"] if part["in"] == "header"]
    assert header["name"] == "Idempotency-Key"
    assert {part["name"] for part in post["parameters"]} >= {"rulebook", "detail", "store"}
    assert not [part for part in paths[POST]["get"]["parameters"] if part["in"] == "header"]
    assert "Idempotency-Replayed" in post["responses"]["200"]["headers"]
