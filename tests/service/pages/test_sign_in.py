"""The page that asks for a key, the cookie that it leaves, and what protects forms."""

from __future__ import annotations

import re
import subprocess
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from flask.testing import FlaskClient
from itsdangerous import TimestampSigner
from softbalance.service.app import create_app
from softbalance.service.auth.api_keys import Keys
from softbalance.service.settings import Settings
from werkzeug.test import TestResponse

from browsing import OpenPage, overflows, serious
from processes import SOFTBALANCE, serving

HTML = {"Accept": "text/html"}


class Guarded:
    """An application that asks for keys, and one key of it."""

    def __init__(self, database: str) -> None:
        settings = Settings(database=database, auth="required", secret="x" * 32)
        app = create_app(settings)
        self.store = app.extensions["softbalance"].store
        self.keys = Keys(self.store.database)
        _, self.token = self.keys.create("tom", ["read", "classify"])
        self.client: FlaskClient = app.test_client()

    def enter(self, key: str, to: str = "/") -> TestResponse:
        return self.client.post("/key", data={"key": key, "next": to})


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Guarded]:
    made = Guarded(f"sqlite:///{tmp_path}/store.db")
    yield made
    made.store.close()


def test_the_cookie(guarded: Guarded) -> None:
    answer = guarded.enter(f" {guarded.token}\n")
    cookie = answer.headers["Set-Cookie"]
    assert "; HttpOnly" in cookie
    assert "; SameSite=Lax" in cookie
    assert "Secure" not in cookie
    assert guarded.token.split("_", 2)[2] not in cookie
    by_tls = {"X-Forwarded-Proto": "https"}
    data = {"key": guarded.token}
    assert "Secure" in guarded.client.post("/key", data=data, headers=by_tls).headers["Set-Cookie"]


@pytest.mark.parametrize(
    ("ahead", "status"),
    [(2, 200), (250, 200), (3600, 303), (-29 * 86_400, 200), (-31 * 86_400, 303)],
)
def test_a_cookie_of_a_node_with_another_clock(guarded: Guarded, ahead: int, status: int) -> None:
    class Signer(TimestampSigner):
        """As a node signs whose clock is so many seconds ahead."""

        def get_timestamp(self) -> int:
            return super().get_timestamp() + ahead

    id_ = guarded.token.split("_")[1]
    node = Flask("another")
    node.secret_key = "x" * 32
    serializer = SecureCookieSessionInterface().get_signing_serializer(node)
    assert serializer is not None
    serializer.signer = Signer
    cookie = serializer.dumps({"key": id_, "csrf": "t", "_permanent": True})
    guarded.client.set_cookie("softbalance", str(cookie))
    assert guarded.client.get("/", headers=HTML).status_code == status


def test_a_cookie_that_we_did_not_sign_is_none(guarded: Guarded) -> None:
    guarded.enter(guarded.token)
    cookie = guarded.client.get_cookie("softbalance")
    assert cookie is not None
    assert guarded.client.get("/", headers=HTML).status_code == 200
    payload, _, rest = cookie.value.partition(".")
    guarded.client.set_cookie("softbalance", f"{payload}x.{rest}")
    assert guarded.client.get("/", headers=HTML).status_code == 303


def test_revoking_ends_it_at_once(guarded: Guarded) -> None:
    guarded.enter(guarded.token)
    assert guarded.client.get("/v1/classifications").status_code == 200
    guarded.keys.revoke("tom")
    answer = guarded.client.get("/v1/classifications")
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    ("to", "there"),
    [
        ("/code?x=1", "/code?x=1"),
        ("https://evil.example/", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("http://[", "/"),
        ("code", "/"),
    ],
)
def test_it_leads_back_and_never_elsewhere(guarded: Guarded, to: str, there: str) -> None:
    asked = guarded.client.get("/key?" + urllib.parse.urlencode({"next": to}))
    assert f'name="next" value="{there}"' in asked.text
    answer = guarded.enter(guarded.token, to)
    assert (answer.status_code, answer.headers["Location"]) == (303, there)


