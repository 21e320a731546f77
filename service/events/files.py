"""From what the command names to event files: found, unpacked, their layouts recognised."""

from __future__ import annotations

import glob
import os
import shutil
import sys
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from softbalance.service.datasets.reading.defects import UnusableDataset
from softbalance.service.datasets.reading.formats import STREAM, DataFile, Format, first_bytes
from softbalance.service.events.event_layouts import EventLayout, Shape, layouts, shape_of

_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class EventFile:
    """A file of events; `shape` is None for JSON."""

    file: DataFile
    layout: EventLayout
    shape: Shape | None


def open_events(
    patterns: Iterable[str], folder: Path, wanted: EventLayout | None
) -> tuple[EventFile, ...]:
    """Resolve globs, archives and the stream `-` to event files, in the order given.

    What comes from a stream or a zip archive is kept in `folder`. `wanted` is the layout, told
    from each file's first line if None. Raises UnusableDataset, also where layouts do not go
    together.
    """
    found = tuple(
        _recognise(file, wanted) for pattern in patterns for file in _files(pattern, folder)
    )
    _check_together(found)
    return found


def _files(pattern: str, folder: Path) -> list[DataFile]:
    if pattern == STREAM:
        kept = folder / "standard-input"
        with kept.open("wb") as out:
            shutil.copyfileobj(sys.stdin.buffer, out, 1 << 20)
        return [_file(kept, "standard input", folder)]
    if os.path.exists(pattern) or not glob.has_magic(pattern):
        return [_file(Path(pattern), pattern, folder)]
    paths = sorted(glob.glob(pattern, recursive=True))
    if not paths:
        raise UnusableDataset(f"{pattern}: no file matches")
    return [_file(Path(path), path, folder) for path in paths]


def _file(path: Path, name: str, folder: Path) -> DataFile:
    if path.is_dir():
        raise UnusableDataset(f"{name}: is a folder; name its files, or a glob such as {name}/*")
    try:
        with path.open("rb") as opened:
            start = opened.read(4)
    except OSError as error:
        raise UnusableDataset(f"{name}: cannot be read: {error.strerror}") from error
    if start == _ZIP:
        return DataFile(_unzip(path, name, folder), Format.TSV, False, name)
    return DataFile(path, Format.TSV, start.startswith(_GZIP), name)


def _unzip(path: Path, name: str, folder: Path) -> Path:
    """Unpack the one file of an archive, as GDELT publishes its files."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            if len(members) != 1:
                raise UnusableDataset(
                    f"{name}: holds {len(members)} files; unpack it and name the one with events"
                )
            kept = folder / f"unzipped-{len(list(folder.iterdir()))}"
            with archive.open(members[0]) as packed, kept.open("wb") as out:
                shutil.copyfileobj(packed, out, 1 << 20)
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError) as error:
        raise UnusableDataset(f"{name}: cannot be unpacked: {error}") from error
    return kept


def _recognise(file: DataFile, wanted: EventLayout | None) -> EventFile:
    start = first_bytes(file).lstrip()
    if not start:
        raise UnusableDataset(f"{file.name}: is empty")
    if start[:1] in (b"{", b"["):
        layout = wanted or next(one for one in layouts().values() if one.json)
        if not layout.json:
            raise UnusableDataset(f"{file.name}: is JSON, and {layout.id} is not")
        return EventFile(file, layout, None)
    if wanted and wanted.json:
        raise UnusableDataset(f"{file.name}: is not JSON, and {wanted.id} is")
    line = start.split(b"\n", 1)[0].decode("utf-8", "replace")
    shape = shape_of(line, file.name, wanted)
    return EventFile(file, shape.layout, shape)


def _check_together(files: Sequence[EventFile]) -> None:
    first = files[0]
    for other in files[1:]:
        if (other.layout.coding, other.layout.actors) != (first.layout.coding, first.layout.actors):
            raise UnusableDataset(
                f"{other.file.name} holds {other.layout.title} and {first.file.name} "
                f"{first.layout.title}: they would count the same events twice; take two runs"
            )
    if all(file.layout.id == "mid-disputes" for file in files):
        raise UnusableDataset(
            f"{first.file.name}: names disputes and not who took part; give the participants "
            "(MIDB) with it"
        )
