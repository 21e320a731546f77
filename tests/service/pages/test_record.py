"""The page of one classification, in a real browser against a real server."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from softbalance.rules.language.loader import Library
from softbalance.service.settings import Settings

from browsing import OpenPage, overflows, serious

HOSTILE = "<script>document.title='taken'</script><img src=x onerror=alert(1)>\"'>{{7*7}}"


def _post(address: str, episode: dict[str, Any], **query: str) -> str:
    """Classify an episode and return the address of its page."""
    options = "&".join(f"{name}={value}" for name, value in query.items())
    request = urllib.request.Request(
        f"{address}/v1/classifications?{options}",
        json.dumps(episode).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        return f"{address}/classifications/{json.load(answer)['id']}"


def test_a_classification(site: str, open_page: OpenPage, moscow_tehran: dict[str, Any]) -> None:
    page = open_page(_post(site, moscow_tehran), viewport={"width": 1280, "height": 900})
    assert page.locator("h1").inner_text() == moscow_tehran["title"]
    lead = page.locator(".lead").inner_text()
    assert "the Russian Federation and Iran (1995 to 2004) is politics as usual" in lead
    assert "material interest alone would account for it" in lead
    assert page.locator("#glance .value--failed").count() == 3
    assert page.locator("#evidence tbody tr").count() == len(moscow_tehran["observations"])
    assert "constrains hegemon: yes → no" in page.locator("#flips").inner_text()
    assert page.locator("#whynot details").count() == 5
    assert page.locator("#others tbody tr").count() == 3
    assert " sha256:" in page.locator("#record").inner_text()
    drawn = page.evaluate("document.querySelector('svg.proof').getBoundingClientRect().right")
    assert drawn <= 1280


def test_a_part_of_the_picture_lights_up_what_it_rests_on_and_what_rests_on_it(
    site: str, open_page: OpenPage, moscow_tehran: dict[str, Any]
) -> None:
    page = open_page(_post(site, moscow_tehran))
    node = page.get_by_role("link", name="material interest: sufficient").first
    node.hover()
    lit = {name.split(":")[0] for name in _lit(page)}
    assert lit >= {"brings economic gain", "persists without concentration", "systemic link"}
    assert not lit & {"security motive", "tradeoffs", "aimed at hegemon power"}
    reasons = page.locator(".reasons")
    assert "material interest is enough to explain the action" in reasons.inner_text()
    assert "(3) Material interest" in reasons.inner_text()
    page.mouse.move(0, 0)
    assert not _lit(page)
    # the same by keyboard alone
    page.get_by_role("link", name="systemic link: failed").focus()
    assert {"material interest: sufficient", "classification: Politics as usual"} <= _lit(page)
    page.keyboard.press("Escape")
    assert not _lit(page)
    evidence = page.get_by_role("link", name="Evidence 5", exact=True).first
    evidence.focus()
    assert "Nobody in Russia can make a credible case" in reasons.inner_text()


def test_no_part_that_has_the_focus_is_out_of_sight(
    site: str, open_page: OpenPage, moscow_tehran: dict[str, Any]
) -> None:
    viewport = {"width": 390, "height": 800}
    page = open_page(_post(site, moscow_tehran), viewport=viewport)
    page.locator(".contents a").last.focus()
    seen = 0
    for _ in range(60):
        page.keyboard.press("Tab")
        place = page.evaluate(_PLACE)
        if place:
            seen += 1
            assert place["top"] >= 0, place
            assert place["bottom"] <= place["panel"], place
    assert seen == page.locator("svg.proof .node").count()


_PLACE = """() => {
    const focused = document.activeElement;
    if (!focused.dataset.node) return null;
    const { top, bottom } = focused.getBoundingClientRect();
    const panel = document.querySelector(".reasons").getBoundingClientRect().top;
    return { name: focused.dataset.node, top, bottom, panel };
}"""


def _lit(page: Any) -> set[str]:
    names = page.locator("svg.proof .node.lit").evaluate_all(
        "nodes => nodes.map(node => node.getAttribute('aria-label'))"
    )
    return set(names)


def test_the_text_of_the_proof_folds(
    site: str, open_page: OpenPage, moscow_tehran: dict[str, Any]
) -> None:
    page = open_page(_post(site, moscow_tehran))
    inner = (
        page.locator(".argument")
        .get_by_text("Students of Russia agree almost without exception")
        .first
    )
    assert inner.is_visible()
    summary = page.locator(".argument summary").first
    summary.focus()
    page.keyboard.press("Enter")
    assert not inner.is_visible()


def test_a_replay(site: str, open_page: OpenPage, moscow_tehran: dict[str, Any]) -> None:
    address = _post(site, moscow_tehran)
    for javascript in (True, False):
        page = open_page(address, java_script_enabled=javascript)
        page.get_by_role("button", name="Decide it again").click()
        page.get_by_text("identical").wait_for()
        assert page.url.startswith(address)


def test_downloads(site: str, open_page: OpenPage, moscow_tehran: dict[str, Any]) -> None:
    page = open_page(_post(site, moscow_tehran))
    begins = {"JSON": '{\n  "id"', "Text": "POLITICS AS USUAL", "DOT": "digraph", "SVG": "<svg"}
    for name, start in begins.items():
        with page.expect_download() as download:
            page.get_by_role("link", name=name, exact=True).click()
        text = Path(download.value.path()).read_text("utf-8")
        assert text.lstrip().startswith(start)
        if name == "JSON":
            assert json.loads(text)["flips"]["size"] == 1


def test_it_prints(site: str, open_page: OpenPage, moscow_tehran: dict[str, Any]) -> None:
    page = open_page(_post(site, moscow_tehran))
    page.locator(".argument summary").first.click()
    assert page.pdf().startswith(b"%PDF")
    page.emulate_media(media="print")
    assert not page.get_by_role("navigation").first.is_visible()
    assert not page.locator(".reasons").is_visible()
    assert page.locator("svg.proof").is_visible()
    # what was folded on the screen is on paper
    told = page.locator(".argument").get_by_text("Students of Russia agree almost")
    assert told.first.is_visible()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_it_is_accessible_and_fits(
    site: str, open_page: OpenPage, library: Library, scheme: str, width: int
) -> None:
    folder = Path(library["brooks-wohlforth-2004"].place.file).parent / "cases"
    iraq = json.loads((folder / "iraq-security-council-2003.json").read_text("utf-8"))
    page = open_page(_post(site, iraq), color_scheme=scheme)
    assert page.locator(".questions li").count() > 5
    for any_width in (390, 768, 1280, 1920, width):
        page.set_viewport_size({"width": any_width, "height": 900})
        assert not overflows(page), any_width
    assert not serious(page)


def test_it_reads_without_javascript(
    site: str, open_page: OpenPage, moscow_tehran: dict[str, Any]
) -> None:
    page = open_page(_post(site, moscow_tehran), java_script_enabled=False)
    assert page.locator("svg.proof").is_visible()
    assert not page.locator(".reasons").is_visible()
    page.get_by_role("link", name="systemic link: failed").click()
    step = page.locator("details:target")
    assert "systemic link" in step.inner_text()
    assert page.locator("#whynot").is_visible()


def test_hostile_text_stays_text(site: str, open_page: OpenPage) -> None:
    source = dict.fromkeys(("citation", "locator", "url", "excerpt"), HOSTILE)
    said = {"indicator": "costly_commitment", "value": "yes", "source": source}
    hostile = {
        "form": "other",
        "title": HOSTILE,
        "summary": HOSTILE,
        "actors": [HOSTILE[:64]],
        "hegemon": HOSTILE[:64],
        "observations": [
            said | {"note": HOSTILE, "coder": HOSTILE},
            said | {"value": "no", "source": source | {"url": "javascript:alert(1)"}},
        ],
    }
    page = open_page(_post(site, hostile))
    assert page.locator("h1").inner_text() == HOSTILE
    assert page.title() == f"{HOSTILE} · softbalance"
    assert page.locator("#evidence .chip").count() == 2
    assert page.locator("main img, main script, a[href^=javascript]").count() == 0
    assert "{{7*7}}" in page.locator("#evidence").inner_text()
    assert not serious(page)
    page.goto(site)
    assert page.get_by_text(HOSTILE).is_visible()


def test_the_most_that_can_be_stored(site: str, open_page: OpenPage) -> None:
    named = ("costly_commitment", "constrains_hegemon", "prestige_payoff")
    said = [
        {
            "indicator": named[n % 3],
            "value": ("yes", "no")[n % 2],
            "note": "n" * 200,
            "coder": f"c{n}",
        }
        for n in range(1000)
    ]
    largest = {"form": "other", "title": "T" * 300, "summary": "s" * 10_000, "observations": said}
    page = open_page(_post(site, largest), viewport={"width": 1280, "height": 900})
    assert page.locator("#evidence tbody tr").count() == 1000
    assert not overflows(page)


def test_the_least_that_can_be_stored(site: str, open_page: OpenPage) -> None:
    for rulebook in ("brooks-wohlforth-2004", "paul-2004"):
        page = open_page(_post(site, {"form": "other"}, rulebook=rulebook))
        assert "is indeterminate" in page.locator(".lead").inner_text()
        assert "No observation came with this episode" in page.locator("#evidence").inner_text()
        assert not serious(page)


def test_no_such_classification(site: str, open_page: OpenPage) -> None:
    page = open_page(f"{site}/classifications/none")
    assert "No classification 'none' is stored here." in page.locator(".lead").inner_text()


def test_a_rulebook_that_is_not_kept(
    application: Callable[[Settings], Flask], tmp_path: Path, library: Library
) -> None:
    """The verdict is shown as it was stored, and what cannot be told is said."""
    settings = Settings(database=f"sqlite:///{tmp_path}/store.db")
    app = application(settings)
    client: FlaskClient = app.test_client()
    record = client.post("/v1/classifications", json={"form": "other"}).get_json()
    record |= {"id": "older", "rulebook": record["rulebook"] | {"digest": "sha256:" + "0" * 64}}
    app.extensions["softbalance"].store.add(record)
    page = client.get("/classifications/older")
    assert page.status_code == 200
    assert "The rulebook that decided this is not kept here" in page.text
    assert "Decide it again" not in page.text
    answer = client.post("/classifications/older/replay")
    assert answer.status_code == 409
    assert client.get("/classifications/older/download.json").status_code == 200
