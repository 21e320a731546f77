"""Connections to a store in PostgreSQL.

Nothing here outlives a transaction on the server: no prepared statement, no setting and no lock of
a session. So a pooler may give each transaction another connection (PgBouncer's transaction mode).
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.conninfo import timeout_from_conninfo
from softbalance.service.store.deadlines import Deadlines
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError

#: The advisory lock that whoever writes to the store holds: any number, but always this.
_WRITERS = 5_407_112_004
#: How long the server may take to answer a greeting, in seconds; libpq takes no less than 2.
_GREETING, _LEAST_GREETING = 3, 2
#: The tables that something may have been erased from.
_ERASED_FROM = ("classifications", "classification_coders", "idempotency_keys")
#: The share of a call's time after which the server ends it, so that it is left to say why.
_SERVED = 0.9
#: The share of a commit's time after which the server ends a transaction that it hears no more of.
#: Less than all: a commit that was given up is one that the server does not carry out later.
_IDLE = 0.8
_Result = TypeVar("_Result")


class Postgres:
    """A database on a server, and the pool of connections to it."""

    file: None = None

    def __init__(self, url: URL, deadlines: Deadlines) -> None:
        """Make the pool; no connection of it waits past the deadline of its thread."""
        self.engine = _make_engine(url, deadlines)
        self._deadlines = deadlines

    def limit(self, connection: Connection) -> None:
        """Have the server end what nobody waits for any more, and what nobody goes on with."""
        served = self._format_server_limit()
        settings = {"statement_timeout": served, "idle_in_transaction_session_timeout": served}
        connection.exec_driver_sql(_set_locally(settings))

    def _format_server_limit(self) -> str:
        return _milliseconds(_SERVED * self._deadlines.left)

    def lock(self, connection: Connection, idle: float | None) -> None:
        """Wait until nobody else writes.

        The server ends the transaction of a node that is silent for `idle` seconds, also of one
        that has vanished, and gives the lock to others; with None it may be silent for long.
        """
        settings = {"lock_timeout": self._format_server_limit()}
        if idle is not None:
            silent = _milliseconds(_IDLE * idle)
            settings |= {
                "statement_timeout": self._format_server_limit(),
                "idle_in_transaction_session_timeout": silent,
                "tcp_user_timeout": silent,
                "tcp_keepalives_idle": "5s",
                "tcp_keepalives_interval": "2s",
                "tcp_keepalives_count": "3",
            }
        statements = f"{_set_locally(settings)}; SELECT pg_advisory_xact_lock({_WRITERS})"
        connection.exec_driver_sql(statements)

    def purge(self, connection: Connection) -> None:
        """Write the tables anew, and what the server knows of their values."""
        alone = connection.execution_options(isolation_level="AUTOCOMMIT")
        alone.exec_driver_sql(f"VACUUM (FULL, ANALYZE) {', '.join(_ERASED_FROM)}")

    def answers(self) -> bool:
        """Return whether the database answers a new connection within seconds."""
        with self._deadlines.allow(_LEAST_GREETING), suppress(psycopg.Error):
            _, given = self.engine.dialect.create_connect_args(self.engine.url)
            with _connect(self._deadlines, {**given, "prepare_threshold": None}) as connection:
                connection.execute("SELECT 1")
            return True
        return False

    def is_refusal(self, error: DBAPIError) -> bool:
        """Return whether the server said what went wrong: it has undone all, then."""
        return getattr(error.orig, "sqlstate", None) is not None


def _milliseconds(seconds: float) -> str:
    return f"{max(1, int(seconds * 1000))}ms"


def _set_locally(settings: dict[str, str]) -> str:
    return "; ".join(f"SET LOCAL {name} = '{value}'" for name, value in settings.items())


def _make_engine(url: URL, deadlines: Deadlines) -> Engine:
    # a line that is cut while nobody waits is noticed within seconds, too
    options = {
        "application_name": "softbalance",
        "client_encoding": "utf8",
        "connect_timeout": _GREETING,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": 5000,
        "prepare_threshold": None,
    }
    # a thread holds one connection at a time, so that there are never more than threads
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_pre_ping=True,
        max_overflow=-1,
        connect_args={name: value for name, value in options.items() if name not in url.query},
    )

    @event.listens_for(engine, "do_connect")
    def connect(_: Any, __: Any, ___: Any, given: dict[str, Any]) -> psycopg.Connection[Any]:
        return _connect(deadlines, given)

    return engine


def _connect(deadlines: Deadlines, given: dict[str, Any]) -> psycopg.Connection[Any]:
    left = deadlines.left
    if left <= 0:
        raise psycopg.OperationalError("time was up before there was a connection")
    longest = timeout_from_conninfo(given)
    greeting = max(_LEAST_GREETING, int(min(longest, left)))
    made = _TimedConnection.connect(**given | {"connect_timeout": greeting})
    made.deadlines = deadlines
    return made


class _TimedConnection(psycopg.Connection[Any]):
    """A connection that is closed when the deadline passes while it waits for the server.

    No time limit of the server or of TCP does that: a stopped server keeps none, and its kernel
    goes on to acknowledge what is sent.
    """

    deadlines: Deadlines

    def wait(
        self, gen: PQGen[_Result], interval: float = 0.1, timeout: float | None = None
    ) -> _Result:
        try:
            return super().wait(_limit(gen, self.deadlines), interval, timeout)
        except _TimeUp:
            self.close()
            raise


class _TimeUp(psycopg.OperationalError):
    pass


def _limit(waiting: PQGen[_Result], deadlines: Deadlines) -> PQGen[_Result]:
    """Do what a generator of psycopg does, until time is up.

    It yields when it would wait, and is resumed when there is something or after a moment.
    """
    try:
        wanted = next(waiting)
        while True:
            ready = yield wanted
            if deadlines.left <= 0:
                raise _TimeUp("it was silent for too long")
            wanted = waiting.send(ready)
    except StopIteration as end:
        result: _Result = end.value
        return result
