"""Files of Stata (.dta) and SPSS (.sav, .zsav, .por): what value labels say, not their numbers."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from softbalance.rules.model import FORM, Codebook
from softbalance.schemas.mistakes import quote_value
from softbalance.service.datasets.reading.defects import UnusableDataset
from softbalance.service.datasets.reading.foreign_table import ForeignTable, cell_text
from softbalance.service.datasets.reading.layouts import INDICATOR, VALUE, name_columns
from softbalance.service.datasets.reading.libraries import import_library
from softbalance.service.datasets.reading.reading_options import ReadingOptions
from softbalance.service.datasets.reading.values import fold_case

#: Whether a number or a text is one that somebody declared to be missing.
_Missing = Callable[[Any], bool]


def read_dta(
    path: Path, name: str, reading: ReadingOptions, codebook: Codebook | None
) -> ForeignTable:
    """Return the table in a Stata file; `.a` to `.z` are missing."""
    return _read("read_dta", path, name, codebook, user_missing=True, encoding=reading.encoding)


def read_sav(
    path: Path, name: str, reading: ReadingOptions, codebook: Codebook | None
) -> ForeignTable:
    """Return the table in an SPSS file; what is declared as missing is."""
    return _read("read_sav", path, name, codebook, user_missing=True, encoding=reading.encoding)


def read_por(
    path: Path, name: str, reading: ReadingOptions, codebook: Codebook | None
) -> ForeignTable:
    """Return the table in a portable SPSS file; the library leaves out what is missing."""
    return _read("read_por", path, name, codebook)


def _read(
    function: str, path: Path, name: str, codebook: Codebook | None, **options: Any
) -> ForeignTable:
    pyreadstat = import_library("pyreadstat", name)
    columns, about = getattr(pyreadstat, function)(str(path), output_format="dict", **options)
    names = _name(list(columns), about.column_names_to_labels, codebook)
    meant = _find_meant(names, codebook)
    arrays, warnings = [], list[str]()
    for own, shown in zip(columns, names, strict=True):
        labels = about.variable_value_labels.get(own, {})
        warnings += _check_labels(labels, shown, name, strict=shown in meant)
        declared = _declared_missing(about, own, columns[own])
        # what is coded is unknown then; in other columns it is worth knowing why
        kept = declared if shown in meant else None
        arrays.append(_array(columns[own], labels, declared, unknown=kept is not None))
    return ForeignTable(names, arrays, warnings=tuple(warnings))


def _name(
    own: Sequence[str], labels: Mapping[str, str | None], codebook: Codebook | None
) -> list[str]:
    """Return what columns are called: by a label that is an indicator's name or question, if so."""
    if codebook is None:
        return list(own)
    taken = set(name_columns(own, codebook))
    named = []
    for name in own:
        label = labels.get(name) or ""
        (called,) = name_columns([label], codebook)
        (itself,) = name_columns([name], codebook)
        use = called in codebook.indicators and called not in taken
        named.append(called if use and itself not in codebook.indicators else name)
        taken.add(called if use else itself)
    return named


def _find_meant(names: Sequence[str], codebook: Codebook | None) -> set[str]:
    if codebook is None:
        return set()
    known = {FORM, INDICATOR, VALUE, *codebook.indicators}
    called = name_columns(names, codebook)
    return {name for name, meant in zip(names, called, strict=True) if meant in known}


def _check_labels(
    labels: Mapping[Any, str], column: str, name: str, *, strict: bool
) -> Iterable[str]:
    """Tell of codes that have the same label; where they are codings, refuse them."""
    by_label: dict[str, list[Any]] = {}
    for code, label in labels.items():
        by_label.setdefault(fold_case(label), []).append(code)
    twice = [(label, codes) for label, codes in by_label.items() if len(codes) > 1]
    if not twice:
        return
    label, codes = twice[0]
    told = f"{name}: in the column {column!r} " + " and ".join(
        cell_text(code) or "" for code in codes
    )
    if strict:
        raise UnusableDataset(
            f"{told} have the same label {quote_value(label)}; correct the labels in the program "
            "that the file comes from"
        )
    yield f"{told} have the same label {quote_value(label)}, and cannot be told apart"


def _declared_missing(about: Any, column: str, cells: Sequence[Any]) -> _Missing:
    """Return what tells whether a cell is declared as missing.

    In Stata's files these are letters among numbers, in SPSS' single values and ranges.
    """
    if column in about.missing_ranges:
        ranges = about.missing_ranges[column]
        return lambda cell: any(_within(cell, each) for each in ranges)
    letters = set(about.missing_user_values.get(column, ()))
    numeric = about.readstat_variable_types.get(column) != "string"
    return lambda cell: numeric and isinstance(cell, str) and (not letters or cell in letters)


def _within(cell: Any, range_: Mapping[str, Any]) -> bool:
    low, high = range_["lo"], range_["hi"]
    if cell is None or isinstance(cell, str) != isinstance(low, str):
        return False
    if isinstance(cell, str):
        return bool(cell.rstrip() == str(low).rstrip())
    return bool(low <= cell <= high)


def _array(
    cells: Sequence[Any], labels: Mapping[Any, str], missing: _Missing, *, unknown: bool
) -> Any:
    """Return a column's cells as an Arrow array: text where a cell has a label or is text."""
    import pyarrow as arrow

    said: dict[Any, str | None] = {}
    typed = True
    for cell in set(cells):
        gone = missing(cell)
        if gone or cell in labels:
            typed = False
        if gone and unknown:
            said[cell] = None
        elif cell in labels:
            said[cell] = labels[cell]
        elif gone and isinstance(cell, str) and len(cell) == 1 and cell.isalpha():
            said[cell] = f".{cell}"
        else:
            said[cell] = cell_text(cell)
    if typed and all(cell is None or isinstance(cell, float | int) for cell in said):
        return arrow.array(cells, arrow.float64())
    if typed and all(cell is None or type(cell) is datetime.date for cell in said):
        return arrow.array(cells, arrow.date32())
    return arrow.array([said[cell] for cell in cells], arrow.string())
