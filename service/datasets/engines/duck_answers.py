"""The answer's columns: the verdicts of one or more rulebooks on codings, as SQL for DuckDB."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from softbalance.rules.model import Codebook, Rulebook
from softbalance.rules.table.bits import assign_coding_bits
from softbalance.rules.table.columns import output_columns
from softbalance.rules.table.duckdb_sql import repacked_sql, verdicts_from_bitsets_sql
from softbalance.rules.table.sql import quote_name, quote_text
from softbalance.schemas.grammar import CLASSIFICATION
from softbalance.service.datasets.reading.layouts import ID

_ANSWER, _KEPT = "answer_", "kept_"
#: The columns of an answer that hold lists.
LISTS = ("dominant_explanations", "notes", "contested", "fired")
RULEBOOK = "rulebook"
_UNDECIDED = "a rulebook concludes no class, or two, for a row; see `softbalance rulebook verify`"


def answer_names(rulebooks: Sequence[Rulebook], fired: bool) -> list[str]:
    """Return the names of the answer's columns, in order, without those that pass through."""
    names = output_columns(rulebooks)
    return names if fired else [name for name in names if name != "fired"]


def answers_sql(  # noqa: PLR0913 - each is another side of one answer
    codings: str,
    own: Mapping[str, str],
    rulebooks: Sequence[Rulebook],
    codebook: Codebook,
    *,
    fired: bool,
    lists: bool,
) -> str:
    """Return the query for the whole answer on the table or view `codings`.

    It has the bitsets of codings by `codebook`, which has all that is in those of the rulebooks. A
    row of it gives a row a rulebook, next to each other. `own` are its columns that pass
    through and what they are called in the answer. Without `lists`, those are text, joined by `;`.
    """
    names = answer_names(rulebooks, fired)
    passed = [f"{column} AS {quote_name(name)}" for column, name in own.items()]
    if len(rulebooks) == 1:
        (book,) = rulebooks
        if book.codebook is not codebook:
            repacked = ", ".join([ID, *own, *repacked_sql(codebook, book.codebook)])
            codings = f"(SELECT {repacked} FROM {codings})"
        verdicts = verdicts_from_bitsets_sql(book, codings, (ID, *own), fired=fired, lists=lists)
        answer = _cells(book, names, fired)
        columns = [f"{cell} AS {quote_name(name)}" for name, cell in answer.items()]
        return f"SELECT {', '.join(columns + passed)} FROM ({verdicts})"
    steps, last = _steps(codings, own, rulebooks, names, codebook, fired=fired, lists=lists)
    packed = ", ".join(f"{_ANSWER}{i}" for i in range(len(rulebooks)))
    each = f"SELECT {', '.join((ID, *own))}, unnest([{packed}]) AS answer FROM {last}"
    columns = [f"answer.{quote_name(name)} AS {quote_name(name)}" for name in names[1:]]
    return f"WITH {', '.join(steps)} SELECT {', '.join([ID, *columns, *passed])} FROM ({each})"


def _steps(  # noqa: PLR0913 - as `answers_sql`
    codings: str,
    own: Mapping[str, str],
    rulebooks: Sequence[Rulebook],
    names: Sequence[str],
    codebook: Codebook,
    *,
    fired: bool,
    lists: bool,
) -> tuple[list[str], str]:
    """Return a query a rulebook, each on the one before, that adds its answer as one struct."""
    bitsets = assign_coding_bits(codebook).bitsets
    again = [f"{bitset} AS {_KEPT}{bitset}" for bitset in bitsets]
    back = [f"{_KEPT}{bitset} AS {bitset}" for bitset in bitsets]
    kept = [f"{_KEPT}{bitset}" for bitset in bitsets]
    steps, last, packed = [], codings, list[str]()
    for index, book in enumerate(rulebooks):
        columns = [ID, *own, *packed]
        if book.codebook is codebook:
            coded = [*columns, *bitsets, *again] if not index else [*columns, *back, *kept]
        else:
            named = last if not index else f"(SELECT *, {', '.join(back)} FROM {last})"
            coded = [*columns, *repacked_sql(codebook, book.codebook)]
            coded += again if not index else kept
            last = named
        steps.append(f"coded_{index} AS (SELECT {', '.join(coded)} FROM {last})")
        verdicts = verdicts_from_bitsets_sql(
            book, f"coded_{index}", columns + kept, fired=fired, lists=lists
        )
        answer = _cells(book, names[1:], fired)
        struct = ", ".join(f"{quote_name(n)}: {c}::{_type(n, lists)}" for n, c in answer.items())
        packed.append(f"{_ANSWER}{index}")
        last = f"decided_{index}"
        answered = [*columns, *kept, f"{{{struct}}} AS {packed[-1]}"]
        steps.append(f"{last} AS (SELECT {', '.join(answered)} FROM ({verdicts}))")
    return steps, last


def _cells(book: Rulebook, names: Sequence[str], fired: bool) -> dict[str, str]:
    """Return the answer's cells by name, null where the rulebook has no value for one."""
    given = {*_list_answers(book, fired)}
    cells = {}
    for name in names:
        if name == RULEBOOK:
            cells[name] = f"{quote_text(book.id)}::ENUM({quote_text(book.id)})"
        elif name == ID or name in given:
            cells[name] = _cell(quote_name(name), name)
        else:
            cells[name] = "NULL::VARCHAR"
    return cells


def _list_answers(book: Rulebook, fired: bool) -> tuple[str, ...]:
    lists = LISTS if fired else LISTS[:-1]
    return (
        "classification",
        "strategy",
        *book.of_kind("test"),
        *book.of_kind("explanation"),
        *lists,
    )


def _cell(column: str, name: str) -> str:
    if name == CLASSIFICATION:
        return f"CASE WHEN {column} IS NULL THEN error({quote_text(_UNDECIDED)}) ELSE {column} END"
    return column


def _type(name: str, lists: bool) -> str:
    """Return a type for a cell that is the same for every rulebook."""
    return "VARCHAR[]" if lists and name in LISTS else "VARCHAR"
