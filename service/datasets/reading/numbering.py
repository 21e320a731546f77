"""A copy of a damaged text file without its bad lines, each row with its number and line."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path

from softbalance.service.datasets.reading.dataset import Part
from softbalance.service.datasets.reading.defects import UnusableDataset, find_lack_of_space
from softbalance.service.datasets.reading.rejects import Reject
from softbalance.service.datasets.reading.text_lines import mixes_ends
from softbalance.service.datasets.reading.text_rows import Record, Records, quote_fields

#: Lines between two words on how far the reading has come.
_STRIDE = 8192


def number(
    part: Part,
    index: int,
    copy: Path,
    rejected: Callable[[Reject], None],
    read: Callable[[int], None],
) -> Records:
    """Write the good rows of a part to `copy`; return what was read, for what was passed over.

    A row is preceded by its number, the bad ones counted, and the line where it begins. `index` is
    the part's place in the dataset. Every bad one is given to `rejected`; `read` is told now and
    then how many rows there have been. Raises UnusableDataset if the file cannot be unpacked.
    """
    separator = part.delimiter.encode()
    count = 0
    try:
        with part.file.open() as stream, copy.open("wb") as out:
            rows = part.read_rows(stream)
            for count, record in enumerate(rows, 1):
                if count % _STRIDE == 0:
                    read(_STRIDE)
                if record.mistake is not None:
                    rejected(_reject(index, record))
                    continue
                row, fields = record.raw, record.fields
                if fields is None and (b"\r" in row or b'"' in row):
                    # beside other line ends, DuckDB would take a bare one in a field for one
                    fields = row.split(separator)
                if fields is not None:
                    row = separator.join(quote_fields(fields))
                out.write(b"%d%b%d%b%b\n" % (count, separator, record.line, separator, row))
    except (EOFError, zlib.error, OSError) as error:
        if find_lack_of_space(error):
            raise
        raise UnusableDataset(f"{part.file.name}: cannot be read: {error}") from error
    read(count % _STRIDE)
    return rows


def _reject(index: int, record: Record) -> Reject:
    assert record.mistake is not None  # noqa: S101 - the caller has looked
    whole = record.raw.decode("utf-8", "backslashreplace")
    return Reject(
        index, record.line, "", "", whole, record.mistake.code, str(record.mistake), whole
    )


def misleads_duckdb(part: Part) -> bool:
    """Return whether DuckDB may read a part otherwise than meant, and says nothing.

    It takes what first looks like the end of a line, be it in a cell of the header, for the end of
    all, and any other for one as well, or for none. Lines that stand before the header may have
    quotes of their own. And in tab-separated text a quote is often but a quote: what it swallows
    has to be told.
    """
    if part.types:
        return False
    if part.sheet.header_lines > part.sheet.named + 1 or part.sheet.named > 1:
        return True
    try:
        with part.file.open() as stream:
            if mixes_ends(stream):
                return True
        if part.delimiter != "\t" or not part.sheet.quoting:
            return False
        with part.file.open() as stream:
            return any(line.count(b'"') % 2 for _, line in part.read_lines(stream))
    except (EOFError, zlib.error, OSError):
        return True  # who reads it row by row tells what is wrong


def warn_of_spanning(part: Part, rows: Records) -> list[str]:
    """Warn of the records of tab-separated text that span lines."""
    if not rows.spanning:
        return []
    places = ", ".join(f"lines {first} to {last}" for first, last in rows.spanning[:5])
    more = f" and {len(rows.spanning) - 5:,} more" if len(rows.spanning) > 5 else ""
    return [
        f"{part.file.name}: {places}{more}: what stands in quotes is read as one field that spans "
        "lines; if quotes are only quotes in this file, read it with --quoting none"
    ]
