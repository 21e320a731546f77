"""Files of other programs as Parquet or NDJSON, which is what engines read.

One reader for each format, in a module of its own; here is what holds for all.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

from softbalance.rules.model import Codebook
from softbalance.service.datasets.reading import (
    arrow_files,
    json_records,
    r_files,
    statistics_files,
    workbooks,
)
from softbalance.service.datasets.reading.content import name_content
from softbalance.service.datasets.reading.defects import UnusableDataset, find_lack_of_space
from softbalance.service.datasets.reading.foreign_table import ForeignTable, text_cells
from softbalance.service.datasets.reading.formats import DataFile, Format
from softbalance.service.datasets.reading.reading_options import ReadingOptions
from softbalance.service.datasets.reading.unpacking import Packed

#: What reads a file: by its path, its name for messages, the options, and the codebook if known.
Reader = Callable[[Path, str, ReadingOptions, Codebook | None], ForeignTable]
_READERS: dict[str, tuple[str, Reader]] = {
    ".xlsx": ("an Excel workbook", workbooks.read),
    ".dta": ("a Stata file", statistics_files.read_dta),
    ".sav": ("an SPSS file", statistics_files.read_sav),
    ".zsav": ("an SPSS file", statistics_files.read_sav),
    ".por": ("an SPSS portable file", statistics_files.read_por),
    ".rds": ("R data", r_files.read),
    ".feather": ("a Feather file", arrow_files.read),
    ".json": ("JSON", json_records.read),
}
#: What a kind is called in messages and options, where the ending is not its name.
_KINDS = {".zsav": "sav"}
_NUMBER = "line"


def convert(  # noqa: PLR0913, PLR0917 - what it is, where to, and how
    packed: Packed,
    ending: str,
    to: Path,
    reading: ReadingOptions,
    codebook: Codebook | None,
    pattern: str | None,
) -> DataFile:
    """Return a file of another format as one that engines read, kept in `to`.

    Raises UnusableDataset where a library is missing or the file cannot be read.
    """
    path, name = packed.path, packed.name
    kind = _KINDS.get(ending, ending[1:])
    if ending == ".json" and json_records.copy_episodes(path, name, to):
        return DataFile(to, Format.NDJSON, False, name, pattern, kind)
    table = read_table(packed, ending, reading, codebook)
    _write(table, to, name)
    return DataFile(
        to, Format.PARQUET, False, name, pattern, kind, True, table.blank, table.warnings
    )


def read_table(
    packed: Packed, ending: str, reading: ReadingOptions, codebook: Codebook | None
) -> ForeignTable:
    """Return the table in a file. Raises UnusableDataset, see `convert`."""
    what, reader = _READERS[ending]
    name = packed.name
    try:
        return reader(packed.path, name, reading, codebook)
    except (UnusableDataset, KeyboardInterrupt, MemoryError, SystemExit):
        raise
    except BaseException as error:  # each library has its own, and one panics
        if isinstance(error, Exception) and find_lack_of_space(error):
            raise
        with packed.path.open("rb") as opened:
            told = None if ending in (".json",) else name_content(opened.read(4096))
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise UnusableDataset(
            f"{name}: cannot be read as {what}: "
            + (f"it {told}" if told and what not in told else reason)
            + "; if it is damaged or under a password, open it in the program that it comes from "
            "and save it again"
        ) from error


def write_csv(table: ForeignTable, to: Path) -> None:
    """Write a table as CSV, its cells as the text that a sheet has for them."""
    columns = [text_cells(array.to_pylist()) for array in table.arrays]
    with to.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(table.names)
        writer.writerows(zip(*columns, strict=True))


def _write(table: ForeignTable, to: Path, name: str) -> None:
    import pyarrow as arrow
    from pyarrow import parquet

    rows = len(table.arrays[0]) if table.arrays else 0
    lines = range(1, rows + 1) if table.lines is None else table.lines
    arrays: list[Any] = [*table.arrays, arrow.array(lines, arrow.int64())]
    whole = arrow.Table.from_arrays(arrays, names=[*table.names, _NUMBER])
    parquet.write_table(whole, to, compression="lz4")
