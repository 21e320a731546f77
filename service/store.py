"""Stored classifications, in any database that SQLAlchemy speaks to; SQLite where none is named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    create_engine,
    event,
    func,
    insert,
    select,
)
from sqlalchemy.exc import (
    DBAPIError,
    IntegrityError,
    OperationalError,
    ProgrammingError,
    SQLAlchemyError,
)

_metadata = MetaData()

#: One row a classification; `document` is the whole answer with its trace, as JSON.
_records = Table(
    "classifications",
    _metadata,
    Column("position", Integer, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("classified_at", Text, nullable=False),
    Column("rulebook", Text, nullable=False),
    Column("classification", Text, nullable=False),
    Column("form", Text, nullable=False),
    Column("episode", Text, nullable=False),
    Column("document", Text, nullable=False),
)
_actors = Table(
    "classification_actors",
    _metadata,
    Column("actor", Text, primary_key=True),
    Column("position", ForeignKey(_records.c.position), primary_key=True),
)
#: Every rulebook that this store has seen, by digest: what it takes to decide as it did.
_rulebooks = Table(
    "rulebooks",
    _metadata,
    Column("digest", Text, primary_key=True),
    Column("id", Text, nullable=False),
    Column("content", Text, nullable=False),
)
_FILTERS = ("classification", "rulebook", "form", "episode")
for _name in _FILTERS:
    Index(f"classifications_by_{_name}", _records.c[_name], _records.c.position)


class StoreAway(ConnectionError):
    """The store cannot be reached or does not answer; nothing was stored."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some records, newest first, and the position before which the next page begins."""

    items: list[dict[str, Any]]
    next: int | None


class Store:
    """Classifications kept by id, listed newest first. Safe for threads; make one a process."""

    def __init__(self, url: str) -> None:
        with _told_as_away("URL"):
            self._engine = create_engine(url, pool_pre_ping=not url.startswith("sqlite"))
        self.name = self._engine.url.render_as_string(hide_password=True)
        if self._engine.dialect.name == "sqlite":
            event.listen(self._engine, "connect", _configure_sqlite)
        self._insert = insert(_records)

    def expect(self) -> None:
        """Raise StoreAway if the store is a file that is not there, before any use makes it."""
        url = self._engine.url
        if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
            raise StoreAway(f"there is no store at {self.name}; name it with --database")

    def create(self) -> None:
        """Make the tables where they are missing. Raises StoreAway."""
        with _told_as_away(self.name):
            # of processes that start at once, one makes the tables and the others come too late
            with suppress(OperationalError, ProgrammingError):
                _metadata.create_all(self._engine)
            _metadata.create_all(self._engine)

    def ping(self) -> None:
        """Reach the store and its tables, or raise StoreAway."""
        with _told_as_away(self.name), self._engine.connect() as connection:
            connection.execute(select(_records.c.position).limit(1)).first()

    def add(self, answer: Mapping[str, Any]) -> None:
        """Store a classification with its trace; on return it is durable. Raises StoreAway."""
        episode = answer["episode"]
        row = {
            "id": answer["id"],
            "classified_at": answer["classified_at"],
            "rulebook": answer["rulebook"]["id"],
            "classification": answer["classification"],
            "form": episode["form"],
            "episode": episode["id"],
            "document": orjson.dumps(answer).decode(),
        }
        actors = dict.fromkeys(episode.get("actors", ()))
        with _told_as_away(self.name), self._engine.begin() as connection:
            result = connection.execute(self._insert, row)
            if actors:
                position = result.inserted_primary_key[0]  # type: ignore[index]
                rows = [{"actor": actor, "position": position} for actor in actors]
                connection.execute(insert(_actors), rows)

    def get(self, record: str) -> dict[str, Any] | None:
        """Return a classification by id, or None if there is none. Raises StoreAway."""
        query = select(_records.c.document).where(_records.c.id == record)
        with _told_as_away(self.name), self._engine.connect() as connection:
            document = connection.execute(query).scalar_one_or_none()
        return None if document is None else _loaded(document)

    def page(self, filters: Mapping[str, str], limit: int, before: int | None = None) -> Page:
        """Return up to `limit` classifications that pass every filter, newest first.

        `filters` may name classification, rulebook, form, episode and actor; `before` is the
        `next` of the page before. Raises StoreAway.
        """
        query = select(_records.c.position, _records.c.document)
        for name in _FILTERS:
            if name in filters:
                query = query.where(_records.c[name] == filters[name])
        if "actor" in filters:
            query = query.join(_actors, _actors.c.position == _records.c.position)
            query = query.where(_actors.c.actor == filters["actor"])
        if before is not None:
            query = query.where(_records.c.position < before)
        query = query.order_by(_records.c.position.desc()).limit(limit + 1)
        with _told_as_away(self.name), self._engine.connect() as connection:
            rows: Sequence[Any] = connection.execute(query).all()
        items = [_loaded(row.document) for row in rows[:limit]]
        return Page(items, rows[limit - 1].position if len(rows) > limit else None)

    def keep(self, digest: str, rulebook: str, content: str) -> None:
        """Keep what a rulebook is made from, if it is not kept yet. Raises StoreAway."""
        row = {"digest": digest, "id": rulebook, "content": content}
        with _told_as_away(self.name):
            if self.kept(digest) is None:
                # another process may have been quicker; what it kept is the same
                with suppress(IntegrityError), self._engine.begin() as connection:
                    connection.execute(insert(_rulebooks), row)

    def kept(self, digest: str) -> str | None:
        """Return what the rulebook of that digest is made from, or None. Raises StoreAway."""
        query = select(_rulebooks.c.content).where(_rulebooks.c.digest == digest)
        with _told_as_away(self.name), self._engine.connect() as connection:
            return connection.execute(query).scalar_one_or_none()

    def count(self) -> int:
        """Return how many classifications are stored. Raises StoreAway."""
        query = select(func.count()).select_from(_records)
        with _told_as_away(self.name), self._engine.connect() as connection:
            return connection.execute(query).scalar_one()

    def close(self) -> None:
        """Give back every connection."""
        self._engine.dispose()


def _loaded(document: str) -> dict[str, Any]:
    loaded: dict[str, Any] = orjson.loads(document)
    return loaded


def _configure_sqlite(connection: Any, _: Any) -> None:
    # WAL lets readers and a writer work side by side, and writers of several processes wait for
    # each other. NORMAL keeps what was acknowledged when processes are killed; a power cut may
    # cost the last moments, which a sync of each commit would prevent at half the speed.
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "wal_autocheckpoint=4000",
        "busy_timeout=10000",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


@contextmanager
def _told_as_away(name: str) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise StoreAway(f"the store {name} does not answer: {error.orig}") from error
    except (SQLAlchemyError, ImportError) as error:
        reason = str(error).partition("\n")[0]
        raise StoreAway(f"the store {name} cannot be used: {reason}") from error