def test_what_a_cookie_allows_needs_the_token_of_a_page(guarded: Guarded) -> None:
    guarded.enter(guarded.token)
    call = {"path": "/v1/classifications?store=false", "json": {"form": "other"}}
    refused = guarded.client.post(**call)
    assert refused.status_code == 403
    assert refused.get_json()["type"] == "urn:softbalance:problem:csrf"
    assert guarded.client.post(**call, headers={"X-CSRF-Token": "wrong"}).status_code == 403
    page = guarded.client.get("/key").text
    token = page.partition('name="csrf-token" content="')[2].partition('"')[0]
    sent = {"X-CSRF-Token": token}
    assert guarded.client.post(**call, headers=sent).status_code == 200
    elsewhere = sent | {"Sec-Fetch-Site": "cross-site"}
    assert guarded.client.post(**call, headers=elsewhere).status_code == 403
    # a key in the header needs no page
    key = {"Authorization": f"Bearer {guarded.token}", "Origin": "https://tool.example"}
    assert guarded.client.post(**call, headers=key).status_code == 200
    left = guarded.client.post("/key/leave", data={"csrf_token": token})
    assert left.status_code == 303
    assert guarded.client.get("/", headers=HTML).headers["Location"] == "/key?next=/"


def test_every_form_carries_the_token(guarded: Guarded) -> None:
    guarded.enter(guarded.token)
    (token,) = re.findall(r'name="csrf-token" content="([^"]+)"', guarded.client.get("/").text)
    sent = {"X-CSRF-Token": token}
    stored = guarded.client.post("/v1/classifications", json={"form": "other"}, headers=sent)
    for path in (f"/classifications/{stored.get_json()['id']}", "/key"):
        page = guarded.client.get(path).text
        forms = re.findall(r'<form[^>]*method="post".*?</form>', page, re.DOTALL)
        assert forms
        assert all(f'name="csrf_token" value="{token}"' in form for form in forms)


def test_no_other_site_can_enter_its_own_key(guarded: Guarded) -> None:
    answer = guarded.client.post(
        "/key", data={"key": guarded.token}, headers={"Origin": "https://evil.example"}
    )
    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A real server that asks for keys, and its folder."""
    folder = tmp_path_factory.mktemp("asking")
    with serving(folder) as start:
        yield start("--auth", "required", "--workers", 2, "--log-level", "debug"), folder


def _token(folder: Path, name: str) -> str:
    command = [SOFTBALANCE, "keys", "create", name, "--scope", "read", "--scope", "classify"]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=60)
    return done.stdout.decode().strip()


def test_a_browser_is_asked_once(asking: tuple[str, Path], open_page: OpenPage) -> None:
    address, folder = asking
    token = _token(folder, "browser")
    page = open_page(f"{address}/code")
    assert page.url == f"{address}/key?next=/code"
    assert not serious(page)
    page.get_by_label("Key", exact=True).fill("sb_wrong")
    page.get_by_role("button", name="Enter").click()
    assert "This is no valid key" in page.get_by_role("alert").inner_text()
    assert not serious(page)
    page.get_by_label("Key", exact=True).fill(token)
    page.get_by_role("button", name="Enter").click()
    page.wait_for_url(f"{address}/code")
    page.goto(f"{address}/key")
    assert "This browser uses the key browser" in page.inner_text("main")
    page.set_viewport_size({"width": 320, "height": 640})
    assert not overflows(page)
    page.get_by_role("button", name="Leave").click()
    page.wait_for_url(f"{address}/key")
    assert page.get_by_label("Key", exact=True).is_visible()


def test_nothing_secret_is_logged(asking: tuple[str, Path]) -> None:
    address, folder = asking
    token = _token(folder, "logged")
    secrets = {"token": token, "wrong": f"sb_{'0' * 12}_{'z' * 43}", "cookie": "c" * 40}
    body = '{"form": "other", "title": "unlogged-body"}'
    for key in (secrets["token"], secrets["wrong"]):
        for path in ("/v1/classifications", "/none?key=unlogged-query", "/v1/batches"):
            command = ["curl", "-s", f"{address}{path}", "-H", f"Authorization: Bearer {key}"]
            command += ["-H", f"Cookie: softbalance={secrets['cookie']}", "-d", body]
            command += ["-H", "Idempotency-Key: unlogged-idempotency"]
            command += ["-H", "Content-Type: application/json"]
            subprocess.run(command, check=True, capture_output=True, timeout=30)
    form = ["curl", "-s", "-i", f"{address}/key", "-d", f"key={token}"]
    answer = subprocess.run(form, check=True, capture_output=True, timeout=30).stdout.decode()
    set_cookie = answer.partition("Set-Cookie: softbalance=")[2].partition(";")[0]
    assert set_cookie
    log = (folder / "server.log").read_text("utf-8")
    assert token.split("_")[1] in log, "the id of the key, which is no secret, is logged"
    for secret in (*secrets.values(), token.split("_", 2)[2], set_cookie, "unlogged", "Bearer"):
        assert secret not in log
