"""Files out of what they are packed in: .zip, .zst, and .gz of what engines do not unpack."""

from __future__ import annotations

import gzip
import shutil
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from softbalance.service.datasets.reading.defects import UnusableDataset, find_lack_of_space
from softbalance.service.datasets.reading.formats import PACKED, READ_ONLY
from softbalance.service.datasets.reading.libraries import import_library

GZIP = b"\x1f\x8b"
#: What systems put into archives of their own accord.
_LITTER = ("__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini")
#: Before `.gz`, endings of what engines do not unpack.
_NO_TEXT = (*READ_ONLY, *PACKED)
_BLOCK = 1 << 20
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Packed:
    """A file, what to call it in messages, and its own name, by whose ending its format is told."""

    path: Path
    name: str
    file: str


def unpack(packed: Packed, to: Path) -> Packed:
    """Return a file without what it is packed in, as its endings tell; it is kept in `to`.

    Of text `.gz` stays, as engines read that. An archive has to hold one file. Raises
    UnusableDataset.
    """
    made = 0
    while (ending := Path(packed.file).suffix.lower()) in _UNPACK:
        inner = packed.file[: -len(ending)]
        if ending == ".gz" and Path(inner).suffix.lower() not in _NO_TEXT:
            break
        target = to.with_name(f"{to.name}-{made}")
        try:
            packed = _UNPACK[ending](packed, inner, target)
        except UnusableDataset:
            raise
        except Exception as error:  # each library has its own
            if find_lack_of_space(error):
                raise
            raise UnusableDataset(
                f"{packed.name}: cannot be unpacked: {error}; it may be damaged: fetch it again, "
                "or unpack it and name the file inside"
            ) from error
        made += 1
    return packed


def _unzip(packed: Packed, inner: str, to: Path) -> Packed:
    with zipfile.ZipFile(packed.path) as archive:
        members = [each for each in archive.infolist() if not _is_litter(each)]
        if len(members) != 1:
            shown = ", ".join(each.filename for each in members[:_SHOWN])
            more = f" and {len(members) - _SHOWN} more" if len(members) > _SHOWN else ""
            held = f"{len(members)} files ({shown}{more})" if members else "no file"
            raise UnusableDataset(
                f"{packed.name}: holds {held}, and not one; unpack it and name the files meant"
            )
        (member,) = members
        if member.flag_bits & 1:
            raise UnusableDataset(
                f"{packed.name}: is under a password; unpack it and name the file inside"
            )
        with archive.open(member) as stream:
            _copy(stream, to)
    name = Path(member.filename).name
    return Packed(to, f"{packed.name} ({member.filename})", name if Path(name).suffix else inner)


def _is_litter(member: zipfile.ZipInfo) -> bool:
    name = member.filename
    return member.is_dir() or name.startswith(_LITTER[0]) or Path(name).name in _LITTER[1:]


def _unzstd(packed: Packed, inner: str, to: Path) -> Packed:
    zstandard = import_library("zstandard", packed.name)
    with packed.path.open("rb") as opened:
        reader = zstandard.ZstdDecompressor().stream_reader(opened, read_across_frames=True)
        size = _copy(reader, to)
    if not size and packed.path.stat().st_size:
        raise zlib.error("it ends too soon")
    return Packed(to, packed.name, inner)


def _gunzip(packed: Packed, inner: str, to: Path) -> Packed:
    with gzip.open(packed.path) as stream:
        _copy(stream, to)
    return Packed(to, packed.name, inner)


def _copy(stream: Any, to: Path) -> int:
    with to.open("wb") as out:
        shutil.copyfileobj(stream, out, _BLOCK)
        return out.tell()


_UNPACK = {".zip": _unzip, ".zst": _unzstd, ".gz": _gunzip}
