"""From what the cells of a dataset say to codings, as one Ibis expression for every engine.

A *source* is a table with the string columns `said_form`, `said_id` and, in the wide layout, a
`said_` column for each indicator that the dataset has, in the long layout `said_indicator` and
`said_value`; `file` and `row`, the numbers of the input (from 0) and the row in it; and others.
Added are `id`, `form`, one column an indicator with its value, and `sound`: whether a verdict can
be given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import ibis
import ibis.expr.types as ir
from softbalance.rules.model import FORM, Codebook, Indicator
from softbalance.rules.table.expression import reconcile_coders, reconcile_observations
from softbalance.schemas.fields import NUMBER_PATTERN, UNKNOWN
from softbalance.service.datasets.engines.duck_sources import SAID
from softbalance.service.datasets.reading.layouts import ID, INDICATOR, VALUE
from softbalance.service.datasets.reading.values import BLANKS, Spellings, group_alike

SOUND, ROW = "sound", "row"


def to_text(column: ir.Value) -> ir.StringValue:
    """Return a column of any scalar type as the text that a sheet would have for it.

    A boolean is `true` or `false`, and 1 and 0 have no decimals, whatever their type.
    """
    type_ = column.type()
    if type_.is_floating() or type_.is_decimal():
        known = [(column == 1, "1"), (column == 0, "0")]
        if type_.is_floating():
            known.append((column.isnan(), ibis.null("string")))
        return ibis.cases(*known, else_=column.cast("string"))
    if type_.is_boolean():
        return ibis.cases((column, "true"), (~column, "false"))
    return column.cast("string")


def read_value(
    said: ir.StringValue, indicator: Indicator, spelled: Mapping[str, str]
) -> ir.StringValue:
    """Return the value that a cell says of an indicator by its spelling, null if it says none."""
    trimmed = strip_blanks(said.fill_null(""))
    rare = trimmed.lower().cases(*spelled.items(), else_=_read_level(trimmed, indicator))
    return said.cases(*((value, spelled[value]) for value in indicator.domain), else_=rare)


def _read_level(trimmed: ir.StringValue, indicator: Indicator) -> ir.StringValue:
    """Return the highest level that a number comes up to, null where there is none."""
    if not indicator.levels:
        return ibis.null("string")
    numeric = trimmed.re_search(f"^{NUMBER_PATTERN}$")
    number = ibis.cases((numeric, trimmed), else_=ibis.null("string")).cast("float64")
    levels = list(zip(indicator.values, indicator.levels, strict=True))
    finite = number.abs() < float("inf")
    return ibis.cases(
        *((finite & (number >= bound), value) for value, bound in reversed(levels)),
        else_=ibis.null("string"),
    )


def _read_row_value(table: ir.Table, codebook: Codebook, values: Spellings) -> ir.StringValue:
    """Return the value that a long row says, which depends on the indicator that it names."""
    said = table[SAID + VALUE]
    read = [
        (read_value(said, shared[0], values.of(VALUE, shared[0])), [each.id for each in shared])
        for shared in group_alike(VALUE, codebook, values)
    ]
    if len(read) == 1:
        return read[0][0]
    named = read_name(table[SAID + INDICATOR], codebook.indicators)
    return ibis.cases(*((named.isin(names), value) for value, names in read))


def read_name(said: ir.StringValue, known: Iterable[str]) -> ir.StringValue:
    """Return the known name that a cell says, null where it says none."""
    same = [(name, name) for name in known]
    return said.cases(*same, else_=strip_blanks(said).lower().cases(*same))


def read_id(said: ir.StringValue) -> ir.StringValue:
    """Return the id that a cell says without the blanks around it, null where it is blank."""
    return strip_blanks(said).nullif("")


def strip_blanks(said: ir.StringValue) -> ir.StringValue:
    """Return text without the blanks around it, those that are not of ASCII too."""
    return said.re_replace(f"^[{BLANKS}]+|[{BLANKS}]+$", "")


def remove_blanks(said: ir.StringValue) -> ir.StringValue:
    """Return text without any blanks."""
    return said.re_replace(f"[{BLANKS}]+", "")


def wide_codings(
    source: ir.Table, codebook: Codebook, values: Spellings, *, grouped: bool
) -> ir.Table:
    """Return the codings of a wide source, a row each.

    A row without an id gets one from its number; where rows are `grouped` by id it is not sound.
    """
    id_ = read_id(source[SAID + ID])
    names = {
        ID: id_ if grouped else id_.fill_null(_make_id(source)),
        FORM: read_name(source[SAID + FORM], codebook.forms),
    }
    for name, indicator in codebook.indicators.items():
        said = SAID + name
        known = said in source.columns
        names[name] = (
            read_value(source[said], indicator, values.of(name, indicator))
            if known
            else ibis.literal(UNKNOWN)
        )
    table = source.mutate(**names)
    checked = [ID, FORM, *(i for i in codebook.indicators if SAID + i in source.columns)]
    return table.mutate(**{SOUND: ibis.and_(*(table[name].notnull() for name in checked))})


def _make_id(source: ir.Table) -> ir.StringValue:
    return ibis.literal("row-").concat(source[ROW].cast("string"))


def observations(source: ir.Table, codebook: Codebook, values: Spellings) -> ir.Table:
    """Return the observations of a long source, a row each, and whether each is sound by itself."""
    table = source.mutate(
        **{
            ID: read_id(source[SAID + ID]),
            FORM: read_name(source[SAID + FORM], codebook.forms),
            INDICATOR: read_name(source[SAID + INDICATOR], codebook.indicators),
            VALUE: _read_row_value(source, codebook, values),
        }
    )
    needed = (ID, FORM, INDICATOR, VALUE)
    return table.mutate(**{SOUND: ibis.and_(*(table[name].notnull() for name in needed))})


def gather_observations(
    sound: ir.Table, codebook: Codebook, order: str, own: Iterable[str]
) -> ir.Table:
    """Return the codings of sound observations, a row an id, in the order of their first rows.

    `sound` is False where the observations of an id name several forms. The columns `own` pass
    through, taken from an id's first row, told by the column `order`.
    """
    return _gather(sound, reconcile_observations(sound, codebook, ID), order, own)


def gather_coders(sound: ir.Table, codebook: Codebook, order: str, own: Iterable[str]) -> ir.Table:
    """Return the same of sound rows that are one coder's each."""
    return _gather(sound, reconcile_coders(sound, codebook, ID), order, own)


def _gather(sound: ir.Table, codings: ir.Table, order: str, own: Iterable[str]) -> ir.Table:
    """Return codings by id with the forms and the columns `own`."""
    episodes = sound.group_by(ID).aggregate(
        **{
            order: sound[order].min(),
            FORM: sound[FORM].min(),
            SOUND: sound[FORM].min() == sound[FORM].max(),
        }
    )
    if own := list(own):
        # joined by id: a row's number may differ the next time a database reads its table
        nth = ibis.row_number().over(group_by=ID, order_by=order)
        firsts = sound.select(ID, *own, nth=nth)
        episodes = episodes.join(firsts.filter(firsts.nth == 0).drop("nth"), ID)
    return episodes.join(codings, ID).order_by(order)
