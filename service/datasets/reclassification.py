"""A dataset under two rulebooks: which episodes change class, and which rules did it."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from softbalance.rules.comparison.rulebooks_on_dataset import PartingRules, RulebookPair
from softbalance.rules.model import Rule, Rulebook
from softbalance.rules.vocabularies import unite_codebooks
from softbalance.service.datasets.engines.duck import DuckRun
from softbalance.service.datasets.outputs import Output, workspace
from softbalance.service.datasets.progress import progress_for
from softbalance.service.datasets.reading.duck_files import parquet_sql
from softbalance.service.datasets.reading.formats import Format
from softbalance.service.datasets.reading.inputs import open_inputs
from softbalance.service.datasets.reading.reading_options import AS_IS, ReadingOptions
from softbalance.service.datasets.run import ClassifyRequest, report_passed_over


@dataclass(frozen=True, slots=True)
class Change:
    """An episode whose class changes: its place among those classified (from 1), and why."""

    row: int
    id: str
    before: str
    after: str
    partings: tuple[PartingRules, ...]


@dataclass(frozen=True)
class Reclassification:
    """How many episodes were classified, how many rejected, by class before and after."""

    episodes: int
    rejected: int
    classes: dict[tuple[str, str], int]
    changes: tuple[Change, ...]

    @property
    def reasons(self) -> Counter[PartingRules]:
        """How often each parting of rules had a part in a change of class."""
        return Counter(parting for change in self.changes for parting in change.partings)


def reclassify(
    dataset: str, before: Rulebook, after: Rulebook, reading: ReadingOptions = AS_IS
) -> Reclassification:
    """Classify a dataset (a file, a glob, or `-`) by two rulebooks.

    Says on standard error what may not be meant so.

    Raises UnusableDataset, also where one of them gives no verdict since it is unsound.
    """
    with workspace(None) as folder:
        files = open_inputs([dataset], folder, None, reading, before.codebook)
        output = Output(folder / "answer.parquet", Format.PARQUET, False)
        books = [before, after]
        request = ClassifyRequest(
            (dataset,),
            str(output.path),
            books,
            unite_codebooks(book.codebook for book in books),
            reading=reading,
        )
        run = DuckRun(request, files, output, folder, progress_for(sys.stderr))
        outcome = run.run()
        report_passed_over(outcome)
        return _count_changes(run.answer, outcome.rejected, RulebookPair(before, after))


def _count_changes(answer: Path, rejected: int, pair: RulebookPair) -> Reclassification:
    # the answer has two rows an episode, in the order of the episodes and of the rulebooks
    pairs = f"""
        WITH numbered AS (
            SELECT row_number() OVER () - 1 AS n, id, classification AS class, fired
            FROM {parquet_sql(answer)}
        )
        SELECT b.n // 2 + 1 AS place, b.id AS id, b.class AS before, a.class AS after,
               b.fired AS fired_before, a.fired AS fired_after
        FROM numbered b JOIN numbered a ON a.n = b.n + 1 WHERE b.n % 2 = 0
    """
    with duckdb.connect() as connection:
        connection.execute(f"CREATE VIEW pairs AS {pairs}")
        counts = connection.sql(
            "SELECT before, after, count(*) FROM pairs GROUP BY ALL ORDER BY ALL"
        ).fetchall()
        changed = connection.sql(
            "SELECT * FROM pairs WHERE before <> after ORDER BY place"
        ).fetchall()
    return Reclassification(
        sum(count for *_, count in counts),
        rejected,
        {(before, after): count for before, after, count in counts},
        tuple(
            Change(place, name, old, new, pair.find_parting_rules(*map(tuple, fired)))
            for place, name, old, new, *fired in changed
        ),
    )


def as_json(found: Reclassification) -> dict[str, Any]:
    """Return a reclassification as JSON."""
    return {
        "episodes": found.episodes,
        "rejected": found.rejected,
        "changed": len(found.changes),
        "classes": [
            {"before": before, "after": after, "episodes": count}
            for (before, after), count in found.classes.items()
        ],
        "rules": [
            {**_parting(parting), "episodes": count}
            for parting, count in found.reasons.most_common()
        ],
        "changes": [
            {
                "row": change.row,
                "id": change.id,
                "before": change.before,
                "after": change.after,
                "parting": [_parting(parting) for parting in change.partings],
            }
            for change in found.changes
        ],
    }


def _parting(parting: PartingRules) -> dict[str, Any]:
    before, after = _side(parting.before), _side(parting.after)
    return {"fact": parting.fact, "before": before, "after": after}


def _side(rule: Rule | None) -> dict[str, str] | None:
    return None if rule is None else {"value": rule.value, "rule": rule.id}
