"""Several files as one dataset: their columns put side by side, and what the answer calls them."""

from __future__ import annotations

import collections
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import BinaryIO

from softbalance.service.datasets.reading.defects import UnusableDataset
from softbalance.service.datasets.reading.formats import DataFile, Format
from softbalance.service.datasets.reading.layouts import Header, SheetLayout
from softbalance.service.datasets.reading.sheets import PLAIN, Sheet
from softbalance.service.datasets.reading.text_lines import Lines
from softbalance.service.datasets.reading.text_rows import Records


@dataclass(frozen=True, slots=True)
class Part:
    """A file of a dataset and what its header says.

    `types` are the DuckDB types of its columns, none for text; `sheet` is for text only.
    `folders` are columns that its folders add, each with its one value.
    """

    file: DataFile
    header: Header
    sheet: Sheet = PLAIN
    types: tuple[str, ...] = ()
    folders: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def delimiter(self) -> str:
        """What separates the fields of a row."""
        return self.sheet.delimiter

    def read_rows(self, stream: BinaryIO) -> Records:
        """Return the records of the opened file after its header."""
        sheet, width = self.sheet, len(self.header.names)
        return Records(self.read_lines(stream), sheet.delimiter, width, quoting=sheet.quoting)

    def read_lines(self, stream: BinaryIO) -> Lines:
        """Return the lines of the opened file after its header."""
        lines = Lines(stream, quoting=self.sheet.quoting)
        collections.deque(islice(lines, self.sheet.header_lines), maxlen=0)
        return lines

    def type_of(self, place: int) -> str:
        """Return the type of the column at a place."""
        return self.types[place] if self.types else "VARCHAR"


@dataclass(frozen=True)
class Dataset:
    """Parts of one layout.

    `own` are the names of the columns that pass through, each once, in order of first appearance;
    `meaning` those that say something, by their names in the layout.
    """

    parts: tuple[Part, ...]
    layout: SheetLayout
    own: tuple[str, ...]
    meaning: tuple[str, ...]
    renamed: dict[str, str] = field(default_factory=dict)

    @property
    def grouped(self) -> bool:
        """Whether the rows of an id are put together to one episode."""
        return any(part.header.grouped for part in self.parts)


def combine_parts(parts: Sequence[Part], taken: Iterable[str]) -> Dataset:
    """Put parts together to one dataset.

    `taken` are the names of the answer's columns: a column that passes through and has one of
    these names, in any case, is answered as `input_` and its name. Raises UnusableDataset where
    the layouts or formats do not go together.
    """
    first = parts[0]
    for part in parts[1:]:
        if _kind(part) != _kind(first):
            raise UnusableDataset(
                f"{part.file.name} is {_describe_part(part)} and {first.file.name} is "
                f"{_describe_part(first)}; classify them in two runs"
            )
    own = list(dict.fromkeys(n for part in parts for n in (*own_names(part.header), *part.folders)))
    meaning = dict.fromkeys(name for part in parts for name in part.header.places)
    return Dataset(
        tuple(parts), first.header.layout, tuple(own), tuple(meaning), rename_columns(own, taken)
    )


def _kind(part: Part) -> tuple[SheetLayout, str]:
    text = part.file.format in (Format.CSV, Format.TSV)
    return part.header.layout, "text" if text else part.file.format


def _describe_part(part: Part) -> str:
    return f"{part.header.layout} {part.file.format.upper()}"


def own_names(header: Header) -> list[str]:
    """Return the names of a file's own columns; the nameless and the repeated get a name."""
    names: dict[str, None] = {}
    for place in header.own:
        wanted = header.names[place] or f"column_{place + 1}"
        name, n = wanted, 1
        while name in names:
            n += 1
            name = f"{wanted}_{n}"
        names[name] = None
    return list(names)


def own_places(header: Header) -> dict[str, int]:
    """Return the places of a file's own columns by name (see `Dataset.own`)."""
    return dict(zip(own_names(header), header.own, strict=True))


def rename_columns(own: Sequence[str], taken: Iterable[str]) -> dict[str, str]:
    """Return what the answer calls columns that pass through, none as it calls one of its own."""
    used = {name.lower() for name in taken}
    given: dict[str, str] = {}
    for name in own:
        wanted = answer = f"input_{name}" if name.lower() in used else name
        n = 1
        while answer.lower() in used:
            n += 1
            answer = f"{wanted}_{n}"
        used.add(answer.lower())
        given[name] = answer
    return given
