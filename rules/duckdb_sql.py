"""The relational expression as SQL for DuckDB, finished in what DuckDB is quick at.

The words of an answer are of ENUM types, whose columns DuckDB writes many times faster than those
of VARCHAR; other software reads them as strings. A list is joined from a few pieces, each looked up
in a constant list of all the lists that it can be.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, product

from softbalance.rules.model import FORM, Rulebook
from softbalance.rules.tabular import FIRED, Coded, Layout, Piece


def verdicts_sql(
    rulebook: Rulebook, source: str, own: Iterable[str] = (), *, fired: bool = True
) -> str:
    """Return a query for the verdict on each row of the table or view `source`.

    It gives the columns `own` of `source`, and then those that
    `softbalance.rules.relational.verdicts` adds, of which see.
    """
    layout, own = Layout(rulebook), list(own)
    answers = [
        *map(_quoted, own),
        *(f"{_word(coded)} AS {_quoted(name)}" for name, coded in layout.answers.items()),
        *(
            f"{_words(pieces)} AS {_quoted(name)}"
            for name, pieces in layout.lists.items()
            if fired or name != FIRED
        ),
    ]
    return f"SELECT {', '.join(answers)} FROM ({_coded_sql(layout, source, own)})"  # noqa: S608


def fired_sql(rulebook: Rulebook, source: str, order: str) -> tuple[str, list[Coded]]:
    """Return a query for which rules fired on each row of `source`, in the order of a column of it.

    It gives numbers, one for each of the columns returned with it, which tell their words. DuckDB
    plans it much faster than `verdicts_sql`: for few rows at a time.
    """
    layout = Layout(rulebook)
    columns = [coded for piece in layout.lists[FIRED] for coded in piece]
    names = ", ".join(_quoted(coded.column) for coded in columns)
    coded = _coded_sql(layout, source, (order,))
    query = f"SELECT {names} FROM ({coded}) ORDER BY {_quoted(order)}"  # noqa: S608
    return query, columns


def _coded_sql(layout: Layout, source: str, own: Iterable[str]) -> str:
    # imported here, since it takes longer than a small dataset
    import ibis  # noqa: PLC0415
    from softbalance.rules.relational import coded  # noqa: PLC0415

    columns = (*own, FORM, *layout.rulebook.codebook.indicators)
    codings = ibis.table(dict.fromkeys(columns, "string"), name=source)
    return str(ibis.to_sql(coded(codings, layout), dialect="duckdb"))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(word: str) -> str:
    return "'" + word.replace("'", "''") + "'"


def _list(words: Iterable[str]) -> str:
    return f"[{', '.join(words)}]"


def _enum(words: Iterable[str]) -> str:
    return f"ENUM({', '.join(map(_literal, dict.fromkeys(words)))})"


def _word(coded: Coded) -> str:
    enum = _enum(coded.words)
    cases = " ".join(f"WHEN {code} THEN {_literal(word)}::{enum}" for code, word in coded.codes)
    return f"CASE {_quoted(coded.column)} {cases} END"


def _words(pieces: list[Piece]) -> str:
    enum = _enum(word for piece in pieces for coded in piece for word in coded.words)
    found = [_piece(piece, enum) for piece in pieces]
    if not found:
        return "[]::VARCHAR[]"
    return found[0] if len(found) == 1 else f"flatten({_list(found)})"


def _piece(piece: Piece, enum: str) -> str:
    """Look the words of a piece up by the sum of its columns."""
    options = [((), *((word,) for word in coded.words)) for coded in reversed(piece)]
    lists = (chain.from_iterable(reversed(words)) for words in product(*options))
    index = " + ".join(_quoted(coded.column) for coded in piece)
    return f"({_list(_list(map(_literal, words)) for words in lists)}::{enum}[][])[1 + {index}]"
