"""`softbalance classify` as a process: streams kept clean, signals, a terminal, real data."""

import csv
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from dataset_files import HEADER, classify, read, read_parquet, write
from evaluator import FORMS, INDICATORS
from places import REAL_DATA
from processes import SOFTBALANCE, run_in_terminal

Run = Callable[..., subprocess.CompletedProcess[str]]


def big(path: Path, rows: int) -> Path:
    """A Parquet file that takes a while."""
    said = ", ".join(
        f"['yes', 'no', 'unknown'][1 + (hash(i, {n}) % 3)::INT] {i_}"
        for n, i_ in enumerate(INDICATORS)
    )
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT 'e' || i AS id, 'other' AS form, {said} FROM range({rows}) t(i))"
            f" TO '{path}'"
        )
    return path


def test_nothing_but_data_on_standard_output(run: Run, tmp_path: Path) -> None:
    header = ["form", "prestige_payoff", "x"]
    write(tmp_path / "in.csv", header, [["other", "yes", "1"], ["othr", "yes", "2"]])
    done = run("classify", "in.csv", "-o", "-", "--detail", "verdict")
    assert done.returncode == 3
    assert [row["x"] for row in read(done.stdout)] == ["1"]
    assert done.stderr == "softbalance: 1 row rejected, see stdout.rejects.csv\n"


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_nothing_behind(tmp_path: Path, sent: signal.Signals) -> None:
    big(tmp_path / "in.parquet", 1_500_000)
    (tmp_path / "out.csv").write_text("as before")
    command = [SOFTBALANCE, "classify", "in.parquet", "-o", "out.csv"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and process.poll() is None:
            begun = list(tmp_path.glob(".softbalance-*/answer"))
            if begun and begun[0].stat().st_size:
                break
            time.sleep(0.02)
        process.send_signal(sent)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGINT, said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.parquet", "out.csv"]
    assert (tmp_path / "out.csv").read_text() == "as before"


def test_a_failure_in_the_middle_leaves_nothing_behind(run: Run, tmp_path: Path) -> None:
    path = big(tmp_path / "in.parquet", 400_000)
    body = bytearray(path.read_bytes())
    middle = len(body) // 2
    body[middle : middle + 20_000] = random.Random(1).randbytes(20_000)
    path.write_bytes(body)
    done = run("classify", "in.parquet", "-o", "out.parquet")
    assert (done.returncode, done.stdout) == (2, "")
    assert "softbalance: " in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["in.parquet"]


def test_a_terminal_is_shown_progress_and_a_summary(tmp_path: Path) -> None:
    write(tmp_path / "in.csv", ["form", "prestige_payoff"], [["other", "yes"], ["other", "huh"]])
    status, text = run_in_terminal(tmp_path, "classify", "in.csv", "-o", "out.csv")
    assert status == 3
    for said in ("classifying", "rows", "left", "indeterminate", "rejected", "unknown"):
        assert said in text


LONG = [
    ["a", "other", "prestige_payoff", "yes"],
    ["a", "other", "constrains_hegemon", "no"],
    ["b", "other", "prestige_payoff", "huh"],
]


CODED = ["form", "prestige_payoff"]


@pytest.mark.parametrize(
    ("header", "rows", "told"),
    [
        (CODED, [["other", "yes"]], "1 row read: 1 classified, 0 rejected"),
        (
            CODED,
            [["other", "yes"], ["x", "yes"], ["y", "yes"]],
            "3 rows read: 1 classified, 2 rejected",
        ),
        (
            CODED,
            [["other", "yes", "surplus"], ["other", "yes"]],
            "2 rows read: 1 classified, 1 rejected",
        ),
        (
            ["id", "form", "prestige_payoff"],
            [["#help", "one of", "yes or no"], ["a", "other", "yes"]],
            "2 rows read: 1 classified, 0 rejected, 1 of help",
        ),
        (
            ["id", "form", "indicator", "value"],
            LONG,
            "3 rows read: 1 episode classified, 1 rejected",
        ),
        (
            ["id", "form", "indicator", "value"],
            [*LONG, ["c", "other", "prestige_payoff"]],
            "4 rows read: 1 episode classified, 2 rejected",
        ),
    ],
)
def test_a_terminal_is_told_where_the_rows_went(
    tmp_path: Path, header: list[str], rows: list[list[str]], told: str
) -> None:
    write(tmp_path / "in.csv", header, rows)
    _, text = run_in_terminal(tmp_path, "classify", "in.csv", "-o", "out.csv")
    assert f"{told}\n" in text.replace("\r", "")


HEAVY = ("duckdb", "flask", "ibis", "marshmallow", "pandas", "pyarrow", "rich", "sqlglot", "yaml")


def imported(folder: Path, *arguments: str) -> set[str]:
    """Which of what takes long to import a command has imported."""
    code = (
        f"import sys; sys.argv[1:] = {arguments!r}\n"
        "from softbalance.service.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        f"print(*({set(HEAVY)!r} & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True
    )
    return set(done.stdout.splitlines()[-1].split())


def test_nothing_is_imported_that_is_not_needed(tmp_path: Path) -> None:
    assert imported(tmp_path, "--help") == set()
    assert imported(tmp_path, "classify", "--help") <= {"marshmallow", "yaml"}
    long = ["id", "form", "indicator", "value"]
    write(tmp_path / "wide.csv", ["form", "prestige_payoff"], [["other", "yes"], ["othr", "x"]])
    write(tmp_path / "long.csv", long, [["1", "other", "prestige_payoff", "yes"]])
    for name in ("wide.csv", "long.csv"):
        engine = imported(tmp_path, "classify", name, "-o", "out.csv")
        assert engine == {"duckdb", "marshmallow", "yaml"}
        assert read(tmp_path / "out.csv")


REAL = [
    ("gdelt/gdelt2-export-20151027.tsv", "\t", False),
    ("gdelt/gdelt2-export-excel-damaged.csv", ";", True),
    ("icews/events.2018.sample.tab", "\t", True),
    ("cow/MIDA 5.0.csv", ",", True),
    ("cow/MIDB 5.0.csv", ",", True),
]


@pytest.mark.skipif(not REAL_DATA.is_dir(), reason="the data is not here")
@pytest.mark.parametrize(("name", "sep", "headed"), REAL)
@pytest.mark.parametrize("ending", ["csv", "tsv", "parquet"])
def test_real_events_pass_through_unharmed(
    tmp_path: Path, name: str, sep: str, headed: bool, ending: str
) -> None:
    with (REAL_DATA / name).open(encoding="utf-8", newline="") as opened:
        if sep == "\t":
            rows = list(csv.reader(opened, delimiter=sep, quoting=csv.QUOTE_NONE))
        else:
            rows = list(csv.reader(opened, delimiter=sep))
    header = rows.pop(0) if headed else [f"field {n}" for n in range(len(rows[0]))]
    rng = random.Random(len(rows))
    coded = [
        [rng.choice([*FORMS]), rng.choice("yYnN."), *row, f"e{n}"] for n, row in enumerate(rows)
    ]
    sheet = write(tmp_path / "in.csv", ["form", "prestige_payoff", *header, "id"], coded, sep)
    out = tmp_path / f"out.{ending}"
    assert classify(sheet, "-o", out) == (0, "", "")
    got = read_parquet(out) if ending == "parquet" else read(out, "\t" if ending == "tsv" else ",")
    passed = [["" if cell is None else cell for cell in row.values()][len(HEADER) :] for row in got]
    assert passed == rows
    assert [row["id"] for row in got] == [row[-1] for row in coded]


@pytest.mark.skipif(not REAL_DATA.is_dir(), reason="the data is not here")
def test_real_rows_of_two_widths(tmp_path: Path) -> None:
    lines = (REAL_DATA / "gdelt/gdelt1-export-mixed.tsv").read_bytes().splitlines()
    names = [b"form", *(b"field %d" % n for n in range(58))]
    body = [b"\t".join(names), *(b"other\t" + line for line in lines)]
    (tmp_path / "in.tsv").write_bytes(b"\n".join(body))
    assert classify(tmp_path / "in.tsv", "-o", tmp_path / "out.tsv").status == 3
    found = read(tmp_path / "out.tsv.rejects.csv")
    assert (len(read(tmp_path / "out.tsv", "\t")), len(found)) == (509, 201)
    assert {row["code"] for row in found} == {"ragged"}
