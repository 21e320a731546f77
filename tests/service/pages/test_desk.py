"""The coding desk, in a real browser against a real server."""

from __future__ import annotations

import json
import re
import subprocess
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from browsing import OpenPage, drop, overflows, serious

Serve = Callable[..., str]
Run = Callable[..., subprocess.CompletedProcess[str]]
HOSTILE = "<img src=x onerror=alert(1)>\"'&amp;{{7*7}}</script>"


@pytest.fixture
def desk(site: str, open_page: OpenPage) -> Page:
    page = open_page(f"{site}/code")
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    return page


def verdict(page: Page) -> Any:
    return expect(page.locator("#verdict .verdict"))


def notice(page: Page) -> Any:
    return expect(page.locator("#notice"))


def open_file(page: Page, content: object, name: str = "episode.json") -> None:
    text = content if isinstance(content, str) else json.dumps(content)
    file: Any = {"name": name, "mimeType": "application/json", "buffer": text.encode()}
    page.set_input_files("#file", file)


def downloaded(page: Page) -> Any:
    with page.expect_download() as started:
        page.get_by_role("button", name="Download Episode").click()
    return json.loads(Path(started.value.path()).read_text("utf-8"))


def tab_to(page: Page, selector: str) -> None:
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    pytest.fail(f"Tab does not lead to {selector}")


def type_about(page: Page, episode: dict[str, Any]) -> None:
    texts = {
        "title": episode["title"],
        "form": "Arming an adversary",
        "actors": "; ".join(episode["actors"]),
        "hegemon": episode["hegemon"],
        "period/start": episode["period"]["start"],
        "period/end": episode["period"]["end"],
        "summary": episode["summary"],
        "id": episode["id"],
    }
    for name, text in texts.items():
        tab_to(page, f"[data-about='{name}']")
        page.keyboard.type(text)


def type_claim(page: Page, claim: dict[str, Any]) -> None:
    page.keyboard.press({"yes": "y", "no": "n"}[claim["value"]])
    page.keyboard.press("s")
    page.keyboard.insert_text(claim["source"]["citation"])
    page.keyboard.press("Tab")
    page.keyboard.insert_text(claim["source"]["locator"])
    tab_to(page, "[data-field='note']")
    page.keyboard.insert_text(claim["note"])
    page.keyboard.press("Escape")


def test_a_case_is_coded_with_the_keyboard_alone(desk: Page, moscow_tehran: dict[str, Any]) -> None:
    type_about(desk, moscow_tehran)
    tab_to(desk, "#q-constrains_hegemon [type=radio]")
    at = "constrains_hegemon"
    coded = set()
    for claim in moscow_tehran["observations"]:
        while at != claim["indicator"]:
            desk.keyboard.press("j")
            at = desk.evaluate("document.activeElement.closest('.question').dataset.indicator")
        if at in coded:
            desk.keyboard.press("a")
        coded.add(at)
        type_claim(desk, claim)
    verdict(desk).to_have_text("Politics as usual")
    expect(desk.locator(".values .value--failed")).to_have_count(3)
    expect(desk.locator("#verdict")).to_contain_text("Explained by material interest")
    desk.keyboard.press("v")
    tab_to(desk, "#save")
    desk.keyboard.press("Enter")
    notice(desk).to_contain_text("Saved")
    link = desk.get_by_role("link", name="See its record").get_attribute("href") or ""
    origin = "/".join(desk.url.split("/")[:3])
    with urllib.request.urlopen(f"{origin}/v1{link}") as answer:
        stored = json.load(answer)
    assert stored["classification"] == "politics_as_usual"
    assert stored["episode"] == moscow_tehran


def test_the_proof_leads_to_the_claims(desk: Page, moscow_tehran: dict[str, Any]) -> None:
    open_file(desk, moscow_tehran)
    desk.locator("#proof > summary").click()
    link = desk.locator("#proof a[href='#evidence-2']")
    link.click()
    claim = desk.locator("#q-constrains_hegemon .claim").nth(1)
    expect(claim.locator(":checked")).to_be_focused()
    expect(claim.locator("[data-field=note]")).to_have_value(
        moscow_tehran["observations"][1]["note"]
    )


