"""From what the command names to event files: found, unpacked, their layouts recognised."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from softbalance.service.datasets.reading.conversion import read_table, write_csv
from softbalance.service.datasets.reading.decoding import decode
from softbalance.service.datasets.reading.defects import UnusableDataset
from softbalance.service.datasets.reading.formats import (
    PACKED,
    READ_ONLY,
    DataFile,
    Format,
    first_bytes,
)
from softbalance.service.datasets.reading.inputs import (
    check_read_once,
    check_readable,
    check_taken,
    expand_globs,
    spool_stream,
)
from softbalance.service.datasets.reading.reading_options import AS_IS, ReadingOptions
from softbalance.service.datasets.reading.unpacking import GZIP, Packed, unpack
from softbalance.service.events.event_layouts import EventLayout, Shape, layouts, shape_of

_ZIP = b"PK\x03\x04"
#: Tables that are no text. JSON is read as it is.
_TABLES = tuple(ending for ending in READ_ONLY if ending != ".json")


@dataclass(frozen=True, slots=True)
class EventFile:
    """A file of events; `shape` is None for JSON."""

    file: DataFile
    layout: EventLayout
    shape: Shape | None


def open_events(
    patterns: Iterable[str],
    folder: Path,
    wanted: EventLayout | None,
    reading: ReadingOptions = AS_IS,
) -> tuple[EventFile, ...]:
    """Resolve globs, archives and the stream `-` to event files, in the order given.

    What comes from a stream, is packed, or is of a format that is no text is kept in `folder` as
    text. `wanted` is the layout, told from each file's first line if None. Raises UnusableDataset,
    also where layouts do not go together.
    """
    names = [name for name, _ in expand_globs(patterns)]
    check_read_once(names)
    files = [_file(name, folder, n, reading) for n, name in enumerate(names)]
    check_taken(reading, files)
    found = tuple(_recognise(file, wanted) for file in files)
    _check_together(found)
    return found


def _file(name: str, folder: Path, number: int, reading: ReadingOptions) -> DataFile:
    path, called = spool_stream(name, folder / f"stream-{number}")
    if path.is_dir():
        raise UnusableDataset(f"{name}: is a folder; name its files, or a glob such as {name}/*")
    check_readable(path, name)
    own = Path(name).name
    ending = Path(own).suffix.lower()
    if ending not in PACKED and ending not in _TABLES and _start(path, len(_ZIP)) == _ZIP:
        own += ".zip"
    packed = unpack(Packed(path, called, own), folder / f"unpacked-{number}")
    ending = Path(packed.file).suffix.lower()
    made = folder / f"converted-{number}"
    if ending in _TABLES:
        write_csv(read_table(packed, ending, reading, None), made)
        return DataFile(made, Format.TSV, False, packed.name, kind=ending[1:])
    gzipped = _start(packed.path, len(GZIP)) == GZIP
    file = DataFile(packed.path, Format.TSV, gzipped, packed.name)
    return decode(file, made, reading.encoding) if reading.encoding else file


def _start(path: Path, size: int) -> bytes:
    with path.open("rb") as opened:
        return opened.read(size)


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
