"""The store's database, SQLite or PostgreSQL: who may read and write it, and for how long."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from time import monotonic
from typing import TYPE_CHECKING, cast

from softbalance.service.store.deadlines import Deadlines, Silence
from softbalance.service.store.failures import CommitUnknown, StoreAway, raise_store_away
from softbalance.service.store.schema_check import check_schema, read_schema
from softbalance.service.store.sqlite import Sqlite, close_to_others
from sqlalchemy import URL, Connection, QueuePool, make_url
from sqlalchemy.exc import DBAPIError

if TYPE_CHECKING:
    from softbalance.service.store.postgres import Postgres

#: Seconds that a call may take unless somebody says otherwise.
DEADLINE = 10
#: A call that fails after as many seconds makes one ask whether the database answers at all.
_SUSPICIOUS = 1.0


class Database:
    """One database, read by many at a time and written by one. Safe for threads.

    A read or a write may take `deadline` seconds, with all that it waits for, and as many for its
    commit. Raises StoreAway where the URL names no store.
    """

    def __init__(self, url: str, deadline: float = DEADLINE) -> None:
        with raise_store_away("URL"):
            parsed = make_url(url)
        self.name = parsed.render_as_string(hide_password=True)
        #: Called with `read` or `write`, and entered around each of these.
        self.watch: Callable[[str], AbstractContextManager[object]] = nullcontext
        #: Called with the connections that are open and in use, and the seconds that one waited
        #: for one of them, or None when it is given back.
        self.watch_pool: Callable[[int, int, float | None], object] = lambda *_: None
        self._deadline, self._deadlines = deadline, Deadlines()
        self._writer = threading.Lock()
        with raise_store_away(self.name):
            self._backend = self._make_backend(parsed)
        self._engine = self._backend.engine
        self._silence = Silence(self.name, self._backend.answers)

    def _make_backend(self, url: URL) -> Sqlite | Postgres:
        kind = url.get_backend_name()
        if kind == "sqlite":
            return Sqlite(url, self._deadlines, self._deadline)
        if kind in ("postgresql", "postgres"):
            from softbalance.service.store.postgres import Postgres  # noqa: PLC0415 - an extra

            return Postgres(url, self._deadlines)
        raise StoreAway(
            f"the store {self.name} is neither SQLite nor PostgreSQL; name one of them, "
            "as sqlite:///FILE or postgresql://USER@HOST/DATABASE"
        )

    def exists(self) -> bool:
        """Return whether there is a database; one on a server is there until proved otherwise."""
        return self._backend.file is None or self._backend.file.is_file()

    def make(self) -> None:
        """Make the file if the database is one and it is missing. Raises StoreAway.

        Nobody but its owner can read it, nor what SQLite puts beside it.
        """
        file = self._backend.file
        if file is not None:
            try:
                file.touch(mode=0o600)
                close_to_others(file)
            except OSError as error:
                reason = f"{error.strerror}: {file}"
                raise StoreAway(f"the store {self.name} cannot be made: {reason}") from error

    @contextmanager
    def begin_read(self) -> Iterator[Connection]:
        """Lend a connection that reads. Raises StoreAway, also for what is done with it."""
        with self.watch("read"), self._call(), self._lend() as connection:
            self._backend.limit(connection)
            yield connection

    @contextmanager
    def begin_write(self) -> Iterator[Connection]:
        """Lend a connection whose transaction is the only one that writes, until it is over.

        What was done is durable when the block is left, or undone if it is left by an exception.
        Raises StoreAway, also for what is done with the connection; WrongSchema for a store that
        another version has changed by now; and CommitUnknown.
        """
        with self.watch("write"), self._call(), self._turn() as connection:
            self._backend.lock(connection, self._deadline)
            check_schema(self.name, read_schema(connection))
            yield connection
            with self._deadlines.allow(self._deadline):
                self._commit(connection)

    @contextmanager
    def begin_migration(self) -> Iterator[Connection]:
        """Lend a connection as `begin_write` does, for as long as it takes and for any schema.

        It ends when the database falls silent for longer than the deadline.
        """
        with self.watch("write"), self._call(), self._turn() as connection:
            self._backend.lock(connection, None)
            with self._deadlines.allow(self._deadline, self._backend.answers):
                yield connection
                self._commit(connection)

    def purge(self) -> None:
        """Rewrite the files, so that nothing is left in them of what is in no table any more.

        Others wait for as long as it takes. It ends when the database falls silent for longer than
        the deadline. Raises StoreAway, also while others read what there was before.
        """
        long = self._deadlines.allow(self._deadline, self._backend.answers)
        with self.watch("write"), self._call(), self._turn() as connection, long:
            self._backend.purge(connection)

    def close(self) -> None:
        """Give back every connection."""
        self._engine.dispose()

    @contextmanager
    def _call(self) -> Iterator[None]:
        """Keep what is done in the block within the deadline, and find out why it could not be."""
        self._silence.refuse()
        began = monotonic()
        try:
            with self._deadlines.allow(self._deadline), raise_store_away(self.name):
                yield
        except StoreAway:
            if monotonic() - began > _SUSPICIOUS:
                self._silence.check()
            raise

    @contextmanager
    def _turn(self) -> Iterator[Connection]:
        """Lend a connection to one thread at a time; those that wait here hold none."""
        if not self._writer.acquire(timeout=self._deadlines.left):
            raise StoreAway(f"the store {self.name} does not answer: others are writing to it")
        try:
            with self._lend() as connection:
                yield connection
        finally:
            self._writer.release()

    @contextmanager
    def _lend(self) -> Iterator[Connection]:
        asked = monotonic()
        try:
            with self._engine.connect() as connection:
                self._count_connections(monotonic() - asked)
                yield connection
        finally:
            self._count_connections(None)

    def _count_connections(self, waited: float | None) -> None:
        pool = cast(QueuePool, self._engine.pool)
        in_use = pool.checkedout()
        self.watch_pool(in_use + pool.checkedin(), in_use, waited)

    def _commit(self, connection: Connection) -> None:
        try:
            connection.commit()
        except DBAPIError as error:
            if self._backend.is_refusal(error):
                raise
            raise CommitUnknown(
                f"the store {self.name} fell silent while it committed, so what was to be stored "
                f"may be stored or not: {str(error.orig).strip()}"
            ) from error
