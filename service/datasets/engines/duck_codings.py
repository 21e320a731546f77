"""From what the cells of a dataset say to codings, as SQL for DuckDB.

It does what `ibis_codings` does for other engines, where the columns of a source are described.
Instead of a column an indicator it adds the bitsets of the codings (see
`softbalance.rules.table.bits`), put together while the cells are read, since text out of a sheet
costs most where it is compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from softbalance.rules.model import FORM, Codebook, Indicator
from softbalance.rules.table.bits import BitPositions, assign_coding_bits, split_mask
from softbalance.rules.table.duckdb_sql import Readings, bitsets_sql
from softbalance.rules.table.sql import quote_name, quote_text
from softbalance.schemas.fields import CONTESTED, NO, NUMBER_PATTERN, UNKNOWN, VALUES, YES
from softbalance.service.datasets.engines.duck_sources import SAID
from softbalance.service.datasets.reading.layouts import ID, INDICATOR, VALUE
from softbalance.service.datasets.reading.values import BLANKS, Spellings, group_alike

#: What was said on scales stands in columns that are called so, and then as their bitset.
_SCALED = "scaled"


def wide_sql(  # noqa: PLR0913 - what is read, and how
    source: str,
    meaning: Sequence[str],
    codebook: Codebook,
    values: Spellings,
    *,
    several: bool,
    grouped: bool,
) -> str:
    """Return the query that adds `id`, the bitsets and `sound` to each row of a wide source.

    `meaning` are the columns of which it has what they say. A row without an id gets one from its
    number and, with `several` files, its file's; where rows are `grouped` by id it is not sound.
    """
    cells = {FORM: _read_names(FORM, codebook.forms)}
    for name, indicator in codebook.indicators.items():
        known = name in meaning
        read = _read_values(name, indicator, values) if known else [("true", UNKNOWN)]
        cells[name] = read
    number = "'row-' || row::VARCHAR"
    made = f"(file + 1)::VARCHAR || '-' || {number}" if several else number
    id_ = _id_sql() if grouped else f"coalesce({_id_sql()}, {made})"
    columns = [f"{id_} AS {ID}", *bitsets_sql(codebook, cells)]
    bitsets = assign_coding_bits(codebook).bitsets
    count = " + ".join(f"bit_count({bitset})" for bitset in bitsets)
    worded = f"SELECT *, {', '.join(columns)} FROM {source}"
    return f"SELECT *, {ID} IS NOT NULL AND {count} = {len(cells)} AS sound FROM ({worded})"


def observations_sql(source: str, codebook: Codebook, values: Spellings) -> str:
    """Return the query that reads the rows of a long source, and tells whether each is sound."""
    columns = {
        ID: _id_sql(),
        FORM: _case_sql(_read_names(FORM, codebook.forms)),
        INDICATOR: _case_sql(_read_names(INDICATOR, codebook.indicators)),
        VALUE: _value_sql(codebook, values),
    }
    read = ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
    sound = " AND ".join(f"{name} IS NOT NULL" for name in columns)
    return f"SELECT *, {sound} AS sound FROM (SELECT *, {read} FROM {source})"


def episodes_sql(observations: str, codebook: Codebook, own: Iterable[str]) -> str:
    """Return the query for the episodes of sound observations, in the order of their first rows.

    `sound` is false where the observations of an id name several forms. The columns `own` pass
    through, taken from an id's first row.
    """
    bits = assign_coding_bits(codebook)
    columns = [*_group_columns(own), f"min({FORM}) AS {FORM}"]
    columns += [f"min({FORM}) = max({FORM}) AS sound"]
    bitsets = []
    for bitset in bits.bitsets:
        for said in (YES, NO):
            cases = (
                f"WHEN {INDICATOR} = {quote_text(name)} THEN {bit}::BIGINT"
                for name in _two_valued(codebook)
                if (bit := split_mask(bits.facts[name][YES]).get(bitset))
            )
            held = f"CASE WHEN {VALUE} IN ({quote_text(said)}, {quote_text(CONTESTED)}) THEN "
            inner = " ".join(cases)
            columns.append(
                f"bit_or({held}CASE {inner} ELSE 0 END ELSE 0 END) {said}{bitset}"
                if inner
                else f"0::BIGINT AS {said}{bitset}"
            )
        if on_scales := _said_on_scales(bitset, bits, codebook):
            columns.append(f"bit_or({on_scales}) AS {_SCALED}{bitset}")
        forms = (
            f"WHEN {quote_text(form)} THEN {split_mask(bit).get(bitset, 0)}::BIGINT"
            for form, bit in bits.facts[FORM].items()
        )
        said_form = f"CASE {FORM} {' '.join(forms)} END"
        bitsets.append(f"{_reconciled_sql(bitset, bits, codebook)} | {said_form} AS {bitset}")
    grouped = f"SELECT {', '.join(columns)} FROM {observations} GROUP BY {ID}"
    return f"SELECT *, {', '.join(bitsets)} FROM ({grouped}) ORDER BY ordinal"


def gathered_sql(observations: str, codebook: Codebook, own: Iterable[str]) -> str:
    """Return the query for the episodes of sound rows that are one coder's each.

    It is like `episodes_sql`, with the bitsets of each row in place of an observation.
    """
    bits = assign_coding_bits(codebook)
    columns, bitsets, forms = _group_columns(own), [], []
    for bitset in bits.bitsets:
        every = _every_indicator(bitset, bits, codebook)
        for value in (YES, NO):
            said = " | ".join(f"({bitset} >> {VALUES.index(v)})" for v in (value, CONTESTED))
            columns.append(f"bit_or(({said}) & {every}) AS {value}{bitset}")
        if scaled := sum(_said_bits(bits, i).get(bitset, 0) for i in _scales(codebook)):
            columns.append(f"bit_or({bitset} & {scaled}::BIGINT) AS {_SCALED}{bitset}")
        of_form = sum(split_mask(bit).get(bitset, 0) for bit in bits.facts[FORM].values())
        columns.append(f"bit_or({bitset} & {of_form}::BIGINT) AS {FORM}{bitset}")
        forms.append(f"bit_count({FORM}{bitset})")
        bitsets.append(f"{_reconciled_sql(bitset, bits, codebook)} | {FORM}{bitset} AS {bitset}")
    grouped = f"SELECT {', '.join(columns)} FROM {observations} GROUP BY {ID}"
    sound = f"{' + '.join(forms)} = 1 AS sound"
    return f"SELECT *, {sound}, {', '.join(bitsets)} FROM ({grouped}) ORDER BY ordinal"


def _two_valued(codebook: Codebook) -> list[str]:
    return [each.id for each in codebook.indicators.values() if each.values == (YES, NO)]


def _scales(codebook: Codebook) -> list[Indicator]:
    return [each for each in codebook.indicators.values() if each.values != (YES, NO)]


def _said_bits(bits: BitPositions, indicator: Indicator) -> dict[str, int]:
    """Return where it stands that something is said of an indicator, by bitset."""
    return split_mask(bits.mask_values(indicator.id, (*indicator.values, CONTESTED)))


def _said_on_scales(bitset: str, bits: BitPositions, codebook: Codebook) -> str:
    """Return the bit of what an observation says, if it is of a scale that a bitset holds."""
    cases = []
    for indicator in _scales(codebook):
        said = " ".join(
            f"WHEN {quote_text(value)} THEN {bit}::BIGINT"
            for value in (*indicator.values, CONTESTED)
            if (bit := split_mask(bits.facts[indicator.id][value]).get(bitset))
        )
        if said:
            cases.append(f"WHEN {quote_text(indicator.id)} THEN CASE {VALUE} {said} ELSE 0 END")
    return f"CASE {INDICATOR} {' '.join(cases)} ELSE 0 END" if cases else ""


def _group_columns(own: Iterable[str]) -> list[str]:
    passed = (f"arg_min_null({name}, ordinal) AS {name}" for name in own)
    return [ID, "min(ordinal) AS ordinal", *passed]


def _every_indicator(bitset: str, bits: BitPositions, codebook: Codebook) -> int:
    """Return the first bit of each indicator of yes and no that a bitset holds."""
    two_valued = _two_valued(codebook)
    return sum(split_mask(bits.facts[name][YES]).get(bitset, 0) for name in two_valued)


def _reconciled_sql(bitset: str, bits: BitPositions, codebook: Codebook) -> str:
    """Return the bits of the values that go with what was said of each indicator.

    The bits of one of yes and no lie side by side, in the order of `VALUES`. On a scale, one bit
    that was said is the value, and more are contested.
    """
    every = _every_indicator(bitset, bits, codebook)
    yes, no = f"{YES}{bitset}", f"{NO}{bitset}"
    said = {
        YES: f"{yes} & ~{no}",
        NO: f"{no} & ~{yes}",
        UNKNOWN: f"~({yes} | {no}) & {every}",
        CONTESTED: f"{yes} & {no}",
    }
    parts = [f"(({sql}) << {VALUES.index(value)})" for value, sql in said.items()]
    for indicator in _scales(codebook):
        for held, mask in _said_bits(bits, indicator).items():
            if held == bitset:
                unknown, contested = (
                    split_mask(bits.facts[indicator.id][value])[bitset]
                    for value in (UNKNOWN, CONTESTED)
                )
                here = f"({_SCALED}{bitset} & {mask}::BIGINT)"
                parts.append(
                    f"CASE bit_count({here}) WHEN 0 THEN {unknown}::BIGINT WHEN 1 THEN {here} "
                    f"ELSE {contested}::BIGINT END"
                )
    return " | ".join(parts)


def _value_sql(codebook: Codebook, values: Spellings) -> str:
    """Return the value that a long row says, which depends on the indicator that it names."""
    named = _case_sql(_read_names(INDICATOR, codebook.indicators))
    cases = [
        (
            ", ".join(quote_text(each.id) for each in shared),
            _case_sql(_read_values(VALUE, shared[0], values)),
        )
        for shared in group_alike(VALUE, codebook, values)
    ]
    if len(cases) == 1:
        return cases[0][1]
    whens = " ".join(f"WHEN ({named}) IN ({names}) THEN {sql}" for names, sql in cases)
    return f"CASE {whens} END"


def _read_values(name: str, indicator: Indicator, values: Spellings) -> Readings:
    """Read a cell that says a value: what is usual first, since the first that is true counts."""
    said = quote_name(SAID + name)
    spelled = values.of(name, indicator)
    exact = [(f"{said} = {quote_text(value)}", spelled[value]) for value in indicator.domain]
    blank = [(f"{said} IS NULL", spelled[""])]
    others, loose = [], []
    for value in indicator.domain:
        spellings = [spelling for spelling, meant in spelled.items() if meant == value]
        if spellings:
            listed = ", ".join(map(quote_text, spellings))
            others.append((f"{said} IN ({listed})", value))
            loose.append((_match_sql(said, spellings), value))
    return [*exact, *blank, *others, *loose, *_read_levels(said, indicator)]


def _read_levels(said: str, indicator: Indicator) -> Iterator[tuple[str, str]]:
    """Read a cell that says a number as the highest level that it comes up to."""
    pattern = f"[{BLANKS}]*{NUMBER_PATTERN}[{BLANKS}]*"
    number = f"TRY_CAST(trim({said}, {quote_text(BLANKS)}) AS DOUBLE)"
    finite = f"regexp_full_match({said}, {quote_text(pattern)}) AND isfinite({number})"
    levels = list(zip(indicator.values, indicator.levels or (), strict=bool(indicator.levels)))
    for value, bound in reversed(levels):
        yield f"({finite} AND {number} >= {bound!r}::DOUBLE)", value


def _read_names(name: str, known: Iterable[str]) -> Readings:
    said = quote_name(SAID + name)
    exact = [(f"{said} = {quote_text(name)}", name) for name in known]
    return [*exact, *((_match_sql(said, (name,)), name) for name in known)]


def _match_sql(said: str, spelled: Iterable[str]) -> str:
    """Return whether a cell is so spelled, in any case and with any blanks around it.

    As one pattern: to trim more than spaces costs DuckDB many times as much.
    """
    words = "|".join(
        "".join(f"[{c}{c.upper()}]" if c != c.upper() else re.escape(c) for c in word)
        for word in spelled
    )
    pattern = f"[{BLANKS}]*(?:{words})[{BLANKS}]*"
    return f"regexp_full_match({said}, {quote_text(pattern)})"


def _id_sql() -> str:
    said = quote_name(SAID + ID)
    # what begins and ends with a visible character of ASCII has no blanks around it
    plain = f"{said} BETWEEN '!' AND '~~' AND {said}[-1] BETWEEN '!' AND '~'"
    trimmed = f"nullif(trim({said}, {quote_text(BLANKS)}), '')"
    return f"CASE WHEN {plain} THEN {said} ELSE {trimmed} END"


def _case_sql(readings: Readings) -> str:
    return f"CASE {' '.join(f'WHEN {said} THEN {quote_text(v)}' for said, v in readings)} END"
