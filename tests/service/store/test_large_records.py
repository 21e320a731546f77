"""Records of megabytes: listed and exported in memory that does not grow with them."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from softbalance.service.settings import Settings
from softbalance.service.store import Store

MIB = 2**20
LIST, LONGEST_PAGE = "/v1/classifications", 8 * MIB


@pytest.fixture
def large(application: Callable[[Settings], Flask], database: str) -> FlaskClient:
    """A service with sixty records of two MiB, half of it in the trace, and two small ones."""
    client = application(Settings(database=database)).test_client()
    made = client.post(f"{LIST}?store=false", json={"form": "other"}).get_json()
    store: Store = client.application.extensions["softbalance"].store
    for number in range(62):
        record = json.loads(json.dumps(made)) | {"id": f"r{number}"}
        if 0 < number < 61:
            record["episode"]["summary"] = "s" * MIB
            record["trace"][0]["because"] = "b" * MIB
        store.add(record)
    return client


@pytest.fixture
def measured() -> Iterator[Callable[[], int]]:
    """What tells how many bytes were held at most since the test began to measure."""
    tracemalloc.start()
    yield lambda: tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()


def test_a_page_ends_after_so_many_bytes(large: FlaskClient, measured: Callable[[], int]) -> None:
    ids: list[str] = []
    query: dict[str, Any] = {"limit": 1000}
    while True:
        # buffered: a request is under way until its answer is closed, as every server does
        answer = large.get(LIST, query_string=query, buffered=True)
        assert len(answer.data) < LONGEST_PAGE + 2 * MIB
        page = answer.get_json()
        assert page["items"]
        ids += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        query["cursor"] = page["next"]
        assert len(page["items"]) in (8, 9)
    assert ids == [f"r{number}" for number in range(61, -1, -1)]
    # sixty records in one piece would be 120 MiB, and several times that on the way
    assert measured() < 100 * MIB


def test_a_page_of_small_records_is_as_long_as_was_asked(client: FlaskClient) -> None:
    made = client.post(LIST, json={"form": "other"}).get_json()
    store: Store = client.application.extensions["softbalance"].store
    for number in range(450):
        store.add(made | {"id": f"r{number}"})
    page = client.get(LIST, query_string={"limit": 1000}).get_json()
    assert (len(page["items"]), page["next"]) == (451, None)
    page = client.get(LIST, query_string={"limit": 451}).get_json()
    assert (len(page["items"]), page["next"]) == (451, None)
    first = client.get(LIST, query_string={"limit": 201}).get_json()
    rest = client.get(LIST, query_string={"limit": 250, "cursor": first["next"]}).get_json()
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (201, 250, None)
    assert {item["id"] for item in first["items"] + rest["items"]} == (
        {f"r{number}" for number in range(450)} | {made["id"]}
    )


@pytest.mark.parametrize("ending", ["csv", "ndjson"])
def test_an_export_streams(large: FlaskClient, measured: Callable[[], int], ending: str) -> None:
    lines = 0
    with large.get(f"/classifications.{ending}?sort=title", buffered=False) as answer:
        for part in answer.iter_encoded():
            lines += part.count(b"\n")
    assert lines == 62 + (ending == "csv")
    assert measured() < 60 * MIB
