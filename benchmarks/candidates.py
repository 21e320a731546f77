"""`softbalance candidates` on invented GDELT events, beside DuckDB reading the same file.

    python -m benchmarks.candidates [--rows N…] [--rounds N]

Every ratio is of wall times in one run: the calls take turns, the least time of each counts. For
each number of rows the peak of resident memory is told too: it should not grow with them. Files
are in a temporary folder and need about 400 bytes a row.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import duckdb

from benchmarks.batch import _python, _rounds

#: What is drawn from: states other than the hegemon, and CAMEO codes.
_STATES = [
    "RUS",
    "CHN",
    "IND",
    "BRA",
    "ZAF",
    "IRN",
    "TUR",
    "FRA",
    "DEU",
    "GBR",
    "JPN",
    "KOR",
    "ISR",
    "EGY",
    "SAU",
    "PAK",
    "IDN",
    "AUS",
    "CAN",
    "MEX",
]
_CODES = [
    "010",
    "020",
    "036",
    "040",
    "042",
    "043",
    "051",
    "057",
    "061",
    "062",
    "071",
    "080",
    "100",
    "111",
    "112",
    "120",
    "130",
    "160",
    "173",
    "190",
]
READ = (
    "SELECT max(hash(COLUMNS(*))) FROM read_csv('in.tsv', delim = '\t', header = false, "
    "all_varchar = true, quote = '')"
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="*", default=[2_500_000, 10_000_000])
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    command = [str(Path(sys.executable).with_name("softbalance")), "candidates", "in.tsv"]
    calls = {
        "DuckDB reads the file": _python(READ),
        "softbalance candidates": [*command, "-o", "answer.parquet"],
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for rows in options.rows:
            _write(folder / "in.tsv", rows)
            least = _rounds(folder, calls, options.rounds)
            reading = least["DuckDB reads the file"].seconds
            size = (folder / "in.tsv").stat().st_size / 2**20
            print(f"{rows:,} rows of GDELT 2.0, {size:,.0f} MiB")
            for call, took in least.items():
                ratio = took.seconds / reading
                print(
                    f"  {call}: {took.seconds:.1f} s, ratio {ratio:.2f}, peak {took.peak:,.0f} MiB"
                )


def _write(path: Path, rows: int) -> None:
    """Write events of ten years: any two of the states, the hegemon in a third of them."""
    drawn = {
        1: "i::VARCHAR",
        2: "strftime(DATE '2006-01-01' + (i * 3650 // {rows})::INT, '%Y%m%d')",
        8: f"{_STATES}[1 + (hash(i, 1) % {len(_STATES)})::INT]",
        18: f"CASE WHEN hash(i, 2) % 3 = 0 THEN 'USA' "
        f"ELSE {_STATES}[1 + (hash(i, 3) % {len(_STATES)})::INT] END",
        27: f"{_CODES}[1 + (hash(i, 4) % {len(_CODES)})::INT]",
        28: "left(c27, 3)",
        29: "left(c27, 2)",
        30: "CASE WHEN c29 <= '05' THEN '1' WHEN c29 <= '09' THEN '2' "
        "WHEN c29 <= '14' THEN '3' ELSE '4' END",
        31: "'1.0'",
        54: "'Moskva, Moskva, Russia'",
        60: "c2 || '120000'",
        61: "'https://www.example.org/news/world/2015/10/27/a-story-about-them-' || i",
    }
    columns = ", ".join(
        f"{drawn.get(n, repr('x' * (n % 7)))} AS c{n}".replace("{rows}", str(rows))
        for n in range(1, 62)
    )
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute(
            f"COPY (SELECT {columns} FROM range({rows}) AS t(i)) TO '{path}' "
            "(FORMAT csv, HEADER false, DELIMITER '\t', QUOTE '')"
        )


if __name__ == "__main__":
    main()
