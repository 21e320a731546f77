"""The batch page, in a real browser against a real server."""

from __future__ import annotations

import csv
import json
import random
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from softbalance.rules.language.loader import Library

from browsing import OpenPage, drop, overflows, serious

Run = Callable[..., subprocess.CompletedProcess[str]]
HOSTILE = "<img src=x onerror=alert(1)>\"'&amp;"


@pytest.fixture
def batch(site: str, open_page: OpenPage) -> Page:
    page = open_page(f"{site}/batch")
    page.on("dialog", lambda dialog: pytest.fail(dialog.message))
    return page


def write_sheet(path: Path, library: Library, rows: int) -> None:
    """Write a sheet with columns of its own, quoted breaks, and rows that cannot be classified."""
    draw = random.Random(5)
    forms, indicators = list(library.codebook.forms), list(library.codebook.indicators)
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["id", "form", "Remark; mine", *indicators])
        for number in range(rows):
            values = [draw.choice(["Yes", "no", "", "n/a", "contested"]) for _ in indicators]
            form = draw.choice(forms)
            if number % 50 == 7:
                values[3] = HOSTILE
            if number % 70 == 9:
                form = "aliance"
            writer.writerow([f"e{number}", form, f'so "it" is,\n{number} é', *values])
        out.write('broken,"never closed\r\n')
        writer.writerow(["last", forms[0], "", *["yes"] * len(indicators)])


def choose(page: Page, path: Path | dict[str, Any]) -> None:
    page.set_input_files("#file", path)  # type: ignore[arg-type]
    page.locator("#chosen").wait_for()


def classify(page: Page) -> None:
    page.get_by_role("button", name="Classify").click()
    page.locator("#result").wait_for(timeout=60_000)


def downloaded(page: Page, button: str) -> str:
    with page.expect_download() as started:
        page.get_by_role("button", name=button).click()
    return Path(started.value.path()).read_text("utf-8")


def sheet_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines(keepends=True)))


def test_a_sheet_is_classified_as_on_the_command_line(
    batch: Page, library: Library, tmp_path: Path, run: Run
) -> None:
    write_sheet(tmp_path / "coded.csv", library, 2500)
    choose(batch, tmp_path / "coded.csv")
    expect(batch.locator("#header")).to_contain_text("23 columns are indicators")
    expect(batch.locator("#header")).to_contain_text("Remark; mine")
    classify(batch)
    assert run("classify", "coded.csv", "-o", "out.csv", "--detail", "verdict").returncode == 3
    verdicts = sheet_of(downloaded(batch, "Verdicts as CSV"))
    assert verdicts == sheet_of((tmp_path / "out.csv").read_text("utf-8"))
    rejects = sheet_of(downloaded(batch, "Rejects as CSV"))
    assert rejects == sheet_of((tmp_path / "out.csv.rejects.csv").read_text("utf-8"))
    lines = [json.loads(line) for line in downloaded(batch, "as NDJSON").splitlines()]
    assert [line["episode_id"] for line in lines] == [row["id"] for row in verdicts]
    shown = batch.locator("#classes [data-class]").all()
    counts = {row.get_attribute("data-class"): row.locator("[data-count]") for row in shown}
    for name, number in Counter(row["classification"] for row in verdicts).items():
        expect(counts[name]).to_have_text(f"{number:,}")
    expect(batch.locator("#outcome")).to_contain_text(f"{len(verdicts):,} episodes classified")
    assert batch.locator("#rejects tbody tr").count() == len(rejects)
    assert batch.locator("#rejects").get_by_text(HOSTILE).count() == 50
    assert batch.locator("img").count() == 0


def test_episodes_by_line(batch: Page, moscow_tehran: dict[str, Any]) -> None:
    wrong = {**moscow_tehran, "id": "wrong", "form": HOSTILE}
    body = "\n".join([json.dumps(moscow_tehran), json.dumps(wrong), "", "{no", '{"form": "other"}'])
    file = {"name": "some.jsonl", "mimeType": "", "buffer": body.encode()}
    choose(batch, file)
    batch.get_by_label("Rulebook").select_option("paul-2004")
    classify(batch)
    expect(batch.locator("#outcome")).to_contain_text("2 episodes classified, 2 rows rejected")
    verdicts = sheet_of(downloaded(batch, "Verdicts as CSV"))
    assert [row["rulebook"] for row in verdicts] == ["paul-2004"] * 2
    first, last = ["id", "rulebook", "classification", "strategy"], ["notes", "contested"]
    assert list(verdicts[0]) == [*first, "systemic_link", "dominant_explanations", *last]
    rejects = sheet_of(downloaded(batch, "Rejects as CSV"))
    told = [(row["line"], row["id"], row["column"], row["value"]) for row in rejects]
    assert told == [("2", "wrong", "form", HOSTILE), ("4", "", "", "{no")]
    assert json.loads(rejects[0]["row"]) == wrong
    assert rejects[1]["row"] == "{no"


def test_a_file_that_cannot_be_read(batch: Page) -> None:
    long = "id,form,indicator,value\n1,other,prestige_payoff,yes\n"
    for name, content, told in (
        ("a.csv", "id,title\n1,x\n", "no column 'form'"),
        ("a.csv", "form,costly_comitment\nother,yes\n", "did you mean 'costly_commitment'?"),
        ("a.csv", long, "softbalance classify"),
        ("a.csv", "", "empty"),
        ("a.parquet", "PAR1", "softbalance classify"),
        (f"{HOSTILE}.xlsx", "PK", "softbalance classify"),
    ):
        choose(batch, {"name": name, "mimeType": "", "buffer": content.encode()})
        expect(batch.locator("#header")).to_contain_text(told)
        expect(batch.get_by_role("button", name="Classify")).to_be_disabled()
        batch.get_by_role("button", name="Another file").click()
        expect(batch.locator("#drop")).to_be_visible()


def test_a_file_is_dropped(batch: Page) -> None:
    drop(batch, "dropped.csv", "form\nother\n")
    expect(batch.locator("#header")).to_contain_text("No column is an indicator")
    classify(batch)
    expect(batch.locator("#outcome")).to_contain_text("1 episode classified, in")


def test_a_batch_can_be_cancelled(batch: Page, library: Library, tmp_path: Path) -> None:
    write_sheet(tmp_path / "long.csv", library, 30_000)
    choose(batch, tmp_path / "long.csv")
    batch.get_by_role("button", name="Classify").click()
    expect(batch.locator("#pace")).to_contain_text("a second", timeout=30_000)
    batch.get_by_role("button", name="Cancel").click()
    expect(batch.locator("#outcome")).to_contain_text("Cancelled after line")
    assert sheet_of(downloaded(batch, "Verdicts as CSV"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_serious_is_found(
    site: str, open_page: OpenPage, library: Library, tmp_path: Path, scheme: str
) -> None:
    write_sheet(tmp_path / "coded.csv", library, 60)
    address = f"{site}/batch"
    for width in (390, 1280):
        viewport = {"width": width, "height": 900}
        page = open_page(address, color_scheme=scheme, viewport=viewport)
        assert not serious(page)
        choose(page, tmp_path / "coded.csv")
        assert not serious(page)
        classify(page)
        assert not serious(page)
        assert not overflows(page)


def test_without_javascript_the_page_says_what_to_do(site: str, open_page: OpenPage) -> None:
    page = open_page(f"{site}/batch", java_script_enabled=False)
    assert page.locator("noscript strong").is_visible()
    assert not page.locator("#batch").is_visible()
