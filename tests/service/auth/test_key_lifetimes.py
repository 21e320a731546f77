"""Keys that expire, are rotated and were last used at a time; all of it in the chain of events."""

from __future__ import annotations

import json
import re
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from softbalance.service.auth.api_keys import Keys, UnusableKey
from softbalance.service.store import Store, audit
from sqlalchemy import text

from stores import opened

Run = Callable[..., subprocess.CompletedProcess[str]]
HOUR = timedelta(hours=1)
SOON = timedelta(seconds=2)


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    store = Store(database)
    store.create()
    yield store
    store.close()


@pytest.fixture
def keys(store: Store) -> Keys:
    return Keys(store.database)


def _now() -> datetime:
    return datetime.now(UTC)


def _await_end(moment: str | None) -> None:
    assert moment is not None
    ends = datetime.fromisoformat(moment)
    while _now() < ends:
        time.sleep(0.05)


def _events(database: str) -> list[dict[str, Any]]:
    with opened(database) as connection:
        query = text("SELECT document FROM audit_events ORDER BY position")
        return [json.loads(document) for document in connection.execute(query).scalars()]


def test_a_key_expires(keys: Keys, store: Store, database: str) -> None:
    key, token = keys.create("tom", ["read"], _now() + SOON)
    assert keys.find_by_token(token) == key
    with pytest.raises(UnusableKey, match="there is a key 'tom' already"):
        keys.create("tom", ["read"])
    _await_end(key.expires_at)
    assert keys.find_by_token(token) is None
    assert keys.find_by_id(key.id) is None
    with pytest.raises(UnusableKey, match="no valid key"):
        keys.revoke("tom")
    assert (keys.note_expired(), keys.note_expired()) == (1, 0)
    keys.create("tom", ["read"])
    kinds = [(event["kind"], event["subject"] == key.id) for event in _events(database)]
    assert kinds == [("key-created", True), ("key-expired", True), ("key-created", False)]
    assert audit(store.database).broken is None


def test_an_expired_key_is_refused_also_while_the_store_is_away(
    keys: Keys, store: Store, database: str
) -> None:
    key, token = keys.create("tom", ["read"], _now() + SOON)
    assert keys.find_by_token(token) is not None
    with opened(database) as connection:
        connection.execute(text("ALTER TABLE keys RENAME TO away"))
    assert keys.find_by_token(token) is not None
    _await_end(key.expires_at)
    assert keys.find_by_token(token) is None


def test_a_time_that_is_over_is_refused(keys: Keys) -> None:
    with pytest.raises(UnusableKey, match="which is over; choose a later time"):
        keys.create("tom", ["read"], _now() - HOUR)
    assert keys.list_() == []


def test_a_key_is_rotated(keys: Keys, store: Store, database: str) -> None:
    key, token = keys.create("tom", ["read", "classify"])
    old, new, following = keys.rotate("tom")
    assert (new.name, new.scopes) == ("tom", ("classify", "read"))
    assert old.id == key.id != new.id
    assert keys.find_by_token(token) is None
    assert keys.find_by_token(following) == new
    rotated = _events(database)[-1]
    assert (rotated["kind"], rotated["subject"], rotated["following"]) == (
        "key-rotated", key.id, new.id,
    )  # fmt: skip
    assert audit(store.database).broken is None


def test_both_tokens_count_for_a_time(keys: Keys, store: Store) -> None:
    _, first = keys.create("tom", ["read"])
    old, _, second = keys.rotate("tom", SOON)
    assert keys.find_by_token(first) is not None
    assert keys.find_by_token(second) is not None
    # the newest of a name is the one that is rotated
    *_, third = keys.rotate("tom", HOUR)
    _await_end(old.expires_at)
    valid = [keys.find_by_token(token) is not None for token in (first, second, third)]
    assert valid == [False, True, True]
    keys.revoke("tom")
    assert keys.find_by_token(second) is keys.find_by_token(third) is None
    assert audit(store.database).broken is None


def test_a_rotation_prolongs_no_key(keys: Keys) -> None:
    key, _ = keys.create("tom", ["read"], _now() + HOUR)
    old, new, _ = keys.rotate("tom", 2 * HOUR, _now() + 3 * HOUR)
    assert old.expires_at == key.expires_at
    assert new.expires_at is not None
    assert new.expires_at > (key.expires_at or "")
    with pytest.raises(UnusableKey, match="no valid key"):
        keys.rotate("ann")


def test_last_uses_are_stored_and_never_go_back(keys: Keys, store: Store) -> None:
    key, token = keys.create("tom", ["read"])
    keys.uses.store(store.database)
    assert keys.list_()[0].last_used_at is None
    keys.find_by_token(token)
    keys.uses.store(store.database)
    used = keys.list_()[0].last_used_at
    assert used is not None
    assert used >= key.created_at
    with store.database.begin_write() as connection:
        connection.execute(text("UPDATE keys SET last_used_at = '2999-01-01T00:00:00Z'"))
    keys.find_by_token(token)
    keys.uses.store(store.database)
    assert keys.list_()[0].last_used_at == "2999-01-01T00:00:00Z"
    # it is no part of what is chained
    assert audit(store.database).broken is None


def test_the_commands(invoke: Run) -> None:
    done = invoke("keys", "create", "tom", "--scope", "read", "--expires", "90d")
    (ends,) = re.findall(r"\(tom\) is for read until (\S+Z)\.", done.stderr)
    left = datetime.fromisoformat(ends) - _now()
    assert timedelta(days=89) < left <= timedelta(days=90)
    first = done.stdout.strip().split("_")[1]
    done = invoke("keys", "rotate", "tom", "--overlap", "12h", "--expires", "2999-01-31")
    assert "until 2999-01-31T00:00:00Z" in done.stderr
    assert f"The old key {first} ends at 20" in done.stderr
    second = done.stdout.strip().split("_")[1]
    table = invoke("keys", "list").stdout
    assert table.splitlines()[0].split("  ")[0] == "ID"
    for title in ("EXPIRES", "LAST USED", "REVOKED"):
        assert title in table
    assert re.search(rf"^{second} +tom +read +\S+Z +2999-01-31T00:00:00Z +- +-$", table, re.M)
    listed = json.loads(invoke("keys", "list", "--json").stdout)
    assert [key["id"] for key in listed] == [first, second] or len(listed) == 2
    assert {"expires_at", "last_used_at"} <= set(listed[0])
    for wrong in ("soon", "90", "2020-01-01", "99999999d"):
        done = invoke("keys", "create", "ann", "--scope", "read", "--expires", wrong)
        assert done.returncode == 2
    assert invoke("keys", "rotate", "nobody").returncode == 2


def test_the_service_stores_last_uses_and_tells_of_expired_keys(
    keys: Keys, serve: Callable[..., str], database: str
) -> None:
    ended, _ = keys.create("ended", ["read"], _now() + SOON)
    _, token = keys.create("tom", ["read"])
    _await_end(ended.expires_at)
    address = serve("--database", database, "--auth", "required")
    request = urllib.request.Request(
        f"{address}/v1/rulebooks", headers={"Authorization": f"Bearer {token}"}
    )
    urllib.request.urlopen(request).close()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        used = {key.name: key.last_used_at for key in keys.list_()}
        expired = [e["subject"] for e in _events(database) if e["kind"] == "key-expired"]
        if used["tom"] and expired:
            break
        time.sleep(0.2)
    assert used["tom"]
    assert used["ended"] is None
    assert expired == [ended.id]
