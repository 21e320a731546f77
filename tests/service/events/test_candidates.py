"""`softbalance candidates`: each layout and each of its defects, against golden files."""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import json
import shutil
import signal
import subprocess
import time
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import duckdb
import pytest
from softbalance.rules.language.loader import Library
from softbalance.schemas.episode import episode_schema
from softbalance.service.events.event_layouts import layouts
from softbalance.service.events.states import alpha3, meanings
from softbalance.service.text.candidates_text import REASONS

from candidate_runs import candidates, numbers, parts
from dataset_files import Done, classify, read
from event_files import GDELT_NAMES, gdelt, text
from places import ROOT, TESTS
from processes import SOFTBALANCE, run_in_terminal

DATA = TESTS / "data" / "events"
#: Golden file → inputs and options. To see what a change does to one, run the command by hand on
#: these, with `-o NAME.csv`, and compare.
GOLDEN = {
    "gdelt2": ["gdelt2.tsv", "--min-events", "2"],
    "gdelt1-mixed": ["gdelt1-mixed.tsv", "--min-events", "2"],
    "gdelt2-spreadsheet": ["gdelt2-spreadsheet.csv", "--min-events", "2"],
    "icews": ["icews.tab", "--min-events", "2", "--window", "month"],
    "icews-spreadsheet": ["icews-spreadsheet.csv", "--min-events", "2", "--window", "year"],
    "plover-list": ["plover.json", "--min-events", "1"],
    "plover-lines": ["plover.ndjson", "--min-events", "2"],
    "polecat": ["polecat.ndjson", "--min-events", "2"],
    "mid": ["mida.csv", "midb.csv", "--window", "year"],
    "mid-participants": ["midb.csv", "--hegemon", "SUN", "--window", "year"],
}
Row = dict[str, str]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the inputs, to run in: names of files are told as they are given."""
    for path in DATA.glob("*.*"):
        shutil.copy(path, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def golden(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Path, Done]]:
    """Run the command for a golden file, once, and give the folder and what it said."""

    @cache
    def run(name: str) -> tuple[Path, Done]:
        folder = tmp_path_factory.mktemp(name)
        for path in DATA.glob("*.*"):
            shutil.copy(path, folder)
        with contextlib.chdir(folder):
            return folder, candidates(*GOLDEN[name], "-o", "out.csv")

    return run


Golden = Callable[[str], tuple[Path, Done]]


@pytest.mark.parametrize("name", GOLDEN)
def test_golden(golden: Golden, name: str) -> None:
    folder, done = golden(name)
    assert done.status == (3 if (folder / "out.csv.rejects.csv").exists() else 0)
    for kind in ("csv", "rows.csv", "rejects.csv"):
        made = folder / ("out.csv" if kind == "csv" else f"out.csv.{kind}")
        expected = DATA / "golden" / f"{name}.{kind}"
        assert made.exists() == expected.exists(), kind
        if made.exists():
            assert made.read_text("utf-8") == expected.read_text("utf-8"), kind
    assert done.err == (DATA / "golden" / f"{name}.told.txt").read_text("utf-8")


@pytest.mark.parametrize("name", GOLDEN)
def test_every_row_is_in_one_place(golden: Golden, name: str) -> None:
    folder, done = golden(name)
    rows, behind, rejected, out = numbers(done.err)
    assert rows == behind + rejected + out
    assert out == parts(done.err)
    told = read(folder / "out.csv.rows.csv")
    assert behind == len({(row["file"], row["line"]) for row in told})
    rejects = folder / "out.csv.rejects.csv"
    lines = {(r.get("file"), r["line"]) for r in read(rejects)} if rejects.exists() else set()
    assert rejected == len(lines)


@pytest.mark.parametrize("name", GOLDEN)
def test_a_candidate_has_the_rows_of_its_dossiers(golden: Golden, name: str) -> None:
    folder, _ = golden(name)
    told = read(folder / "out.csv.rows.csv")
    for found in read(folder / "out.csv"):
        behind = [row for row in told if row["dossier"] in found["dossiers"].split(";")]
        assert len({(row["file"], row["line"]) for row in behind}) == int(found["rows"])
        assert {row["id"] for row in behind} == set(found["row_ids"].split(";"))
        roles = [row["role"] for row in behind]
        for role in ("against_hegemon", "with_hegemon", "from_hegemon", "conflict_within"):
            assert roles.count(role) == int(found[role])
        if not name.startswith("mid"):
            together = roles.count("cooperation") + roles.count("with_organisation")
            assert together == int(found["cooperation"])
        score = sum(float(cell) for key, cell in found.items() if key.startswith("score_"))
        assert float(found["score"]) == pytest.approx(score, abs=0.0005)


@pytest.mark.parametrize("ending", ["csv", "tsv", "parquet", "ndjson", "csv.gz", "ndjson.gz"])
def test_what_comes_out_classify_takes(here: Path, golden: Golden, ending: str) -> None:
    candidates(*GOLDEN["gdelt2"], "-o", f"found.{ending}")
    assert classify(f"found.{ending}", "-o", "verdicts.csv") == (0, "", "")
    sheet, verdicts = read(golden("gdelt2")[0] / "out.csv"), read(here / "verdicts.csv")
    assert [v["id"] for v in verdicts] == [row["id"] for row in sheet]
    # no motive is told, so nothing can be concluded yet
    assert {v["classification"] for v in verdicts} == {"indeterminate"}
    if not ending.startswith("ndjson"):
        assert [v["score"] for v in verdicts] == [row["score"] for row in sheet]


@pytest.mark.parametrize("name", GOLDEN)
def test_episodes_are_valid_and_say_what_was_observed(
    here: Path, golden: Golden, name: str, library: Library
) -> None:
    candidates(*GOLDEN[name], "-o", "found.ndjson")
    schema = episode_schema(library.codebook.vocabulary)
    episodes = [json.loads(line) for line in (here / "found.ndjson").read_text().splitlines()]
    sheet = read(golden(name)[0] / "out.csv")
    assert [episode["id"] for episode in episodes] == [row["id"] for row in sheet]
    for episode, row in zip(episodes, sheet, strict=True):
        assert schema.load(episode) == episode
        assert "indicators" not in episode
        assert "observations" not in episode
        assert ";".join(episode["actors"]) == row["actors"]
        assert "not a verdict" in episode["summary"]
        assert f"score {float(row['score']):.3f}" in episode["summary"]
        for id_ in row["row_ids"].split(";"):
            assert id_ in episode["summary"]
        for indicator in library.codebook.indicators:
            assert row[indicator] == ""


def test_the_same_events_give_the_same_candidates_however_they_are_packed(here: Path) -> None:
    plain = candidates("gdelt2.tsv", "--min-events", 2, "-o", "plain.csv")
    body = (here / "gdelt2.tsv").read_bytes()
    (here / "packed.export.CSV.gz").write_bytes(gzip.compress(body))
    with zipfile.ZipFile(here / "20151027.export.CSV.zip", "w") as archive:
        archive.writestr("20151027.export.CSV", body)
    (here / "later.tsv").write_bytes(body[body.index(b"9\t2015") :])
    (here / "crlf.tsv").write_bytes(body.replace(b"\n", b"\r\n"))
    for name in ("packed.export.CSV.gz", "20151027.export.CSV.zip", "crlf.tsv"):
        done = candidates(name, "--min-events", 2, "-o", "other.csv")
        assert done.err == plain.err.replace("plain.csv", "other.csv")
        assert (here / "other.csv").read_text() == (here / "plain.csv").read_text()
    done = candidates("-", "--min-events", 2, "-o", "-", stdin=body)
    assert done.out == (here / "plain.csv").read_text()
    assert (here / "stdout.rows.csv").exists()


def test_several_files_are_one_dataset(here: Path) -> None:
    rows = (here / "gdelt2.tsv").read_text().splitlines(keepends=True)
    (here / "a.tsv").write_text("".join(rows[:12]))
    (here / "b.tsv").write_text("".join(rows[12:]))
    candidates("gdelt2.tsv", "--min-events", 2, "-o", "one.csv")
    candidates("[ab].tsv", "--min-events", 2, "-o", "two.csv")
    assert (here / "one.csv").read_text() == (here / "two.csv").read_text()
    told = read(here / "two.csv.rows.csv")
    assert ("b.tsv", "1", "13") in {(row["file"], row["line"], row["id"]) for row in told}


def test_lines_are_those_of_the_file_where_some_are_blank(here: Path) -> None:
    rows = (here / "gdelt2.tsv").read_text().splitlines(keepends=True)
    (here / "gaps.tsv").write_text("".join(["\n", *rows[:3], "\n\n", *rows[3:]]).lstrip("\n"))
    done = candidates("gaps.tsv", "--min-events", 2, "-o", "out.csv")
    assert numbers(done.err)[0] == len(rows)
    told = {row["id"]: int(row["line"]) for row in read(here / "out.csv.rows.csv")}
    assert (told["3"], told["4"]) == (3, 6)


REFUSED = [
    (["gone.tsv"], "gone.tsv: cannot be read: No such file"),
    (["empty.tsv"], "empty.tsv: is empty"),
    (["prose.txt"], "prose.txt: no known layout has a first line like this, of 1 fields"),
    (["gdelt2.tsv", "--layout", "gdelt"], "unknown layout 'gdelt'; did you mean 'gdelt2'?"),
    (["gdelt2.tsv", "--layout", "icews"], "is not laid out as icews"),
    (["gdelt2.tsv", "--layout", "plover"], "is not JSON, and plover is"),
    (["plover.json", "--layout", "gdelt2"], "is JSON, and gdelt2 is not"),
    (["gdelt2.tsv", "icews.tab"], "they would count the same events twice; take two runs"),
    (["mida.csv"], "give the participants (MIDB) with it"),
    (["gdelt2.tsv", "--hegemon", "UAS"], "unknown state 'UAS'; did you mean"),
    (["broken.json"], "broken.json: line 2: not JSON"),
    (["*.nothing"], "*.nothing: no file matches"),
    (["."], ".: is a folder"),
    (["gdelt2.tsv", "--min-events", "0"], "0 is not in the range"),
    (["gdelt2.tsv", "--window", "week"], "'week' is not one of"),
]


@pytest.mark.parametrize(("arguments", "reason"), REFUSED)
def test_what_cannot_be_read_is_refused_and_nothing_written(
    here: Path, arguments: list[str], reason: str
) -> None:
    (here / "empty.tsv").write_bytes(b"")
    (here / "prose.txt").write_text("It was a dark and stormy night.\n")
    (here / "broken.json").write_text(
        '[{"id": "a", "event": "AID", "date": "2015-01-01"},\n{"id" 1}]'
    )
    before = sorted(here.iterdir())
    done = candidates(*arguments, "-o", "out.csv")
    assert (done.status, done.out) == (2, "")
    assert reason in done.err
    assert sorted(here.iterdir()) == before


def test_an_input_is_never_overwritten(here: Path) -> None:
    before = (here / "gdelt2.tsv").read_bytes()
    done = candidates("gdelt2.tsv", "-o", "gdelt2.tsv")
    assert done.status == 2
    assert "would be overwritten" in done.err
    assert (here / "gdelt2.tsv").read_bytes() == before


def test_old_rejects_go_where_there_are_none_now(here: Path) -> None:
    assert candidates("icews.tab", "-o", "out.csv").status == 3
    assert candidates("gdelt2.tsv", "-o", "out.csv").status == 0
    assert not (here / "out.csv.rejects.csv").exists()


def test_no_candidates_are_an_empty_sheet(here: Path) -> None:
    done = candidates("gdelt2.tsv", "--min-events", 1000, "-o", "out.csv")
    assert done.status == 0
    assert "34 rows: 0 behind 0 candidates" in done.err
    assert read(here / "out.csv") == []
    assert classify("out.csv", "-o", "v.csv").status == 0


def test_parquet_has_lists_and_numbers(here: Path) -> None:
    candidates("gdelt2.tsv", "--min-events", 2, "-o", "out.parquet")
    with duckdb.connect() as connection:
        row = connection.execute(
            "SELECT cooperation, cooperation_departure, row_ids, len(dossiers) FROM 'out.parquet' "
            "WHERE id = 'BRA-IND-2015Q4'"
        ).fetchone()
        rows = connection.execute("SELECT count(*) FROM 'out.parquet.rows.parquet'").fetchone()
    assert row is not None
    assert (row[0], row[3]) == (5, 3)
    assert isinstance(row[1], float)
    assert row[2][0] == "9"
    assert rows == (25,)


def test_every_reason_and_layout_is_documented() -> None:
    page = (ROOT / "docs" / "candidates.md").read_text("utf-8")
    for name in (*layouts(), *REASONS):
        assert f"`{name}`" in page


STATES = [
    ("cow", "365", "1900-01-01", "RUS"),
    ("cow", "365", "1962-10-14", "SUN"),
    ("cow", "365", "2014-02-20", "RUS"),
    ("cow", "345", "1914-07-28", "SRB"),
    ("cow", "345", "1991-06-27", "YUG"),
    ("cow", "345", "2005-01-01", "SCG"),
    ("cow", "345", "2010-01-01", "SRB"),
    ("cow", "315", "1968-08-20", "CSK"),
    ("cow", "265", "1961-08-13", "DDR"),
    ("cow", "260", "1961-08-13", "DEU"),
    ("cow", "300", "1914-07-28", "AUH"),
    ("cow", "816", "1964-08-02", "VDR"),
    ("cow", "816", "1979-02-17", "VNM"),
    ("cow", "817", "1964-08-02", "RVN"),
    ("cameo", "RUS", "1982-01-02", "SUN"),
    ("cameo", "RUS", "2015-10-27", "RUS"),
    ("cameo", "ROM", "2015-10-27", "ROU"),
    ("cameo", "EUR", "2015-10-27", None),
    ("names", "Occupied Palestinian Territory", "2018-06-01", "PSE"),
    ("names", "the former Yugoslav Republic of Macedonia", "2018-06-01", "MKD"),
    ("names", "Soviet Union", "1982-01-02", "SUN"),
    ("names", "NA", "2018-06-01", None),
]


@pytest.mark.parametrize(("actors", "written", "day", "state"), STATES)
def test_who_is_meant_is_told_by_the_day(
    actors: str, written: str, day: str, state: str | None
) -> None:
    on = [
        m for m in meanings(actors, [written]) if m.since.isoformat() <= day <= m.until.isoformat()
    ]
    assert [m.state for m in on] == [state]
    assert state is None or state in alpha3()


#: Code as written, root, QuadClass, scale → the code meant, or None where it cannot be told.
CODES = [
    ("012", "01", "1", "-0.4", "012"),
    ("12", "1", "1", "-0.4", "012"),
    ("12", "12", "3", "-4", "12"),
    ("12", "", "1", "", "012"),
    ("12", "", "3", "", "12"),
    ("12", "", "", "-0.4", "012"),
    ("12", "", "", "-4", "12"),
    ("12", "", "", "", None),
    ("16", "", "", "-4", None),
    ("20", "2", "", "", "020"),
    ("20", "20", "", "", "20"),
    ("57", "", "", "", "057"),
    ("311", "", "", "", "0311"),
    ("112", "1", "", "", None),
    ("112", "11", "", "", "112"),
    ("1124", "", "", "", "1124"),
    ("0", "", "", "", None),
    ("99", "", "", "", None),
]


@pytest.mark.parametrize(("code", "root", "quad", "scale", "meant"), CODES)
def test_a_zero_is_given_back_only_where_one_code_fits(
    here: Path, code: str, root: str, quad: str, scale: str, meant: str | None
) -> None:
    other: dict[str, Any] = {"EventRootCode": root, "QuadClass": quad, "GoldsteinScale": scale}
    # beside it, what makes every act of this pair part of a candidate
    rows = [
        gdelt(1, "20151001", "BRA", "IND", code, **other),
        gdelt(2, "20151002", "BRA", "IND", "040"),
    ]
    (here / "one.csv").write_text(text([GDELT_NAMES, *rows], ";"))
    done = candidates("one.csv", "--min-events", 1, "-o", "out.csv")
    told = {row["id"]: row for row in read(here / "out.csv.rows.csv")}
    if meant is None:
        assert done.status == 3
        (reject,) = read(here / "out.csv.rejects.csv")
        assert (reject["line"], reject["value"]) == ("2", code)
    elif "1" in told:
        assert told["1"]["code"] == meant
        assert told["1"]["repaired"] == str(meant != code).lower()
    else:  # a statement or an appeal
        assert meant[:2] in ("01", "02")
        assert "out of scope: neither" in done.err
    repaired = meant is not None and meant != code
    assert ("without its leading zero" in done.err) == repaired


def test_rows_over_the_bound_of_a_cell_are_in_the_rows_file(here: Path) -> None:
    rows = [gdelt(n, "20151001", "BRA", "IND", "040") for n in range(250)]
    (here / "many.tsv").write_text(text(rows, "\t"))
    candidates("many.tsv", "-o", "out.csv")
    (found,) = read(here / "out.csv")
    assert found["rows"] == "250"
    assert found["row_ids"].split(";") == [str(n) for n in range(50)]
    assert len(read(here / "out.csv.rows.csv")) == 250


def test_as_a_process_it_says_what_it_did_and_leaves_data_alone(
    run: Callable[..., CompletedProcess[str]], tmp_path: Path
) -> None:
    shutil.copy(DATA / "gdelt2.tsv", tmp_path)
    done = run("candidates", "gdelt2.tsv", "--min-events", 2, "-o", "-")
    assert done.returncode == 0
    assert [row["rank"] for row in csv.DictReader(io.StringIO(done.stdout))] == list("12345")
    assert done.stderr.startswith("softbalance: 34 rows: 25 behind 5 candidates")


def test_a_signal_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "events.tsv").write_text((DATA / "gdelt2.tsv").read_text() * 10_000)
    (tmp_path / "out.csv").write_text("as before")
    command = [SOFTBALANCE, "candidates", "events.tsv", "-o", "out.csv"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and process.poll() is None:
            if list(tmp_path.glob(".softbalance-*/part-0")):
                break
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGINT, said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["events.tsv", "out.csv"]
    assert (tmp_path / "out.csv").read_text() == "as before"


def test_a_terminal_is_shown_the_first_candidates(tmp_path: Path) -> None:
    events = str(DATA / "gdelt2.tsv")
    status, text = run_in_terminal(
        tmp_path, "candidates", events, "--min-events", "2", "-o", "out.csv"
    )
    assert status == 0
    for said in ("reading", "looking for candidates", "BRA-IND-2015Q4", "limited_entente", "score"):
        assert said in text
