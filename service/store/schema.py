"""Which schema a store has, and how it gets the newest. Alembic is loaded only for a change."""

from __future__ import annotations

from importlib.resources import files

from softbalance.service.store.database import Database, StoreAway
from softbalance.service.store.tables import SCHEMA
from sqlalchemy import Connection, inspect, text

#: The schema of stores that were made before schemas had numbers.
_UNNUMBERED = "0001"


class WrongSchema(StoreAway):
    """The store has another schema than this version of softbalance works with."""


def schema_of(connection: Connection) -> str | None:
    """Return the schema that a store has, None if there is nothing of ours in it yet."""
    tables = set(inspect(connection).get_table_names())
    if "alembic_version" in tables:
        found: str | None = connection.execute(
            text("SELECT version_num FROM alembic_version")
        ).scalar()
        return found
    return _UNNUMBERED if "classifications" in tables else None


def check(database: Database, found: str | None) -> None:
    """Raise WrongSchema unless the schema found is the newest; the message has the remedy."""
    if found == SCHEMA:
        return
    if _is_unknown(found):
        raise WrongSchema(
            f"the store {database.name} has the schema {found!r}, and this version of softbalance "
            f"knows those up to {SCHEMA}; run the version that made it, or name another store"
        )
    has = "has no tables yet" if found is None else f"has the older schema {found}"
    raise WrongSchema(
        f"the store {database.name} {has}, and this version of softbalance works with {SCHEMA}; "
        f"run `softbalance db upgrade --database {database.name}`"
    )


def _is_unknown(found: str | None) -> bool:
    return found is not None and not (found.isdigit() and found <= SCHEMA)


def set_up(database: Database) -> None:
    """Make the tables of a new store; raise WrongSchema for one that has others.

    Processes may do so at once: the first makes them, the others wait. Raises StoreAway.
    """
    with database.begin_read() as connection:
        found = schema_of(connection)
    if found is None:
        with database.begin_write() as connection:
            found = schema_of(connection)
            if found is None:
                _expect_unicode(database, connection)
                _migrate(connection, None)
                found = SCHEMA
    check(database, found)


def upgrade(database: Database) -> tuple[str | None, str]:
    """Bring a store to the newest schema, wholly or not at all; return the old and the new one.

    Raises StoreAway, WrongSchema for a store of a newer version, and what a migration raises.
    """
    with database.begin_write() as connection:
        found = schema_of(connection)
        if _is_unknown(found):
            check(database, found)
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
