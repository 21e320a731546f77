"""The page on files of data says what is so: its commands run, on files as people have them."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import click
import openpyxl
import pandas as pd
import pyreadstat
from softbalance.service.commands.options import reading_options, spreadsheet_options
from softbalance.service.datasets.reading.formats import READ_ONLY

from console import run_step
from places import ROOT

PAGE = ROOT / "docs" / "datasets.md"
HEADER = ["id", "form", "constrains_hegemon", "aimed_at_hegemon_power", "coder"]


def test_every_command_of_the_page_runs(tmp_path: Path) -> None:
    write_files(tmp_path)
    (commands,) = re.findall(r"```sh\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    for command in commands.splitlines():
        run_step(command, tmp_path)
    german = (tmp_path / "urteile.csv").read_text("utf-8")
    assert "Größe" in german
    verdicts = (tmp_path / "verdicts.csv").read_bytes()
    assert verdicts.startswith(b"\xef\xbb\xbf")
    assert b"'=1+1" in verdicts
    assert '"no"' in (tmp_path / "episodes.ndjson").read_text("utf-8")


def write_files(folder: Path) -> None:
    book = openpyxl.Workbook()
    book.worksheets[0].title = "Episodes"
    for row in (["My codings"], [*HEADER[:4], "note"], ["a", "other", "yes", "no", "'=1+1"]):
        book.worksheets[0].append(row)
    book.worksheets[0]["E3"].value = "=1+1"
    book.worksheets[0]["E3"].data_type = "s"
    book.create_sheet("Notes").append(["something else"])
    book.save(folder / "coded.xlsx")
    text = "id;form;constrains_hegemon;aimed_at_hegemon_power;note\na;other;ja;-99;Größe\n"
    (folder / "kodiert.csv").write_bytes(text.encode("cp1252"))
    rows = [["a", "other", 1.0, 1.0, "ana"], ["a", "other", 2.0, 2.0, "ben"]]
    frame = pd.DataFrame(rows, columns=HEADER)
    labels: dict[str, dict[float | int, str]] = {
        "constrains_hegemon": {1: "yes", 2: "no"},
        "aimed_at_hegemon_power": {1: "yes", 2: "none"},
    }
    pyreadstat.write_sav(frame, folder / "survey.sav", variable_value_labels=labels)
    labels["aimed_at_hegemon_power"][2] = "no"
    pyreadstat.write_dta(frame, folder / "coded.dta", variable_value_labels=labels)
    with zipfile.ZipFile(folder / "coded.dta.zip", "w") as archive:
        archive.write(folder / "coded.dta", "coded.dta")


def test_the_page_has_every_format_and_every_option() -> None:
    page = PAGE.read_text("utf-8")
    for ending in READ_ONLY:
        assert f"`{ending}`" in page
    command = click.command()(spreadsheet_options(reading_options(lambda: None)))
    options = [name for each in command.params for name in each.opts]
    assert len(options) > 5
    for option in options:
        assert f"`{option}" in page
