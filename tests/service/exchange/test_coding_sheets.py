"""`softbalance codebook`: sheets that come back filled in, and the codebook for other programs."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import duckdb
import pytest
import xmlschema
from click.testing import CliRunner
from flask.testing import FlaskClient
from softbalance.rules.language.loader import Library
from softbalance.service.cli import softbalance

from dataset_files import Done, classify, read, read_lines
from evaluator import FORMS, INDICATORS
from golden import assert_golden
from places import TESTS

XSD = TESTS / "data" / "refi-qda-codebook-1.0.xsd"
CODE = "{urn:QDA-XML:codebook:1.0}Code"


def _codebook(*arguments: object) -> Done:
    result = CliRunner().invoke(softbalance, ["codebook", *map(str, arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Done(result.exit_code, result.stdout, result.stderr)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("codebook.md", ("--format", "md")),
        ("codebook.json", ("--format", "json")),
        ("codebook.qdc", ("--format", "qdc")),
        ("template-wide.csv", ("--format", "csv")),
        ("template-long.csv", ("--format", "csv", "--layout", "long")),
    ],
)
def test_each_layout_is_kept(name: str, arguments: tuple[str, ...]) -> None:
    done = _codebook(*arguments)
    assert (done.status, done.err) == (0, "")
    # the version of softbalance stands in it, and nothing else that changes
    assert_golden(name, re.sub(r'(origin="softbalance) [^"]+"', r'\1 VERSION"', done.out))


def _filled(template: str, **cells: str) -> list[list[str]]:
    rows = list(csv.reader(io.StringIO(template, newline="")))
    return [*rows, [cells.get(name, "") for name in rows[0]]]


def _write(path: Path, rows: list[list[str]], sep: str = ",") -> Path:
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out, delimiter=sep).writerows(rows)
    return path


WIDE = {"id": "e1", "form": "joint_force", "constrains_hegemon": "no"}
LONG = {"id": "e1", "form": "joint_force", "indicator": "constrains_hegemon", "value": "no"}


@pytest.mark.parametrize("sep", [",", ";", "\t"])
@pytest.mark.parametrize(("layout", "cells"), [("wide", WIDE), ("long", LONG)])
def test_a_filled_sheet_is_classified_without_its_row_of_help(
    tmp_path: Path, layout: str, cells: dict[str, str], sep: str
) -> None:
    rows = _filled(_codebook("--format", "csv", "--layout", layout).out, **cells)
    assert rows[1][0] == "#help"
    sheet = _write(tmp_path / ("in.tsv" if sep == "\t" else "in.csv"), rows, sep)
    done = classify(sheet, "-o", tmp_path / "out.csv")
    assert (done.status, done.err) == (
        0,
        "softbalance: passed over the sheet's row of help (#help)\n",
    )
    answered = read(tmp_path / "out.csv")
    assert [(row["id"], row["classification"]) for row in answered] == [("e1", "not_a_constraint")]
    assert not (tmp_path / "out.csv.rejects.csv").exists()


@pytest.mark.parametrize("layout", ["wide", "long"])
def test_an_empty_sheet_has_nothing_to_classify(tmp_path: Path, layout: str) -> None:
    for option in ("--help-row", "--no-help-row"):
        sheet = tmp_path / "in.csv"
        sheet.write_text(_codebook("--format", "csv", "--layout", layout, option).out, "utf-8")
        assert classify(sheet, "-o", tmp_path / "out.csv").status == 0
        assert read(tmp_path / "out.csv") == []


def test_the_row_of_help_is_passed_over_in_a_database(tmp_path: Path) -> None:
    sheet = _write(tmp_path / "in.csv", _filled(_codebook("--format", "csv").out, **WIDE))
    base = tmp_path / "base.duckdb"
    with duckdb.connect(str(base)) as connection:
        read_all = f"read_csv('{sheet}', all_varchar = true, comment = '')"
        connection.execute(f"CREATE TABLE coded AS FROM {read_all}")
        assert connection.sql("SELECT count(*) FROM coded").fetchall() == [(2,)]
    done = classify("coded", "-o", "answers", "--engine", f"duckdb://{base}")
    assert done.status == 0, done.err
    with duckdb.connect(str(base)) as connection:
        assert connection.sql("SELECT id FROM answers").fetchall() == [("e1",)]


def test_other_rows_are_still_rejected_beside_the_row_of_help(tmp_path: Path) -> None:
    rows = _filled(_codebook("--format", "csv").out, **(WIDE | {"form": "joint_farce"}))
    done = classify(_write(tmp_path / "in.csv", rows), "-o", tmp_path / "out.csv")
    assert done.status == 3
    assert [row["id"] for row in read(tmp_path / "out.csv.rejects.csv")] == ["e1"]


def test_an_episode_that_is_named_like_the_help_is_not_lost(tmp_path: Path) -> None:
    rows = _filled(_codebook("--format", "csv", "--no-help-row").out, **(WIDE | {"id": "#help"}))
    done = classify(_write(tmp_path / "in.csv", rows), "-o", tmp_path / "out.csv")
    assert (done.status, done.err) == (0, "")
    assert [row["id"] for row in read(tmp_path / "out.csv")] == ["#help"]


def test_a_sheet_with_its_row_of_help_is_a_batch(client: FlaskClient) -> None:
    sheet = io.StringIO(newline="")
    csv.writer(sheet).writerows(_filled(_codebook("--format", "csv").out, **WIDE))
    got = client.post("/v1/batches", data=sheet.getvalue(), content_type="text/csv")
    assert [(line["line"], line["episode_id"]) for line in read_lines(got.text)] == [(3, "e1")]


def test_a_long_sheet_is_made_for_the_episodes_of_another(tmp_path: Path) -> None:
    episodes = _write(tmp_path / "episodes.csv", _filled(_codebook("--format", "csv").out, **WIDE))
    arguments = ("--format", "csv", "--layout", "long", "--for", episodes, "--coder", "ana")
    rows = read(_codebook(*arguments).out)
    assert rows.pop(0)["id"] == "#help"
    assert [row["indicator"] for row in rows] == list(INDICATORS)
    assert {(row["id"], row["form"], row["value"], row["coder"]) for row in rows} == {
        ("e1", "joint_force", "", "ana")
    }
    (tmp_path / "episodes.ndjson").write_text('{"id": "e1", "form": "joint_force"}\n')
    assert _codebook(*arguments[:5], tmp_path / "episodes.ndjson", *arguments[6:]).out == (
        _codebook(*arguments).out
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("id,form\n,other\n", "line 2: has no id"),
        ("id,form\ne,other\ne,other\n", "line 3: line 2 has this id already"),
        ("id,form\ne,othr\n", "line 2: unknown form 'othr'; did you mean 'other'?"),
        ("id,frm\ne,other\n", "no column 'form'"),
    ],
)
def test_a_sheet_for_episodes_that_cannot_be_told_apart_is_refused(
    tmp_path: Path, content: str, said: str
) -> None:
    (tmp_path / "in.csv").write_text(content, "utf-8")
    done = _codebook("--format", "csv", "--layout", "long", "--for", tmp_path / "in.csv")
    assert (done.status, done.out) == (2, "")
    assert said in done.err


def test_options_for_another_sheet_are_refused() -> None:
    done = _codebook("--coder", "ana")
    assert done.status == 2
    assert "--format csv --layout long" in done.err


def test_the_qdc_is_what_the_standards_schema_asks_for(tmp_path: Path) -> None:
    path = tmp_path / "codebook.qdc"
    path.write_text(_codebook("--format", "qdc").out, "utf-8")
    schema = xmlschema.XMLSchema(XSD)
    schema.validate(path)
    broken = tmp_path / "broken.qdc"
    broken.write_text(path.read_text("utf-8").replace(' isCodable="false"', "", 1), "utf-8")
    assert not schema.is_valid(broken)


def test_the_qdc_has_all_that_can_be_coded(library: Library) -> None:
    root = ElementTree.fromstring(_codebook("--format", "qdc").out)
    codes: dict[str | None, Any] = {code.get("name"): code for code in root.iter(CODE)}
    guids = {code.get("guid") for code in root.iter(CODE)}
    assert len(guids) == len(codes) == len(list(root.iter(CODE)))
    for name in INDICATORS:
        assert [child.get("name") for child in codes[name].findall(CODE)] == [
            f"{name}: yes",
            f"{name}: no",
        ]
        description = codes[name].find("{urn:QDA-XML:codebook:1.0}Description")
        assert library.codebook.indicators[name].question in description.text
    assert all(f"form: {form}" in codes for form in FORMS)
