"""What all pages have in common, in a real browser against a real server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from browsing import OpenPage, overflows, serious

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
Serve = Callable[..., str]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_the_first_page(site: str, open_page: OpenPage, scheme: str, width: int) -> None:
    viewport = {"width": width, "height": 900}
    page = open_page(site, color_scheme=scheme, viewport=viewport)
    assert page.locator("h1").inner_text() == "Classifications"
    assert page.get_by_text("Russian arms and nuclear sales to Iran").first.is_visible()
    assert not overflows(page)
    assert not serious(page)


def test_an_empty_store(serve: Serve, open_page: OpenPage) -> None:
    page = open_page(serve())
    assert "softbalance cases --load" in page.locator(".empty").inner_text()
    assert not serious(page)


def test_an_error_is_a_page_to_a_browser(site: str, open_page: OpenPage) -> None:
    page = open_page(f"{site}/nowhere")
    assert "Not Found" in page.locator("h1").inner_text()
    assert not serious(page)


def test_an_error_is_a_problem_to_all_others(client: FlaskClient) -> None:
    for accept in ("*/*", "application/json", "application/problem+json"):
        answer = client.get("/nowhere", headers={"Accept": accept})
        assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert client.get("/nowhere", headers=BROWSER).mimetype == "text/html"
    answer = client.get("/v1/classifications/nowhere", headers=BROWSER)
    assert answer.mimetype == "application/problem+json"


def test_the_policy_of_a_page(client: FlaskClient) -> None:
    policy = client.get("/").headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy


def test_static_files_are_kept_for_long(client: FlaskClient) -> None:
    page = client.get("/").text
    style = page.split('rel="stylesheet" href="')[1].split('"')[0]
    outdated = "/static/000000000000/" + Path(style).name
    for address, kept in ((style, True), (outdated, False)):
        with client.get(address) as answer:
            assert answer.status_code == 200
            assert ("immutable" in answer.headers["Cache-Control"]) is kept
