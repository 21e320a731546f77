"""The pages of the rulebooks, in a real browser against a real server."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from softbalance.rules.language.loader import Library
from softbalance.service.settings import Settings
from softbalance.service.store.firings import Firings

from browsing import OpenPage, overflows, serious
from edited import Content, edited

MADE = "brooks-wohlforth-2004"
Application = Callable[[Settings], Flask]


def test_the_list_leads_to_each(site: str, open_page: OpenPage, library: Library) -> None:
    page = open_page(site)
    page.get_by_role("link", name="Rulebooks").first.click()
    assert page.locator(".books article").count() == len(library.rulebooks)
    page.get_by_role("link", name=library[MADE].title).click()
    page.wait_for_url(f"**/rulebooks/{MADE}")
    assert page.locator(".rule").count() == sum(1 for _ in library[MADE].rules)


def test_a_rulebook_with_its_rules_and_its_proof(site: str, open_page: OpenPage) -> None:
    page = open_page(f"{site}/rulebooks/{MADE}")
    rule = page.locator("#rule-usual-without-link-or-motive")
    assert "either systemic link is failed, or security motive is failed" in rule.inner_text()
    assert "classification is Politics as usual" in rule.inner_text()
    assert "Core Assumptions of Soft Balancing" in rule.inner_text()
    assert re.search(r"fired [0-9]+ times", rule.inner_text())
    # verified without being asked, and no reload
    page.get_by_text("Verified over all 633,318,697,598,976 codings").wait_for(timeout=60_000)
    assert page.locator(".checks tbody tr").count() >= 10


@pytest.mark.parametrize(("scheme", "width"), [("light", 390), ("dark", 1280)])
def test_they_are_accessible_and_fit(
    site: str, open_page: OpenPage, scheme: str, width: int
) -> None:
    viewport = {"width": width, "height": 900}
    for path in (
        "/rulebooks", "/rulebooks/paul-2004/verification", "/rulebooks/diff",
        f"/rulebooks/diff?before={MADE}&after=paul-2004",
    ):  # fmt: skip
        page = open_page(f"{site}{path}", color_scheme=scheme, viewport=viewport)
        assert not overflows(page), path
        assert not serious(page), path


def test_two_compared_without_javascript(site: str, open_page: OpenPage) -> None:
    page = open_page(f"{site}/rulebooks", java_script_enabled=False)
    page.locator("#before").select_option(MADE)
    page.locator("#after").select_option(f"{MADE}-walt")
    page.get_by_role("button", name="Compare").click()
    assert "The two differ" in page.locator(".notice").inner_text()
    change = page.locator(".change", has_text="systemic-link-met")
    assert "hegemon seen as threat is yes" in change.locator(".side--after").inner_text()
    page.locator(".witness").first.wait_for(state="attached")
    assert page.locator(".cross tbody tr").count() == 6
    page.goto(f"{site}/rulebooks/diff?before={MADE}&after={MADE}")
    assert "Equivalent" in page.locator(".notice").inner_text()
    assert "They are written alike" in page.locator("main").inner_text()


@pytest.mark.parametrize(
    "path",
    ["none", "none/verification", "diff?before=none&after=paul-2004", "diff?before=paul-2004",
     "paul-2004?digest=sha256:0", "%3Cscript%3E"],
)  # fmt: skip
def test_what_is_not_there(client: FlaskClient, path: str) -> None:
    answer = client.get(f"/rulebooks/{path}", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert "<script>" not in answer.text.split("<main")[1]


def test_a_flaw_is_shown_with_its_witness(tmp_path: Path, application: Application) -> None:
    def spoil(content: Content) -> None:
        content["id"], content["version"] = "spoilt", "0.1.0"
        rule = next(r for r in content["rules"] if r["id"] == "systemic-link-failed")
        content["rules"].remove(rule)

    settings = Settings(
        database=f"sqlite:///{tmp_path}/store.db",
        rulebooks=(edited(tmp_path, "paul-2004", spoil),),
    )
    page = application(settings).test_client().get("/rulebooks/spoilt/verification").text
    assert "Not verified" in page
    assert "Witness: <code>{&#34;" in page


def test_an_earlier_state_is_shown_with_what_it_decided(
    tmp_path: Path, application: Application
) -> None:
    def reword(content: Content) -> None:
        content["id"] = "mine"
        content["summary"] = f"State {number}."

    digests = []
    for number in range(2):
        (tmp_path / str(number)).mkdir()
        folder = edited(tmp_path / str(number), MADE, reword)
        settings = Settings(database=f"sqlite:///{tmp_path}/store.db", rulebooks=(folder,))
        client = application(settings).test_client()
        made = client.post("/v1/classifications?rulebook=mine", json={"form": "other"}).get_json()
        digests.append(made["rulebook"]["digest"])
    earlier = client.get(f"/rulebooks/mine?digest={digests[0]}").text
    assert "State 0." in earlier
    assert "This is an earlier state of the rulebook" in earlier
    assert "1 record</a> decided by it in this state" in earlier
    assert "State 1." in client.get("/rulebooks/mine").text


def test_firings_are_counted_on_from_where_they_were(
    application: Application, database: str, library: Library
) -> None:
    app = application(Settings(database=database))
    client, store = app.test_client(), app.extensions["softbalance"].store
    firings, digest = Firings(store.database), library[MADE].digest
    assert firings.count(digest, 1).whole
    for form in ("other", "joint_force", "other"):
        client.post("/v1/classifications", json={"form": form})
    client.post("/v1/classifications?rulebook=paul-2004", json={"form": "other"})
    before = firings.count(digest, 0)
    assert (before.whole, before.upto, before.stored) == (False, 0, 4)
    counted = firings.count(digest, 5)
    assert (counted.whole, counted.decided) == (True, 3)
    assert counted.rules["strategy-other"] == 2
    assert counted.rules["strategy-joint-force"] == 1
    client.post("/v1/classifications", json={"form": "other"})
    assert firings.count(digest, 5).rules["strategy-other"] == 3
