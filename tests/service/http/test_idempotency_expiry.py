"""Idempotency keys count for a time; what becomes of them is in the chain of events."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from softbalance.service.settings import Settings
from softbalance.service.store import Store, audit, expire_claims
from sqlalchemy import text

from stores import opened

POST = "/v1/classifications"
EPISODE: dict[str, Any] = {"form": "other"}
#: By this, what was used a moment ago was used too long ago.
OVER = timedelta(minutes=-1)


@pytest.fixture
def client(database: str, application: Callable[[Settings], Flask]) -> FlaskClient:
    return application(Settings(database=database)).test_client()


def _store(client: FlaskClient) -> Store:
    store: Store = client.application.extensions["softbalance"].store
    return store


def _post(client: FlaskClient, key: str, body: Any = EPISODE) -> int:
    return client.post(POST, json=body, headers={"Idempotency-Key": key}).status_code


def _events(database: str) -> list[dict[str, Any]]:
    with opened(database) as connection:
        query = text("SELECT document FROM audit_events ORDER BY position")
        return [json.loads(document) for document in connection.execute(query).scalars()]


def test_a_key_that_was_used_long_ago_is_a_new_one(client: FlaskClient, database: str) -> None:
    store = _store(client)
    assert store.claims_kept == timedelta(days=30)
    assert [_post(client, "k"), _post(client, "k")] == [201, 200]
    assert _post(client, "k", {"form": "other", "title": "another"}) == 422
    store.claims_kept = OVER
    assert _post(client, "k", {"form": "other", "title": "another"}) == 201
    kinds = [event["kind"] for event in _events(database)]
    assert kinds == ["idempotency-used", "idempotency-expired", "idempotency-used"]
    assert store.count() == 2
    assert audit(store.database).broken is None


def test_they_may_count_for_ever(database: str, application: Callable[[Settings], Flask]) -> None:
    client = application(Settings(database=database, idempotency_hours=0)).test_client()
    assert _store(client).claims_kept is None


def test_those_that_are_over_are_deleted(client: FlaskClient, database: str) -> None:
    store = _store(client)
    for number in range(3):
        _post(client, f"k{number}")
    assert expire_claims(store.database, timedelta(hours=1)) == 0
    assert expire_claims(store.database, OVER) == 3
    assert expire_claims(store.database, OVER) == 0
    with opened(database) as connection:
        assert connection.execute(text("SELECT count(*) FROM idempotency_keys")).scalar() == 0
    expired = _events(database)[-1]
    assert (expired["kind"], expired["upto"]) == ("idempotency-expired", 3)
    assert _post(client, "k1") == 201
    found = audit(store.database)
    assert (found.broken, found.events) == (None, 5)


def test_one_that_is_kept_is_not_deleted_with_older_ones(
    client: FlaskClient, database: str
) -> None:
    """Events are in the order of storing, times need not be: a clock may be set back."""
    store = _store(client)
    for number in range(3):
        _post(client, f"k{number}")
    with opened(database) as connection:
        connection.execute(text("UPDATE idempotency_keys SET claimed_at = '2999' WHERE key = 'k1'"))
    assert expire_claims(store.database, OVER) == 1
    with opened(database) as connection:
        query = text("SELECT key FROM idempotency_keys ORDER BY key")
        assert list(connection.execute(query).scalars()) == ["k1", "k2"]


def test_the_chain_does_not_tell_the_key(client: FlaskClient, database: str) -> None:
    _post(client, "a-key-that-says-who")
    assert "a-key-that-says-who" not in json.dumps(_events(database))
