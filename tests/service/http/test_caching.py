"""What caches may keep: records if they ask again, rulebooks by digest for ever, else nothing."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

POST = "/v1/classifications"


@pytest.fixture
def record(client: FlaskClient, moscow_tehran: dict[str, Any]) -> str:
    return str(client.post(POST, json=moscow_tehran).get_json()["id"])


@pytest.mark.parametrize("path", ["", "/{}", "/{}?detail=full", "/{}/trace"])
def test_records_are_asked_for_again(client: FlaskClient, record: str, path: str) -> None:
    address = POST + path.format(record)
    got = client.get(address)
    assert got.headers["Cache-Control"] == "private, no-cache"
    again = client.get(address, headers={"If-None-Match": got.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert client.get(address, headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_new_record(client: FlaskClient, moscow_tehran: dict[str, Any]) -> None:
    for query in ("", "?store=false"):
        got = client.post(POST + query, json=moscow_tehran)
        assert got.headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "/", "/classifications/{}", "/classifications/{}/download.json", "/classifications.csv",
        "/classifications.ndjson", "/rulebooks", "/code", "/batch", "/docs", "/healthz", "/metrics",
        "/v1/classifications/none", "/v1/classifications?limit=x", "/nothing", "/v1/rulebooks",
    ],
)  # fmt: skip
def test_nothing_else_is_kept(client: FlaskClient, record: str, path: str) -> None:
    got = client.get(path.format(record))
    assert got.headers["Cache-Control"] == "private, no-store"


def test_batches_are_not_kept(client: FlaskClient) -> None:
    with client.post(
        "/v1/batches", data=b'{"form": "other"}\n', content_type="application/x-ndjson"
    ) as got:
        assert got.headers["Cache-Control"] == "private, no-store"


def test_a_rulebook_by_its_digest_is_kept_for_ever(client: FlaskClient) -> None:
    loaded = client.get("/v1/rulebooks/paul-2004")
    assert loaded.headers["Cache-Control"] == "private, no-store"
    told = loaded.get_json()
    got = client.get(f"/v1/rulebooks/paul-2004?digest={told['digest']}")
    assert got.headers["Cache-Control"].startswith("public, ")
    assert "immutable" in got.headers["Cache-Control"]
    assert told.pop("verification")["ok"]
    assert got.get_json() == told
    unknown = client.get(f"/v1/rulebooks/paul-2004?digest=sha256:{'0' * 64}")
    assert unknown.status_code == 404
    assert unknown.headers["Cache-Control"] == "private, no-store"
    other = client.get(f"/v1/rulebooks/pape-2005?digest={told['digest']}")
    assert other.status_code == 404
    assert client.get("/v1/rulebooks/paul-2004?digest=x").status_code == 422
