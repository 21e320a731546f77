"""From what a command names to files that can be read: streams, globs, packed and other formats."""

from __future__ import annotations

import glob
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from softbalance.rules.model import Codebook
from softbalance.service.datasets.reading.conversion import convert
from softbalance.service.datasets.reading.decoding import decode
from softbalance.service.datasets.reading.defects import UnusableDataset, find_lack_of_space
from softbalance.service.datasets.reading.formats import (
    READ_ONLY,
    STREAM,
    DataFile,
    Format,
    first_bytes,
    format_of,
)
from softbalance.service.datasets.reading.reading_options import AS_IS, ReadingOptions
from softbalance.service.datasets.reading.streams import is_stream
from softbalance.service.datasets.reading.unpacking import GZIP, Packed, unpack

#: Which formats an option holds for.
_TAKEN_BY = {
    "encoding": (Format.CSV, Format.TSV, Format.NDJSON, "dta", "sav"),
    "delimiter": (Format.CSV, Format.TSV),
    "quoting": (Format.CSV, Format.TSV),
    "skip": (Format.CSV, Format.TSV, "xlsx"),
    "sheet": ("xlsx",),
}


def open_inputs(
    patterns: Iterable[str],
    folder: Path,
    wanted: Format | None,
    reading: ReadingOptions = AS_IS,
    codebook: Codebook | None = None,
) -> list[DataFile]:
    """Resolve globs and the stream `-` to files, in the order given; a glob's are sorted.

    What comes from a stream, a pipe or a device is kept in `folder`, since a dataset may have to be
    read twice; so is what is unpacked, decoded, or converted from other formats, where the
    `codebook` tells which columns mean something. `wanted` is the format of all; if None it is told
    by their endings, and of a stream without one by its first bytes. Raises UnusableDataset.
    """
    names = list(expand_globs(patterns))
    check_read_once(name for name, _ in names)
    opener = _Opener(folder, wanted, reading, codebook)
    files = [opener.open(name, pattern, n) for n, (name, pattern) in enumerate(names)]
    check_taken(reading, files)
    return files


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


def check_taken(reading: ReadingOptions, files: Iterable[DataFile]) -> None:
    """Raise UnusableDataset for an option that holds for none of the files."""
    kinds = {file.kind or file.format for file in files}
    for option, taken in _TAKEN_BY.items():
        if reading.list_given([option]) and not kinds & set(taken):
            raise UnusableDataset(
                f"--{option}: no input is one that it holds for ({', '.join(taken)}); leave it out"
            )


@dataclass(frozen=True, slots=True)
class _Opener:
    folder: Path
    wanted: Format | None
    reading: ReadingOptions
    codebook: Codebook | None

    def open(self, name: str, pattern: str | None, number: int) -> DataFile:
        """Return a file that can be read: what is not what engines read is made so."""
        kept = self.folder / f"stream-{number}"
        path, called = spool_stream(name, kept)
        check_readable(path, name)
        packed = Packed(path, called, Path(name).name)
        packed = unpack(packed, self.folder / f"unpacked-{number}")
        made = self.folder / f"converted-{number}"
        ending = Path(packed.file).suffix.lower()
        if self.wanted is None and ending in READ_ONLY:
            return convert(packed, ending, made, self.reading, self.codebook, pattern)
        path = packed.path
        with path.open("rb") as opened:
            gzipped = opened.read(2) == GZIP
        file = DataFile(path, self.wanted or Format.CSV, gzipped, packed.name, pattern)
        if self.wanted is None:
            nameless = path is kept and not Path(name).suffix
            file = replace(file, format=_sniff_format(file) if nameless else self._tell(packed))
        file = replace(file, gzipped=gzipped and file.format is not Format.PARQUET)
        if self.reading.encoding and file.format is not Format.PARQUET:
            return decode(file, made, self.reading.encoding)
        return file

    def _tell(self, packed: Packed) -> Format:
        try:
            return format_of(packed.file or packed.name, "input")[0]
        except UnusableDataset as error:
            if self.reading.delimiter:
                return Format.CSV
            told = str(error).removeprefix(packed.file or packed.name)
            raise UnusableDataset(f"{packed.name}{told}") from error


def check_readable(path: Path, name: str) -> None:
    """Raise UnusableDataset for a folder, and for a file that cannot be opened."""
    if path.is_dir():
        raise UnusableDataset(
            f"{name}: is a folder; name its files, or read it with --engine spark"
        )
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise UnusableDataset(f"{name}: cannot be read: {error.strerror}") from error


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
