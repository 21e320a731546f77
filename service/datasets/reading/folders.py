"""Columns that folders add: `year=2001` above files that were found by a pattern.

A folder never takes the place of a column that its file has, and what decides a row stands in the
file: a folder's column passes through.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import takewhile
from pathlib import Path
from urllib.parse import unquote

from softbalance.rules.model import FORM, Codebook
from softbalance.service.datasets.reading.defects import UnusableDataset
from softbalance.service.datasets.reading.layouts import INDICATOR, VALUE, name_columns

#: What makes a pattern.
_OPEN = frozenset("*?[")
#: What Hive and Spark call the folder of rows without a value.
NULL_FOLDER = "__HIVE_DEFAULT_PARTITION__"


def fixed_part(pattern: str) -> str:
    """Return the folders of a pattern before the first that it leaves open."""
    return str(Path(*takewhile(lambda part: not _OPEN & set(part), Path(pattern).parts)))


def folders_below(pattern: str, name: str) -> tuple[str, ...]:
    """Return the folders of a file from the first that its pattern leaves open."""
    return Path(name).relative_to(fixed_part(pattern)).parts[:-1]


def folder_columns(folders: Iterable[str]) -> dict[str, str | None]:
    """Return the columns that folders named `column=value` add, and their values as text."""
    pairs = (folder.partition("=") for folder in folders)
    return {
        unquote(name): None if value in ("", NULL_FOLDER) else unquote(value)
        for name, equals, value in pairs
        if name and equals
    }


def drop_known(
    columns: dict[str, str | None], names: Collection[str], codebook: Codebook, place: str
) -> dict[str, str | None]:
    """Return those of a folder's columns that the file, whose columns are `names`, lacks.

    Raises UnusableDataset where one of these would decide: a form, an indicator, a value. `place`
    is what to call the file.
    """
    known = {*name_columns([*names], codebook)}
    meant = dict(zip(columns, name_columns([*columns], codebook), strict=True))
    lacking = {name: value for name, value in columns.items() if meant[name] not in known}
    for name, value in lacking.items():
        if meant[name] in {FORM, INDICATOR, VALUE, *codebook.indicators}:
            raise UnusableDataset(
                f"{place}: the folder '{name}={value}' says how rows are coded, and the file does "
                f"not; write a column {name!r} into the file"
            )
    return lacking
