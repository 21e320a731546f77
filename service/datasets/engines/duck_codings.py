"""From what the cells of a dataset say to codings, as SQL for DuckDB.

It does what `ibis_codings` does for other engines, where the columns of a source are described.
Instead of a column an indicator it adds the words of the codings (see
`softbalance.rules.table.bits`), put together while the cells are read, since text out of a sheet
costs most where it is compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from softbalance.rules.model import FORM, Codebook
from softbalance.rules.table.bits import Bits, codings_bits, parts
from softbalance.rules.table.duckdb_sql import Readings, worded_sql
from softbalance.rules.table.sql import quote_name, quote_text
from softbalance.schemas.fields import CONTESTED, NO, UNKNOWN, VALUES, YES
from softbalance.service.datasets.engines.duck_sources import SAID
from softbalance.service.datasets.reading.layouts import ID, INDICATOR, VALUE
from softbalance.service.datasets.reading.values import BLANKS, SPELLINGS

#: How a value is spelled → the value.
_SPELLED = {spelling: value for value, all_ in SPELLINGS.items() for spelling in all_}


def wide_sql(source: str, meaning: Sequence[str], codebook: Codebook, several: bool) -> str:
    """Return the query that adds `id`, the words and `sound` to each row of a wide source.

    `meaning` are the columns of which it has what they say. A row without an id gets one from its
    number and, with `several` files, its file's.
    """
    cells = {FORM: _names_said(FORM, codebook.forms)}
    for indicator in codebook.indicators:
        known = indicator in meaning
        cells[indicator] = _values_said(indicator) if known else [("true", UNKNOWN)]
    number = "'row-' || row::VARCHAR"
    made = f"(file + 1)::VARCHAR || '-' || {number}" if several else number
    columns = [f"coalesce({_id_said()}, {made}) AS {ID}", *worded_sql(codebook, cells)]
    words = codings_bits(codebook).words
    count = " + ".join(f"bit_count({word})" for word in words)
    worded = f"SELECT *, {', '.join(columns)} FROM {source}"
    return f"SELECT *, {ID} IS NOT NULL AND {count} = {len(cells)} AS sound FROM ({worded})"


def observations_sql(source: str, codebook: Codebook) -> str:
    """Return the query that reads the rows of a long source, and tells whether each is sound."""
    columns = {
        ID: _id_said(),
        FORM: _case(_names_said(FORM, codebook.forms)),
        INDICATOR: _case(_names_said(INDICATOR, codebook.indicators)),
        VALUE: _case(_values_said(VALUE)),
    }
    read = ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
    sound = " AND ".join(f"{name} IS NOT NULL" for name in columns)
    return f"SELECT *, {sound} AS sound FROM (SELECT *, {read} FROM {source})"


def gathered_sql(observations: str, codebook: Codebook, own: Iterable[str]) -> str:
    """Return the query for the episodes of sound observations, in the order of their first rows.

    `sound` is false where the observations of an id name several forms. The columns `own` pass
    through, taken from an id's first row.
    """
    bits = codings_bits(codebook)
    columns = [ID, "min(ordinal) AS ordinal", f"min({FORM}) AS {FORM}"]
    columns += [f"min({FORM}) = max({FORM}) AS sound"]
    columns += [f"arg_min_null({name}, ordinal) AS {name}" for name in own]
    words = []
    for word in bits.words:
        for said in (YES, NO):
            cases = (
                f"WHEN {INDICATOR} = {quote_text(name)} THEN {bit}::BIGINT"
                for name in codebook.indicators
                if (bit := parts(bits.facts[name][YES]).get(word))
            )
            held = f"CASE WHEN {VALUE} IN ({quote_text(said)}, {quote_text(CONTESTED)}) THEN "
            columns.append(
                f"bit_or({held}CASE {' '.join(cases)} ELSE 0 END ELSE 0 END) {said}{word}"
            )
        words.append(f"{_reconciled(word, bits, codebook)} AS {word}")
    grouped = f"SELECT {', '.join(columns)} FROM {observations} GROUP BY {ID}"
    return f"SELECT *, {', '.join(words)} FROM ({grouped}) ORDER BY ordinal"


def _reconciled(word: str, bits: Bits, codebook: Codebook) -> str:
    """Return the bits of the values that go with what was said of each indicator, and of the form.

    The bits of an indicator lie side by side, in the order of `VALUES`.
    """
    every = sum(parts(bits.facts[name][YES]).get(word, 0) for name in codebook.indicators)
    yes, no = f"{YES}{word}", f"{NO}{word}"
    said = {
        YES: f"{yes} & ~{no}",
        NO: f"{no} & ~{yes}",
        UNKNOWN: f"~({yes} | {no}) & {every}",
        CONTESTED: f"{yes} & {no}",
    }
    moved = [f"(({sql}) << {VALUES.index(value)})" for value, sql in said.items()]
    forms = (
        f"WHEN {quote_text(form)} THEN {parts(bit).get(word, 0)}::BIGINT"
        for form, bit in bits.facts[FORM].items()
    )
    return " | ".join([*moved, f"CASE {FORM} {' '.join(forms)} END"])


def _values_said(name: str) -> Readings:
    """Read a cell that says a value: what is usual first, since the first that is true counts."""
    said = quote_name(SAID + name)
    exact = [(f"{said} = {quote_text(value)}", value) for value in VALUES]
    blank = [(f"{said} IS NULL", UNKNOWN)]
    others = [(f"{said} = {quote_text(s)}", value) for s, value in _SPELLED.items() if s != value]
    loose = [(f"{_folded(said)} = {quote_text(s)}", value) for s, value in _SPELLED.items()]
    return [*exact, *blank, *others, *loose]


def _names_said(name: str, known: Iterable[str]) -> Readings:
    said = quote_name(SAID + name)
    return [(f"{cell} = {quote_text(n)}", n) for cell in (said, _folded(said)) for n in known]


def _folded(said: str) -> str:
    return f"lower(trim({said}, {quote_text(BLANKS)}))"


def _id_said() -> str:
    said = quote_name(SAID + ID)
    # what begins with a visible character is not blank: no need to look further
    return f"CASE WHEN {said} >= '!' OR trim({said}, {quote_text(BLANKS)}) <> '' THEN {said} END"


def _case(readings: Readings) -> str:
    return f"CASE {' '.join(f'WHEN {said} THEN {quote_text(v)}' for said, v in readings)} END"
