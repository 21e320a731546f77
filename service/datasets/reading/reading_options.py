"""How files are to be read, where that cannot be told from them."""

from __future__ import annotations

import codecs
from collections.abc import Iterable
from dataclasses import dataclass

from softbalance.service.datasets.reading.defects import UnusableDataset
from softbalance.service.datasets.reading.values import DEFAULT_SPELLINGS, Spellings


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """What the command line says of the inputs.

    Without `quoting`, a quote in text is a character like others. `values` are the spellings of
    values. `encoding` is that of text, None for UTF-8; `delimiter` separates its fields, None where
    the header tells. `skip` lines stand before the header. `sheet` is the one of a workbook to
    read.
    """

    quoting: bool = True
    values: Spellings = DEFAULT_SPELLINGS
    encoding: str | None = None
    delimiter: str | None = None
    skip: int = 0
    sheet: str | None = None

    def list_given(self, names: Iterable[str]) -> list[str]:
        """Return those of the options so named that differ from what holds without them."""
        return [f"--{name}" for name in names if getattr(self, name) != getattr(AS_IS, name)]


#: The options for files that DuckDB reads.
_FILE_OPTIONS = ("quoting", "encoding", "delimiter", "skip", "sheet")

_NAMED_DELIMITERS = {"tab": "\t", "\\t": "\t"}
#: Files are what they seem to be.
AS_IS = ReadingOptions()


def refuse_file_options(reading: ReadingOptions, what: str) -> None:
    """Raise UnusableDataset where options are given that hold for files read by DuckDB alone."""
    if given := reading.list_given(_FILE_OPTIONS):
        raise UnusableDataset(
            f"{what} is read as it is; leave {' and '.join(given)} out, or let --engine be duckdb"
        )


def check_encoding(name: str | None) -> str | None:
    """Return the name of an encoding as Python has it; None for UTF-8. Raises UnusableDataset."""
    if name is None:
        return None
    try:
        found = codecs.lookup(name)
        found.incrementaldecoder().decode(b"")
    except (LookupError, TypeError, AssertionError):
        raise UnusableDataset(
            f"--encoding: no encoding is called {name!r}; usual ones are utf-8, utf-16, cp1252 "
            "(Windows, western), cp1250 (Windows, central), latin-1, mac-roman, shift_jis, gb18030"
        ) from None
    if not isinstance(found.incrementaldecoder().decode(b"", final=True), str):
        raise UnusableDataset(f"--encoding: {name!r} is no encoding of text")
    return None if found.name in ("utf-8", "utf-8-sig") else found.name


def check_delimiter(given: str | None) -> str | None:
    """Return the character that a delimiter is given as. Raises UnusableDataset."""
    if given is None:
        return None
    delimiter = _NAMED_DELIMITERS.get(given.lower(), given)
    if len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n\0':
        raise UnusableDataset(
            f"--delimiter: {given!r} cannot separate fields; give one character of ASCII such as "
            "';' or '|', or tab"
        )
    return delimiter
