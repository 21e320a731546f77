"""The addresses that operators ask: whether the service is alive, and ready."""

from __future__ import annotations

from flask.testing import FlaskClient


def test_health(client: FlaskClient) -> None:
    assert client.get("/healthz").get_json() == {"status": "alive"}
    assert client.get("/readyz").get_json() == {"status": "ready"}
