"""The store as the rest of the service knows it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple

import orjson
from softbalance.rules.language.archive import dump_rulebook
from softbalance.rules.model import Rulebook
from softbalance.schemas.classification import Classification
from softbalance.service.store import schema as schemas
from softbalance.service.store.chain import canonical, digest_of
from softbalance.service.store.claims import Claim, add_claim, find_claimed
from softbalance.service.store.database import DEADLINE, Database
from softbalance.service.store.failures import StoreAway
from softbalance.service.store.filters import narrow
from softbalance.service.store.parts import fetch_some
from softbalance.service.store.schema_check import check_schema
from softbalance.service.store.sealing import draw_salts, dump_salts, seal
from softbalance.service.store.stored_records import (
    WHOLE,
    DamagedRecord,
    Link,
    actors_of,
    coders_of,
    load_record,
    pick_search_columns,
)
from softbalance.service.store.tables import (
    actors,
    coders,
    records,
    rulebooks,
)
from sqlalchemy import Connection, Select, bindparam, func, insert, select

#: A page ends with the record that makes it larger, in bytes of JSON.
PAGE_BYTES = 8 * 1024 * 1024
#: Records that a query asks for.
_PART = 200
_KEPT = select(rulebooks.c.digest).where(rulebooks.c.digest == bindparam("rulebook"))
_HEAD = select(records.c.position, records.c.digest).order_by(records.c.position.desc()).limit(1)
#: Beside it, whether a rulebook is kept: one question, as each takes its time.
_HEAD_AND_KEPT = _HEAD.add_columns(_KEPT.exists().label("kept"))
_ADD_RECORD = insert(records)
_ADD_ACTOR, _ADD_CODER = insert(actors), insert(coders)


class _PreparedRecord(NamedTuple):
    """What of a classification is stored, made before others have to wait for the write.

    `rulebook` is the digest of the one that decided it.
    """

    rulebook: str
    columns: dict[str, Any]
    canonical: str
    actors: list[str]
    coders: list[str]


@dataclass(frozen=True, slots=True)
class Page:
    """Some records, newest first, and the position before which the next page begins.

    `damaged` holds the ids of records that belong here and are not what was stored.
    """

    items: list[Classification]
    next: int | None
    damaged: list[str] = field(default_factory=list)


class Store:
    """Classifications kept by id, listed newest first. Safe for threads; make one a process."""

    def __init__(self, url: str, deadline: float = DEADLINE) -> None:
        """Know a store by its URL; no call of it takes longer than the deadline, in seconds."""
        self.database = Database(url, deadline)
        self.name = self.database.name
        #: The rulebooks that decide for those who store here, by digest.
        self.loaded: Mapping[str, Rulebook] = {}
        #: How long idempotency keys are kept; None for ever.
        self.claims_kept: timedelta | None = None

    def expect(self) -> None:
        """Raise StoreAway if the store is a file that is not there, before any use makes it."""
        if not self.database.exists():
            raise StoreAway(f"there is no store at {self.name}; name it with --database")

    def create(self) -> None:
        """Make a new store's tables; any other must have the newest schema.

        Raises StoreAway, or WrongSchema with the remedy.
        """
        self.database.make()
        schemas.set_up(self.database)

    def upgrade(self) -> tuple[str | None, str]:
        """Bring the store to the newest schema; return the one it had and the one it has.

        Raises StoreAway, WrongSchema, and ValueError for a record that cannot be taken over.
        """
        self.database.make()
        return schemas.upgrade(self.database)

    def check(self) -> None:
        """Raise WrongSchema, or StoreAway, if the store cannot be used as it is."""
        check_schema(self.name, self.schema())

    def schema(self) -> str | None:
        """Return the schema that the store has, None if it has none yet. Raises StoreAway."""
        with self.database.begin_read() as connection:
            return schemas.schema_of(connection)

    def rehearse(self, answer: Classification) -> None:
        """Store a classification and undo it: raises StoreAway wherever `add` would for now."""
        prepared = _prepare(answer)
        with self.database.begin_write() as connection:
            with connection.begin_nested() as undone:
                self._add(connection, prepared)
                undone.rollback()
            if connection.dialect.name == "sqlite":
                # what is undone never reaches the disk, which may be full: this does, and is
                # the number that stands there
                connection.exec_driver_sql("PRAGMA user_version = 0")

    def add(self, answer: Classification, claim: Claim | None = None) -> Classification | None:
        """Store a classification with its trace; on return it is durable.

        The rulebook that decided it, if it is `loaded`, is kept no later than this record.

        With a claim whose key was used before, nothing is stored and the record that it was used
        for is returned. Raises StoreAway, CommitUnknown and ClaimConflict.
        """
        prepared = _prepare(answer)
        with self.database.begin_write() as connection:
            if claim and (first := find_claimed(connection, claim, self.claims_kept)):
                return first
            position = self._add(connection, prepared)
            if claim:
                add_claim(connection, claim, position, answer["id"], self.claims_kept)
        return None

    def _add(self, connection: Connection, record: _PreparedRecord) -> int:
        """Add a classification at the end of the chain, and return its position.

        A rulebook that is loaded is kept before its first verdict.
        """
        rulebook = record.rulebook
        head = connection.execute(_HEAD_AND_KEPT, {"rulebook": rulebook}).first()
        if rulebook in self.loaded and not (head and head.kept):
            _keep(connection, self.loaded[rulebook])
        position, previous = (head.position + 1, head.digest) if head else (1, None)
        digest = digest_of(position, previous, record.canonical)
        link = {"position": position, "previous": previous, "digest": digest}
        connection.execute(_ADD_RECORD, {**record.columns, **link})
        for added, kind, names in (
            (_ADD_ACTOR, "actor", record.actors),
            (_ADD_CODER, "coder", record.coders),
        ):
            if names:
                connection.execute(added, [{kind: name, "position": position} for name in names])
        return position

    def find_claimed(self, claim: Claim) -> Classification | None:
        """Return the record that an idempotency key was used for, None if it was not used.

        Raises StoreAway, ClaimConflict and DamagedRecord.
        """
        with self.database.begin_read() as connection:
            return find_claimed(connection, claim, self.claims_kept)

    def get(self, record: str) -> Classification | None:
        """Return a classification by id, or None if there is none.

        Raises StoreAway and DamagedRecord.
        """
        query = select(*WHOLE).where(records.c.id == record)
        with self.database.begin_read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else load_record(row)

    def position(self, record: str) -> Link | None:
        """Return where in the chain a record is, or None if there is none. Raises StoreAway."""
        query = select(records.c.position, records.c.digest, records.c.previous)
        with self.database.begin_read() as connection:
            row = connection.execute(query.where(records.c.id == record)).one_or_none()
        return None if row is None else Link(*row)

    def head(self) -> tuple[Link, str] | None:
        """Return the place and the id of the newest record, None without any. Raises StoreAway."""
        query = select(records.c.position, records.c.digest, records.c.previous, records.c.id)
        with self.database.begin_read() as connection:
            row = connection.execute(query.order_by(records.c.position.desc()).limit(1)).first()
        return None if row is None else (Link(*row[:3]), row.id)

    def page(
        self,
        filters: Mapping[str, str],
        limit: int,
        before: int | None = None,
        *,
        traces: bool = True,
    ) -> Page:
        """Return up to `limit` classifications that pass every filter, newest first.

        A page ends with the record that makes it larger than PAGE_BYTES as JSON; `traces` are left
        out where they are not wanted. `filters` are those of
        `softbalance.service.store.filters.narrow`; `before` is the `next` of the page before.
        Raises StoreAway.
        """
        page, size, part = Page([], None), 0, min(limit + 1, _PART)
        for row in self._newest_first(narrow(select(*WHOLE), filters), part, before):
            if len(page.items) + len(page.damaged) == limit or size > PAGE_BYTES:
                return Page(page.items, before, page.damaged)
            before = row.position
            try:
                item = load_record(row)
            except DamagedRecord as error:
                page.damaged.append(error.record)
            else:
                if not traces:
                    item.pop("trace", None)
                size += len(orjson.dumps(item))
                page.items.append(item)
        return page

    def _newest_first(self, query: Select[Any], part: int, before: int | None) -> Iterator[Any]:
        """Yield records, up to so many of a query; no connection is held between two."""
        query, more = query.order_by(records.c.position.desc()).limit(part), True
        while more:
            asked = query if before is None else query.where(records.c.position < before)
            with self.database.begin_read() as connection:
                rows, more = fetch_some(connection, asked, part)
            yield from rows
            before = rows[-1].position if rows else None

    def keep(self, *books: Rulebook) -> None:
        """Keep what rulebooks are made from, those that are not kept yet. Raises StoreAway."""
        with self.database.begin_read() as connection:
            kept = set(connection.execute(select(rulebooks.c.digest)).scalars())
        missing = [book for book in books if book.digest not in kept]
        if missing:
            with self.database.begin_write() as connection:
                for book in missing:
                    _keep(connection, book)

    def load_kept(self, digest: str) -> str | None:
        """Return what the rulebook of that digest is made from, or None. Raises StoreAway."""
        query = select(rulebooks.c.content).where(rulebooks.c.digest == digest)
        with self.database.begin_read() as connection:
            return connection.execute(query).scalar_one_or_none()

    def rulebooks(self) -> list[str]:
        """Return the ids of the rulebooks that were ever kept, in order. Raises StoreAway."""
        query = select(rulebooks.c.id).distinct().order_by(rulebooks.c.id)
        with self.database.begin_read() as connection:
            return list(connection.execute(query).scalars())

    def count(self) -> int:
        """Return how many classifications are stored. Raises StoreAway."""
        with self.database.begin_read() as connection:
            return connection.execute(select(func.count()).select_from(records)).scalar_one()

    def close(self) -> None:
        """Give back every connection."""
        self.database.close()


def _prepare(answer: Classification) -> _PreparedRecord:
    salts = draw_salts(answer)
    columns = pick_search_columns(answer)
    columns |= {"document": orjson.dumps(answer).decode(), "salts": dump_salts(salts)}
    return _PreparedRecord(
        answer["rulebook"]["digest"],
        columns,
        canonical(seal(answer, salts)),
        actors_of(answer),
        coders_of(answer),
    )


def _keep(connection: Connection, book: Rulebook) -> None:
    """Keep a rulebook; another process may have done so in the meantime."""
    if connection.execute(_KEPT, {"rulebook": book.digest}).first() is None:
        row = {"digest": book.digest, "id": book.id, "content": dump_rulebook(book)}
        connection.execute(insert(rulebooks), row)
