"""Connections to the store's database, SQLite or PostgreSQL, and what may go wrong with them."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError, SQLAlchemyError

#: How long a call waits for others that write, and for a server that does not answer, in seconds.
PATIENCE = 5
#: PostgreSQL's advisory lock that whoever writes to the store holds: any number, but always this.
_WRITERS = 5_407_112_004


class StoreAway(ConnectionError):
    """The store cannot be reached, does not answer or cannot be used; nothing was stored."""


class Database:
    """One database, read by many at a time and written by one. Safe for threads.

    Raises StoreAway where the URL names no store.
    """

    def __init__(self, url: str) -> None:
        with _raise_store_away("URL"):
            parsed = make_url(url)
        self.name = parsed.render_as_string(hide_password=True)
        #: Called with `read` or `write`, and entered around each of these.
        self.watch: Callable[[str], AbstractContextManager[object]] = nullcontext
        self._file: Path | None = None
        self._writer = threading.Lock()
        backend = parsed.get_backend_name()
        with _raise_store_away(self.name):
            if backend == "sqlite":
                self._file = _file_of(parsed)
                self._engine = _sqlite(parsed, self._file)
                self._lock = "BEGIN IMMEDIATE"
            elif backend in ("postgresql", "postgres"):
                self._engine = _postgres(parsed)
                self._lock = f"SELECT pg_advisory_xact_lock({_WRITERS})"
            else:
                raise StoreAway(
                    f"the store {self.name} is neither SQLite nor PostgreSQL; name one of them, "
                    "as sqlite:///FILE or postgresql://USER@HOST/DATABASE"
                )

    def exists(self) -> bool:
        """Return whether there is a database; one on a server is there until proved otherwise."""
        return self._file is None or self._file.is_file()

    def make(self) -> None:
        """Make the file if the database is one and it is missing. Raises StoreAway."""
        if self._file is not None:
            try:
                self._file.touch()
            except OSError as error:
                reason = f"{error.strerror}: {self._file}"
                raise StoreAway(f"the store {self.name} cannot be made: {reason}") from error

    @contextmanager
    def begin_read(self) -> Iterator[Connection]:
        """Lend a connection that reads. Raises StoreAway, also for what is done with it."""
        with self.watch("read"), _raise_store_away(self.name), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def begin_write(self) -> Iterator[Connection]:
        """Lend a connection whose transaction is the only one that writes, until it is over.

        What was done is durable when the block is left, or undone if it is left by an exception.
        Raises StoreAway, also for what is done with the connection.
        """
        with self.watch("write"), self._turn() as connection:
            connection.exec_driver_sql(self._lock)
            yield connection

    @contextmanager
    def _turn(self) -> Iterator[Connection]:
        """Lend a connection with a transaction; threads that wait here do not in the database."""
        if not self._writer.acquire(timeout=PATIENCE):
            raise StoreAway(f"the store {self.name} does not answer: others are writing to it")
        try:
            with _raise_store_away(self.name), self._engine.begin() as connection:
                yield connection
        finally:
            self._writer.release()

    def close(self) -> None:
        """Give back every connection."""
        self._engine.dispose()


def _file_of(url: URL) -> Path:
    if not url.database or url.database == ":memory:":
        raise StoreAway("a store in memory keeps nothing; name a file: sqlite:///FILE")
    return Path(url.database)


def _sqlite(url: URL, file: Path) -> Engine:
    synchronous = _synchronous(url)

    def connect() -> sqlite3.Connection:
        # `rw` makes no file: a store that was taken away is away, and not a new and empty one
        connection = sqlite3.connect(
            f"file:{quote(str(file))}?mode=rw",
            uri=True,
            timeout=PATIENCE,
            isolation_level=None,
            check_same_thread=False,
        )
        # WAL lets readers and a writer work side by side
        for pragma in (
            "journal_mode=WAL",
            f"synchronous={synchronous}",
            "wal_autocheckpoint=4000",
            "foreign_keys=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    engine = create_engine(url.set(query={}), creator=connect, max_overflow=-1)

    @event.listens_for(engine, "connect")
    def remember(_: Any, record: Any) -> None:
        record.info["file"] = _identity(file)

    @event.listens_for(engine, "checkout")
    def check_file(_: Any, record: Any, __: Any) -> None:
        # an open file lives on when its name is gone, and what is written to it then is lost
        if record.info["file"] != _identity(file):
            raise DisconnectionError

    return engine


def _synchronous(url: URL) -> str:
    """Return when SQLite waits for the disk: FULL at each commit, NORMAL when it tidies up.

    Both keep what was acknowledged when processes are killed. With NORMAL a power cut may cost the
    last moments.
    """
    asked = dict(url.query)
    synchronous = str(asked.pop("synchronous", "full")).upper()
    if asked or synchronous not in ("FULL", "NORMAL"):
        raise StoreAway(
            f"the store {url} asks for what there is not; `?synchronous=normal` is all that can be "
            "asked of SQLite"
        )
    return synchronous


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _postgres(url: URL) -> Engine:
    # an address that leads nowhere, or a line that is cut, is noticed within seconds
    options = {
        "application_name": "softbalance",
        "client_encoding": "utf8",
        "connect_timeout": 3,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": PATIENCE * 1000,
        "options": f"-c lock_timeout={PATIENCE}s",
    }
    # a thread holds one connection at a time, so that there are never more than threads
    return create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_pre_ping=True,
        max_overflow=-1,
        connect_args={name: value for name, value in options.items() if name not in url.query},
    )


@contextmanager
def _raise_store_away(name: str) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        reason = str(error.orig).strip()
        raise StoreAway(f"the store {name} does not answer: {reason}") from error
    except ModuleNotFoundError as error:
        remedy = "pip install 'softbalance[postgres]'"
        raise StoreAway(f"the store {name} cannot be used: {error}; {remedy}") from error
    except SQLAlchemyError as error:
        reason = str(error).partition("\n")[0]
        raise StoreAway(f"the store {name} cannot be used: {reason}") from error
