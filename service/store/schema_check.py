"""Whether a store has the schema that this version works with."""

from __future__ import annotations

from softbalance.service.store.failures import WrongSchema
from softbalance.service.store.tables import SCHEMA
from sqlalchemy import Connection

#: Sent as it stands: it is asked before each write.
_NUMBER = "SELECT version_num FROM alembic_version"


def read_schema(connection: Connection) -> str | None:
    """Return the schema of a store whose schema has a number."""
    found: str | None = connection.exec_driver_sql(_NUMBER).scalar()
    return found


def check_schema(name: str, found: str | None) -> None:
    """Raise WrongSchema unless the schema found in the store of that name is the newest.

    The message has the remedy.
    """
    if found == SCHEMA:
        return
    if is_unknown(found):
        raise WrongSchema(
            f"the store {name} has the schema {found!r}, and this version of softbalance "
            f"knows those up to {SCHEMA}; run the version that made it, or name another store"
        )
    has = "has no tables yet" if found is None else f"has the older schema {found}"
    raise WrongSchema(
        f"the store {name} {has}, and this version of softbalance works with {SCHEMA}; "
        f"run `softbalance db upgrade --database {name}`"
    )


def is_unknown(found: str | None) -> bool:
    """Return whether a schema is none that this version knows."""
    return found is not None and not (found.isdigit() and found <= SCHEMA)
