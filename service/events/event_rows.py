"""From event files to Parquet: the fields that are needed, each row with its file and line.

DuckDB reads a clean file in one pass. At the first defect `records` takes over, which keeps every
good row and tells every bad one.
"""

from __future__ import annotations

import csv
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from softbalance.rules.table.sql import quote_text
from softbalance.schemas.mistakes import Mistake
from softbalance.service.datasets.reading.defects import (
    ENCODING,
    RAGGED,
    UnusableDataset,
    find_lack_of_space,
)
from softbalance.service.datasets.reading.duck_files import scan_sql
from softbalance.service.datasets.reading.rejects import Reject
from softbalance.service.datasets.reading.text_lines import MAX_RECORD
from softbalance.service.datasets.reading.text_rows import Record, Records
from softbalance.service.events.event_layouts import Shape
from softbalance.service.events.files import EventFile

if TYPE_CHECKING:
    import duckdb

#: The fields of a row by the coding of its layout, all text.
FIELDS = {
    "cameo": (
        "id", "day", "source", "source_group", "source_type1", "source_type2", "source_type3",
        "target", "target_group", "target_type1", "target_type2", "target_type3",
        "code", "root", "quad", "scale",
    ),
    "plover": ("id", "day", "source", "target", "code", "kind", "skipped"),
    "cow": (
        "dispute", "state", "side", "start_day", "start_month", "start_year",
        "end_day", "end_month", "end_year", "hostility",
    ),
}  # fmt: skip
_STRIDE = 8192


def read_clean(
    file: EventFile, index: int, to: Path, connection: duckdb.DuckDBPyConnection
) -> int | None:
    """Write a text file's rows to Parquet and return how many there are.

    None, and nothing of use in `to`, where a row is damaged or spans lines.
    """
    import duckdb

    shape = file.shape
    if shape is None:
        return None
    fields = ", ".join(
        f"c{shape.places[name]} AS {name}" if name in shape.places else f"NULL::VARCHAR AS {name}"
        for name in FIELDS[file.layout.coding]
    )
    line = f"row_number() OVER () + {int(shape.header)}"
    try:
        query = f"SELECT {index} AS file, {line} AS line, {fields} FROM {_scan(file, shape)}"
        rows = _copy(connection, query, to)
    except duckdb.Error as error:
        if find_lack_of_space(error):
            raise
        return None
    return rows if rows + shape.header == _lines(file) else None


def _scan(file: EventFile, shape: Shape) -> str:
    columns = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(_width(file, shape)))
    quote = "" if shape.delimiter == "\t" else '"'
    return scan_sql(
        "read_csv",
        file.file.path,
        f"columns = {{{columns}}}, auto_detect = false",
        f"header = {shape.header}, delim = {quote_text(shape.delimiter)}",
        f"quote = '{quote}', escape = '{quote}', strict_mode = true, null_padding = false",
        f"max_line_size = {MAX_RECORD}",
        f"compression = '{'gzip' if file.file.gzipped else 'none'}'",
    )


def _copy(connection: duckdb.DuckDBPyConnection, query: str, to: Path) -> int:
    (rows,) = connection.execute(
        f"COPY ({query}) TO {quote_text(str(to))} (FORMAT parquet)"
    ).fetchone() or (0,)
    return int(rows)


def _width(file: EventFile, shape: Shape) -> int:
    if len(shape.widths) == 1:
        return shape.widths[0]
    with file.file.open() as opened:
        return opened.readline(MAX_RECORD).count(shape.delimiter.encode()) + 1


def _lines(file: EventFile) -> int:
    """Return how many lines a file has; DuckDB passes over blank ones."""
    lines, last = 0, b"\n"
    with file.file.open() as opened:
        while block := opened.read(1 << 20):
            lines += block.count(b"\n")
            last = block[-1:]
    return lines + (last != b"\n")


def read_damaged(
    file: EventFile,
    index: int,
    copy: Path,
    rejected: Callable[[Reject], None],
    read: Callable[[int], None],
) -> int:
    """Write the good rows of a text file to `copy`, as `load_copy` reads them.

    Every bad one is given to `rejected`; `read` is told now and then how many rows there have
    been. Returns how many there were. Raises UnusableDataset if the file cannot be unpacked.
    """
    assert file.shape is not None  # noqa: S101 - JSON is read in `plover`
    count = 0
    places = [file.shape.places.get(name) for name in FIELDS[file.layout.coding]]
    try:
        with copy.open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
            for count, (record, cells) in enumerate(_rows(file, file.shape), 1):
                if count % _STRIDE == 0:
                    read(_STRIDE)
                if isinstance(cells, Mistake):
                    rejected(_reject(index, record, cells))
                    continue
                kept = ("" if p is None or p >= len(cells) else cells[p] for p in places)
                writer.writerow([record.line, *kept])
    except (EOFError, zlib.error, OSError) as error:
        if find_lack_of_space(error):
            raise
        raise UnusableDataset(f"{file.file.name}: cannot be read: {error}") from error
    return count


def _reject(index: int, record: Record, mistake: Mistake) -> Reject:
    whole = record.raw.decode("utf-8", "backslashreplace")
    return Reject(index, record.line, "", "", whole, mistake.code, str(mistake), whole)


def _rows(file: EventFile, shape: Shape) -> Iterator[tuple[Record, list[str] | Mistake]]:
    """Yield the rows of a text file, each with its cells or with what is wrong with it."""
    separator = shape.delimiter.encode()
    with file.file.open() as stream:
        rows = Records(stream, shape.delimiter, max(shape.widths), skip_blank=False)
        if shape.header:
            next(rows, None)
        for record in rows:
            fields, mistake = record.fields, record.mistake
            if mistake is not None and mistake.code == RAGGED:
                fields = record.raw.split(separator)
                mistake = (
                    None if len(fields) in shape.widths else _report_ragged(len(fields), shape)
                )
            if mistake is None:
                yield (
                    record,
                    _decode_fields(record.raw.split(separator) if fields is None else fields),
                )
            else:
                yield record, mistake


def _report_ragged(count: int, shape: Shape) -> Mistake:
    widths = " or ".join(map(str, shape.widths))
    return Mistake(
        RAGGED, f"this row has {count} fields where the layout {shape.layout.id} has {widths}"
    )


def _decode_fields(fields: list[bytes]) -> list[str] | Mistake:
    try:
        return [field.decode() for field in fields]
    except UnicodeDecodeError as error:
        return Mistake(ENCODING, f"this row is not UTF-8 ({error.reason}); save the file as UTF-8")


def load_copy(
    copy: Path, index: int, coding: str, to: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    """Write a copy of rows to Parquet: lines first, then the fields of the coding."""
    fields = FIELDS[coding]
    columns = ", ".join(["'line': 'BIGINT'", *(f"'{name}': 'VARCHAR'" for name in fields)])
    source = scan_sql(
        "read_csv",
        copy,
        f"columns = {{{columns}}}, auto_detect = false",
        r"""header = false, delim = ',', quote = '"', escape = '"', new_line = '\n'""",
        f"max_line_size = {2 * MAX_RECORD}",
    )
    cells = ", ".join(f"nullif({name}, '') AS {name}" for name in fields)
    _copy(connection, f"SELECT {index} AS file, line, {cells} FROM {source}", to)
