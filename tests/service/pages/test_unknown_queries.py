"""Pages refuse query parameters that they do not know, as the API does."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient


@pytest.mark.parametrize(
    "path",
    [
        "/?txt=a", "/classifications.csv?txt=a", "/classifications.ndjson?txt=a",
        "/classifications/x?detail=full", "/classifications/x/download.json?a=b",
        "/rulebooks?a=b", "/rulebooks/diff?before=paul-2004&after=paul-2004&on=x",
        "/rulebooks/diff?a=b", "/rulebooks/paul-2004?a=b", "/rulebooks/paul-2004/verification?a=b",
        "/code?a=b", "/batch?a=b", "/docs?a=b",
    ],
)  # fmt: skip
def test_unknown_parameters(client: FlaskClient, path: str) -> None:
    got = client.get(path)
    assert got.status_code == 422, got.text
    assert got.get_json()["errors"][0]["code"] == "unknown"
    assert "is not known" in got.get_json()["detail"]


@pytest.mark.parametrize(
    "path", ["/?text=a", "/code?record=x", "/rulebooks/diff?before=paul-2004&after=paul-2004"]
)
def test_known_parameters(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 200
