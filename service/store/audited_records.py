"""Stored records as an audit sees them: each with what the store repeats of it and tells of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson
from softbalance.service.store.chain import canonical
from softbalance.service.store.database import Database
from softbalance.service.store.event_chain import RECORD_ERASED
from softbalance.service.store.sealing import erasable_parts, load_salts
from softbalance.service.store.stored_records import (
    actors_of,
    coders_of,
    fits,
    pick_search_columns,
)
from softbalance.service.store.tables import actors, coders, events, records
from sqlalchemy import Connection, Table, select

#: How many records are in memory at a time.
_AT_A_TIME = 100
_WRONG = (LookupError, TypeError, AttributeError, ValueError)


def _read_document(document: bytes | str) -> Any:
    """Return what a document says; None where it is no JSON that has a digest."""
    try:
        answer = orjson.loads(document)
        canonical(answer)
    except ValueError:
        return None
    return answer


class AuditedRecord:
    """A row of the store, its document read, the names beside it, and the events of erasures."""

    def __init__(
        self, row: Any, names: Mapping[str, list[str]], erasures: Sequence[Mapping[str, Any]]
    ) -> None:
        self.row, self._names, self._erasures = row, names, erasures
        self.position: int = row.position
        self.id: str = row.id
        self.previous: str | None = row.previous
        self.digest: str = row.digest
        self.answer: Any = _read_document(row.document)

    def fits(self, position: int) -> bool:
        """Return whether the digest is that of this record, were it at a position."""
        if self.row.resealed is not None and not self._is_vouched_for(position):
            return False
        try:
            return self.answer is not None and fits(self.row, self.answer, position)
        except _WRONG:
            return False

    def _is_vouched_for(self, position: int) -> bool:
        """Return whether the event of its erasure tells of this very record."""
        if not self._erasures:
            return False
        told = self._erasures[-1]
        expected = {"position": position, "digest": self.digest, "resealed": self.row.resealed}
        return all(told.get(name) == value for name, value in expected.items())

    def find_difference(self) -> str | None:
        """Say what is not what the record says, or None."""
        if orjson.dumps(self.answer).decode() != self.row.document:
            return "its document is not what the record says"
        try:
            for name, value in pick_search_columns(self.answer).items():
                if self.row._mapping[name] != value:
                    return f"its {name} is not what the record says"
            expected = {"actors": actors_of(self.answer), "coders": coders_of(self.answer)}
            return self._find_other_name(expected) or self._find_other_erasure()
        except _WRONG:
            return "its document is not what the record says"

    def _find_other_name(self, expected: Mapping[str, list[str]]) -> str | None:
        for name, values in expected.items():
            if sorted(values) != sorted(self._names[name]):
                return f"its {name} is not what the record says"
        return None

    def _find_other_erasure(self) -> str | None:
        told, erased = self._told_erased(), self.list_erased()
        for pointer in sorted(erased.keys() - told.keys()):
            return f"its {pointer} was erased, and no event says by whom"
        for pointer, seal in told.items():
            if erased.get(pointer) != seal:
                return f"its {pointer} was erased, and is not what was left of it"
        return None

    def _told_erased(self) -> dict[str, str]:
        """Return what events say was erased: pointer → seal."""
        return {pointer: seal for event in self._erasures for pointer, seal in event["parts"]}

    def list_erased(self) -> dict[str, str]:
        """Return the parts that are erased: pointer → seal."""
        parts = list(erasable_parts(self.answer))
        if self.row.resealed is not None:
            told = self._told_erased()
            return {part.pointer: part.text for part in parts if part.pointer in told}
        salts = load_salts(self.row.salts)
        if salts is None:
            return {}
        return {
            part.pointer: part.text for part, salt in zip(parts, salts, strict=True) if salt is None
        }


def read_records(database: Database) -> Iterator[AuditedRecord]:
    """Yield every record in order of position, read a few at a time. Raises StoreAway."""
    query = select(records).order_by(records.c.position).limit(_AT_A_TIME)
    after: int | None = None
    while True:
        with database.begin_read() as connection:
            later = query if after is None else query.where(records.c.position > after)
            rows = connection.execute(later).all()
            if not rows:
                return
            first, after = rows[0].position, rows[-1].position
            acting = _names(connection, actors, first, after)
            coding = _names(connection, coders, first, after)
            erasures = _read_erasures(connection, [row.id for row in rows])
        for row in rows:
            position = row.position
            names = {"actors": acting.get(position, []), "coders": coding.get(position, [])}
            yield AuditedRecord(row, names, erasures.get(row.id, ()))


def _names(connection: Connection, table: Table, first: int, last: int) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    rows = connection.execute(select(table).where(table.c.position.between(first, last)))
    for name, position in rows:
        found.setdefault(position, []).append(name)
    return found


def _read_erasures(connection: Connection, ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Return the events of erasures by record, in order; what cannot be read is left out."""
    found: dict[str, list[dict[str, Any]]] = {}
    query = select(events.c.subject, events.c.document).where(events.c.kind == RECORD_ERASED)
    query = query.where(events.c.subject.in_(ids)).order_by(events.c.position)
    for record, document in connection.execute(query):
        try:
            event = orjson.loads(document)
            parts = [(str(pointer), str(seal)) for pointer, seal in event["parts"]]
        except _WRONG:
            continue  # the walk along the events finds it
        found.setdefault(record, []).append({**event, "parts": parts})
    return found
