"""Keys that are none: so many from an address, then 429; a valid one is taken from anywhere."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from softbalance.service.auth.api_keys import Keys
from softbalance.service.settings import Settings, UnusableSetting

from refusals import refusal

WRONG = {"Authorization": f"Bearer sb_{'0' * 12}_{'x' * 43}"}
PATH = "/v1/rulebooks"
Make = Callable[..., FlaskClient]


@pytest.fixture
def make(application: Callable[[Settings], Flask], tmp_path: Path) -> Make:
    def make(**given: str) -> FlaskClient:
        database = f"sqlite:///{tmp_path}/store.db"
        settings = {"failed_keys": "3/minute", **given}
        return application(
            Settings(database=database, auth="required", **settings)  # type: ignore[arg-type]
        ).test_client()

    return make


def _ask(client: FlaskClient, address: str = "192.0.2.1", forwarded: str | None = None) -> int:
    headers = WRONG if forwarded is None else {**WRONG, "X-Forwarded-For": forwarded}
    return client.get(PATH, headers=headers, environ_base={"REMOTE_ADDR": address}).status_code


def test_an_address_that_sends_too_many(make: Make) -> None:
    client = make()
    assert [_ask(client) for _ in range(5)] == [401, 401, 401, 429, 429]
    answer = client.get(PATH, headers=WRONG, environ_base={"REMOTE_ADDR": "192.0.2.1"})
    problem = refusal(answer, 429)
    assert problem["type"] == "urn:softbalance:problem:too-many-failed-keys"
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    # others are not concerned, nor is who sends no key
    assert _ask(client, "192.0.2.2") == 401
    assert client.get(PATH, environ_base={"REMOTE_ADDR": "192.0.2.1"}).status_code == 401


def test_a_valid_key_is_taken_all_the_same(make: Make) -> None:
    client = make()
    keys = Keys(client.application.extensions["softbalance"].store.database)
    _, token = keys.create("tom", ["read"])
    for _ in range(5):
        _ask(client)
    answer = client.get(
        PATH, headers={"Authorization": f"Bearer {token}"},
        environ_base={"REMOTE_ADDR": "192.0.2.1"},
    )  # fmt: skip
    assert answer.status_code == 200


def test_addresses_of_one_customer_are_one(make: Make) -> None:
    client = make()
    for number in range(3):
        assert _ask(client, f"2001:db8:0:1::{number}") == 401
    assert _ask(client, "2001:db8:0:1:ffff::1") == 429
    assert _ask(client, "2001:db8:0:2::1") == 401
    assert _ask(client, "::ffff:192.0.2.9") == 401


def test_the_form_counts_too(make: Make) -> None:
    client = make()
    entered = [
        client.post("/key", data={"key": "nonsense"}, headers={"Accept": "text/html"}).status_code
        for _ in range(5)
    ]
    assert entered == [422, 422, 422, 429, 429]


def test_behind_a_proxy(make: Make) -> None:
    client = make(trusted_proxies="10.0.0.0/8")
    assert [_ask(client, "10.0.0.1", "198.51.100.7") for _ in range(4)][-1] == 429
    assert _ask(client, "10.0.0.1", "198.51.100.8") == 401
    # what a client makes up stands before what the proxy has seen
    assert _ask(client, "10.0.0.1", "203.0.113.1, 198.51.100.7") == 429


def test_a_header_of_anybody_else_is_not_believed(make: Make) -> None:
    client = make()
    told = [_ask(client, "192.0.2.1", f"198.51.100.{number}") for number in range(4)]
    assert told == [401, 401, 401, 429]


def test_no_limit(make: Make) -> None:
    client = make(failed_keys="none")
    assert {_ask(client) for _ in range(50)} == {401}


def test_without_rates_failures_are_limited_yet(make: Make) -> None:
    client = make(rate_limit="none")
    assert [_ask(client) for _ in range(4)][-1] == 429


def test_all_workers_count_together(serve: Callable[..., str]) -> None:
    address = serve("--auth", "required", "--workers", 3, "--failed-keys", "5/hour")
    found = []
    for _ in range(12):
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(urllib.request.Request(address + PATH, headers=WRONG))
        with caught.value as answer:
            found.append(answer.code)
    assert found == [401] * 5 + [429] * 7


def test_settings() -> None:
    for name, value in (("FAILED_KEYS", "often"), ("TRUSTED_PROXIES", "proxy.example")):
        with pytest.raises(UnusableSetting, match=f"{name.lower()} cannot be used"):
            Settings.from_environment({f"SOFTBALANCE_{name}": value})
