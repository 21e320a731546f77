"""The answer's columns: the verdicts of one or more rulebooks on codings, as SQL for DuckDB."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from softbalance.rules.duckdb_sql import verdicts_sql
from softbalance.rules.model import FORM, Rulebook
from softbalance.rules.tabular import output_columns
from softbalance.schemas.rulebook import CLASSIFICATION
from softbalance.service.datasets.layouts import ID
from softbalance.service.datasets.sources import literal, quoted

_ANSWER, _KEPT = "answer_", "kept_"
#: The columns of an answer that hold lists.
LISTS = ("dominant_explanations", "notes", "contested", "fired")
RULEBOOK = "rulebook"
_UNDECIDED = "a rulebook concludes no class, or two, for a row; see `softbalance rulebook verify`"


def answer_names(rulebooks: Sequence[Rulebook], fired: bool) -> list[str]:
    """Return the names of the answer's columns, in order, without those that pass through."""
    names = output_columns(rulebooks)
    return names if fired else [name for name in names if name != "fired"]


def answers_sql(
    codings: str,
    own: Mapping[str, str],
    rulebooks: Sequence[Rulebook],
    *,
    fired: bool,
    lists: bool,
) -> str:
    """Return the query for the whole answer on the table or view `codings`.

    A row of `codings` gives a row a rulebook, next to each other. `own` are its columns that pass
    through and what they are called in the answer. Without `lists`, those are text, joined by `;`.
    """
    names = answer_names(rulebooks, fired)
    passed = [f"{column} AS {quoted(name)}" for column, name in own.items()]
    if len(rulebooks) == 1:
        (book,) = rulebooks
        verdicts = verdicts_sql(book, codings, (ID, *own), fired=fired)
        answer = _cells(book, names, fired, lists)
        columns = [f"{cell} AS {quoted(name)}" for name, cell in answer.items()]
        return f"SELECT {', '.join(columns + passed)} FROM ({verdicts})"
    steps, last = _steps(codings, own, rulebooks, names, fired)
    packed = ", ".join(f"{_ANSWER}{i}" for i in range(len(rulebooks)))
    each = f"SELECT {', '.join((ID, *own))}, unnest([{packed}]) AS answer FROM {last}"
    columns = [
        f"{_cell(f'answer.{quoted(name)}', name, lists)} AS {quoted(name)}" for name in names[1:]
    ]
    return f"WITH {', '.join(steps)} SELECT {', '.join([ID, *columns, *passed])} FROM ({each})"


def _steps(
    codings: str,
    own: Mapping[str, str],
    rulebooks: Sequence[Rulebook],
    names: Sequence[str],
    fired: bool,
) -> tuple[list[str], str]:
    """Return a query a rulebook, each on the one before, that adds its answer as one struct."""
    inputs = (FORM, *rulebooks[0].codebook.indicators)
    kept = [_KEPT + name for name in inputs]
    steps, last, packed = [], codings, list[str]()
    for index, book in enumerate(rulebooks):
        again = [f"{n if not index else _KEPT + n} AS {_KEPT + n}" for n in inputs]
        coded = [n if not index else f"{_KEPT + n} AS {n}" for n in inputs]
        columns = (ID, *own, *packed)
        steps.append(
            f"coded_{index} AS (SELECT {', '.join([*columns, *again, *coded])} FROM {last})"
        )
        verdicts = verdicts_sql(book, f"coded_{index}", (*columns, *kept), fired=fired)
        answer = _cells(book, names[1:], fired, lists=True)
        struct = ", ".join(f"{quoted(n)}: {_plain(c, n)}" for n, c in answer.items())
        packed = [*packed, f"{_ANSWER}{index}"]
        columns = (*columns, *kept, f"{{{struct}}} AS {_ANSWER}{index}")
        last = f"decided_{index}"
        steps.append(f"{last} AS (SELECT {', '.join(columns)} FROM ({verdicts}))")
    return steps, last


def _cells(book: Rulebook, names: Sequence[str], fired: bool, lists: bool) -> dict[str, str]:
    """Return the answer's cells by name, null where the rulebook has no value for one."""
    given = {*_given(book, fired)}
    cells = {}
    for name in names:
        if name == RULEBOOK:
            cells[name] = literal(book.id)
        elif name == ID or name in given:
            cells[name] = _cell(quoted(name), name, lists)
        else:
            cells[name] = "NULL::VARCHAR"
    return cells


def _given(book: Rulebook, fired: bool) -> tuple[str, ...]:
    lists = LISTS if fired else LISTS[:-1]
    return (
        "classification",
        "strategy",
        *book.of_kind("test"),
        *book.of_kind("explanation"),
        *lists,
    )


def _cell(column: str, name: str, lists: bool) -> str:
    if name == CLASSIFICATION:
        return f"CASE WHEN {column} IS NULL THEN error({literal(_UNDECIDED)}) ELSE {column} END"
    if name in LISTS and not lists:
        return f"nullif(array_to_string({column}, ';'), '')"
    return column


def _plain(cell: str, name: str) -> str:
    """Return a cell in a type that is the same for every rulebook."""
    return f"{cell}::VARCHAR[]" if name in LISTS else f"{cell}::VARCHAR"
