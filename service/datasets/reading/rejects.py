"""The rejects file: each mistake of each row that cannot be classified, and the row whole."""

from __future__ import annotations

import csv
import heapq
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from softbalance.rules.model import FORM, Codebook
from softbalance.schemas.mistakes import Mistake
from softbalance.service.datasets.reading.layouts import ID, INDICATOR, VALUE
from softbalance.service.datasets.reading.spreadsheets import neutralise_all
from softbalance.service.datasets.reading.values import (
    DEFAULT_SPELLINGS,
    Spellings,
    disagreement,
    find_indicator,
    form_mistake,
    id_mistake,
    indicator_mistake,
)

#: The columns of a rejects file; `file` follows where there are several inputs.
COLUMNS = ("line", "id", "column", "value", "code", "message", "row")


class Reject(NamedTuple):
    """One mistake: where it is, what stands there, what is wrong, and the whole row.

    `file` is the input's place, from 0. `line` is the line where the row begins, in Parquet the
    row's number, from 1.
    """

    file: int
    line: int
    id: str
    column: str
    value: str
    code: str
    message: str
    row: str


def mistakes_in(
    said: Mapping[str, str | None],
    codebook: Codebook,
    *,
    grouped: bool,
    values: Spellings = DEFAULT_SPELLINGS,
) -> Iterator[tuple[str, str, Mistake]]:
    """Yield the mistakes of a row by what its cells say: the column, what it says, the mistake.

    Where rows are `grouped` by their ids, each needs one.
    """
    forms, indicators = tuple(codebook.forms), tuple(codebook.indicators)
    for column, cell in said.items():
        mistake = None
        if column == FORM:
            mistake = form_mistake(cell, forms)
        elif column == ID:
            mistake = id_mistake(cell) if grouped else None
        elif column == INDICATOR:
            mistake = indicator_mistake(cell, indicators)
        elif column == VALUE:
            indicator = find_indicator(said.get(INDICATOR), codebook)
            mistake = values.find_mistake(column, cell, indicator)
        elif column in codebook.indicators:
            mistake = values.find_mistake(column, cell, codebook.indicators[column])
        if mistake is not None:
            yield column, cell or "", mistake


def rejects_of(  # noqa: PLR0913
    file: int,
    line: int,
    said: Mapping[str, str | None],
    row: str,
    codebook: Codebook,
    *,
    grouped: bool,
    values: Spellings,
) -> Iterator[Reject]:
    """Yield the rejects of one row: its own mistakes or, if it has none, that of its id's rows."""
    found = list(mistakes_in(said, codebook, grouped=grouped, values=values))
    if not found:
        found = [(FORM, said[FORM] or "", disagreement(said[FORM]))]
    for column, value, mistake in found:
        yield Reject(file, line, said[ID] or "", column, value, mistake.code, str(mistake), row)


class RejectsSpool:
    """Rejects kept in a file until all are known; `rows` counts the rows that they are of."""

    def __init__(self, path: Path) -> None:
        self._path, self.rows = path, 0
        self._last: tuple[int, int] | None = None
        self._out = path.open("w", encoding="utf-8", errors="backslashreplace", newline="")
        self._writer = csv.writer(self._out)

    def add(self, reject: Reject) -> None:
        """Keep a reject; they come in order."""
        self._writer.writerow(reject)
        self.rows += reject[:2] != self._last
        self._last = reject[:2]

    def close(self) -> None:
        """Keep no more."""
        self._out.close()

    def __iter__(self) -> Iterator[Reject]:
        """Yield what was kept, in that order."""
        self.close()
        csv.field_size_limit(1 << 30)
        with self._path.open(encoding="utf-8", newline="") as kept:
            for file, line, *rest in csv.reader(kept):
                yield Reject(int(file), int(line), *rest)


def write_rejects(
    path: Path,
    streams: Iterable[Iterable[Reject]],
    names: list[str],
    *,
    bom: bool = False,
    safe: bool = False,
) -> tuple[int, Counter[str]]:
    """Write rejects, each stream in order of line, as one CSV in that order.

    `names` are the inputs. With `bom` a byte order mark comes first; with `safe` no cell is one
    that a spreadsheet runs. Return how many rows are in it, and how many mistakes of each code.
    """
    rows, reasons = 0, Counter[str]()
    several = len(names) > 1
    last = None
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as out:
        out.write("\ufeff" if bom else "")
        writer = csv.writer(out)
        writer.writerow([*COLUMNS, "file"] if several else COLUMNS)
        for reject in heapq.merge(*streams, key=lambda reject: reject[:2]):
            file, *cells = reject
            row = [*cells, names[file]] if several else cells
            writer.writerow(neutralise_all(row) if safe else row)
            reasons[reject.code] += 1
            rows += reject[:2] != last
            last = reject[:2]
    return rows, reasons


def join_cells(cells: Iterable[str | None], delimiter: str) -> str:
    """Return cells as the line of a text file."""
    line = io.StringIO()
    csv.writer(line, delimiter=delimiter).writerow("" if cell is None else cell for cell in cells)
    return line.getvalue().removesuffix("\r\n")