def test_keys_go_from_question_to_question(desk: Page) -> None:
    def here() -> str:
        question = "document.activeElement.closest('.question')?.dataset.indicator"
        return str(desk.evaluate(question))

    desk.select_option("[data-about=form]", "new_institution")
    desk.locator("#q-constrains_hegemon [value=unknown]").focus()
    desk.keyboard.press("y")
    desk.keyboard.press("Enter")
    assert here() == "persists_without_concentration"
    desk.keyboard.press("k")
    expect(desk.locator("#q-constrains_hegemon:focus-within")).to_be_visible()
    expect(desk.locator("#progress")).to_have_text("1 of 22 answered")
    best = desk.locator("#best")
    best.wait_for()
    wanted = best.get_attribute("data-question")
    desk.keyboard.press("b")
    assert here() == wanted
    desk.keyboard.press("h")
    expect(desk.locator(f"#q-{wanted} .help p").first).to_be_visible()
    best.click()
    assert here() == wanted


def test_keys_are_letters_while_one_types(desk: Page) -> None:
    note = desk.locator("#q-constrains_hegemon [data-field=note]")
    desk.locator("#q-constrains_hegemon .source summary").click()
    note.click()
    desk.keyboard.type("any junk by us, such a hub")
    expect(note).to_have_value("any junk by us, such a hub")
    expect(desk.locator("#q-constrains_hegemon [value=unknown]")).to_be_checked()


def test_sources_that_disagree(desk: Page) -> None:
    desk.select_option("[data-about=form]", "joint_force")
    question = desk.locator("#q-aimed_at_hegemon_power")
    question.locator("[value=yes]").check()
    question.get_by_role("button", name="Add another claim").click()
    question.locator(".claim").nth(1).locator("[value=no]").check()
    expect(question.locator(".contested")).to_be_visible()
    question.locator(".claim").nth(1).get_by_role("button", name="Remove this claim").click()
    expect(question.locator(".contested")).to_be_hidden()
    desk.get_by_role("button", name="Undo").click()
    expect(question.locator(".contested")).to_be_visible()
    assert downloaded(desk) == {
        "form": "joint_force",
        "indicators": {"aimed_at_hegemon_power": "yes"},
        "observations": [{"indicator": "aimed_at_hegemon_power", "value": "no"}],
    }


def test_a_mistake_is_told_beside_its_field(desk: Page) -> None:
    desk.select_option("[data-about=form]", "joint_force")
    verdict(desk).to_have_text("Indeterminate")
    end = desk.get_by_label(re.compile("^End"))
    end.fill("2003-02-30")
    expect(end).to_have_attribute("aria-invalid", "true")
    told = desk.locator(f"#{end.get_attribute('aria-describedby')}")
    assert "YYYY-MM-DD" in told.inner_text()
    desk.get_by_role("button", name="Save").click()
    expect(desk.locator("#mistakes button")).to_be_focused()
    desk.keyboard.press("Enter")
    expect(end).to_be_focused()
    expect(end).to_have_value("2003-02-30")
    end.fill("2003-02")
    expect(desk.locator(".mistake")).to_have_count(0)
    expect(desk.locator("#mistakes")).to_be_hidden()


def test_a_draft_is_kept_until_it_is_discarded(desk: Page) -> None:
    desk.get_by_label("Title").fill("Half a title")
    desk.locator("#q-prestige_payoff [value=yes]").check()
    desk.reload()
    notice(desk).to_contain_text("is back")
    expect(desk.get_by_label("Title")).to_have_value("Half a title")
    expect(desk.locator("#q-prestige_payoff [value=yes]")).to_be_checked()
    desk.get_by_role("button", name="Discard the draft").click()
    expect(desk.get_by_label("Title")).to_have_value("")
    desk.get_by_role("button", name="Bring back").click()
    expect(desk.get_by_label("Title")).to_have_value("Half a title")
    desk.get_by_role("button", name="New episode").click()
    desk.reload()
    expect(desk.get_by_label("Title")).to_have_value("")
    notice(desk).to_be_hidden()
    desk.get_by_role("button", name="Back to the one before").click()
    expect(desk.get_by_label("Title")).to_have_value("Half a title")


