"""A migration may take as long as it needs, but not for ever with a database that is silent."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from softbalance.service.store import Database, Store, StoreAway
from sqlalchemy import text

from servers import Postgres


@pytest.fixture
def server() -> Iterator[Postgres]:
    server = Postgres()
    yield server
    server.remove()


def test_it_takes_as_long_as_it_needs_and_ends_where_nobody_answers(server: Postgres) -> None:
    database = Database(server.url, deadline=1)
    with database.begin_migration() as connection:
        assert connection.execute(text("SELECT 'done' FROM pg_sleep(3)")).scalar() == "done"
    with (
        pytest.raises(StoreAway, match="silent for too long"),
        database.begin_migration() as connection,
        server.paused(),
    ):
        connection.execute(text("SELECT 1"))
    database.close()


def test_sqlite_takes_as_long_as_it_needs(tmp_path_factory: pytest.TempPathFactory) -> None:
    store = Store(f"sqlite:///{tmp_path_factory.mktemp('store')}/store.db", deadline=1)
    store.create()
    long = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 8000000) "
        "SELECT max(i) FROM n"
    )
    both = f"SELECT {', '.join([f'({long})'] * 20)}"
    with pytest.raises(StoreAway), store.database.begin_read() as connection:
        connection.execute(text(both))
    with store.database.begin_migration() as connection:
        for _ in range(2):
            assert connection.execute(text(long)).scalar() == 8_000_000
    store.close()
