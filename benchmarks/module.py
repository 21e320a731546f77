"""The Python module beside what it stands on.

    python -m benchmarks.module [--rows N] [--rounds N]

`import softbalance` after `import marshmallow`, in processes of their own; `sb.classify` beside its
parts, the check of the Episode and the decision with its trace; a data frame beside the same rows
as Parquet, by `softbalance classify`. Calls take turns; the least time of each counts.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow.parquet
import softbalance as sb
from softbalance.rules.classifier import Classifier
from softbalance.schemas.episode import episode_schema

from benchmarks.batch import _command, _write
from drawn_episodes import random_codings

_EPISODES = 2000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    _imports(options.rounds)
    _episodes(options.rounds)
    with tempfile.TemporaryDirectory() as folder:
        _frames(Path(folder), options.rows, options.rounds)


def _imports(rounds: int) -> None:
    """Print what the import takes in a process that has marshmallow already."""
    code = """
import time, marshmallow
start = time.perf_counter()
import softbalance
print(time.perf_counter() - start)
"""
    command = [sys.executable, "-c", code]
    took = [float(subprocess.check_output(command)) for _ in range(rounds)]
    print(f"import softbalance: {1000 * min(took):.1f} ms more than import marshmallow")


def _episodes(rounds: int) -> None:
    drawn: list[dict[str, Any]] = [
        {"id": "e", "form": form, "indicators": dict(values)}
        for form, values in islice(random_codings(_EPISODES, seed=1), _EPISODES)
    ]
    book = sb.rulebooks()["brooks-wohlforth-2004"]
    classifier, schema = Classifier(book), episode_schema(book.codebook.vocabulary)
    took = _take_turns(
        {
            "decided, with its trace": lambda: [classifier.classify(e) for e in drawn],  # type: ignore[arg-type]
            "checked": lambda: [schema.load(e) for e in drawn],
            "sb.classify": lambda: [sb.classify(e) for e in drawn],
        },
        rounds,
    )
    decided = took["decided, with its trace"]
    for name, seconds in took.items():
        print(f"{name:28}{1e6 * seconds / _EPISODES:8.0f} µs{seconds / decided:8.2f}")


def _frames(folder: Path, rows: int, rounds: int) -> None:
    _write(folder, rows, csv=False)
    table = pyarrow.parquet.read_table(folder / "in.parquet")
    frame = table.to_pandas()
    run = _command("in.parquet", "answer.parquet")
    took = _take_turns(
        {
            "softbalance classify, Parquet": lambda: subprocess.run(
                run, cwd=folder, check=True, capture_output=True
            ),
            "sb.classify_table, Arrow": lambda: sb.classify_table(table),
            "sb.classify_table, pandas": lambda: sb.classify_table(frame),
        },
        rounds,
    )
    first = next(iter(took.values()))
    print(f"{rows:,} rows")
    for name, seconds in took.items():
        print(f"{name:32}{seconds:8.2f} s{seconds / first:8.2f}")


def _take_turns(calls: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    took = dict.fromkeys(calls, float("inf"))
    for _ in range(rounds):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            took[name] = min(took[name], time.perf_counter() - start)
    return took


if __name__ == "__main__":
    main()
