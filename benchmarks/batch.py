"""Whole datasets through the relational engine, beside DuckDB copying or reading the same file.

    python -m benchmarks.batch [--rows N] [--growth N…] [--rounds N] [--csv] [--start]

Every figure is a ratio in one run: each call is a process of its own, the calls take turns in
rounds, and the least of each counts. The ratio is of wall times; that of CPU times follows, which
other work on the machine disturbs less. The indicators' values are drawn uniformly.

`--growth` adds rows a second and peak memory of `softbalance classify` for other sizes. `--start`
measures how it starts, beside `import duckdb`. `--csv` measures it on a CSV file, beside what
DuckDB needs for it alone: to *read* it, that is to parse all cells and hash each, so that none can
be passed over, and keep nothing, which is the least that reading can mean; to read it into a table
in memory; and to copy it to Parquet and to CSV, since an answer has to be written too. An answer
with the rules that fired is larger than its input: about 550 bytes a row in CSV. Files are in a
temporary folder and need about 25 bytes a row, with `--csv` about 1,500.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import duckdb
import psutil
from softbalance.rules.classifier import Classifier
from softbalance.rules.language.loader import load_library
from softbalance.rules.table.duckdb_sql import verdicts_sql

from drawn_episodes import random_codings

RULEBOOK = "brooks-wohlforth-2004"
COPY = "COPY (FROM 'in.parquet') TO 'out.parquet'"
CSV = "read_csv('in.csv', all_varchar = true)"
READING = {
    "DuckDB reads the file": f"SELECT max(hash(COLUMNS(*))) FROM {CSV}",
    "DuckDB reads it into a table": f"CREATE TABLE cells AS FROM {CSV}",
    "DuckDB copies it to Parquet": f"COPY (FROM {CSV}) TO 'out.parquet'",
    "DuckDB copies it to CSV": f"COPY (FROM {CSV}) TO 'out.csv'",
}
COMMAND = str(Path(sys.executable).with_name("softbalance"))


class Measured(NamedTuple):
    """Seconds from start to end, CPU seconds, and the peak of resident memory in MiB."""

    seconds: float
    cpu: float
    peak: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--growth", type=int, nargs="*", default=[1_000_000, 20_000_000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--csv", action="store_true")
    parser.add_argument("--start", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write(folder, options.rows, csv=options.csv)
        _ratios(folder, options.rows, options.rounds)
        if options.csv:
            _csv(folder, options.rounds)
        for rows in options.growth:
            _write(folder, rows, csv=False)
            seconds, cpu, peak = _run(folder, _command("in.parquet", "answer.parquet"))
            print(
                f"{rows:,} rows, softbalance classify: {rows / seconds:,.0f} rows/s, "
                f"{rows / cpu:,.0f} a CPU second, peak {peak:,.0f} MiB"
            )
        if options.start:
            _write(folder, 10, csv=True)
            _start(folder, options.rounds)


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
    calls["softbalance classify"] = _command("in.parquet", "answer.parquet")
    least = _rounds(folder, calls, rounds)
    print(f"{rows:,} Parquet rows")
    _print(least)
    alone = _single()
    fired = rows / least["verdicts and fired rules"].seconds
    print(f"  {fired:,.0f} rows/s are {fired / alone:,.0f} times the single-episode engine's")


def _csv(folder: Path, rounds: int) -> None:
    calls = {name: _python(sql) for name, sql in READING.items()}
    for ending in ("parquet", "csv"):
        for detail in ("verdict", "trace"):
            name = f"softbalance classify --detail {detail}, to {ending}"
            calls[name] = _command("in.csv", f"answer.{ending}", "--detail", detail)
    print("the same as CSV")
    _print(_rounds(folder, calls, rounds))


def _start(folder: Path, rounds: int) -> None:
    calls = {
        "import duckdb": [sys.executable, "-c", "import duckdb"],
        "softbalance --help": [COMMAND, "--help"],
        "softbalance classify of ten rows": _command("in.csv", "answer.csv"),
    }
    print("start-up")
    _print(_rounds(folder, calls, rounds))


def _print(least: Mapping[str, Measured]) -> None:
    """Print figures, the ratios to the first."""
    first = next(iter(least.values()))
    for name, (seconds, cpu, peak) in least.items():
        print(
            f"  {name}: {seconds:.2f} s, ratio {seconds / first.seconds:.2f} "
            f"(CPU {cpu / first.cpu:.2f}), peak {peak:,.0f} MiB"
        )


def _command(source: str, answer: str, *options: str) -> list[str]:
    return [COMMAND, "classify", source, "-o", answer, *options]


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


def _rounds(folder: Path, calls: Mapping[str, list[str]], rounds: int) -> dict[str, Measured]:
    """Return the least of each figure of each call, of as many rounds."""
    runs: dict[str, list[Measured]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, command in calls.items():
            runs[name].append(_run(folder, command))
    return {name: Measured(*map(min, zip(*done, strict=True))) for name, done in runs.items()}


def _run(folder: Path, command: list[str]) -> Measured:
    """Run a command from start to end."""
    for made in (*folder.glob("out.*"), *folder.glob("answer.*")):
        made.unlink()
    start, used = time.perf_counter(), _children()
    process = psutil.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    peak = 0
    while process.poll() is None:
        try:
            peak = max(peak, process.memory_info().rss)
        except psutil.NoSuchProcess:
            break
        time.sleep(0.01)
    if process.wait():
        raise subprocess.CalledProcessError(process.returncode, command[:3])
    return Measured(time.perf_counter() - start, _children() - used, peak / 2**20)


def _children() -> float:
    """Return the CPU seconds of the processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


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
