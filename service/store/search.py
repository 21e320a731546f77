"""Finding stored classifications: by filters, in an order, a page at a time; and how many of what.

Only the columns that repeat what is searched for are read, never the documents. Records are only
ever added, so what was counted once stays counted (`Tally`).
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from softbalance.schemas.classification import Classification
from softbalance.service.store.database import Database
from softbalance.service.store.filters import narrow
from softbalance.service.store.tables import BY_TITLE, actors, records
from sqlalchemy import ColumnElement, Select, and_, func, or_, select

#: What a list may be sorted by: the columns, of which the newest record has the highest position.
TIME = "time"
ORDERS: Mapping[str, ColumnElement[Any]] = {
    TIME: records.c.position,
    "title": BY_TITLE,
    "classification": records.c.classification,
    "form": records.c.form,
    "rulebook": records.c.rulebook,
}
_SHOWN = (
    records.c.position,
    records.c.id,
    records.c.classified_at,
    records.c.rulebook,
    records.c.classification,
    records.c.form,
    records.c.episode,
    records.c.title,
)


@dataclass(frozen=True, slots=True)
class RecordQuery:
    """Which records are wanted: those that pass every filter, in which order, and after which.

    `filters` are those of `narrow`. `after` is the `next` of the page before.
    """

    filters: Mapping[str, str]
    order: str = TIME
    falling: bool = True
    after: tuple[Any, int] | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A record as a list shows it."""

    position: int
    id: str
    classified_at: str
    rulebook: str
    classification: str
    form: str
    episode: str
    title: str | None
    actors: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class FoundRecords:
    """Some records, and what the next page begins after; None at the end."""

    rows: Sequence[Row]
    next: tuple[Any, int] | None


def find_rows(database: Database, wanted: RecordQuery, limit: int) -> FoundRecords:
    """Return up to `limit` records. Raises StoreAway."""
    with database.begin_read() as connection:
        got = connection.execute(_order_query(_SHOWN, wanted, limit + 1)).all()
        page = got[:limit]
        acting: dict[int, list[str]] = {row.position: [] for row in page}
        query = select(actors.c.position, actors.c.actor).where(actors.c.position.in_(acting))
        for position, actor in connection.execute(query) if page else ():
            acting[position].append(actor)
    rows = [_row(row, acting[row.position]) for row in page]
    last = page[-1] if len(got) > limit else None
    return FoundRecords(rows, None if last is None else (last.sorted_by, last.position))


def _row(row: Any, acting: Sequence[str]) -> Row:
    columns = {column.key: row[place] for place, column in enumerate(_SHOWN)}
    return Row(**columns, actors=acting)


def read_documents(
    database: Database, wanted: RecordQuery, at_a_time: int = 200
) -> Iterator[Classification]:
    """Yield every record that is wanted, whole. Raises StoreAway.

    No connection is held between two of them, however slowly they are taken.
    """
    after, more = wanted.after, True
    columns = (records.c.position, records.c.document)
    while more:
        part = RecordQuery(wanted.filters, wanted.order, wanted.falling, after)
        with database.begin_read() as connection:
            rows = connection.execute(_order_query(columns, part, at_a_time)).all()
        for row in rows:
            yield orjson.loads(row.document)
        more = len(rows) == at_a_time
        after = (rows[-1].sorted_by, rows[-1].position) if rows else None


def count_classes(database: Database, filters: Mapping[str, str]) -> dict[str, int]:
    """Return how many of the records that pass the filters are of each class. Raises StoreAway."""
    query = select(records.c.classification, func.count()).group_by(records.c.classification)
    with database.begin_read() as connection:
        rows = connection.execute(narrow(query, filters)).all()
    return {row[0]: row[1] for row in rows}


class Tally:
    """How many records are of each class, counted once; later calls count what came since."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._counted: Counter[str] = Counter()
        self._upto = 0

    def classes(self) -> dict[str, int]:
        """Return the counts of all records. Raises StoreAway."""
        query = select(records.c.classification, func.count(), func.max(records.c.position))
        query = query.group_by(records.c.classification)
        with self._lock:
            with self._database.begin_read() as connection:
                new = connection.execute(query.where(records.c.position > self._upto)).all()
            for label, number, newest in new:
                self._counted[label] += number
                self._upto = max(self._upto, newest)
            return dict(self._counted)


def _order_query(columns: Sequence[Any], wanted: RecordQuery, limit: int) -> Select[Any]:
    by = ORDERS[wanted.order]
    query = narrow(select(*columns, by.label("sorted_by")), wanted.filters)
    if wanted.after is not None:
        query = query.where(_stands_after(by, wanted.falling, *wanted.after))
    order = (by, records.c.position)
    return query.order_by(*(c.desc() if wanted.falling else c.asc() for c in order)).limit(limit)


def _stands_after(
    by: ColumnElement[Any], falling: bool, value: Any, position: int
) -> ColumnElement[bool]:
    """Return the condition of what stands after a record in the order."""
    if by is records.c.position:
        return by < position if falling else by > position
    beyond = by < value if falling else by > value
    further = records.c.position < position if falling else records.c.position > position
    return or_(beyond, and_(by == value, further))
