"""Stores of other schemas: refused with the remedy, upgraded whole; new ones made once."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from softbalance.service.store import Claim, Store, StoreAway, WrongSchema, audit
from softbalance.service.store.chain import canonical, digest_of
from softbalance.service.store.schema import schema_of
from softbalance.service.store.tables import SCHEMA, metadata
from sqlalchemy import make_url, text

from places import ROOT, TESTS
from processes import SOFTBALANCE
from servers import as_administrator
from stores import opened

Run = Callable[..., subprocess.CompletedProcess[str]]
#: Stores that the version before schemas had numbers has made, as SQL. They hold the episodes
#: one, two and three; that of position 2 was deleted.
BASELINE = TESTS / "baseline"


@pytest.fixture
def old(database: str) -> str:
    """A store of the schema 0001."""
    kind = database.partition(":")[0]
    dump = (BASELINE / f"{kind}.sql").read_text("utf-8")
    with opened(database) as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        (driver.executescript if kind == "sqlite" else driver.execute)(dump)
    return database


def test_an_older_schema_is_refused_with_the_remedy(run: Run, old: str) -> None:
    for arguments in (("serve", "--port", 0), ("cases", "--load")):
        done = run(*arguments, "--database", old)
        assert done.returncode == 2
        assert "has the older schema 0001" in done.stderr
        assert "run `softbalance db upgrade --database" in done.stderr
    with opened(old) as connection:
        assert connection.execute(text("SELECT count(*) FROM classifications")).scalar() == 3


def test_an_older_store_is_upgraded(run: Run, old: str) -> None:
    with opened(old) as connection:
        rows = connection.execute(text("SELECT document FROM classifications ORDER BY position"))
        before = list(rows.scalars())
    done = run("db", "upgrade", "--database", old)
    assert done.returncode == 0, done.stderr
    assert f"had the schema 0001 and has {SCHEMA} now" in done.stdout
    assert run("db", "current", "--database", old).stdout == f"{SCHEMA}\n"
    assert "already" in run("db", "upgrade", "--database", old).stdout
    with opened(old) as connection:
        rows = connection.execute(text("SELECT document FROM classifications ORDER BY position"))
        assert list(rows.scalars()) == before
    assert run("replay", "--all", "--database", old).stdout.startswith("3 of 3")


def test_an_upgraded_store_is_chained_and_can_be_searched(old: str) -> None:
    store = Store(old)
    store.upgrade()
    records = store.page({}, 10).items[::-1]
    assert [record["episode"]["id"] for record in records] == ["one", "two", "three"]
    previous = None
    for position, record in enumerate(records, 1):
        digest = digest_of(position, previous, canonical(record))
        assert store.position(record["id"]) == (position, digest, previous)
        previous = digest

    def found(**filters: str) -> list[str]:
        return [record["episode"]["id"] for record in store.page(filters, 10).items]

    assert found(actor="RUS") == found(title="& ") == ["one"]
    assert found(title="Größe") == found(title="QUOTES") == ["one"]
    assert found(actor="EU") == found(coder="Ann") == found(coder="Ben") == ["two"]
    assert found(coder="Cy") == found(title="%") == []
    store.close()


@pytest.mark.parametrize("schema", ["0002", "0003", "0004"])
def test_a_store_of_every_schema_is_upgraded(run: Run, old: str, schema: str) -> None:
    """With its keys and idempotency keys, of which events tell afterwards."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "service" / "store" / "migrations"))
    with opened(old) as connection:
        config.attributes["connection"] = connection
        command.stamp(config, "0001")
        command.upgrade(config, schema)
        for number in (1, 2):
            connection.execute(
                text("INSERT INTO idempotency_keys VALUES ('', :key, 'f', :position)"),
                {"key": f"k{number}", "position": number},
            )
        if schema >= "0003":
            keys = text("INSERT INTO keys VALUES (:id, :id, 'read', 'h', '2026-01-01', :revoked)")
            connection.execute(keys, {"id": "ann", "revoked": None})
            connection.execute(keys, {"id": "ben", "revoked": "2026-01-02"})
    store = Store(old)
    assert store.upgrade() == (schema, SCHEMA)
    first = store.page({}, 10).items[-1]
    assert store.find_claimed(Claim("", "k1", "f")) == first
    found = audit(store.database)
    assert (found.broken, found.whole, found.events) == (None, 3, 5 if schema >= "0003" else 2)
    store.add({**first, "id": "next"}, Claim("", "k3", "f"))
    found = audit(store.database)
    assert (found.broken, found.whole) == (None, 4)
    store.close()
    assert run("replay", "--all", "--database", old).stdout.startswith("4 of 4")


def test_what_cannot_be_taken_over_stops_an_upgrade_whole(run: Run, old: str) -> None:
    with opened(old) as connection:
        connection.execute(
            text("UPDATE classifications SET document = '{' WHERE episode = 'three'")
        )
    done = run("db", "upgrade", "--database", old)
    assert done.returncode == 2
    assert "at position 4 is damaged" in done.stderr
    with opened(old) as connection:
        assert schema_of(connection) == "0001"
        assert connection.execute(text("SELECT count(*) FROM classifications")).scalar() == 3


@pytest.mark.parametrize("schema", ["9999", "0002a", "f00"])
def test_a_schema_that_is_not_known_is_refused(database: str, schema: str) -> None:
    store = Store(database)
    store.create()
    with opened(database) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": schema})
    for use in (store.create, store.upgrade, store.check):
        with pytest.raises(WrongSchema, match="run the version that made it"):
            use()
    store.close()


def test_a_new_store_is_made_once_by_many_at_once(run: Run, database: str) -> None:
    loading = [SOFTBALANCE, "cases", "--load", "--quiet", "--database", database]
    running = [subprocess.Popen(loading, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    for process in running:
        _, told = process.communicate(timeout=120)
        assert process.returncode == 0, told
    assert run("replay", "--all", "--database", database).stdout.startswith("11 of 11")


# of an index by an expression SQLAlchemy sees nothing in SQLite, but all in PostgreSQL
@pytest.mark.filterwarnings("ignore:.* expression-based index")
def test_the_migrations_make_the_tables_that_are_used(database: str) -> None:
    store = Store(database)
    store.create()
    store.close()
    with opened(database) as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_the_newest_schema_is_the_last_migration() -> None:
    config = Config()
    folder = ROOT / "service" / "store" / "migrations"
    config.set_main_option("script_location", str(folder))
    assert ScriptDirectory.from_config(config).get_heads() == [SCHEMA]


def test_a_database_that_lacks_characters_is_refused(postgres: str) -> None:
    url = make_url(postgres)
    name = f"{url.database}_latin"
    options = "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    as_administrator(postgres, f"CREATE DATABASE {name} {options}")
    store = Store(url.set(database=name).render_as_string(hide_password=False))
    for use in (store.create, store.upgrade):
        with pytest.raises(StoreAway, match="make it with ENCODING 'UTF8'"):
            use()
    store.close()
    as_administrator(postgres, f"DROP DATABASE {name}")
