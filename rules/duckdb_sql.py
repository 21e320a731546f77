"""The relational expression as SQL for DuckDB, finished in what DuckDB is quick at.

The words of an answer are of ENUM types, whose columns DuckDB writes many times faster than those
of VARCHAR; other software reads them as strings. A list is joined from a few pieces, each looked up
in a constant list of all the lists that it can be.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product

from softbalance.rules.model import FORM, Rulebook
from softbalance.rules.tabular import Coded, Layout

#: As many lists DuckDB still looks up for next to nothing.
LOOKED_UP = 256


def verdicts_sql(
    rulebook: Rulebook, source: str, own: Iterable[str] = (), *, fired: bool = True
) -> str:
    """Return a query for the verdict on each row of the table or view `source`.

    It gives the columns `own` of `source` and then those that `softbalance.rules.relational.verdicts`
    adds, of which see.
    """
    layout = Layout(rulebook, fired)
    answers = [
        *map(_quoted, own),
        *(f"{_word(coded)} AS {_quoted(name)}" for name, coded in layout.answers.items()),
        *(f"{_words(columns)} AS {_quoted(name)}" for name, columns in layout.lists.items()),
    ]
    return f"SELECT {', '.join(answers)} FROM ({_coded_sql(layout, source, own)})"


def _coded_sql(layout: Layout, source: str, own: Iterable[str]) -> str:
    import ibis
    from softbalance.rules.relational import coded

    inputs = (FORM, *layout.rulebook.codebook.indicators)
    codings = ibis.table(dict.fromkeys((*inputs, *own), "string"), name=source)
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
    words = _list(map(_literal, coded.words))
    return f"({words}::{_enum(coded.words)}[])[{_quoted(coded.column)}]"


def _words(columns: list[Coded]) -> str:
    enum = _enum(word for coded in columns for word in coded.words)
    pieces = [_piece(piece, enum) for piece in _pieces(columns)]
    if not pieces:
        return "[]::VARCHAR[]"
    return pieces[0] if len(pieces) == 1 else f"flatten({_list(pieces)})"


def _pieces(columns: list[Coded]) -> Iterator[list[Coded]]:
    piece: list[Coded] = []
    size = 1
    for coded in columns:
        size *= len(coded.words) + 1
        if piece and size > LOOKED_UP:
            yield piece
            piece, size = [], len(coded.words) + 1
        piece.append(coded)
    if piece:
        yield piece


def _piece(piece: list[Coded], enum: str) -> str:
    lists, index, radix = [()], "1", 1
    for coded in piece:
        index += f" + {radix} * {_quoted(coded.column)}"
        radix *= len(coded.words) + 1
    options = [((), *((word,) for word in coded.words)) for coded in reversed(piece)]
    lists = [sum(reversed(chosen), ()) for chosen in product(*options)]
    return f"({_list(_list(map(_literal, words)) for words in lists)}::{enum}[][])[{index}]"
