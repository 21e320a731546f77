"""The records of a damaged text file: each good one whole, each bad one told with its line.

DuckDB reads clean files much faster and stops at the first defect. This reader takes over then.
A record is what RFC 4180 says, with blanks allowed around a quoted field. A record that is
malformed costs its first line only: reading goes on with the next line, so that a quote that is
never closed does not swallow the rest of the file. Empty fields too many at the end are let pass,
as DuckDB does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from softbalance.schemas.mistakes import Mistake
from softbalance.service.datasets.reading.defects import (
    ENCODING,
    LENGTH,
    QUOTING,
    RAGGED,
    TOO_MANY,
    count_lines,
)
from softbalance.service.datasets.reading.text_lines import MAX_RECORD, Lines, chomp


@dataclass(frozen=True, slots=True)
class Record:
    """A record, or a line that is none.

    `line` is where it begins in the file, from 1, and `raw` its bytes without the line's end.
    `fields` is None where there is a `mistake`, and where a split at the delimiters gives them.
    """

    line: int
    raw: bytes
    fields: list[bytes] | None = None
    mistake: Mistake | None = None


class _MalformedField(Exception):
    """Text follows a closing quote."""


class _UnclosedQuote(Exception):
    """A quoted field is still open where the text ends."""


class Records(Iterator[Record]):
    """The records of `width` fields a row in a stream or its lines, in order, a header among them.

    Blank lines are no records. `blank` counts the rows so far whose fields are all blank, which are
    passed over too. `spanning` has the first and the last line of each record of tab-separated text
    that goes on in other lines: there, a quote is often but a quote. Without `quoting` it always
    is. After `most` lines from here, blank ones too, a mistake is the last record. Without
    `skip_blank` rows of delimiters alone are records like others.
    """

    def __init__(  # noqa: PLR0913 - each is a rule that sheets follow or not
        self,
        source: BinaryIO | Lines,
        delimiter: str,
        width: int,
        *,
        quoting: bool = True,
        most: int | None = None,
        skip_blank: bool = True,
    ) -> None:
        self.blank = 0
        self.spanning: list[tuple[int, int]] = []
        self._lines = source if isinstance(source, Lines) else Lines(source, quoting=quoting)
        self._most, self._before, self._cut = most, self._lines.number, False
        self._separator, self._width = delimiter.encode(), width
        self._quote = b'"' if quoting else None
        self._skip_blank = skip_blank
        self._blanks = b" \t\r\n" + self._separator

    def __next__(self) -> Record:
        if self._cut:
            raise StopIteration
        for number, text in self._lines:
            if self._most is not None and number > self._before + self._most:
                self._cut = True
                return Record(number, b"", None, Mistake(TOO_MANY, count_lines(self._most)))
            hollow = not text.strip(self._blanks)
            if hollow and (self._skip_blank or self._separator not in text):
                self.blank += self._separator in text
            elif self._quote is None or self._quote not in text:
                return self._read_plain(number, chomp(text))
            elif record := self._read_quoted(number, text):
                return record
        raise StopIteration

    def _read_plain(self, number: int, raw: bytes) -> Record:
        count, fields = raw.count(self._separator) + 1, None
        if count > self._width:
            fields = self._drop_surplus(raw.split(self._separator))
            count = len(fields)
        mistake = _find_mistake(count, raw, self._width)
        return Record(number, raw, None if mistake else fields, mistake)

    def _read_quoted(self, number: int, text: bytes) -> Record | None:
        """Return the record that begins with a line in which there is a quote; None if blank."""
        parts = [text]
        try:
            fields = _read_quoted_fields(parts, self._lines, self._separator)
            if self._skip_blank and not any(map(bytes.strip, fields)):
                self.blank += 1
                return None
            fields = self._drop_surplus(fields)
            whole = chomp(b"".join(parts))
            mistake = _find_mistake(len(fields), whole, self._width)
        except (_MalformedField, _UnclosedQuote):
            mistake = Mistake(QUOTING, "a quote is not closed, or text follows the closing quote")
        if mistake is None:
            if len(parts) > 1 and self._separator == b"\t":
                self.spanning.append((number, number + len(parts) - 1))
            return Record(number, whole, fields)
        if len(parts) > 1:
            self._lines.give_back(parts[1:])
            mistake = Mistake(QUOTING, "a quote opens here and what it encloses makes no whole row")
        raw = chomp(text)
        if self._separator == b"\t" and mistake.code == QUOTING:
            # Tab-separated text often knows no quoting: there, a quote is only a quote.
            plain = self._read_plain(number, raw)
            if plain.mistake is None or plain.mistake.code != RAGGED:
                return plain
        return Record(number, raw, None, mistake)

    def _drop_surplus(self, fields: list[bytes]) -> list[bytes]:
        """Return fields without those beyond the width, if there is nothing in these."""
        return fields if any(map(bytes.strip, fields[self._width :])) else fields[: self._width]


def _read_quoted_fields(parts: list[bytes], lines: Lines, separator: bytes) -> list[bytes]:
    """Return the fields of the record that begins with `parts[0]`; adds the lines it goes on in."""
    size = len(parts[0])
    while True:
        try:
            return _split(chomp(b"".join(parts)), separator)
        except _UnclosedQuote:
            for _, line in lines:
                parts.append(line)
                size += len(line)
                if b'"' in line or size > MAX_RECORD:
                    break
            else:
                raise
            if size > MAX_RECORD:
                raise


def _split(text: bytes, separator: bytes) -> list[bytes]:
    fields: list[bytes] = []
    at = 0
    while True:
        start = _skip_blanks(text, at)
        if text[start : start + 1] == b'"':
            field, at = _read_quoted_field(text, start + 1)
            at = _skip_blanks(text, at)
            if at < len(text) and not text.startswith(separator, at):
                raise _MalformedField
        else:
            end = text.find(separator, at)
            end = len(text) if end < 0 else end
            field, at = text[at:end], end
        fields.append(field)
        if at >= len(text):
            return fields
        at += len(separator)


def _skip_blanks(text: bytes, at: int) -> int:
    while text[at : at + 1] == b" ":
        at += 1
    return at


def _read_quoted_field(text: bytes, at: int) -> tuple[bytes, int]:
    pieces = []
    while True:
        end = text.find(b'"', at)
        if end < 0:
            raise _UnclosedQuote
        pieces.append(text[at:end])
        if text[end + 1 : end + 2] != b'"':
            return b'"'.join(pieces), end + 1
        at = end + 2


def _find_mistake(count: int, raw: bytes, width: int) -> Mistake | None:
    if len(raw) > MAX_RECORD:
        return Mistake(LENGTH, f"this row has more than {MAX_RECORD:,} bytes")
    if count != width:
        return Mistake(RAGGED, f"this row has {count} fields where the header has {width}")
    if raw.isascii():
        return None
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        return Mistake(
            ENCODING,
            f"byte {error.start + 1} of this row, 0x{raw[error.start]:02X}, is not UTF-8; "
            "save the file as UTF-8",
        )
    return None


def quote_fields(fields: Iterable[bytes]) -> Iterator[bytes]:
    """Yield fields in quotes, as RFC 4180 writes them; an empty one stays empty."""
    for field in fields:
        yield b'"' + field.replace(b'"', b'""') + b'"' if field else b""
