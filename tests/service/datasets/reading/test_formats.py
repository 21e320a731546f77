"""Files of other programs, survey tools and archives are read like CSV, or named with a remedy."""

from __future__ import annotations

import csv
import datetime
import json
import random
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyreadstat
import pytest
import zstandard
from click.testing import CliRunner
from softbalance.rules.language.loader import load_library
from softbalance.service.cli import softbalance

from dataset_files import classify, read
from places import ROOT

CODED = ROOT / "tests" / "data" / "formats"
NAMES = ["id", "form", "constrains_hegemon", "aimed_at_hegemon_power", "note"]
FORMS = ["new_institution", "joint_force", "other"]
ROWS = 3000


def drawn() -> list[list[str | None]]:
    rng = random.Random(4)
    said = ["yes", "no", "contested", "unknown", None]
    return [
        [f"e{n}", rng.choice(FORMS), rng.choice(said), rng.choice(said), f"note {n}"]
        for n in range(ROWS)
    ]


def write_csv(path: Path, rows: list[list[Any]], delimiter: str = ",") -> Path:
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, delimiter=delimiter)
        writer.writerow(NAMES)
        writer.writerows(rows)
    return path


def write_xlsx(path: Path, rows: list[list[Any]], *more: str) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    for title in more:
        book.create_sheet(title).append(["something"])
    book.save(path)
    book.close()
    return path


def codes(rows: list[list[str | None]]) -> tuple[pd.DataFrame, dict[str, dict[float | int, str]]]:
    number = {"yes": 1, "no": 2, "contested": 3, "unknown": 4}
    frame = pd.DataFrame(rows, columns=NAMES)
    for name in NAMES[2:4]:
        frame[name] = [number.get(said, float("nan")) for said in frame[name]]
    labels: dict[float | int, str] = {code: said for said, code in number.items()}
    return frame, dict.fromkeys(NAMES[2:4], labels)


def write_all(folder: Path, rows: list[list[str | None]]) -> list[Path]:
    plain = pd.DataFrame(rows, columns=NAMES)
    coded, labels = codes(rows)
    pyreadstat.write_dta(coded, folder / "a.dta", variable_value_labels=labels)
    pyreadstat.write_sav(coded, folder / "a.sav", variable_value_labels=labels)
    pyarrow.feather.write_feather(pa.Table.from_pandas(plain), str(folder / "a.feather"))
    records = [dict(zip(NAMES, row, strict=True)) for row in rows]
    (folder / "a.json").write_text(json.dumps(records), "utf-8")
    sheet = write_csv(folder / "b.csv", rows)
    with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(sheet, "in/b.csv")
        archive.writestr("__MACOSX/in/._b.csv", "x")
    packed = zstandard.ZstdCompressor().compress(sheet.read_bytes())
    (folder / "b.csv.zst").write_bytes(packed)
    write_xlsx(folder / "a.xlsx", [NAMES, *rows])
    names = "a.dta a.sav a.feather a.json a.zip b.csv.zst a.xlsx"
    return [folder / name for name in names.split()]


def test_the_same_episodes_in_every_format_have_the_same_answers(tmp_path: Path) -> None:
    rows = drawn()
    expected = tmp_path / "expected.csv"
    assert classify(write_csv(tmp_path / "in.csv", rows), "-o", expected).status == 0
    for file in write_all(tmp_path, rows):
        out = tmp_path / "out.csv"
        done = classify(file, "-o", out)
        assert (done.status, done.err) == (0, ""), file
        assert read(out) == read(expected), file


@pytest.mark.parametrize("ending", ["dta", "sav", "rds", "feather", "xlsx"])
def test_what_programs_wrote_is_read(tmp_path: Path, ending: str) -> None:
    rows = [
        ["sco-2001", "new_institution", "yes", "no", "a"],
        ["iraq-2003", "existing_institution", "yes", "", "b"],
        ["galileo", "joint_military_technology", "no", "no", "c"],
        ["esdp", "joint_force", "yes", "no", "d"],
    ]
    expected, out = tmp_path / "expected.csv", tmp_path / "out.csv"
    classify(write_csv(tmp_path / "in.csv", rows), "-o", expected)
    assert classify(CODED / f"coded.{ending}", "-o", out).status == 0
    assert read(out) == read(expected)


def test_a_portable_file_is_read_and_its_short_names_are_told(tmp_path: Path) -> None:
    done = classify(CODED / "coded.por", "-o", tmp_path / "out.csv")
    assert done.status == 0
    assert "no column is an indicator" in done.err


