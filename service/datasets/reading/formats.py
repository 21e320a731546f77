"""Files and their formats: told by ending, streams and globs resolved, headers read."""

from __future__ import annotations

import codecs
import glob
import gzip
import os
import shutil
import sys
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, cast

from softbalance.service.datasets.reading.content import name_content
from softbalance.service.datasets.reading.defects import UnusableDataset, find_lack_of_space
from softbalance.service.datasets.reading.streams import is_stream

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
    """A file, what it holds, what to call it in messages, and the pattern that it was found by."""

    path: Path
    format: Format
    gzipped: bool
    name: str
    pattern: str | None = None

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
        raise UnusableDataset(
            f"{name}: cannot tell the format of the {what} by its ending; it may be .csv, .tsv, "
            ".ndjson, .jsonl (each also .gz) or .parquet"
        )
    return found, gzipped


def open_inputs(patterns: Iterable[str], folder: Path, wanted: Format | None) -> list[DataFile]:
    """Resolve globs and the stream `-` to files, in the order given; a glob's are sorted.

    What comes from a stream, a pipe or a device is kept in `folder`, since a dataset may have to be
    read twice. `wanted` is the format of all; if None it is told by their endings, and of a stream
    without one by its first bytes. Raises UnusableDataset.
    """
    names = list(expand_globs(patterns))
    check_read_once(name for name, _ in names)
    return [
        _file(name, folder / f"stream-{n}", wanted, pattern)
        for n, (name, pattern) in enumerate(names)
    ]


def expand_globs(patterns: Iterable[str]) -> Iterator[tuple[str, str | None]]:
    """Yield the names of files, and the pattern of each that a pattern matches.

    Raises UnusableDataset where a pattern matches nothing.
    """
    for pattern in patterns:
        if pattern == STREAM or os.path.lexists(pattern) or not glob.has_magic(pattern):
            yield pattern, None
            continue
        found = sorted(glob.glob(pattern, recursive=True))
        if not found:
            raise UnusableDataset(f"{pattern}: no file matches")
        yield from ((name, pattern) for name in found)


def check_read_once(names: Iterable[str]) -> None:
    """Raise UnusableDataset if a stream is named twice: the second time it would be empty."""
    seen: set[object] = set()
    for name in names:
        if name != STREAM and not is_stream(Path(name)):
            continue
        try:
            found = os.fstat(0) if name == STREAM else os.stat(name)
            key: object = (found.st_dev, found.st_ino)
        except OSError:
            key = name
        if key in seen:
            raise UnusableDataset(f"{name}: is named twice, and can be read only once")
        seen.add(key)


def _file(name: str, kept: Path, wanted: Format | None, pattern: str | None) -> DataFile:
    path, called = spool_stream(name, kept)
    if path.is_dir():
        raise UnusableDataset(
            f"{name}: is a folder; name its files, or read it with --engine spark"
        )
    try:
        with path.open("rb") as opened:
            start = opened.read(4)
    except OSError as error:
        raise UnusableDataset(f"{name}: cannot be read: {error.strerror}") from error
    gzipped = start.startswith(_GZIP)
    file = DataFile(path, wanted or Format.CSV, gzipped, called, pattern)
    if wanted is None:
        nameless = path is kept and not Path(name).suffix
        found = _sniff_format(file) if nameless else format_of(name, "input")[0]
        file = replace(file, format=found)
    return replace(file, gzipped=gzipped and file.format is not Format.PARQUET)


def spool_stream(name: str, kept: Path) -> tuple[Path, str]:
    """Return where a file can be read again and again, and what to call it.

    What comes from `-`, a pipe or a device is copied to `kept`. Raises UnusableDataset.
    """
    if name == STREAM:
        if sys.stdin is None:
            raise UnusableDataset("standard input is closed; name a file")
        with kept.open("wb") as out:
            shutil.copyfileobj(sys.stdin.buffer, out, 1 << 20)
        return kept, "standard input"
    path = Path(name)
    if not is_stream(path) or path.is_file():
        return path, name
    try:
        with path.open("rb") as stream, kept.open("wb") as out:
            shutil.copyfileobj(stream, out, 1 << 20)
    except OSError as error:
        if find_lack_of_space(error):
            raise
        raise UnusableDataset(f"{name}: cannot be read: {error.strerror}") from error
    return kept, name


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
