"""How a cell of a sheet says an indicator's value."""

from __future__ import annotations

import string
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from softbalance.rules.model import Codebook, Indicator
from softbalance.schemas.fields import CONTESTED, NO, UNKNOWN, YES, read_number
from softbalance.schemas.mistakes import Mistake, quote_value, unknown_name

#: Value → its spellings, in lower case; blanks around them do not count.
SPELLINGS: dict[str, tuple[str, ...]] = {
    YES: ("yes", "y", "1", "true", "t", "1.0"),
    NO: ("no", "n", "0", "false", "f", "0.0"),
    # the missing values of Stata are written `.` and `.a` to `.z`
    UNKNOWN: ("unknown", "na", "n/a", ".", "", *(f".{a}" for a in string.ascii_lowercase)),
    CONTESTED: ("contested",),
}
#: The blanks of ASCII, then others that are not seen: no-break, of other widths, of none.
ASCII_BLANKS = " \t\n\r\v\f"
BLANKS = ASCII_BLANKS + (
    "\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b\u200c\u200d"
    "\u200e\u200f\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
)
_ANY_BLANK = str.maketrans("", "", BLANKS)


def strip_blanks(cell: object) -> str:
    """Return what a cell says without the blanks around it; an empty cell says ''."""
    return "" if cell is None else str(cell).strip(BLANKS)


def fold_case(cell: object) -> str:
    """Return what a cell says without case and blanks around it; an empty cell says ''."""
    return strip_blanks(cell).lower()


def fold_name(name: str) -> str:
    """Return a name without case and any blanks: alike in this, names are easily taken for one."""
    return name.translate(_ANY_BLANK).lower()


def list_alike(names: Iterable[str]) -> list[list[str]]:
    """Return the names that differ only in case or blanks, those alike together."""
    alike: dict[str, dict[str, None]] = {}
    for name in names:
        alike.setdefault(fold_name(name), {})[name] = None
    return [list(same) for same in alike.values() if len(same) > 1]


def warn_of_alike(what: str, alike: Sequence[Sequence[str]]) -> list[str]:
    """Return the warning that names are taken apart which differ only in case or blanks."""
    if not alike:
        return []
    examples = "; ".join(" and ".join(map(quote_value, same)) for same in alike[:3])
    more = f"; and {len(alike) - 3:,} more" if len(alike) > 3 else ""
    return [
        f"{what} that differ only in case or blanks are taken apart: {examples}{more}; "
        "spell them alike if they are one"
    ]


def spellings_of(values: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return how the values of an indicator, and those of an open one, are spelled."""
    if tuple(values) == (YES, NO):
        return SPELLINGS
    return {**{v: (v,) for v in values}, **{v: SPELLINGS[v] for v in (UNKNOWN, CONTESTED)}}


class Spellings:
    """How cells spell values: as `spellings_of` has it, and before that as somebody declares it.

    `everywhere` says for all columns which value a spelling has, `columns` for single ones: an
    indicator's, also where a row of the long layout names it, or `value`. Spellings are in lower
    case, without blanks around.
    What is declared of a value that an indicator lacks does not hold for that indicator.
    """

    def __init__(
        self,
        everywhere: Mapping[str, str] = MappingProxyType({}),
        columns: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
    ) -> None:
        self._declared = {name: {**everywhere, **own} for name, own in columns.items()}
        self._everywhere = dict(everywhere)
        self._known: dict[tuple[str, tuple[str, ...]], Mapping[str, str]] = {}
        #: The columns for which something is declared that does not hold for all.
        self.columns = tuple(columns)

    def of(self, column: str, indicator: Indicator) -> Mapping[str, str]:
        """Return the value of each spelling in a column that says something of an indicator."""
        own = column if column in self._declared else indicator.id
        key = (own, tuple(indicator.values))
        if key not in self._known:
            declared = self._declared.get(own, self._everywhere)
            usual = spellings_of(indicator.values)
            self._known[key] = {
                **{spelling: value for value, all_ in usual.items() for spelling in all_},
                **{s: value for s, value in declared.items() if value in indicator.domain},
            }
        return self._known[key]

    def parse(self, column: str, cell: object, indicator: Indicator) -> str | None:
        """Return the value that an indicator's cell says, or None if it says none."""
        said = fold_case(cell)
        value = self.of(column, indicator).get(said)
        if value is None and indicator.levels and (number := read_number(said)) is not None:
            return indicator.level_of(number) if number >= indicator.levels[0] else None
        return value

    def find_mistake(self, column: str, cell: object, indicator: Indicator) -> Mistake | None:
        """Return what is wrong with an indicator's cell, or None if it says a value."""
        if self.parse(column, cell, indicator) is not None:
            return None
        if indicator.levels and read_number(fold_case(cell)) is not None:
            lowest = f"{indicator.levels[0]:g}"
            return Mistake("range", f"{quote_value(cell)} is below the lowest level, {lowest}")
        return unknown_name("value", str(cell), indicator.domain)


DEFAULT_SPELLINGS = Spellings()


def group_alike(column: str, codebook: Codebook, values: Spellings) -> list[list[Indicator]]:
    """Return the indicators whose values a column spells alike, those alike together."""
    alike: dict[tuple[object, ...], list[Indicator]] = {}
    for indicator in codebook.indicators.values():
        spelled = tuple(values.of(column, indicator).items())
        alike.setdefault((indicator.levels, spelled), []).append(indicator)
    return list(alike.values())


def find_indicator(cell: object, codebook: Codebook) -> Indicator:
    """Return the indicator that a long row names; one of yes and no where it names none."""
    name = fold_case(cell)
    return codebook.indicators.get(name) or Indicator(name, "", "", "", ())


def form_mistake(cell: object, forms: tuple[str, ...]) -> Mistake | None:
    """Return what is wrong with a form's cell, or None if it names a form."""
    said = fold_case(cell)
    if said in forms:
        return None
    if not said:
        return Mistake("required", "this row has no form; add one of: " + ", ".join(forms))
    return unknown_name("form", str(cell), forms)


def indicator_mistake(cell: object, indicators: tuple[str, ...]) -> Mistake | None:
    """Return what is wrong with a long row's indicator, or None if it names one."""
    said = fold_case(cell)
    if said in indicators:
        return None
    if not said:
        return Mistake("required", "this row names no indicator")
    return unknown_name("indicator", str(cell), indicators)


def id_mistake(cell: object) -> Mistake | None:
    """Return what is wrong with a long row's id, or None if it has one."""
    if fold_case(cell):
        return None
    return Mistake("required", "this row has no id; what is coded in it needs its episode's")


def disagreement(form: object) -> Mistake:
    """Say that the rows of an id name several forms."""
    return Mistake(
        "disagree",
        f"other rows of this id have another form than {quote_value(form)}; make them agree",
    )
