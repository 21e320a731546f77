"""Whether kept rulebooks are those of their digests."""

from __future__ import annotations

from typing import Any

import orjson
from softbalance.service.store.audit_findings import ALTERED, Break
from softbalance.service.store.chain import hash_text
from softbalance.service.store.database import Database
from softbalance.service.store.tables import rulebooks
from sqlalchemy import select


def find_altered_rulebook(database: Database) -> Break | None:
    """Return the first kept rulebook that is not what its digest says. Raises StoreAway.

    A rulebook is one of few, so that they are read at once.
    """
    with database.begin_read() as connection:
        rows = connection.execute(select(rulebooks).order_by(rulebooks.c.digest)).all()
    for row in rows:
        wrong = _find_difference(row)
        if wrong is not None:
            return Break(ALTERED, None, None, wrong, f"the kept rulebook {row.id} {row.digest}")
    return None


def _find_difference(row: Any) -> str | None:
    actual = hash_text(row.content)
    if actual != row.digest:
        return f"what is kept of it has the digest {actual}"
    try:
        named = orjson.loads(row.content)["rulebooks"][-1]["id"]
    except (ValueError, LookupError, TypeError):
        return "what is kept of it is no rulebook"
    return None if named == row.id else f"what is kept of it is {named!r}"
