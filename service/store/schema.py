"""Which schema a store has, and how it gets the newest. Alembic is loaded only for a change."""

from __future__ import annotations

from importlib.resources import files

from softbalance.service.store.database import Database
from softbalance.service.store.failures import StoreAway
from softbalance.service.store.schema_check import check_schema, is_unknown, read_schema
from softbalance.service.store.tables import SCHEMA
from sqlalchemy import Connection, inspect, text

#: The schema of stores that were made before schemas had numbers.
_UNNUMBERED = "0001"


def schema_of(connection: Connection) -> str | None:
    """Return the schema that a store has, None if there is nothing of ours in it yet."""
    tables = set(inspect(connection).get_table_names())
    if "alembic_version" in tables:
        return read_schema(connection)
    return _UNNUMBERED if "classifications" in tables else None


def set_up(database: Database) -> None:
    """Make the tables of a new store; raise WrongSchema for one that has others.

    Processes may do so at once: the first makes them, the others wait. Raises StoreAway.
    """
    with database.begin_read() as connection:
        found = schema_of(connection)
    if found is None:
        with database.begin_migration() as connection:
            found = schema_of(connection)
            if found is None:
                _expect_unicode(database, connection)
                _migrate(connection, None)
                found = SCHEMA
    check_schema(database.name, found)


def upgrade(database: Database) -> tuple[str | None, str]:
    """Bring a store to the newest schema, wholly or not at all; return the old and the new one.

    Raises StoreAway, WrongSchema for a store of a newer version, and what a migration raises.
    """
    with database.begin_migration() as connection:
        found = schema_of(connection)
        if is_unknown(found):
            check_schema(database.name, found)
        if found != SCHEMA:
            _expect_unicode(database, connection)
            _migrate(connection, found)
    return found, SCHEMA


def _expect_unicode(database: Database, connection: Connection) -> None:
    """Refuse a database that could not keep every text that an episode may hold."""
    if connection.dialect.name != "postgresql":
        return
    encoding = connection.execute(text("SHOW server_encoding")).scalar()
    if encoding != "UTF8":
        raise StoreAway(
            f"the database {database.name} is encoded in {encoding}, which lacks characters; "
            "make it with ENCODING 'UTF8' (and TEMPLATE template0)"
        )


def _migrate(connection: Connection, found: str | None) -> None:
    from alembic import command  # noqa: PLC0415 - takes as long to load as all the rest
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    folder = files("softbalance.service.store") / "migrations"
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.attributes["connection"] = connection
    if found == _UNNUMBERED and not inspect(connection).has_table("alembic_version"):
        command.stamp(config, _UNNUMBERED)
    command.upgrade(config, SCHEMA)
