"""The list of classifications, in a real browser against a real server."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from softbalance.service.settings import Settings

from browsing import OpenPage, overflows, serious

BROWSER = {"Accept": "text/html"}


@pytest.fixture
def stocked(application: Callable[[Settings], Flask], database: str) -> FlaskClient:
    """An application on each kind of database, with 120 records of three classes."""
    client = application(Settings(database=database)).test_client()
    codings: list[dict[str, str]] = [
        {},
        {"constrains_hegemon": "no"},
        {"aimed_at_hegemon_power": "no"},
    ]
    for number in range(120):
        episode: dict[str, Any] = {
            "id": f"e{number:03}",
            "form": "formal_alliance" if number % 2 else "other",
            "actors": ["RUS", "CHN"] if number % 4 == 0 else ["FRA"],
            "indicators": codings[number % 3],
            "observations": [
                {"indicator": "prestige_payoff", "value": "yes", "coder": f"coder {number % 5}"}
            ],
        }
        if number % 10:
            episode["title"] = f"Episode {number // 10} of 100%"
        rulebook = "paul-2004" if number >= 100 else "brooks-wohlforth-2004"
        made = client.post(f"/v1/classifications?rulebook={rulebook}", json=episode)
        assert made.status_code == 201
    return client


def _listed(client: FlaskClient, query: str) -> list[dict[str, Any]]:
    lines = client.get(f"/classifications.ndjson?{query}").text.splitlines()
    return [json.loads(line) for line in lines]


#: A query → the numbers of the records that it finds.
QUERIES: dict[str, Iterable[int]] = {
    "": range(120),
    "classification=not_a_constraint": range(1, 120, 3),
    "form=other&actor=RUS": range(0, 120, 4),
    "rulebook=paul-2004": range(100, 120),
    "coder=coder+3": range(3, 120, 5),
    "text=EPISODE+7+of+100%25": range(71, 80),
    "text=e05": range(50, 60),
    "text=100_": (),
    "since=2020-01-01&until=9000-01-01": range(120),
    "until=2020-01-01": (),
    "actor=&coder=&text=": range(120),
}


def test_filters(stocked: FlaskClient) -> None:
    for query, expected in QUERIES.items():
        got = _listed(stocked, query)
        found = [f"e{n:03}" for n in sorted(expected, reverse=True)]
        assert [item["episode"]["id"] for item in got] == found, query
        assert f"<strong>{len(got)}</strong>" in stocked.get(f"/?{query}").text, query


def test_pages_in_every_order_hold_each_record_once(stocked: FlaskClient) -> None:
    for order in ("time", "title", "classification", "form", "rulebook"):
        for direction in ("falling", "rising"):
            query = f"sort={order}&direction={direction}"
            seen = list(_paged(stocked, f"/?{query}"))
            assert len(set(seen)) == 120, query
            assert seen == [item["id"] for item in _listed(stocked, query)], query


def _paged(client: FlaskClient, address: str) -> Iterator[str]:
    """Yield the ids on a page and on all that follow it."""
    while address:
        page = client.get(address, headers=BROWSER).text
        yield from (part.split('"')[0] for part in page.split('href="/classifications/')[1:])
        following = page.split('rel="next" href="')
        address = following[1].split('"')[0].replace("&amp;", "&") if len(following) > 1 else ""


def test_the_export_is_a_table(stocked: FlaskClient) -> None:
    answer = stocked.get("/classifications.csv?actor=RUS&sort=title")
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == 30
    assert {row["actors"] for row in rows} == {"RUS;CHN"}
    assert rows[0]["notes"] == "prestige_not_weighed;scope_not_coded"


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("form=alliance", "formal_alliance"),
        ("classification=soft", "soft_balancing"),
        ("sort=size", "time, title"),
        ("direction=up", "falling and rising"),
        ("since=yesterday", "write a day as YYYY-MM-DD"),
        ("until=2026-02-30", "write a day as YYYY-MM-DD"),
        ("cursor=x", "start at the first page"),
        ("cursor=WzEsIDJd&sort=title", "start at the first page"),
        ("cursor=WzEsIDk5OTk5OTk5OTk5OTk5OTk5OTk5OTld", "start at the first page"),
        ("actor=" + "x" * 65, "at most 64 characters"),
        ("text=a%00b", "characters of text"),
    ],
)
def test_what_cannot_be_meant_is_told(client: FlaskClient, query: str, told: str) -> None:
    answer = client.get(f"/?{query}", headers=BROWSER)
    assert (answer.status_code, answer.mimetype) == (422, "text/html")
    assert told in answer.text


def test_the_chart_filters(site: str, open_page: OpenPage) -> None:
    page = open_page(site)
    bar = page.locator(".chart a", has_text="Hard balancing")
    count = bar.locator(".chart__count").inner_text().split()[0]
    bar.click()
    page.wait_for_url("**/?classification=hard_balancing")
    assert page.locator("#list strong").inner_text() == count
    assert page.locator("tbody tr").count() == int(count)
    assert page.locator("#classification").input_value() == "hard_balancing"
    page.locator(".chart a[aria-current]").click()
    page.wait_for_url(f"{site}/")


def test_the_form_filters_as_it_is_filled_in(site: str, open_page: OpenPage) -> None:
    page = open_page(site)
    page.locator("#text").fill("opposition in the security")
    page.wait_for_url("**/?text=*")
    page.get_by_text("found.").wait_for()
    assert parse_qs(urlsplit(page.url).query) == {"text": ["opposition in the security"]}
    names = page.locator("tbody th").all_inner_texts()
    assert set(names) == {"Opposition in the Security Council to the war in Iraq"}
    page.locator("#actor").fill("XYZ")
    page.keyboard.press("Enter")
    page.get_by_text("Nothing passes these filters").wait_for()
    assert not serious(page)


def test_it_filters_and_exports_without_javascript(site: str, open_page: OpenPage) -> None:
    page = open_page(site, java_script_enabled=False)
    page.locator("#actor").fill("RUS")
    page.get_by_role("button", name="Search").click()
    shown = int(page.locator("#list strong").inner_text())
    assert shown == page.locator("tbody tr").count() > 1
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    text = Path(download.value.path()).read_text("utf-8")
    assert len(list(csv.DictReader(io.StringIO(text)))) == shown


def test_the_keyboard_alone_reaches_a_record(site: str, open_page: OpenPage) -> None:
    page = open_page(f"{site}/?text=Suez")
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to the content"
    page.keyboard.press("Enter")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.locator(":focus").inner_text() == "The United States forces its allies out of Suez":
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/classifications/*")


@pytest.mark.parametrize("width", [390, 768, 1920])
def test_it_fits(site: str, open_page: OpenPage, width: int) -> None:
    page = open_page(site, viewport={"width": width, "height": 900})
    page.locator(".more summary").click()
    assert not overflows(page)
