"""The records of a damaged text file: each good one whole, each bad one told with its line.

DuckDB reads clean files much faster and stops at the first defect. This reader takes over then.
A record is what RFC 4180 says, with blanks allowed around a quoted field. A record that is
malformed costs its first line only: reading goes on with the next line, so that a quote that is
never closed does not swallow the rest of the file. One empty field too many at the end is let pass,
as DuckDB does.
"""

from __future__ import annotations

import codecs
import io
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from softbalance.schemas.mistakes import Mistake
from softbalance.service.datasets.reading.defects import (
    ENCODING,
    LENGTH,
    QUOTING,
    RAGGED,
    TOO_MANY,
    count_lines,
)

#: Bytes in a record, as in DuckDB's `max_line_size`.
MAX_RECORD = 2_000_000
_PEEKED = 1 << 16


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


def records(
    stream: BinaryIO, delimiter: str, width: int, most: int | None = None
) -> Iterator[Record]:
    """Yield the records of a stream of `width` fields a row, the header first, in order.

    Blank lines are no records. After `most` lines, blank ones too, a mistake is the last record.
    """
    separator = delimiter.encode()
    blanks = b" \r\n" if separator == b"\t" else b" \t\r\n"
    lines = _Lines(stream)
    for number, text in lines:
        if most is not None and number > most:
            yield Record(number, b"", None, Mistake(TOO_MANY, count_lines(most)))
            return
        raw = _chomp(text)
        if b'"' not in raw and b"\r" not in raw:
            if raw.strip(blanks):
                count = raw.count(separator) + 1
                extra = count == width + 1 and raw.endswith(separator)
                yield Record(number, raw, None, _find_mistake(count - extra, raw, width))
        else:
            yield _read_quoted_record(number, text, lines, separator, width)


def _read_quoted_record(
    number: int, text: bytes, lines: _Lines, separator: bytes, width: int
) -> Record:
    parts = [text]
    try:
        fields = _read_quoted_fields(parts, lines, separator)
        whole = _chomp(b"".join(parts))
        extra = len(fields) == width + 1 and not fields[-1]
        mistake = _find_mistake(len(fields) - extra, whole, width)
    except (_MalformedField, _UnclosedQuote):
        mistake = Mistake(QUOTING, "a quote is not closed, or text follows the closing quote")
    if mistake is None:
        return Record(number, whole, fields[:width])
    if len(parts) > 1:
        lines.give_back(parts[1:])
        mistake = Mistake(QUOTING, "a quote opens here and what it encloses makes no whole row")
    raw = _chomp(text)
    literal = raw.split(separator)
    if separator == b"\t" and mistake.code == QUOTING and len(literal) == width:
        # Tab-separated text often knows no quoting: there, a quote is only a quote.
        mistake = _find_mistake(width, raw, width)
        return Record(number, raw, None if mistake else literal, mistake)
    return Record(number, raw, None, mistake)


def _read_quoted_fields(parts: list[bytes], lines: _Lines, separator: bytes) -> list[bytes]:
    """Return the fields of the record that begins with `parts[0]`; adds the lines it goes on in."""
    size = len(parts[0])
    while True:
        try:
            return _split(_chomp(b"".join(parts)), separator)
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


def _chomp(line: bytes) -> bytes:
    return line.removesuffix(b"\n").removesuffix(b"\r")


class _Lines:
    """Physical lines with their numbers from 1; lines can be given back, to be read again."""

    def __init__(self, stream: BinaryIO) -> None:
        self._source = _physical_lines(stream)
        self._waiting: deque[bytes] = deque()
        self._number = 0

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        return self

    def __next__(self) -> tuple[int, bytes]:
        line = self._waiting.popleft() if self._waiting else next(self._source)
        self._number += 1
        return self._number, line

    def give_back(self, lines: list[bytes]) -> None:
        """Put the lines just read back."""
        self._waiting.extendleft(reversed(lines))
        self._number -= len(lines)


def _physical_lines(stream: BinaryIO) -> Iterator[bytes]:
    """Yield lines with their ends; of one too long for a record, no more than is over it."""
    # a file opened here can be peeked into already; a second buffer would close it behind its back
    buffered: Any = stream if hasattr(stream, "peek") else io.BufferedReader(cast(Any, stream))
    start = buffered.peek(_PEEKED)
    if start.startswith(codecs.BOM_UTF8):
        buffered.read(len(codecs.BOM_UTF8))
    if b"\r" in start and b"\n" not in start:
        yield from _split_at_returns(buffered)
        return
    while line := buffered.readline(MAX_RECORD + 2):
        rest = line
        while len(rest) == MAX_RECORD + 2 and not rest.endswith(b"\n"):
            rest = buffered.readline(MAX_RECORD + 2)
        yield line


def _split_at_returns(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the lines of a file that ends them as old Macintoshes did, with a carriage return."""
    rest = b""
    while block := stream.read(_PEEKED):
        *lines, rest = (rest + block).split(b"\r")
        for line in lines:
            yield line + b"\n"
    if rest:
        yield rest


def quote_fields(fields: Iterable[bytes]) -> Iterator[bytes]:
    """Yield fields in quotes, as RFC 4180 writes them; an empty one stays empty."""
    for field in fields:
        yield b'"' + field.replace(b'"', b'""') + b'"' if field else b""
