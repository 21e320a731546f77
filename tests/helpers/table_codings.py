"""Codings as tables, and what the single-episode engine says of them."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
from softbalance.rules.classifier import Classifier

from drawn_episodes import Coding
from evaluator import INDICATORS

Row = dict[str, Any]


def columns(codings: Sequence[Coding]) -> dict[str, list[Any]]:
    """Their columns: `row` numbers them and `own` is a column to pass through."""
    return {
        "row": list(range(len(codings))),
        "own": [None if row % 3 else f"x; '{row}\"\n" for row in range(len(codings))],
        "form": [form for form, _ in codings],
        **{name: [values[name] for _, values in codings] for name in INDICATORS},
    }


def arrow(codings: Sequence[Coding]) -> pa.Table:
    return pa.table(columns(codings))


def expected(classifier: Classifier, codings: Sequence[Coding], *, fired: bool) -> list[Row]:
    """The rows that a table engine has to answer, in order."""
    rows = []
    for (form, values), row, own in zip(codings, *list(columns(codings).values())[:2], strict=True):
        decision = classifier.decider.decide(form, values)
        verdict: dict[str, Any] = dict(classifier.verdict(decision))
        answer = {"row": row, "own": own, **verdict.pop("tests"), **verdict.pop("explanations")}
        rows.append(answer | verdict | ({"fired": list(decision.fired)} if fired else {}))
    return rows


def in_order(answer: pa.Table) -> list[Row]:
    return sorted(answer.to_pylist(), key=lambda row: int(row["row"]))