def test_two_desks_in_one_browser_say_whose_draft_is_kept(desk: Page) -> None:
    other = desk.context.new_page()
    other.goto(desk.url)
    other.get_by_label("Title").fill("Typed in the other tab")
    notice(desk).to_contain_text("in another tab too")


def test_a_file_comes_back_as_it_went_in(desk: Page) -> None:
    said = {"indicator": "shifts_capabilities", "coder": "ab", "date": "2004-02-29"}
    episode = {
        "form": "limited_entente",
        "title": "Line one\nline two",
        "actors": ["A; B", " padded "],
        "period": {"start": "1999"},
        "indicators": {"constrains_hegemon": "unknown", "shifts_capabilities": "no"},
        "observations": [
            {**said, "value": "contested", "source": {}},
            {**said, "value": "yes", "source": {"url": "https://example.org/", "excerpt": "“so”"}},
            {"indicator": "prestige_payoff", "value": "unknown", "note": "  "},
        ],
    }
    open_file(desk, episode)
    notice(desk).to_contain_text("Opened episode.json")
    assert downloaded(desk) == episode
    desk.locator("#q-shifts_capabilities .claim").nth(2).locator("[value=no]").check()
    episode["observations"][1]["value"] = "no"  # type: ignore[index]
    assert downloaded(desk) == episode


def test_a_file_that_is_no_episode_changes_nothing(desk: Page) -> None:
    desk.get_by_label("Title").fill("What was here")
    for content, told in (
        ('{"form": ', "JSON"),
        ('{"form": "other", "form": "joint_force"}', "twice"),
        ("[1, 2]", "not an object"),
        ('{"form": "other", "observations": [3]}', "not an object"),
    ):
        open_file(desk, content, f"{HOSTILE}.json")
        notice(desk).to_contain_text(told)
        expect(desk.get_by_label("Title")).to_have_value("What was here")


def test_a_file_is_dropped(desk: Page) -> None:
    drop(desk, "dropped.json", '{"form": "joint_force", "title": "Dropped"}')
    notice(desk).to_contain_text("Opened dropped.json")
    expect(desk.get_by_label("Title")).to_have_value("Dropped")


def test_claims_that_the_sheet_does_not_ask_for(desk: Page) -> None:
    wrong = {"indicator": "costly_comitment", "value": "yes", "note": HOSTILE}
    open_file(desk, {"form": "other", "observations": [wrong], "colour": "red"})
    mistakes = desk.locator("#mistakes")
    expect(mistakes).to_contain_text("did you mean 'costly_commitment'?")
    expect(mistakes).to_contain_text("/colour")
    assert json.loads(desk.locator(".leftover").inner_text()) == wrong
    desk.get_by_role("button", name="Remove this claim").click()
    expect(mistakes).not_to_contain_text("costly_commitment")


def test_hostile_text_stays_text(desk: Page) -> None:
    desk.select_option("[data-about=form]", "other")
    for name in ("title", "actors", "hegemon", "summary"):
        desk.locator(f"[data-about={name}]").fill(HOSTILE)
    question = desk.locator("#q-constrains_hegemon")
    question.locator(".source summary").click()
    for name in ("citation", "locator", "url", "excerpt", "note", "coder"):
        question.locator(f"[data-field={name}]").fill(HOSTILE)
    question.locator("[value=yes]").check()
    desk.locator("#proof > summary").click()
    expect(desk.locator("#proof")).to_contain_text(HOSTILE)
    desk.get_by_role("button", name="Save").click()
    desk.get_by_role("link", name="See its record").wait_for()
    assert desk.locator("img").count() == 0
    desk.reload()
    expect(question.locator("[data-field=note]")).to_have_value(HOSTILE)
    assert desk.locator("img").count() == 0


