"""A record's place in the chain, with all that it takes to check its digest."""

from __future__ import annotations

from typing import NamedTuple

import orjson
from softbalance.service.store.database import Database
from softbalance.service.store.sealing import erasable_parts, load_salts
from softbalance.service.store.stored_records import WHOLE, DamagedRecord
from softbalance.service.store.tables import records
from sqlalchemy import select


class SealedLink(NamedTuple):
    """A record's place in the chain, the salts of its erasable parts, by pointer, and its reseal.

    `resealed` is the digest of the record as it is, if the chain's own is over a text that was
    erased; else None.
    """

    position: int
    digest: str
    previous: str | None
    salts: dict[str, str]
    resealed: str | None


def find_link(database: Database, record: str) -> SealedLink | None:
    """Return where in the chain a record is, or None if there is none.

    Raises StoreAway and DamagedRecord.
    """
    query = select(*WHOLE).where(records.c.id == record)
    with database.begin_read() as connection:
        row = connection.execute(query).one_or_none()
    if row is None:
        return None
    try:
        parts = list(erasable_parts(orjson.loads(row.document)))
        salts = load_salts(row.salts) or [None] * len(parts)
        by_pointer = {
            part.pointer: salt for part, salt in zip(parts, salts, strict=True) if salt is not None
        }
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise DamagedRecord(row.id, row.position) from error
    return SealedLink(row.position, row.digest, row.previous, by_pointer, row.resealed)
