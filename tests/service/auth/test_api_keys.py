"""API keys: made, listed, revoked; who may call what with them."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from softbalance.service.auth.api_keys import Keys, UnusableKey
from softbalance.service.auth.guard import OPEN
from softbalance.service.settings import Settings, UnusableSetting
from softbalance.service.store import Store
from sqlalchemy import text
from werkzeug.test import TestResponse

from processes import SOFTBALANCE
from refusals import refusal
from stores import opened

Run = Callable[..., subprocess.CompletedProcess[str]]
Serve = Callable[..., str]
EPISODE = {"form": "other", "indicators": {"constrains_hegemon": "yes"}}


@pytest.fixture
def keys(database: str) -> Iterator[Keys]:
    store = Store(database)
    store.create()
    yield Keys(store.database)
    store.close()


@pytest.fixture
def guarded(application: Callable[[Settings], Flask], tmp_path: Path) -> Flask:
    """An application that asks for keys."""
    return application(Settings(database=f"sqlite:///{tmp_path}/store.db", auth="required"))


def made(app: Flask, *scopes: str) -> dict[str, str]:
    """Make a key and return the header that sends it."""
    keys = Keys(app.extensions["softbalance"].store.database)
    _, token = keys.create("-".join(("for", *scopes)), scopes)
    return {"Authorization": f"Bearer {token}"}


def refused(answer: TestResponse, status: int, challenge: str) -> str:
    """Check that an answer is a problem with that challenge; return what it says."""
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="softbalance"' + challenge
    detail: str = answer.get_json()["detail"]
    return detail


def test_a_token_is_recognised_until_its_key_is_revoked(keys: Keys) -> None:
    key, token = keys.create("tom", ["read", "classify", "read"])
    assert re.fullmatch(r"sb_[0-9a-f]{12}_[\w-]{43}", token)
    assert keys.find_by_token(token) == key == keys.find_by_id(key.id)
    assert key.scopes == ("classify", "read")
    other, _ = keys.create("tim", ["read"])
    assert keys.find_by_token(token.replace(key.id, other.id)) is None
    assert keys.revoke("tom").id == key.id
    assert keys.find_by_token(token) is keys.find_by_id(key.id) is None
    assert {k.name: bool(k.revoked_at) for k in keys.list_()} == {"tom": True, "tim": False}


@pytest.mark.parametrize("token", ["", "sb_", "sb_0_x", f"sb_{'0' * 12}_{'x' * 43}", "sb_é\0"])
def test_other_texts_are_no_tokens(keys: Keys, token: str) -> None:
    assert keys.find_by_token(token) is None


def test_a_name_is_free_again_when_its_key_is_revoked(keys: Keys) -> None:
    keys.create("tom", ["read"])
    with pytest.raises(UnusableKey, match="a key 'tom' already; revoke it or choose another"):
        keys.create("tom", ["read"])
    keys.revoke("tom")
    keys.create("tom", ["read"])
    with pytest.raises(UnusableKey, match="no valid key has the name or id 'ann'"):
        keys.revoke("ann")
    with pytest.raises(UnusableKey, match="'a b' is no name for a key"):
        keys.create("a b", ["read"])


def test_the_store_holds_no_token(keys: Keys, database: str) -> None:
    _, token = keys.create("tom", ["read"])
    with opened(database) as connection:
        rows = connection.execute(text("SELECT * FROM keys")).all()
    assert len(rows) == 1
    assert token.rpartition("_")[2] not in repr(rows)


def test_the_command(invoke: Run) -> None:
    done = invoke("keys", "create", "tom", "--scope", "classify", "--scope", "read")
    assert done.returncode == 0
    token = done.stdout.strip()
    assert re.fullmatch(r"sb_[0-9a-f]{12}_[\w-]{43}", token)
    id_ = token.split("_")[1]
    assert f"Key {id_} (tom) is for classify and read." in done.stderr
    listed = invoke("keys", "list")
    assert re.search(rf"^{id_} +tom +classify,read +\S+Z +- +- +-$", listed.stdout, re.MULTILINE)
    assert token not in listed.stdout
    assert invoke("keys", "create", "tom", "--scope", "read").returncode == 2
    assert f"Key {id_} (tom) is revoked." in invoke("keys", "revoke", "tom").stdout
    assert invoke("keys", "revoke", "tom").returncode == 2
    (shown,) = json.loads(invoke("keys", "list", "--json").stdout)
    assert shown["revoked_at"]
    assert "hash" not in shown
    assert invoke("keys", "create", "ann").returncode == 2
    assert invoke("keys", "list", "--database", "sqlite:///none.db").returncode == 2


def test_what_needs_no_key_is_told_by_name(guarded: Flask) -> None:
    client = guarded.test_client()
    seen = set()
    for rule in guarded.url_map.iter_rules():
        seen.add(rule.endpoint)
        if rule.endpoint in OPEN:
            continue
        path = re.sub(r"<[^>]+>", "x", rule.rule)
        for method in rule.methods or ():
            answer = client.open(path, method=method)
            assert answer.status_code == 401, (rule, method)
    assert seen >= OPEN


def test_a_call_without_a_key(guarded: Flask) -> None:
    client = guarded.test_client()
    told = refused(client.get("/v1/classifications"), 401, "")
    assert "send it as 'Authorization: Bearer KEY'" in told
    for sent in ("Bearer", "Bearer nonsense", f"Bearer sb_{'0' * 12}_{'x' * 43}", "Basic eDp5"):
        answer = client.get("/v1/classifications", headers={"Authorization": sent})
        assert "unknown, expired or revoked" in refused(answer, 401, ', error="invalid_token"')
    assert client.get("/healthz").status_code == client.get("/openapi.json").status_code == 200


def test_scopes(guarded: Flask) -> None:
    client = guarded.test_client()
    read, classify, metrics = (made(guarded, one) for one in ("read", "classify", "metrics"))
    lacks = ', error="insufficient_scope", scope="{}"'
    post: dict[str, Any] = {"path": "/v1/classifications", "json": EPISODE}
    assert client.post(**post, headers=classify).status_code == 201
    told = refused(client.post(**post, headers=read), 403, lacks.format("classify"))
    assert "the key 'for-read' is for 'read', and this call needs 'classify'" in told
    assert client.get("/v1/classifications", headers=read).status_code == 200
    refused(client.get("/v1/classifications", headers=classify), 403, lacks.format("read"))
    assert client.get("/metrics", headers=metrics).status_code == 200
    refused(client.get("/metrics", headers=read), 403, lacks.format("metrics"))
    for path in ("/v1/batches", "/v1/comparisons", "/v1/classifications/x/replay"):
        refused(client.post(path, headers=read), 403, lacks.format("classify"))


def test_the_document_says_what_needs_a_key(guarded: Flask, client: FlaskClient) -> None:
    document = guarded.test_client().get("/openapi.json").get_json()
    assert document["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    post = document["paths"]["/v1/classifications"]["post"]
    assert post["security"] == [{"key": ["classify"]}]
    for status in ("401", "403", "429"):
        name = post["responses"][status]["$ref"].rpartition("/")[2]
        assert name in document["components"]["responses"]
    assert "security" not in document["paths"]["/healthz"]["get"]
    assert "securitySchemes" not in client.get("/openapi.json").get_json()["components"]


@pytest.mark.parametrize("name", ["localhost", "localhost:8000", "127.0.0.1:1", "[::1]:8000"])
def test_an_open_service_answers_to_its_own_names(client: FlaskClient, name: str) -> None:
    answer = client.get("/v1/rulebooks", headers={"Host": name})
    assert answer.status_code == 200
    assert "brooks-wohlforth-2004" in {item["id"] for item in answer.get_json()["items"]}


@pytest.mark.parametrize(
    "name", ["evil.example", "127.0.0.1.evil.example:8000", "10.0.0.1", "[", "[::1", "[x]", "::"]
)
def test_and_to_no_others(client: FlaskClient, name: str) -> None:
    answer = client.get("/v1/rulebooks", headers={"Host": name})
    assert "paul-2004" not in answer.text
    problem = refusal(answer, 403)
    assert problem["type"] == "urn:softbalance:problem:other-host"
    assert "start it with --auth required" in problem["detail"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 201),
        ({"Origin": "http://localhost"}, 201),
        ({"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}, 201),
        ({"Origin": "http://localhost:3000", "Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://["}, 403),
        ({"Origin": "http://[::1"}, 403),
        ({"Origin": "\xff\x80"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_pages_of_other_sites_change_nothing(
    client: FlaskClient, headers: dict[str, str], status: int
) -> None:
    answer = client.post("/v1/classifications", json=EPISODE, headers=headers)
    stored = client.get("/v1/classifications").get_json()["items"]
    if status == 201:
        assert [item["id"] for item in stored] == [answer.get_json()["id"]]
    else:
        assert refusal(answer, 403)["type"] == "urn:softbalance:problem:other-site"
        assert stored == []


@pytest.mark.parametrize(
    ("host", "auth", "asks"),
    [
        ("127.0.0.1", "auto", False),
        ("127.8.0.1", "auto", False),
        ("::1", "auto", False),
        ("localhost", "auto", False),
        ("0.0.0.0", "auto", True),
        ("::", "auto", True),
        ("localhost.evil.example", "auto", True),
        ("127.0.0.1", "required", True),
        ("127.0.0.1", "none", False),
    ],
)
def test_who_is_asked_for_a_key(host: str, auth: str, asks: bool) -> None:
    assert Settings.from_environment({}, host=host, auth=auth).asks_for_keys is asks


def test_a_service_for_others_without_keys_has_to_be_meant(invoke: Run) -> None:
    done = invoke("serve", "--host", "0.0.0.0", "--auth", "none")
    assert done.returncode == 2
    assert "add --insecure if that is meant" in done.stderr
    meant = Settings.from_environment({}, host="0.0.0.0", auth="none", insecure=True)
    assert not meant.asks_for_keys
    with pytest.raises(UnusableSetting, match="at least 32 characters"):
        Settings.from_environment({"SOFTBALANCE_SECRET": "short"})


def test_a_revoked_key_is_refused_by_every_worker_at_once(serve: Serve, tmp_path: Path) -> None:
    address = serve("--auth", "required", "--workers", 3)
    token = _keys(tmp_path, "create", "tom", "--scope", "read").strip()
    assert {_status(address, token) for _ in range(9)} == {200}
    _keys(tmp_path, "revoke", "tom")
    assert {_status(address, token) for _ in range(9)} == {401}


def test_what_needs_no_store_goes_on_while_it_is_away(guarded: Flask, tmp_path: Path) -> None:
    client, call = guarded.test_client(), "/v1/classifications?store=false"
    known, unknown = made(guarded, "classify"), made(guarded, "classify", "read")
    before = client.post(call, json=EPISODE, headers=known)
    assert (before.status_code, before.get_json()["classification"]) == (200, "indeterminate")
    (tmp_path / "store.db").rename(tmp_path / "away.db")
    after = client.post(call, json=EPISODE, headers=known)
    assert after.status_code == 200
    assert after.get_json()["decision_digest"] == before.get_json()["decision_digest"]
    refused_now = client.post(call, json=EPISODE, headers=unknown)
    assert refusal(refused_now, 503)["type"] == "urn:softbalance:problem:store-away"


def _keys(folder: Path, *arguments: str) -> str:
    command = [SOFTBALANCE, "keys", *arguments]
    done = subprocess.run(
        command, cwd=folder, check=True, capture_output=True, text=True, timeout=60
    )
    return done.stdout


def _status(address: str, token: str) -> int:
    """Ask with a key on a connection of its own, so that any worker may answer."""
    command = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", f"{address}/v1/rulebooks"]
    command += ["-H", f"Authorization: Bearer {token}"]
    return int(subprocess.run(command, check=True, capture_output=True, timeout=30).stdout)
