"""Reaching into a store past its defences, as somebody with the database's password could."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from softbalance.service.store.chain import canonical, digest_of
from sqlalchemy import Connection, create_engine, make_url, text

#: Tables that triggers keep.
_KEPT = ("classifications", "classification_actors", "classification_coders", "audit_events")


@contextmanager
def opened(url: str) -> Iterator[Connection]:
    """Lend a connection of one's own, committed at the end."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    engine = create_engine(parsed)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


@contextmanager
def holding(url: str) -> Iterator[Connection]:
    """Lend a connection of one's own that holds the lock of whoever writes."""
    with opened(url) as connection:
        if connection.dialect.name == "sqlite":
            connection.execute(text("BEGIN IMMEDIATE"))
        else:
            connection.execute(text("SELECT pg_advisory_xact_lock(5407112004)"))
        yield connection


@contextmanager
def undefended(url: str) -> Iterator[Connection]:
    """Lend a connection after the triggers that keep records are gone."""
    with opened(url) as connection:
        if connection.dialect.name == "sqlite":
            for table in _KEPT:
                connection.execute(text(f"DROP TRIGGER IF EXISTS {table}_no_update"))
                connection.execute(text(f"DROP TRIGGER IF EXISTS {table}_no_delete"))
        else:
            # the triggers, and the references between the tables
            connection.execute(text("SET session_replication_role = replica"))
        yield connection


def forge(url: str, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the document of the only record, with a digest that fits it."""
    with undefended(url) as connection:
        row = connection.execute(text("SELECT document FROM classifications")).one()
        document = json.loads(row.document)
        change(document)
        connection.execute(
            text("UPDATE classifications SET document = :document, digest = :digest"),
            {"document": json.dumps(document), "digest": digest_of(1, None, canonical(document))},
        )
