"""Files and their formats, told by ending."""

from __future__ import annotations

import codecs
import gzip
import zlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, cast

from softbalance.service.datasets.reading.content import name_content
from softbalance.service.datasets.reading.defects import UnusableDataset

STREAM = "-"


class Format(StrEnum):
    """A format of datasets."""

    CSV = "csv"
    TSV = "tsv"
    NDJSON = "ndjson"
    PARQUET = "parquet"
    #: a table that the engine's connection has under the name of the file
    TABLE = "table"


_ENDINGS = {
    ".csv": Format.CSV,
    ".tsv": Format.TSV,
    ".tab": Format.TSV,
    ".ndjson": Format.NDJSON,
    ".jsonl": Format.NDJSON,
    ".parquet": Format.PARQUET,
}
#: Endings that are read and not written: each is converted to Parquet or NDJSON first.
READ_ONLY = (".xlsx", ".dta", ".sav", ".zsav", ".por", ".rds", ".feather", ".json")
#: Endings of what is packed, before which there is another.
PACKED = (".gz", ".zst", ".zip")


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file, what it holds, what to call it in messages, and the pattern that it was found by.

    What was converted from another format tells so by its `kind`, the ending of that. If it is
    `numbered`, its last column is the line of each row as people see it there; `blank` counts the
    rows left out whose cells are all blank, and `warnings` say what may not be meant so.
    """

    path: Path
    format: Format
    gzipped: bool
    name: str
    pattern: str | None = None
    kind: str = ""
    numbered: bool = False
    blank: int = 0
    warnings: tuple[str, ...] = ()

    def open(self) -> BinaryIO:
        """Open it for reading, unpacked."""
        if self.gzipped:
            return cast(BinaryIO, gzip.open(self.path, "rb"))
        return self.path.open("rb")


def format_of(name: str, what: str, wanted: Format | None = None) -> tuple[Format, bool]:
    """Return the format of a file, and whether it is gzipped, by its ending.

    The format `wanted` goes before the ending. `what` is "input" or "output". Raises
    UnusableDataset for another ending.
    """
    path = Path(name.lower())
    gzipped = path.suffix == ".gz"
    ending = path.with_suffix("").suffix if gzipped else path.suffix
    found = wanted or _ENDINGS.get(ending)
    if found is None or (gzipped and found is Format.PARQUET):
        others = (
            f"; read are also {', '.join(READ_ONLY)}, and .zip and .zst of all these; text that "
            "ends otherwise is read with --delimiter"
            if what == "input"
            else ""
        )
        raise UnusableDataset(
            f"{name}: cannot tell the format of the {what} by its ending; it may be .csv, .tsv, "
            f".ndjson, .jsonl (each also .gz) or .parquet{others}"
        )
    return found, gzipped


def first_bytes(file: DataFile, size: int = 1 << 20) -> bytes:
    """Return how a file begins, without a byte order mark.

    Raises UnusableDataset if it cannot be read, or is no text and no Parquet.
    """
    try:
        with file.open() as opened:
            start = opened.read(size)
    except (OSError, EOFError, zlib.error) as error:
        raise UnusableDataset(f"{file.name}: cannot be read: {error}") from error
    if told := name_content(start, parquet=True):
        raise UnusableDataset(f"{file.name}: {told}")
    return start.removeprefix(codecs.BOM_UTF8)
