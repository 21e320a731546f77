"""Files and their formats: told by ending, streams and globs resolved, headers read."""

from __future__ import annotations

import codecs
import glob
import gzip
import os
import shutil
import sys
import zlib
from collections.abc import Iterable
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


_ENDINGS = {
    ".csv": Format.CSV,
    ".tsv": Format.TSV,
    ".tab": Format.TSV,
    ".ndjson": Format.NDJSON,
    ".jsonl": Format.NDJSON,
    ".parquet": Format.PARQUET,
}
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file, what it holds, and what to call it in messages."""

    path: Path
    format: Format
    gzipped: bool
    name: str

    def open(self) -> BinaryIO:
        """Open it for reading, unpacked."""
        if self.gzipped:
            return cast(BinaryIO, gzip.open(self.path, "rb"))
        return self.path.open("rb")


def format_of(name: str, what: str) -> tuple[Format, bool]:
    """Return the format of a file by its ending, and whether it is gzipped.

    `what` is "input" or "output". Raises UnusableDataset for another ending.
    """
    path = Path(name.lower())
    gzipped = path.suffix == ".gz"
    ending = path.with_suffix("").suffix if gzipped else path.suffix
    found = _ENDINGS.get(ending)
    if found is None or (gzipped and found is Format.PARQUET):
        raise UnusableDataset(
            f"{name}: cannot tell the format of the {what} by its ending; it may be .csv, .tsv, "
            ".ndjson, .jsonl (each also .gz) or .parquet"
        )
    return found, gzipped


def open_inputs(patterns: Iterable[str], folder: Path, streamed: Format | None) -> list[DataFile]:
    """Resolve globs and the stream `-` to files, in the order given; a glob's are sorted.

    What comes from the stream is kept in `folder`, since a dataset may have to be read twice.
    `streamed` is its format, told from its first bytes if None. Raises UnusableDataset.
    """
    files: list[DataFile] = []
    for pattern in patterns:
        if pattern == STREAM:
            files.append(_spool_stream(folder / f"stdin-{len(files)}", streamed))
            continue
        paths = [pattern]
        if not os.path.exists(pattern) and glob.has_magic(pattern):
            paths = sorted(glob.glob(pattern, recursive=True))
            if not paths:
                raise UnusableDataset(f"{pattern}: no file matches")
        files += [_file(path) for path in paths]
    return files


def _file(name: str) -> DataFile:
    path = Path(name)
    found, gzipped = format_of(name, "input")
    if path.is_dir():
        raise UnusableDataset(
            f"{name}: is a folder; name its files, or read it with --engine spark"
        )
    try:
        with path.open("rb") as opened:
            start = opened.read(4)
    except OSError as error:
        raise UnusableDataset(f"{name}: cannot be read: {error.strerror}") from error
    if found is not Format.PARQUET:
        gzipped = start.startswith(_GZIP)
    return DataFile(path, found, gzipped, name)


def _spool_stream(path: Path, wanted: Format | None) -> DataFile:
    with path.open("wb") as kept:
        shutil.copyfileobj(sys.stdin.buffer, kept, 1 << 20)
    with path.open("rb") as kept:
        gzipped = kept.read(2) == _GZIP
    file = DataFile(path, Format.CSV, gzipped, "standard input")
    return DataFile(path, wanted or _sniff_format(file), gzipped, file.name)


def _sniff_format(file: DataFile) -> Format:
    start = first_bytes(file).lstrip()
    if start.startswith(b"PAR1"):
        return Format.PARQUET
    return Format.NDJSON if start.startswith(b"{") else Format.CSV


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
