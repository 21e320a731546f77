"""A rulebook as SQL for DuckDB, finished in what DuckDB is quick at.

The words of an answer are of ENUM types, whose columns DuckDB writes many times faster than those
of VARCHAR; other software reads them as strings. A list is joined from a few pieces, each looked up
in a constant list of all the lists that it can be; so is the text of one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import chain, product

from softbalance.rules.model import Codebook, Rulebook
from softbalance.rules.table.bits import codings_bits, parts
from softbalance.rules.table.columns import FIRED, Coded, Piece, RulebookColumns
from softbalance.rules.table.prepared import OWN, SOURCE, prepared
from softbalance.rules.table.sql import quote_name, quote_text

#: What a cell may say: conditions, of which the first that is true counts, and their values.
Readings = Iterable[tuple[str, str]]


def verdicts_sql(
    rulebook: Rulebook, source: str, own: Iterable[str] = (), *, fired: bool = True
) -> str:
    """Return a query for the verdict on each row of the table or view `source`.

    It gives the columns `own` of `source`, and then those that
    `softbalance.rules.table.expression.verdicts` adds, of which see.
    """
    columns = ", ".join([*map(quote_name, own), *worded_sql(rulebook.codebook)])
    worded = f"(SELECT {columns} FROM {quote_name(source)})"  # noqa: S608
    return decided_sql(rulebook, worded, own, fired=fired)


def decided_sql(
    rulebook: Rulebook, source: str, own: Iterable[str], *, fired: bool, lists: bool = True
) -> str:
    """Return a query as `verdicts_sql` does, on a table or query that has the words of codings.

    Without `lists`, those are text, joined by `;`, and null where there is nothing to join.
    """
    layout, own = RulebookColumns(rulebook), list(own)
    answers = [
        *map(quote_name, own),
        *(f"{_word(coded)} AS {quote_name(name)}" for name, coded in layout.answers.items()),
        *(
            f"{_words(pieces) if lists else _text(pieces)} AS {quote_name(name)}"
            for name, pieces in layout.lists.items()
            if fired or name != FIRED
        ),
    ]
    return f"SELECT {', '.join(answers)} FROM ({_coded_sql(rulebook, source, own)})"  # noqa: S608


def fired_sql(rulebook: Rulebook, source: str, order: str) -> tuple[str, list[Coded]]:
    """Return a query for which rules fired on each row of `source`, in the order of a column of it.

    `source` has the words of codings. The query gives numbers, one for each of the columns returned
    with it, which tell their words. DuckDB plans it much faster than `verdicts_sql`: for few rows
    at a time.
    """
    columns = [coded for piece in RulebookColumns(rulebook).lists[FIRED] for coded in piece]
    names = ", ".join(quote_name(coded.column) for coded in columns)
    coded = _coded_sql(rulebook, source, (order,))
    query = f"SELECT {names} FROM ({coded}) ORDER BY {quote_name(order)}"  # noqa: S608
    return query, columns


def worded_sql(codebook: Codebook, cells: Mapping[str, Readings] | None = None) -> list[str]:
    """Return the columns of the words of codings, each with its name.

    `cells` tells how to read each input; without, the columns of the inputs hold their values.
    Where nothing that is read is true, no bit is set.
    """
    bits = codings_bits(codebook)
    return [
        " | ".join(
            _bits_of(_plain(fact, values) if cells is None else cells[fact], values, word)
            for fact, values in bits.facts.items()
            if any(parts(bit).get(word) for bit in values.values())
        )
        + f" AS {word}"
        for word in bits.words
    ]


def _plain(fact: str, values: Iterable[str]) -> Readings:
    return [(f"{quote_name(fact)} = {quote_text(value)}", value) for value in values]


def _bits_of(cell: Readings, values: Mapping[str, int], word: str) -> str:
    cases = [f"WHEN {said} THEN {parts(values[v]).get(word, 0)}::BIGINT" for said, v in cell]
    return f"CASE {' '.join(cases)} ELSE 0::BIGINT END"


def _coded_sql(rulebook: Rulebook, source: str, own: Iterable[str]) -> str:
    names = [quote_name(name) for name in own]

    def put_in(found: re.Match[str]) -> str:
        table = found["table"]
        return source if table is None else "".join(f"{table}.{name}, " for name in names)

    # in one go: what was put in may look like what is to be replaced
    return re.sub(rf'(?P<table>"\w+")\."{OWN}",\s*|"{SOURCE}"', put_in, prepared(rulebook))


def _list(words: Iterable[str]) -> str:
    return f"[{', '.join(words)}]"


def _enum(words: Iterable[str]) -> str:
    return f"ENUM({', '.join(map(quote_text, dict.fromkeys(words)))})"


def _word(coded: Coded) -> str:
    enum = _enum(coded.words)
    cases = " ".join(f"WHEN {code} THEN {quote_text(word)}::{enum}" for code, word in coded.codes)
    return f"CASE {quote_name(coded.column)} {cases} END"


def _words(pieces: list[Piece]) -> str:
    enum = _enum(word for piece in pieces for coded in piece for word in coded.words)
    found = [_piece(piece, enum) for piece in pieces]
    if not found:
        return "[]::VARCHAR[]"
    return found[0] if len(found) == 1 else f"flatten({_list(found)})"


def _piece(piece: Piece, enum: str) -> str:
    """Look the words of a piece up by the sum of its columns."""
    lists = (_list(map(quote_text, words)) for words in _combinations(piece))
    return f"({_list(lists)}::{enum}[][])[1 + {_index(piece)}]"


def _text(pieces: list[Piece]) -> str:
    """Look the text of each piece up, null where it is empty, and join them."""
    if not pieces:
        return "NULL::VARCHAR"
    found = []
    for piece in pieces:
        texts = (quote_text(";".join(w)) if w else "NULL" for w in map(list, _combinations(piece)))
        found.append(f"({_list(texts)}::VARCHAR[])[1 + {_index(piece)}]")
    return f"nullif(concat_ws(';', {', '.join(found)}), '')"


def _combinations(piece: Piece) -> Iterable[Iterable[str]]:
    """Return the words for each sum of a piece's columns, from 0 on."""
    options = [((), *((word,) for word in coded.words)) for coded in reversed(piece)]
    return (chain.from_iterable(reversed(words)) for words in product(*options))


def _index(piece: Piece) -> str:
    return " + ".join(quote_name(coded.column) for coded in piece)
