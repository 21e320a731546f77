"""A real browser: one Chromium for all tests, and for each test pages that watch themselves.

A test fails if a page of it logs an error, or asks another host than the server for anything.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from places import TESTS

AXE = (TESTS / "vendor" / "axe.min.js").read_text("utf-8")
#: WCAG 2.2 A and AA, and what axe knows of good practice.
_RULES = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]}
_DROP = """([name, text]) => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([text], name));
  for (const kind of ["dragover", "drop"]) {
    const options = { dataTransfer, bubbles: true, cancelable: true };
    document.querySelector("main").dispatchEvent(new DragEvent(kind, options));
  }
}"""
OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        pytest.fail("there is no Chromium: `make programs` installs it")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Open a page in a context of its own; options are those of `Browser.new_context`."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def open_(address: str, **options: Any) -> Page:
        context = browser.new_context(**options)
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        _watch(page, urlsplit(address).netloc, wrong)
        page.goto(address)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert not wrong


def _watch(page: Page, host: str, wrong: list[str]) -> None:
    visited: set[str] = set()

    def request(made: Any) -> None:
        if made.is_navigation_request():
            visited.add(made.url)
        parts = urlsplit(made.url)
        if parts.scheme not in ("data", "blob") and parts.netloc != host:
            wrong.append(f"{page.url} asks {made.url}")

    def console(message: Any) -> None:
        # a browser logs the status of an error page that it was sent to
        if message.type == "error" and message.location.get("url") not in visited:
            wrong.append(f"{page.url} logs {message.text}")

    page.on("request", request)
    page.on("console", console)
    page.on("pageerror", lambda error: wrong.append(f"{page.url} throws {error}"))


def serious(page: Page) -> list[str]:
    """Return what axe finds serious or critical on a page."""
    page.evaluate(AXE)
    found = page.evaluate("rules => axe.run(document, {runOnly: rules})", _RULES)
    return [
        f"{violation['id']}: {violation['help']}: {node['html'][:200]}"
        for violation in found["violations"]
        if violation["impact"] in ("serious", "critical")
        for node in violation["nodes"]
    ]


def overflows(page: Page) -> bool:
    """Return whether a page is wider than its window, so that it scrolls to the side."""
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


def drop(page: Page, name: str, text: str) -> None:
    """Drop a file of that name and text on a page, as a person does with the mouse."""
    page.evaluate(_DROP, [name, text])
