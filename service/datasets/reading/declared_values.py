"""Spellings of values as somebody declares them: `yes=1,ja no=2,nein unknown=-99,-88`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from softbalance.rules.model import Codebook
from softbalance.schemas.mistakes import quote_value, unknown_name
from softbalance.service.datasets.reading.defects import UnusableDataset
from softbalance.service.datasets.reading.layouts import VALUE, name_columns
from softbalance.service.datasets.reading.values import Spellings, fold_case

#: `VALUE=` or `COLUMN:VALUE=`, where a declaration begins.
_BEGINS = re.compile(r"(?:^|(?<=\s))(?:(?P<column>[^\s:=\"]+):)?(?P<value>\w+)\s*=")
#: A spelling, in quotes where there is a comma or a `=` in it, and what separates it from the next.
_SPELLING = re.compile(r'\s*(?:"(?P<quoted>[^"]*)"|(?P<plain>[^",=]*))\s*(?P<end>,|$)')
_WHOLE = re.compile(r"[+-]?\d+")
_FORM = "write it like --values 'yes=1,ja no=2,nein unknown=-99'"


def parse_declared(declared: Iterable[str], codebook: Codebook) -> Spellings:
    """Return the spellings that declarations add.

    A declaration is a value, `=`, and its spellings, `,` between. Before the value may stand a
    column and `:`, which hold for the declarations after it too, until the text ends or another
    column is named. Raises UnusableDataset where one cannot be read, or a spelling has two values.
    """
    everywhere: dict[str, str] = {}
    columns: dict[str, dict[str, str]] = {}
    for text in declared:
        for column, value, spelling in _parse(text, codebook):
            known = columns.setdefault(column, {}) if column else everywhere
            if known.setdefault(spelling, value) != value:
                of = f" of {column}" if column else ""
                raise UnusableDataset(
                    f"--values: {quote_value(spelling)}{of} is declared as {known[spelling]} and "
                    f"as {value}; keep one"
                )
    return Spellings(
        _with_decimals(everywhere), {name: _with_decimals(own) for name, own in columns.items()}
    )


def _parse(text: str, codebook: Codebook) -> Iterator[tuple[str, str, str]]:
    """Yield the column (empty for all), the value and each spelling of what is declared."""
    begins = list(_BEGINS.finditer(text))
    if not begins or text[: begins[0].start()].strip():
        raise UnusableDataset(f"--values: cannot read {quote_value(text)}; {_FORM}")
    column = ""
    ends = [begin.start() for begin in begins[1:]] + [len(text)]
    for begin, end in zip(begins, ends, strict=True):
        value = fold_case(begin["value"])
        if begin["column"]:
            column = _find_column(begin["column"], codebook)
        known = _list_values(column, codebook)
        if value not in known:
            raise UnusableDataset(f"--values: {unknown_name('value', begin['value'], known)}")
        for spelling in _split_spellings(text[begin.end() : end].strip()):
            yield column, value, spelling


def _find_column(name: str, codebook: Codebook) -> str:
    (column,) = name_columns([name], codebook)
    known = (*codebook.indicators, VALUE)
    if column not in known:
        raise UnusableDataset(f"--values: {unknown_name('indicator', name, known)}")
    return column


def _list_values(column: str, codebook: Codebook) -> tuple[str, ...]:
    """Return the values that a column may have; without one, those of all indicators."""
    if column in codebook.indicators:
        return codebook.indicators[column].domain
    return tuple(dict.fromkeys(v for each in codebook.indicators.values() for v in each.domain))


def _split_spellings(text: str) -> Iterator[str]:
    at = 0
    while True:
        found = _SPELLING.match(text, at)
        if found is None or (found["plain"] is not None and not found["plain"].strip()):
            raise UnusableDataset(
                f"--values: cannot read {quote_value(text)}; put a spelling in double quotes that "
                f'has a comma or = in it or is empty ("") and else {_FORM}'
            )
        yield fold_case(found["quoted"] if found["plain"] is None else found["plain"])
        at = found.end()
        if not found["end"]:
            return


def _with_decimals(declared: dict[str, str]) -> dict[str, str]:
    """Return the spellings with those that programs write for whole numbers: 2.0 for 2."""
    wholes = {f"{s}.0": value for s, value in declared.items() if _WHOLE.fullmatch(s)}
    cut = {s[:-2]: v for s, v in declared.items() if s.endswith(".0") and _WHOLE.fullmatch(s[:-2])}
    return wholes | cut | declared
