"""The agreement of coders as tables for a spreadsheet or a statistics package."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from softbalance.schemas.fields import CONTESTED, UNKNOWN
from softbalance.service.coders.agreement_json import Agreement, CodedVariable

Row = dict[str, Any]


def _indicators(found: Agreement) -> Iterator[Row]:
    """Yield a row an indicator, and one for the form."""
    said = dict.fromkeys(value for row in found["indicators"] for value in row["codings"])
    values = [*(v for v in said if v not in (CONTESTED, UNKNOWN)), CONTESTED, UNKNOWN]
    for row in found["indicators"]:
        figures = _list_figures(row, values)
        yield {"variable": row["indicator"], "group": row["group"], **figures}
    yield {"variable": "form", "group": "", **_list_figures(found["form"], values)}


def _list_figures(row: CodedVariable, values: Iterable[str]) -> Row:
    return {
        **{value: row["codings"].get(value, "") for value in values},
        "compared": row["compared"],
        "alike": row["alike"],
        "agreement": row["agreement"],
        **_coefficients(row),
        "parted": row["parted"],
    }


def _coefficients(row: CodedVariable) -> Row:
    return {
        name if measure == "value" else f"{name}_{measure}": value
        for name, found in (("alpha", row["alpha"]), ("ac1", row["ac1"]))
        for measure, value in found.items()
    }


def _verdicts(found: Agreement) -> Iterator[Row]:
    """Yield a row a rulebook, episode and coder: the verdict that the coder alone would reach."""
    for rulebook in found["rulebooks"]:
        for episode in rulebook["episodes"]:
            for coder, verdict in episode["verdicts"].items():
                yield {
                    "rulebook": rulebook["rulebook"]["id"],
                    "id": episode["id"],
                    "coder": coder,
                    "agree": episode["agree"],
                    "form": verdict["form"],
                    "classification": verdict["classification"],
                    **verdict["tests"],
                    **verdict["explanations"],
                    "dominant_explanations": verdict["dominant_explanations"],
                    "contested": verdict["contested"],
                }


def _rules(found: Agreement) -> Iterator[Row]:
    """Yield a row a rulebook and set of rules that part coders."""
    for rulebook in found["rulebooks"]:
        for row in rulebook["rules"]:
            yield {
                "rulebook": rulebook["rulebook"]["id"],
                "fact": row["fact"],
                "rules": row["rules"],
                "episodes": row["episodes"],
                "decisive": row["decisive"],
                "codings": [f"{c['indicator']}:{c['episodes']}" for c in row["codings"]],
                "ids": row["ids"],
            }


#: Name → the rows of a table.
TABLES: dict[str, Callable[[Agreement], Iterable[Row]]] = {
    "indicators": _indicators,
    "verdicts": _verdicts,
    "rules": _rules,
}


def as_csv(found: Agreement, table: str) -> str:
    """Return a table of an agreement (see `softbalance.service.coders.report`) as CSV.

    Lists are joined by `;`, what is missing is empty. A table without rows is empty.
    """
    rows = list(TABLES[table](found))
    names = dict.fromkeys(name for row in rows for name in row)
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\r\n")
    if rows:
        writer.writerow(names)
    writer.writerows([_cell(row.get(name)) for name in names] for row in rows)
    return sheet.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        return ";".join(map(str, value))
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else value
