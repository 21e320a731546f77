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
from softbalance.rules.table.bits import assign_coding_bits, split_mask
from softbalance.rules.table.columns import FIRED, CodedColumn, Piece, RulebookColumns
from softbalance.rules.table.prepared import OWN, SOURCE, load_prepared_sql
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
    columns = ", ".join([*map(quote_name, own), *bitsets_sql(rulebook.codebook)])
    bitsets = f"(SELECT {columns} FROM {quote_name(source)})"  # noqa: S608
    return verdicts_from_bitsets_sql(rulebook, bitsets, own, fired=fired)


def verdicts_from_bitsets_sql(
    rulebook: Rulebook, source: str, own: Iterable[str], *, fired: bool, lists: bool = True
) -> str:
    """Return a query as `verdicts_sql` does, on a table or query that has the bitsets of codings.

    Without `lists`, those are text, joined by `;`, and null where there is nothing to join.
    """
    layout, own = RulebookColumns(rulebook), list(own)
    answers = [
        *map(quote_name, own),
        *(f"{_label_sql(coded)} AS {quote_name(name)}" for name, coded in layout.answers.items()),
        *(
            f"{_label_list_sql(pieces) if lists else _text_sql(pieces)} AS {quote_name(name)}"
            for name, pieces in layout.lists.items()
            if fired or name != FIRED
        ),
    ]
    return f"SELECT {', '.join(answers)} FROM ({_codes_sql(rulebook, source, own)})"  # noqa: S608


def fired_rules_sql(rulebook: Rulebook, source: str, order: str) -> tuple[str, list[CodedColumn]]:
    """Return a query for which rules fired on each row of `source`, in the order of a column of it.

    `source` has the bitsets of codings. The query gives numbers, one for each of the columns
    returned with it, which tell their words. DuckDB plans it much faster than `verdicts_sql`: for
    few rows at a time.
    """
    columns = [coded for piece in RulebookColumns(rulebook).lists[FIRED] for coded in piece]
    names = ", ".join(quote_name(coded.column) for coded in columns)
    coded = _codes_sql(rulebook, source, (order,))
    query = f"SELECT {names} FROM ({coded}) ORDER BY {quote_name(order)}"  # noqa: S608
    return query, columns


def bitsets_sql(codebook: Codebook, cells: Mapping[str, Readings] | None = None) -> list[str]:
    """Return the columns of the bitsets of codings, each with its name.

    `cells` tells how to read each input; without, the columns of the inputs hold their values.
    Where nothing that is read is true, no bit is set.
    """
    bits = assign_coding_bits(codebook)
    return [
        " | ".join(
            _bits_of(_read_exactly(fact, values) if cells is None else cells[fact], values, bitset)
            for fact, values in bits.facts.items()
            if any(split_mask(bit).get(bitset) for bit in values.values())
        )
        + f" AS {bitset}"
        for bitset in bits.bitsets
    ]


def repacked_sql(codebook: Codebook, own: Codebook) -> list[str]:
    """Return the bitsets of codings by the codebook `own`, from those by a codebook that has it."""
    from_, to = assign_coding_bits(codebook).facts, assign_coding_bits(own)
    cells = {}
    for fact in to.facts:
        cells[fact] = [
            (_is_set(bit), value if value in to.facts[fact] else own.own_form(value))
            for value, bit in from_[fact].items()
        ]
    return bitsets_sql(own, cells)


def _is_set(bit: int) -> str:
    ((bitset, within),) = split_mask(bit).items()
    return f"{bitset} & {within}::BIGINT <> 0"


def _read_exactly(fact: str, values: Iterable[str]) -> Readings:
    return [(f"{quote_name(fact)} = {quote_text(value)}", value) for value in values]


def _bits_of(cell: Readings, values: Mapping[str, int], bitset: str) -> str:
    cases = [f"WHEN {said} THEN {split_mask(values[v]).get(bitset, 0)}::BIGINT" for said, v in cell]
    return f"CASE {' '.join(cases)} ELSE 0::BIGINT END"


def _codes_sql(rulebook: Rulebook, source: str, own: Iterable[str]) -> str:
    names = [quote_name(name) for name in own]

    def put_in(found: re.Match[str]) -> str:
        table = found["table"]
        return source if table is None else "".join(f"{table}.{name}, " for name in names)

    # in one go: what was put in may look like what is to be replaced
    return re.sub(rf'(?P<table>"\w+")\."{OWN}",\s*|"{SOURCE}"', put_in, load_prepared_sql(rulebook))


def _list_sql(words: Iterable[str]) -> str:
    return f"[{', '.join(words)}]"


def _enum_sql(words: Iterable[str]) -> str:
    return f"ENUM({', '.join(map(quote_text, dict.fromkeys(words)))})"


def _label_sql(coded: CodedColumn) -> str:
    enum = _enum_sql(coded.labels)
    cases = " ".join(f"WHEN {code} THEN {quote_text(word)}::{enum}" for code, word in coded.codes)
    return f"CASE {quote_name(coded.column)} {cases} END"


def _label_list_sql(pieces: list[Piece]) -> str:
    enum = _enum_sql(word for piece in pieces for coded in piece for word in coded.labels)
    found = [_piece_sql(piece, enum) for piece in pieces]
    if not found:
        return "[]::VARCHAR[]"
    return found[0] if len(found) == 1 else f"flatten({_list_sql(found)})"


def _piece_sql(piece: Piece, enum: str) -> str:
    """Look the words of a piece up by the sum of its columns."""
    lists = (_list_sql(map(quote_text, words)) for words in _combinations(piece))
    return f"({_list_sql(lists)}::{enum}[][])[1 + {_index(piece)}]"


def _text_sql(pieces: list[Piece]) -> str:
    """Look the text of each piece up, null where it is empty, and join them."""
    if not pieces:
        return "NULL::VARCHAR"
    found = []
    for piece in pieces:
        texts = (quote_text(";".join(w)) if w else "NULL" for w in map(list, _combinations(piece)))
        found.append(f"({_list_sql(texts)}::VARCHAR[])[1 + {_index(piece)}]")
    return f"nullif(concat_ws(';', {', '.join(found)}), '')"


def _combinations(piece: Piece) -> Iterable[Iterable[str]]:
    """Return the words for each sum of a piece's columns, from 0 on."""
    options = [((), *((word,) for word in coded.labels)) for coded in reversed(piece)]
    return (chain.from_iterable(reversed(words)) for words in product(*options))


def _index(piece: Piece) -> str:
    return " + ".join(quote_name(coded.column) for coded in piece)
