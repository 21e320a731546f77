"""Datasets to classify, the command run on them in this process, and what should come out."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import orjson
from click.testing import CliRunner
from softbalance.rules.classifier import Classifier
from softbalance.service.cli import softbalance

from drawn_episodes import Coding
from evaluator import INDICATORS

BROOKS = "brooks-wohlforth-2004"
LISTS = ("dominant_explanations", "notes", "contested", "fired")
FACTS = (
    "systemic_link",
    "security_motive",
    "tradeoffs",
    "policy_bargaining",
    "regional_security",
    "material_interest",
)
HEADER = ["id", "rulebook", "classification", "strategy", *FACTS, *LISTS]
REJECTS = ["line", "id", "column", "value", "code", "message", "row"]
Row = dict[str, Any]


class Done(NamedTuple):
    """What a run came to."""

    status: int
    out: str
    err: str


def classify(*arguments: object, stdin: bytes | None = None) -> Done:
    """Run `softbalance classify` and return its status and what it said."""
    result = CliRunner().invoke(softbalance, ["classify", *map(str, arguments)], input=stdin)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Done(result.exit_code, result.stdout, result.stderr)


def answer(classifier: Classifier, id_: str, coding: Coding, **own: Any) -> Row:
    """The row that the single-episode engine gives, with native lists."""
    decision = classifier.decider.decide(*coding)
    verdict: dict[str, Any] = dict(classifier.verdict(decision))
    facts = dict.fromkeys(FACTS) | verdict.pop("tests") | verdict.pop("explanations")
    row = {"id": id_, "rulebook": classifier.rulebook.id, **verdict, **facts, **own}
    return row | {"fired": list(decision.fired)}


def as_text(rows: Iterable[Row]) -> list[Row]:
    """The same rows as a CSV holds them: lists joined, nulls empty."""
    return [
        {k: ";".join(v) if isinstance(v, list) else "" if v is None else v for k, v in row.items()}
        for row in rows
    ]


def write(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]], sep: str = ",") -> Path:
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, delimiter=sep)
        writer.writerows([header, *rows])
    return path


def read(path: Path | str, sep: str = ",") -> list[Row]:
    text = path if isinstance(path, str) else path.read_bytes().decode()
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=sep))


def read_parquet(path: Path) -> list[Row]:
    with duckdb.connect() as connection:
        result = connection.execute(f"FROM read_parquet('{path}')")
        names = [column[0] for column in result.description or ()]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def read_lines(text: str) -> list[Row]:
    return [orjson.loads(line) for line in text.splitlines()]


def wide(codings: Sequence[Coding]) -> list[list[str]]:
    """Rows of `id`, `form` and all indicators."""
    return [[f"e{n}", form, *v.values()] for n, (form, v) in enumerate(codings)]


WIDE = ["id", "form", *INDICATORS]


def sorted_rows(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return sorted(rows, key=lambda row: (row["id"], row["rulebook"]))
