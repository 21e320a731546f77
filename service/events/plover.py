"""PLOVER and POLECAT records: JSON, as a list or one a line, with several actors to an event."""

from __future__ import annotations

import csv
import datetime
import json
from collections.abc import Callable, Iterator, Mapping
from itertools import combinations, product
from pathlib import Path
from typing import Any, BinaryIO

import orjson
from softbalance.schemas.mistakes import Mistake, quote_value, unknown_name
from softbalance.service.datasets.reading.defects import JSON, UnusableDataset
from softbalance.service.datasets.reading.rejects import Reject
from softbalance.service.events.files import EventFile
from softbalance.service.events.kinds import load_kinds, plover_kinds
from softbalance.service.events.states import meanings, unknown_state

_BLOCK = 1 << 20
#: A row of Parquet: see `event_rows.FIELDS`.
_Row = tuple[str, str, str, str, str, str, str]


class InvalidRecord(Exception):
    """A record that is none: the key, what it says, and the mistake."""

    def __init__(self, key: str, value: Any, mistake: Mistake) -> None:
        super().__init__(mistake)
        self.key, self.mistake = key, mistake
        self.value = value if isinstance(value, str) else orjson.dumps(value).decode()


def read_records(
    file: EventFile,
    index: int,
    copy: Path,
    rejected: Callable[[Reject], None],
    read: Callable[[int], None],
) -> int:
    """Write the records of a JSON file to `copy`, a row for each pair of actors.

    As `event_rows.read_damaged`. A record of a list that is no JSON ends the run, since what
    follows it cannot be told apart: raises UnusableDataset.
    """
    count = 0
    reader = _Reader(file.layout.keys)
    with file.file.open() as stream, copy.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
        for line, raw, value in _records(stream, file.file.name):
            count += 1
            read(1)
            try:
                rows = list(reader.rows(value))
            except InvalidRecord as wrong:
                said = reader.id_of(value)
                mistake = wrong.mistake
                rejected(
                    Reject(index, line, said, wrong.key, wrong.value, mistake.code, mistake, raw)
                )
                continue
            writer.writerows((line, *row) for row in rows)
    return count


class _Reader:
    """Reads records whose keys may have several names."""

    def __init__(self, keys: Mapping[str, Any]) -> None:
        self._keys = keys
        self._kinds = plover_kinds()
        self._events = {event for event, _ in self._kinds}
        self._skipped = load_kinds()["plover_skipped"]
        self._known: dict[str, bool] = {}

    def rows(self, record: Any) -> Iterator[_Row]:
        """Yield a row for each pair of actors, or one without if there is none; raises Wrong."""
        if isinstance(record, Mistake):
            raise InvalidRecord("", "", record)
        if not isinstance(record, dict):
            raise InvalidRecord(
                "", record, Mistake("type", "not an object; a record has to be one")
            )
        event = self._event(record)
        contexts = self._texts(record, "context")
        kind = next(
            (self._kinds[event, c] for c in contexts if (event, c) in self._kinds),
            self._kinds.get((event, ""), ""),
        )
        skipped = "documentation" if event in self._skipped["events"] else ""
        if set(contexts) & set(self._skipped["contexts"]):
            skipped = "not_an_event"
        day = "" if skipped == "documentation" else self._day(record)
        sources, targets = self._actors(record, "source"), self._actors(record, "target")
        pairs = list(product(sources, targets)) if targets else list(combinations(sources, 2))
        for source, target in pairs or [("", "")]:
            yield self.id_of(record), day, source, target, event, kind, skipped

    def id_of(self, record: Any) -> str:
        """Return a record's id, '' if it has none."""
        said = self._find(record, "id")[1] if isinstance(record, dict) else None
        return "" if said is None else str(said)

    def _find(self, record: dict[str, Any], key: str) -> tuple[str, Any]:
        names = self._keys[key]
        name = next((name for name in names if name in record), names[0])
        return name, record.get(name)

    def _event(self, record: dict[str, Any]) -> str:
        key, said = self._find(record, "event")
        event = str(said or "").strip().upper()
        if event not in self._events and event not in self._skipped["events"]:
            raise InvalidRecord(key, said, unknown_name("event", said, self._events))
        return event

    def _day(self, record: dict[str, Any]) -> str:
        key, said = self._find(record, "day")
        try:
            return datetime.date.fromisoformat(str(said)[:10]).isoformat()
        except ValueError:
            raise InvalidRecord(key, said, report_no_day(said)) from None

    def _texts(self, record: dict[str, Any], key: str) -> list[str]:
        _, said = self._find(record, key)
        parts = said if isinstance(said, list) else str(said or "").split(";")
        return [str(part).strip().lower() for part in parts]

    def _actors(self, record: dict[str, Any], key: str) -> list[str]:
        name, said = self._find(record, key)
        many = said if isinstance(said, list) else str(said or "").split(";")
        codes = []
        for actor in many:
            code = actor.get("code", actor.get("country", "")) if isinstance(actor, dict) else actor
            codes.append(str(code or "").strip())
        for code in filter(None, codes):
            if code not in self._known:
                self._known[code] = bool(meanings("cameo", [code]))
            if not self._known[code]:
                raise InvalidRecord(name, code, unknown_state(code))
        return list(dict.fromkeys(filter(None, codes)))


def report_no_day(said: Any) -> Mistake:
    """Say that something is no day."""
    return Mistake(
        "date", f"{quote_value(said)} is no day; a day is written YYYYMMDD or YYYY-MM-DD"
    )


def _records(stream: BinaryIO, name: str) -> Iterator[tuple[int, str, Any]]:
    """Yield each record's place, its text, and its value or what is wrong with it.

    The place is the line where it begins or, in a list, its number: a list may be in one line.
    """
    start = stream.read(_BLOCK)
    stream.seek(0)
    if start.lstrip().startswith(b"["):
        yield from _read_list(stream, name)
        return
    for number, line in enumerate(stream, 1):
        if not line.strip():
            continue
        raw = line.decode("utf-8", "backslashreplace").rstrip("\r\n")
        try:
            yield number, raw, orjson.loads(line)
        except orjson.JSONDecodeError as error:
            yield number, raw, Mistake(JSON, f"not JSON: {error}")


def _read_list(stream: BinaryIO, name: str) -> Iterator[tuple[int, str, Any]]:
    """Yield the records of a JSON list, holding one block of it at a time."""
    decoder = json.JSONDecoder()
    text, at, line, number = "", 0, 1, 0
    blocks = iter(lambda: stream.read(_BLOCK), b"")
    pending = b""
    opened = False
    while True:
        while at < len(text) and (text[at] in " \t\r\n," or (not opened and text[at] == "[")):
            opened = opened or text[at] == "["
            line += text[at] == "\n"
            at += 1
        if text[at : at + 1] == "]":
            return
        try:
            value, end = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            block = next(blocks, None)
            if block is None:
                raise UnusableDataset(
                    f"{name}: line {line}: not JSON: {error.msg}; correct it there"
                ) from None
            pending += block
            more, pending = _decode_whole(pending, name)
            text, at = text[at:] + more, 0
            continue
        number += 1
        yield number, text[at:end], value
        line += text.count("\n", at, end)
        at = end


def _decode_whole(data: bytes, name: str) -> tuple[str, bytes]:
    """Return the text of bytes as far as its last whole character, and the rest."""
    try:
        return data.decode(), b""
    except UnicodeDecodeError as error:
        if error.start < len(data) - 3:
            raise UnusableDataset(f"{name}: is not UTF-8; save it as UTF-8") from None
        return data[: error.start].decode(), data[error.start :]
