"""Whole datasets through the relational engine, beside DuckDB copying or reading the same file.

    python -m benchmarks.batch [--rows N] [--growth N…] [--rounds N] [--csv]

Every figure is a ratio of wall times in one run: each call is a process of its own, the calls take
turns in rounds, and the least time of each counts. The indicators' values are drawn uniformly.
`--growth` adds rows a second and peak memory for other sizes. `--csv` measures the installed
`softbalance classify` on a CSV file, against DuckDB reading it whole. Files are in a temporary
folder and need about 25 bytes a row.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import duckdb
import psutil
from softbalance.rules.classifier import Classifier
from softbalance.rules.duckdb_sql import verdicts_sql
from softbalance.rules.loader import load_library

from episodes import random_codings

RULEBOOK = "brooks-wohlforth-2004"
COPY = "COPY (FROM 'in.parquet') TO 'out.parquet'"
READ = "SELECT max(hash(COLUMNS(*))) FROM read_csv('in.csv', all_varchar = true)"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--growth", type=int, nargs="*", default=[1_000_000, 20_000_000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--csv", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write(folder, options.rows, csv=options.csv)
        _ratios(folder, options.rows, options.rounds)
        if options.csv:
            _csv(folder, options.rounds)
        for rows in options.growth:
            _write(folder, rows, csv=False)
            seconds, peak = _run(folder, _python(_classifying(fired=True)))
            print(f"{rows:,} rows, fired: {rows / seconds:,.0f} rows/s, peak {peak:,.0f} MiB")


def _write(folder: Path, rows: int, *, csv: bool) -> None:
    """Write codings drawn uniformly, a row an episode, in the wide layout."""
    codebook = load_library().codebook
    drawn = {name: ["yes", "no", "unknown", "contested"] for name in codebook.indicators}
    drawn["form"] = list(codebook.forms)
    columns = ", ".join(
        f"{values}[1 + floor(random() * {len(values)})::INT] AS {name}"
        for name, values in drawn.items()
    )
    query = f"SELECT 'E' || i AS id, {columns} FROM range({rows}) AS t(i)"
    duckdb.sql("SET enable_progress_bar = false")
    duckdb.sql(f"COPY ({query}) TO '{folder}/in.parquet'")
    if csv:
        duckdb.sql(f"COPY (FROM '{folder}/in.parquet') TO '{folder}/in.csv'")


def _ratios(folder: Path, rows: int, rounds: int) -> None:
    calls = {
        "DuckDB copies the file": _python(COPY),
        "verdicts": _python(_classifying(fired=False)),
        "verdicts and fired rules": _python(_classifying(fired=True)),
    }
    least = _rounds(folder, calls, rounds)
    copying = least["DuckDB copies the file"][0]
    print(f"{rows:,} Parquet rows")
    for name, (seconds, peak) in least.items():
        print(f"  {name}: {seconds:.2f} s, ratio {seconds / copying:.2f}, peak {peak:,.0f} MiB")
    alone = _single()
    fired = rows / least["verdicts and fired rules"][0]
    print(f"  {fired:,.0f} rows/s are {fired / alone:,.0f} times the single-episode engine's")


def _csv(folder: Path, rounds: int) -> None:
    command = [str(Path(sys.executable).with_name("softbalance")), "classify"]
    calls = {
        "DuckDB reads the file": _python(READ),
        "softbalance classify": [*command, "in.csv", "-o", "answer.parquet"],
        "softbalance classify --detail verdict": [
            *command,
            "in.csv",
            "-o",
            "answer.parquet",
            "--detail",
            "verdict",
        ],
    }
    least = _rounds(folder, calls, rounds)
    reading = least["DuckDB reads the file"][0]
    print("the same as CSV, to Parquet")
    for name, (seconds, peak) in least.items():
        print(f"  {name}: {seconds:.2f} s, ratio {seconds / reading:.2f}, peak {peak:,.0f} MiB")


def _classifying(*, fired: bool) -> str:
    query = verdicts_sql(load_library()[RULEBOOK], "codings", ["id"], fired=fired)
    view = "CREATE VIEW codings AS FROM 'in.parquet'"
    return f"{view}; COPY ({query}) TO 'out.parquet'"


def _python(sql: str) -> list[str]:
    quiet = "SET enable_progress_bar = false"
    return [
        sys.executable,
        "-c",
        "import duckdb, sys; duckdb.execute(sys.argv[1])",
        f"{quiet}; {sql}",
    ]


def _rounds(
    folder: Path, calls: Mapping[str, list[str]], rounds: int
) -> dict[str, tuple[float, float]]:
    """Return seconds and MiB of each call, the least of as many rounds."""
    runs: dict[str, list[tuple[float, float]]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, command in calls.items():
            runs[name].append(_run(folder, command))
    return {
        name: (min(seconds for seconds, _ in done), min(peak for _, peak in done))
        for name, done in runs.items()
    }


def _run(folder: Path, command: list[str]) -> tuple[float, float]:
    """Return a command's seconds from start to end and its peak of resident memory in MiB."""
    for made in (*folder.glob("out.*"), *folder.glob("answer.*")):
        made.unlink()
    start = time.perf_counter()
    process = psutil.Popen(command, cwd=folder)
    peak = 0
    while process.poll() is None:
        try:
            peak = max(peak, process.memory_info().rss)
        except psutil.NoSuchProcess:
            break
        time.sleep(0.01)
    if process.wait():
        raise subprocess.CalledProcessError(process.returncode, command[:3])
    return time.perf_counter() - start, peak / 2**20


def _single() -> float:
    """Return the verdicts a second of the single-episode engine."""
    classifier = Classifier(load_library()[RULEBOOK])
    drawn = list(random_codings(5_000, seed=1))
    start = time.perf_counter()
    for form, values in drawn:
        classifier.verdict(classifier.decider.decide(form, values))
    return len(drawn) / (time.perf_counter() - start)


if __name__ == "__main__":
    main()
