"""How a text file is written: what separates its fields, and where its rows begin."""

from __future__ import annotations

import contextlib
import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from softbalance.service.datasets.reading.content import name_content
from softbalance.service.datasets.reading.defects import UnusableDataset
from softbalance.service.datasets.reading.formats import DataFile, Format, first_bytes
from softbalance.service.datasets.reading.reading_options import AS_IS, ReadingOptions
from softbalance.service.datasets.reading.survey_rows import SURVEY_ROWS, count_survey_rows
from softbalance.service.datasets.reading.text_lines import MAX_RECORD, Lines
from softbalance.service.datasets.reading.values import fold_case

#: What separates the fields of a line; the first that yields a column `form` is taken.
_DELIMITERS = {Format.CSV: (",", ";", "\t"), Format.TSV: ("\t",)}
#: The line in which a spreadsheet names the delimiter, before the header.
_NAMED = re.compile(rb'"?sep=(.)"?\s*', re.IGNORECASE)
#: The most lines that are looked at for the rows of a survey tool; a question may have several.
_SURVEY_LINES = 100


@dataclass(frozen=True, slots=True)
class Sheet:
    """What separates the fields of a text file, and how many lines its header takes.

    `named` are the lines before it, `header_lines` all together, with those that a survey tool
    writes after it. Without `quoting` a quote is a character like others.
    """

    delimiter: str = ","
    named: int = 0
    header_lines: int = 1
    quoting: bool = True


PLAIN = Sheet()


def open_sheet(file: DataFile, reading: ReadingOptions = AS_IS) -> tuple[list[str], Sheet]:
    """Return the column names of a text file and how it is written.

    Raises UnusableDataset where there is no header, none in UTF-8, or no text.
    """
    first_bytes(file)
    with file.open() as stream:
        lines = Lines(stream, quoting=reading.quoting)
        return read_sheet(lines, file.format, file.name, reading)


def read_sheet(
    lines: Lines, format_: Format, place: str, reading: ReadingOptions = AS_IS
) -> tuple[list[str], Sheet]:
    """Take the header from lines; return the column names and how the sheet is written.

    `place` is what to call the sheet. Raises UnusableDataset, see `open_sheet`.
    """
    named, delimiters = reading.skip, _DELIMITERS[format_]
    for _ in range(reading.skip):
        next(lines, None)
    _, first = next(lines, (0, b""))
    if told := name_content(first):
        raise UnusableDataset(f"{place}: {told}")
    if found := _NAMED.fullmatch(first):
        named, delimiters = named + 1, (found[1].decode("utf-8", "replace"),)
        _, first = next(lines, (0, b""))
    if reading.delimiter:
        delimiters = (reading.delimiter,)
    header = _take_header(first, lines) if reading.quoting else [first]
    text = b"".join(header).decode("utf-8", "replace")
    names, delimiter = _split_header(text, delimiters, place, reading.quoting)
    survey = _take_survey_lines(lines, delimiter, reading.quoting)
    return names, Sheet(delimiter, named, named + len(header) + survey, reading.quoting)


def _take_survey_lines(lines: Lines, delimiter: str, quoting: bool) -> int:
    """Pass over what a survey tool writes between the header and the rows; return its lines."""
    taken = [line for _, line in islice(lines, _SURVEY_LINES)]
    text = (line.decode("utf-8", "replace") for line in taken)
    reader = (
        csv.reader(text, delimiter=delimiter)
        if quoting
        else csv.reader(text, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    )
    rows: list[tuple[list[str], int]] = []
    with contextlib.suppress(csv.Error):
        rows += islice(((cells, reader.line_num) for cells in reader if any(cells)), SURVEY_ROWS)
    extra = count_survey_rows([cells for cells, _ in rows])
    kept = rows[extra - 1][1] if extra else 0
    lines.give_back(taken[kept:])
    return kept


def _take_header(first: bytes, lines: Lines) -> list[bytes]:
    """Return the lines of a header that begins with `first`: a cell in quotes may have several.

    A quote that is never closed costs one line only, as in a row.
    """
    taken, quotes, size = [first], first.count(b'"'), len(first)
    for _, line in lines if quotes % 2 else ():
        taken.append(line)
        quotes += line.count(b'"')
        size += len(line)
        if quotes % 2 == 0 or size > MAX_RECORD:
            break
    if quotes % 2:
        lines.give_back(taken[1:])
        return taken[:1]
    return taken


def _split_header(
    text: str, delimiters: Sequence[str], place: str, quoting: bool
) -> tuple[list[str], str]:
    candidates = [(_names(text, sep, place, quoting), sep) for sep in delimiters]
    names, delimiter = next(
        (pair for pair in candidates if "form" in map(fold_case, pair[0])),
        max(candidates, key=lambda pair: len(pair[0])),
    )
    if not any(names):
        raise UnusableDataset(f"{place}: is empty; its first line has to name the columns")
    if any("\ufffd" in name for name in names):
        raise UnusableDataset(f"{place}: its header is not UTF-8; save the file as UTF-8")
    return names, delimiter


def _names(text: str, delimiter: str, place: str, quoting: bool) -> list[str]:
    try:
        lines = io.StringIO(text, newline="")
        if quoting:
            return next(csv.reader(lines, delimiter=delimiter), [])
        return next(csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE), [])
    except csv.Error as error:
        raise UnusableDataset(f"{place}: the header cannot be read: {error}") from error
