"""A browser gives its key once; its cookie alone changes nothing; no secret is logged."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import expect
from softbalance.service.keys import Keys
from softbalance.service.settings import Settings

from browsing import OpenPage, overflows, serious

Run = Callable[..., subprocess.CompletedProcess[str]]
Serve = Callable[..., str]
EPISODE = {"form": "other", "indicators": {"constrains_hegemon": "no"}}


@pytest.fixture
def guarded(application: Callable[[Settings], Flask], tmp_path: Path) -> Flask:
    return application(Settings(database=f"sqlite:///{tmp_path}/store.db", auth="required"))


@pytest.fixture
def visitor(guarded: Flask) -> FlaskClient:
    return guarded.test_client()


def keys_of(app: Flask) -> Keys:
    return Keys(app.extensions["softbalance"].store.database)


def logged(folder: Path, path: str, times: int) -> str:
    """Return the server's log as soon as it tells of so many requests to a path."""
    for _ in range(100):
        log = (folder / "server.log").read_text("utf-8")
        if log.count(f'"path":"{path}"') >= times:
            return log
        time.sleep(0.1)
    pytest.fail(f"{path} is not logged {times} times:\n{log}")


def test_a_browser_gives_its_key_once(
    run: Run, serve: Serve, open_page: OpenPage, tmp_path: Path
) -> None:
    token = run("keys", "create", "ann", "--scope", "read", "--scope", "classify").stdout.strip()
    address = serve("--auth", "required")
    page = open_page(f"{address}/?form=other")
    expect(page.locator("h1")).to_have_text("Key")
    assert not serious(page)
    assert not overflows(page)
    page.get_by_label("Key").fill("sb_nonsense")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("no valid key")
    assert not serious(page)
    page.get_by_label("Key").fill(token)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{address}/?form=other")
    (cookie,) = page.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")
    secret = token.split("_", 2)[2]
    assert secret not in cookie["value"]
    confirmed = page.locator("meta[name=csrf-token]").get_attribute("content")
    post = """async token => (await fetch("/v1/classifications", {method: "POST",
        headers: {"Content-Type": "application/json", "X-CSRF-Token": token},
        body: '{"form": "other"}'})).status"""
    assert page.evaluate(post, confirmed) == 201
    page.goto(f"{address}/key")
    expect(page.locator(".lead")).to_contain_text("ann")
    page.get_by_role("button", name="Leave").click()
    page.goto(address)
    expect(page.locator("h1")).to_have_text("Key")
    log = logged(tmp_path, "/v1/classifications", 1)
    for told in (secret, "sb_nonsense", cookie["value"], confirmed):
        assert told
        assert told not in log


def test_a_key_in_a_header_is_not_logged(run: Run, serve: Serve, tmp_path: Path) -> None:
    token = run("keys", "create", "ann", "--scope", "classify").stdout.strip()
    address = serve("--auth", "required", "--log-level", "debug")
    for sent in (token, token[:-1], "password"):
        command = ["curl", "-s", f"{address}/v1/rulebooks", "-H", f"Authorization: Bearer {sent}"]
        subprocess.run(command, check=True, capture_output=True, timeout=30)
    log = logged(tmp_path, "/v1/rulebooks", 3)
    assert token.split("_")[1] in log
    assert token.split("_", 2)[2][:-1] not in log
    assert "password" not in log


def test_a_cookie_alone_changes_nothing(guarded: Flask, visitor: FlaskClient) -> None:
    key, token = keys_of(guarded).create("ann", ["read", "classify"])
    assert visitor.post("/key", data={"key": token, "next": "/"}).status_code == 303
    found = re.search(r'name="csrf-token" content="([^"]+)"', visitor.get("/").text)
    assert found
    call = "/v1/classifications"
    for headers in ({}, {"X-CSRF-Token": "x"}, {"X-CSRF-Token": ""}):
        answer = visitor.post(call, json=EPISODE, headers=headers)
        assert answer.status_code == 403
        assert answer.get_json()["type"] == "urn:softbalance:problem:csrf"
    confirmed = {"X-CSRF-Token": found[1]}
    assert visitor.post(call, json=EPISODE, headers=confirmed).status_code == 201
    foreign = confirmed | {"Sec-Fetch-Site": "cross-site"}
    assert visitor.post(call, json=EPISODE, headers=foreign).status_code == 403
    keys_of(guarded).revoke(key.id)
    assert visitor.get(call).status_code == 401


def test_every_form_that_changes_something_carries_the_token(
    guarded: Flask, visitor: FlaskClient
) -> None:
    _, token = keys_of(guarded).create("ann", ["read", "classify"])
    visitor.post("/key", data={"key": token})
    found = re.search(r'name="csrf-token" content="([^"]+)"', visitor.get("/").text)
    assert found
    stored = visitor.post(
        "/v1/classifications", json=EPISODE, headers={"X-CSRF-Token": found[1]}
    ).get_json()["id"]
    for path in (f"/classifications/{stored}", "/key"):
        forms = re.findall(r'<form[^>]*method="post".*?</form>', visitor.get(path).text, re.DOTALL)
        assert forms
        assert all(f'name="csrf_token" value="{found[1]}"' in form for form in forms)


@pytest.mark.parametrize(
    "elsewhere", ["//evil.example", "https://evil.example", "/\\evil.example", "/a\nb", ""]
)
def test_entering_leads_nowhere_else(guarded: Flask, visitor: FlaskClient, elsewhere: str) -> None:
    _, token = keys_of(guarded).create("ann", ["read"])
    answer = visitor.post("/key", data={"key": token, "next": elsewhere})
    assert answer.headers["Location"] == "/"


def test_a_cookie_of_another_secret_is_none(
    application: Callable[[Settings], Flask], tmp_path: Path
) -> None:
    first, same, other = (
        application(
            Settings(database=f"sqlite:///{tmp_path}/store.db", auth="required", secret=letter * 32)
        )
        for letter in "aab"
    )
    _, token = keys_of(first).create("ann", ["read"])
    sent = first.test_client().post("/key", data={"key": token}, base_url="https://localhost")
    cookie = sent.headers["Set-Cookie"]
    assert {"Secure", "HttpOnly", "SameSite=Lax"} <= {part.strip() for part in cookie.split(";")}
    headers = {"Cookie": cookie.split(";")[0]}
    for app, status in ((same, 200), (other, 401)):
        client = app.test_client(use_cookies=False)
        assert client.get("/v1/classifications", headers=headers).status_code == status