def answers(tmp_path: Path, file: Path, *options: str) -> list[str]:
    """Which values of `constrains_hegemon` were read, by what an export has of them."""
    out = tmp_path / "qca.csv"
    arguments = ["export", "qca", str(file), "-o", str(out), "--condition", NAMES[2], *options]
    done = CliRunner().invoke(softbalance, arguments)
    assert done.exit_code == 0, done.stderr
    direct = tmp_path / "direct.csv"
    assert classify(file, "-o", direct, *options).status == 0
    with out.open(encoding="utf-8", newline="") as opened:
        return [row[NAMES[2]] for row in csv.DictReader(opened)]


@pytest.mark.parametrize("ending", ["dta", "sav"])
def test_declared_missing_values_are_unknown(tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"a.{ending}"
    said: list[Any] = [1.0, 2.0, "a" if ending == "dta" else -99.0, None]
    frame = pd.DataFrame({NAMES[0]: list("wxyz"), "form": "other", NAMES[2]: said})
    labels: dict[Any, str] = {1: "yes", 2: "no", said[2]: "refused"}
    if ending == "dta":
        missing = {NAMES[2]: ["a"]}
        pyreadstat.write_dta(
            frame, file, variable_value_labels={NAMES[2]: labels}, missing_user_values=missing
        )
    else:
        ranges: dict[str, list[Any]] = {NAMES[2]: [{"lo": -99, "hi": -90}]}
        pyreadstat.write_sav(
            frame, file, variable_value_labels={NAMES[2]: labels}, missing_ranges=ranges
        )
    assert answers(tmp_path, file) == ["1", "0", "", ""]


def test_two_codes_with_one_label_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.sav"
    frame = pd.DataFrame({"id": ["x", "y"], "form": "other", NAMES[2]: [1.0, 2.0]})
    pyreadstat.write_sav(frame, file, variable_value_labels={NAMES[2]: {1: "yes", 2: "Yes"}})
    done = classify(file, "-o", tmp_path / "out.csv")
    assert done.status == 2
    assert "1 and 2 have the same label 'yes'" in done.err


def test_lines_of_a_workbook_are_those_that_people_see(tmp_path: Path) -> None:
    blank: list[Any] = [None] * 5
    rows = [
        ["a", "other", 1.0, 0, datetime.datetime(2003, 3, 20)],
        blank,
        ["b", "other", "perhaps"],
    ]
    file = write_xlsx(tmp_path / "in.xlsx", [["My codings"], NAMES, *rows])
    done = classify(file, "--skip", "1", "-o", tmp_path / "out.csv")
    assert done.status == 3
    assert "passed over 1 blank row" in done.err
    assert [row["note"] for row in read(tmp_path / "out.csv")] == ["2003-03-20"]
    with (tmp_path / "out.csv.rejects.csv").open(encoding="utf-8", newline="") as opened:
        assert [(row["line"], row["value"]) for row in csv.DictReader(opened)] == [("5", "perhaps")]


def test_one_of_several_sheets_has_to_be_named(tmp_path: Path) -> None:
    file = write_xlsx(tmp_path / "in.xlsx", [NAMES, ["a", "other", "yes"]], "Notes")
    done = classify(file, "-o", tmp_path / "out.csv")
    assert done.status == 2
    assert "2 sheets ('Sheet', 'Notes'); say which with --sheet" in done.err
    assert classify(file, "--sheet", "Sheet", "-o", tmp_path / "out.csv").status == 0
    done = classify(file, "--sheet", "sheet1", "-o", tmp_path / "out.csv")
    assert done.status == 2
    assert "no sheet 'sheet1'" in done.err


def test_an_archive_of_several_files_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        archive.writestr("a.csv", "id,form\n")
        archive.writestr("b.csv", "id,form\n")
    done = classify(tmp_path / "in.zip", "-o", tmp_path / "out.csv")
    assert done.status == 2
    assert "holds 2 files (a.csv, b.csv)" in done.err


@pytest.mark.parametrize(
    "ending", ["xlsx", "dta", "sav", "por", "rds", "feather", "json", "zip", "csv.zst"]
)
@pytest.mark.parametrize("content", [b"", b"\x00damaged\xff" * 50])
def test_a_damaged_file_is_an_error(tmp_path: Path, ending: str, content: bytes) -> None:
    file = tmp_path / f"in.{ending}"
    file.write_bytes(content)
    done = classify(file, "-o", tmp_path / "out.csv")
    assert done.status == 2
    assert str(file) in done.err
    assert not (tmp_path / "out.csv").exists()


def test_extra_header_rows_of_a_survey_are_passed_over(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["StartDate", *NAMES[:4]],
        ["Start", "Episode", "Which\nform?", "Does it, in your view?", "Is it?"],
        [json.dumps({"ImportId": f"QID{n}"}) for n in range(5)],
        ["2024-03-01", "sco", "other", "Yes", "No"],
        ["2024-03-01", "iraq", "other", "Yes", "Can't tell"],
    ]
    sheet = tmp_path / "in.csv"
    with sheet.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows(rows)
    done = classify(sheet, "-o", tmp_path / "out.csv")
    assert done.status == 3
    assert [row["id"] for row in read(tmp_path / "out.csv")] == ["sco"]
    for file in (sheet, write_xlsx(tmp_path / "in.xlsx", rows)):
        told = answers(tmp_path, file, "--values", "unknown=Can't tell")
        assert told == ["1", "1"]


@pytest.mark.parametrize(
    ("header", "cells", "declared"),
    [
        ("form;constrains_hegemon", ["WAHR", "falsch", "nein"], ["yes=wahr,ja no=falsch,nein"]),
        ("FORM\tCONSTRAINS_HEGEMON", ["1", "2.0", "2"], ["yes=1 no=2 unknown=-9"]),
        ("form,constrains_hegemon", ["0", "1", "no"], ["yes=0 no=1", "contested=both"]),
        ("form,constrains_hegemon", ["0", "1", ""], ['constrains_hegemon:yes=0 no=1,""']),
        (
            "form;constrains_hegemon",
            ["1, sure", "not so", "x=0"],
            ['yes="1, sure" no=not so,"x=0"'],
        ),
    ],
)
def test_declared_values(
    tmp_path: Path, header: str, cells: list[str], declared: list[str]
) -> None:
    sep = next(each for each in ";\t," if each in header)
    sheet = tmp_path / "in.csv"
    sheet.write_text(f"{header}\n" + "".join(f"other{sep}{cell}\n" for cell in cells), "utf-8")
    options = [part for text in declared for part in ("--values", text)]
    assert answers(tmp_path, sheet, *options) == ["1", "0", "0"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--values", "yes=1 no=1"], "'1' is declared as yes and as no"),
        (["--values", "ja=1"], "ja"),
        (["--values", "yes=1 nope=2"], "nope"),
        (["--values", "nosuch:yes=1"], "nosuch"),
        (["--values", "costly_commitment:yes=1"], "no input has a column 'costly_commitment'"),
        (["--values", "yes=1,,2"], "cannot read"),
        (["--encoding", "klingon"], "no encoding is called 'klingon'"),
        (["--delimiter", "ab"], "cannot separate fields"),
        (["--sheet", "A"], "--sheet: no input is one that it holds for"),
        (["--encoding", "ascii"], "is not ascii"),
    ],
)
def test_options_that_mean_nothing_are_refused(
    tmp_path: Path, options: list[str], told: str
) -> None:
    sheet = tmp_path / "in.csv"
    sheet.write_text("id,form,constrains_hegemon\na\u00e9,other,yes\n", "utf-8")
    done = classify(sheet, "-o", tmp_path / "out.csv", *options)
    assert done.status == 2
    assert told in done.err
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-16-be", "mac-roman"])
def test_text_of_another_encoding_delimiter_and_start(tmp_path: Path, encoding: str) -> None:
    text = 'Codings, "mine\nid|form|constrains_hegemon|note\n\u00e9|other|yes|\u00fc\n'
    sheet = tmp_path / "in.txt"
    sheet.write_bytes(text.encode(encoding))
    options = ["--encoding", encoding, "--delimiter", "|", "--skip", "1"]
    done = classify(sheet, "-o", tmp_path / "out.csv", *options)
    assert done.status == 0, done.err
    assert [(r["id"], r["note"]) for r in read(tmp_path / "out.csv")] == [("\u00e9", "\u00fc")]


def test_csv_for_a_spreadsheet(tmp_path: Path) -> None:
    sheet = tmp_path / "in.csv"
    sheet.write_text("id,form,constrains_hegemon,=own\n=1+1,other,yes,-5\n@b,x,yes,+x\n", "utf-8")
    out = tmp_path / "out.csv"
    assert classify(sheet, "-o", out, "--bom", "--safe-cells").status == 3
    assert out.read_bytes().startswith(b"\xef\xbb\xbfid,")
    row = next(csv.DictReader(out.read_text("utf-8-sig").splitlines()))
    assert (row["id"], row["'=own"]) == ("'=1+1", "-5")
    rejects = (tmp_path / "out.csv.rejects.csv").read_text("utf-8-sig")
    assert "'@b" in rejects
    done = classify(sheet, "-o", tmp_path / "out.parquet", "--bom")
    assert done.status == 2
    assert "hold for .csv and .tsv" in done.err


def test_the_codebook_has_what_these_sheets_name() -> None:
    assert {*NAMES[2:4]} <= load_library().codebook.indicators.keys()
