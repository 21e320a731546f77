"""Text in other encodings as UTF-8."""

from __future__ import annotations

import codecs
import zlib
from dataclasses import replace
from pathlib import Path

from softbalance.service.datasets.reading.content import name_content
from softbalance.service.datasets.reading.defects import UnusableDataset, find_lack_of_space
from softbalance.service.datasets.reading.formats import DataFile

_BLOCK = 1 << 18
_LOOKED_AT = 4096


def decode(file: DataFile, to: Path, encoding: str) -> DataFile:
    """Return a text file as it is in UTF-8, kept in `to`. Lines stay where they are.

    Raises UnusableDataset where it is no text in that encoding.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    plain: codecs.IncrementalDecoder | None = codecs.getincrementaldecoder("utf-8")()
    ascii_only, line = True, 1
    try:
        with file.open() as stream, to.open("w", encoding="utf-8", newline="") as out:
            start = stream.read(_LOOKED_AT)
            if not encoding.startswith(("utf-16", "utf-32")) and (told := name_content(start)):
                raise UnusableDataset(f"{file.name}: {told}")
            block = start + stream.read(_BLOCK)
            while True:
                text = decoder.decode(block, final=not block)
                out.write(text.removeprefix("\ufeff") if line == 1 else text)
                line += text.count("\n")
                ascii_only = ascii_only and block.isascii()
                plain = _go_on(plain, block)
                if not block:
                    break
                block = stream.read(_BLOCK)
    except UnicodeError as error:
        raise UnusableDataset(
            f"{file.name}: is not {encoding}: past line {line} {_tell(error)}; name the encoding "
            "that it was saved in, or save it as UTF-8"
        ) from error
    except (OSError, EOFError, zlib.error) as error:
        if find_lack_of_space(error):
            raise
        raise UnusableDataset(f"{file.name}: cannot be read: {error}") from error
    warnings = file.warnings
    if plain is not None and not ascii_only:
        warnings += (
            f"{file.name}: is read as {encoding}, and all of it is UTF-8 too; if words look wrong, "
            "leave --encoding out",
        )
    return replace(file, path=to, gzipped=False, warnings=warnings)


def _go_on(
    plain: codecs.IncrementalDecoder | None, block: bytes
) -> codecs.IncrementalDecoder | None:
    """Return the decoder of UTF-8 as long as all is UTF-8."""
    try:
        if plain is not None:
            plain.decode(block, final=not block)
    except UnicodeDecodeError:
        return None
    return plain


def _tell(error: UnicodeError) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"the byte 0x{error.object[error.start]:02X} stands for nothing ({error.reason})"
    return str(error)
