"""Files and folders of any name: DuckDB and Spark are told of files, not of patterns."""

import contextlib
from pathlib import Path

import duckdb
import pytest

from candidate_runs import candidates
from dataset_files import WIDE, classify, read, read_lines, wide, write
from drawn_episodes import random_codings
from event_files import gdelt, text
from processes import run_in_terminal

#: An indicator: a sheet without any would be told of.
CODED = "constrains_hegemon"
#: Names of folders, and what else is there that a pattern of that name would match.
NAMES = {
    "out (1)": "",
    "a'b": "",
    "x=1": "",
    "form=joint_force": "",
    "rulebook=other": "",
    "c0=9": "",
    "year=2001": "",
    "[draft]": "d",
    "sheet[1]": "sheet1",
    "what?": "whatx",
    "**": "star",
    "100%": "",
    "~": "",
    "{a,b}": "a",
    "élan 中": "",
}


@pytest.fixture(params=NAMES)
def folder(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder by its relative name, with datasets; another that a pattern would find has too."""
    monkeypatch.chdir(tmp_path)
    for name in filter(None, (request.param, NAMES[request.param])):
        Path(name).mkdir()
        write(Path(name) / "in.csv", ["form", "own", CODED], [["other", name, ""]])
        with contextlib.chdir(name):
            said = name.replace("'", "''")
            columns = f"'other' AS form, '2' AS year, '{said}' AS own, '' AS {CODED}"
            duckdb.execute(f"COPY (SELECT {columns}) TO 'in.parquet'")
    return Path(request.param)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_dataset_in_an_odd_folder(folder: Path, ending: str) -> None:
    out = folder / "out.csv"
    assert classify(folder / f"in.{ending}", "-o", out) == (0, "", "")
    (row,) = read(out)
    assert row["own"] == folder.name
    assert not {"x", "form", "c0"} & row.keys()
    if ending == "parquet":
        assert row["year"] == "2"
    (folder / "lines.ndjson").write_text('{"id": "1", "form": "other"}\n')
    assert classify(folder / "lines.ndjson", "-o", folder / "out.ndjson") == (0, "", "")
    assert len(read_lines((folder / "out.ndjson").read_text())) == 1


def test_a_form_is_what_the_file_says_and_not_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    codings = list(random_codings(20, seed=5))
    sheets = []
    for name in ("plain", "c1=joint_force"):
        Path(name).mkdir()
        sheets.append(write(Path(name) / "in.csv", WIDE, wide(codings)))
    plain, odd = (classify(sheet, "-o", "-") for sheet in sheets)
    assert plain == odd


def test_bad_rows_of_an_odd_folder(folder: Path) -> None:
    write(folder / "in.csv", ["form", "own"], [["other", "1"], ["othr", "2"]])
    done = classify(folder / "in.csv", "-o", folder / "out.csv")
    assert done.status == 3
    (reject,) = read(folder / "out.csv.rejects.csv")
    assert reject["value"] == "othr"


def test_events_in_an_odd_folder(folder: Path) -> None:
    days = range(20151010, 20151015)
    events = [gdelt(day, str(day), "RUS", "CHN", "057") for day in days]
    (folder / "events.tsv").write_text(text(events, "\t"))
    if other := NAMES[folder.name]:
        (Path(other) / "events.tsv").write_text(text(events * 2, "\t"))
    done = candidates(folder / "events.tsv", "-o", folder / "out.parquet", "--min-events", 2)
    assert done.status == 0, done.err
    assert "5 rows: 5 behind 1 candidate" in done.err


@pytest.mark.parametrize("name", ["out (1)", "classification=x", "[draft]"])
@pytest.mark.parametrize("ending", ["csv.gz", "tsv", "ndjson.gz", "parquet"])
def test_a_terminal_is_told_what_came_of_it(tmp_path: Path, name: str, ending: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    write(folder / "in.csv", ["form", 'my "own", ;'], [["other", 'a"\n,\tb'], ["other", ""]])
    status, shown = run_in_terminal(folder, "classify", "in.csv", "-o", f"out.{ending}")
    assert status == 0
    assert "indeterminate 2" in " ".join(shown.split())
    assert (folder / f"out.{ending}").is_file()


def test_an_answer_that_cannot_be_counted_is_kept(tmp_path: Path) -> None:
    with contextlib.chdir(tmp_path):
        columns = "'other' AS form, repeat('x', 9_000_000) AS own"
        duckdb.execute(f"COPY (SELECT {columns}) TO 'in.parquet'")
    status, shown = run_in_terminal(tmp_path, "classify", "in.parquet", "-o", "out.csv")
    assert status == 0
    assert "the answer is complete, but not counted" in shown
    assert (tmp_path / "out.csv").stat().st_size > 9_000_000