def test_an_address_names_where_to_start(site: str, open_page: OpenPage) -> None:
    page = open_page(f"{site}/code?case=brooks-wohlforth-2004/nato-warsaw-pact")
    verdict(page).to_have_text("Hard balancing")
    page.get_by_role("button", name="Save").click()
    link = page.get_by_role("link", name="See its record").get_attribute("href") or ""
    page.get_by_role("button", name="New episode").click()
    page.goto(page.url.split("?")[0] + "?record=" + link.split("/")[-1])
    verdict(page).to_have_text("Hard balancing")


def test_another_rulebook(desk: Page, moscow_tehran: dict[str, Any]) -> None:
    open_file(desk, moscow_tehran)
    verdict(desk).to_have_text("Politics as usual")
    expect(desk.locator("#verdict .values dt")).to_have_count(6)
    desk.get_by_label("Rulebook").select_option("paul-2004")
    expect(desk.locator("#verdict .values dt")).to_have_count(1)


def test_a_service_that_is_away_loses_nothing(
    site: str, browser: Browser, moscow_tehran: dict[str, Any]
) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{site}/code")
    context.set_offline(True)
    page.get_by_label("Title").fill("Typed while away")
    page.select_option("[data-about=form]", "other")
    notice(page).to_contain_text("cannot be reached")
    context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    verdict(page).to_have_text("Indeterminate")
    expect(page.get_by_label("Title")).to_have_value("Typed while away")
    context.close()


def test_a_key_that_is_asked_for_amid_the_work(serve: Serve, run: Run, browser: Browser) -> None:
    address = serve("--auth", "required")
    key = run("keys", "create", "ann", "--scope", "read", "--scope", "classify").stdout.strip()
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{address}/code")
    page.get_by_label("Key").fill(key)
    page.keyboard.press("Enter")
    page.select_option("[data-about=form]", "other")
    verdict(page).to_have_text("Indeterminate")
    context.clear_cookies()
    page.locator("#q-constrains_hegemon [value=no]").check()
    notice(page).to_contain_text("asks for a key")
    with context.expect_page() as opened:
        page.get_by_role("link", name="Enter a key").click()
    opened.value.get_by_label("Key").fill(key)
    opened.value.keyboard.press("Enter")
    opened.value.get_by_text("This browser uses the key ann").wait_for()
    page.get_by_role("button", name="Try again").click()
    verdict(page).to_have_text("Not a constraint")
    page.get_by_role("button", name="Save").click()
    notice(page).to_contain_text("Saved")
    context.close()


@pytest.mark.parametrize(
    ("scheme", "width"), [("light", 390), ("dark", 390), ("light", 1280), ("dark", 1280)]
)
def test_nothing_serious_is_found(site: str, open_page: OpenPage, scheme: Any, width: int) -> None:
    address = f"{site}/code?case=brooks-wohlforth-2004/iraq-security-council-2003"
    page = open_page(address, color_scheme=scheme, viewport={"width": width, "height": 900})
    page.locator("#verdict .verdict").wait_for(state="attached")
    if width == 390:
        page.locator("#panel-bar").click()
    for details in ("#flips", "#proof", "#further", "#q-shifts_capabilities .help"):
        page.locator(f"{details} > summary").click()
    page.locator(".source summary").first.click()
    page.get_by_label(re.compile("^Start")).fill("soon")
    page.locator(".mistake").wait_for()
    assert not serious(page)
    assert not overflows(page)


def test_without_javascript_the_desk_says_what_to_do(site: str, open_page: OpenPage) -> None:
    page = open_page(f"{site}/code", java_script_enabled=False)
    assert page.locator("noscript strong").is_visible()
    assert "/v1/classifications" in page.locator("noscript").inner_text()
    assert not page.locator("#desk").is_visible()
