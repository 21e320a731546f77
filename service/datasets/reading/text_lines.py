"""The lines of a text file as they stand, whether they end in LF, CR LF or, as once on the
Macintosh, in CR.
"""

from __future__ import annotations

import codecs
from collections import deque
from collections.abc import Iterator
from itertools import chain
from typing import Any, BinaryIO

#: Bytes in a record, as in DuckDB's `max_line_size`.
MAX_RECORD = 2_000_000
_BLOCK = 1 << 16
#: As much as fits into a processor's cache.
_SCANNED = 1 << 18
_QUOTE = b'"'


class Lines:
    """Lines with their ends and their numbers from 1; lines can be given back, to be read again.

    A byte order mark is left out. How lines end is told by the first end outside quotes: where it
    is CR alone, so are LF and CR LF. Of a line too long for a record, little more is kept than
    shows that it is.
    """

    def __init__(self, stream: BinaryIO, *, quoting: bool = True) -> None:
        self._source = _split_lines(stream, quoting)
        self._waiting: deque[bytes] = deque()
        #: How many have been read.
        self.number = 0

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        return self

    def __next__(self) -> tuple[int, bytes]:
        line = self._waiting.popleft() if self._waiting else next(self._source)
        self.number += 1
        return self.number, line

    def give_back(self, lines: list[bytes]) -> None:
        """Put the lines just read back."""
        self._waiting.extendleft(reversed(lines))
        self.number -= len(lines)


def chomp(line: bytes) -> bytes:
    """Return a line without its end."""
    return line.removesuffix(b"\n").removesuffix(b"\r")


def mixes_ends(stream: BinaryIO) -> bool:
    """Return whether a text has more than one of LF, CR LF and CR, be it in quotes."""
    returns = feeds = pairs = 0
    last = b""
    while block := stream.read(_SCANNED):
        returns += block.count(b"\r")
        feeds += block.count(b"\n")
        pairs += (last + block).count(b"\r\n") if returns else 0
        last = block[-1:].replace(b"\n", b"")
    return sum(map(bool, (pairs, returns - pairs, feeds - pairs))) > 1


def _split_lines(stream: BinaryIO, quoting: bool) -> Iterator[bytes]:
    blocks = _read_blocks(stream)
    start = b""
    ends_in_return: bool | None = None
    while ends_in_return is None and len(start) <= MAX_RECORD and (block := next(blocks, b"")):
        start += block
        ends_in_return = _find_end(start, quoting)
    if ends_in_return is None:
        ends_in_return = b"\r" in start and b"\n" not in start
    rest = b""
    for block in chain([start.removeprefix(codecs.BOM_UTF8)], blocks):
        whole = rest[: MAX_RECORD + 2] + block
        if ends_in_return:
            *lines, rest = whole.splitlines(keepends=True) or [b""]
            if rest.endswith(b"\n"):
                lines.append(rest)
                rest = b""
            yield from lines
        else:
            *lines, rest = whole.split(b"\n")
            for line in lines:
                yield line + b"\n"
    if rest:
        yield rest


def _read_blocks(stream: BinaryIO) -> Iterator[bytes]:
    """Yield what there is as soon as it is there: a stream may still be coming in."""
    read: Any = getattr(stream, "read1", stream.read)
    while block := read(_BLOCK):
        yield block


def _find_end(start: bytes, quoting: bool) -> bool | None:
    """Return whether the first end of a line outside quotes is CR alone, None if there is none."""
    quoted = False
    *pieces, last = start.splitlines(keepends=True) or [b""]
    for piece in pieces:
        quoted ^= quoting and piece.count(_QUOTE) % 2 == 1
        if not quoted:
            return not piece.endswith(b"\n")
    quoted ^= quoting and last.count(_QUOTE) % 2 == 1
    # a CR that comes last may be half of a CR LF
    return False if last.endswith(b"\n") and not quoted else None
