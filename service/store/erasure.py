"""Erasing coders' names and notes: the seal of a text takes its place, and the chain stays whole.

An event tells who erased which parts and why. Idempotency keys of the record are forgotten, since
each has a digest of all that was sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import orjson
from softbalance.schemas.classification import Classification
from softbalance.service.store.chain import canonical, hash_text
from softbalance.service.store.claims import forget_claims
from softbalance.service.store.database import Database
from softbalance.service.store.event_chain import RECORD_ERASED, add_event
from softbalance.service.store.sealing import (
    CODER,
    ERASED,
    NOTE,
    Part,
    draw_salts,
    dump_salts,
    erasable_parts,
    load_salts,
    replace_parts,
    seal_of,
)
from softbalance.service.store.stored_records import LONGEST_CODER, WHOLE, coders_of, load_record
from softbalance.service.store.tables import coders, idempotency_keys, records
from sqlalchemy import Connection, Select, delete, insert, select, text, update

#: Records that are erased from in one transaction.
_AT_A_TIME = 20
#: Tables whose rows are kept as they are, but for this.
_TABLES = (records.name, coders.name)


class Wanted(NamedTuple):
    """What is to be erased; it names a record, a coder, or both.

    With `notes`, the notes of the record's observations, or of those of the coder; else the
    coder's name. `observation` is the index of the only one that is meant.
    """

    record: str | None
    coder: str | None
    notes: bool = False
    observation: int | None = None

    def takes(self, part: Part, coder: str | None) -> bool:
        """Return whether it is a part, whose observation is of that coder."""
        if self.observation is not None and part.observation != self.observation:
            return False
        if self.coder is not None and coder != self.coder:
            return False
        return part.kind == (NOTE if self.notes else CODER)


class Erasure(NamedTuple):
    """How many parts of how many records were erased."""

    parts: int
    records: int


def erase(database: Database, wanted: Wanted, by: str, reason: str) -> Erasure:
    """Erase what is wanted and not yet erased, for good.

    Raises StoreAway, and DamagedRecord for a record that is not what was stored: what was done
    before it stays done. The text is gone from the tables then, and from the database's files when
    it was purged, see `Database.purge`.
    """
    done, after, more = Erasure(0, 0), 0, True
    while more:
        query = _select_wanted(wanted).where(records.c.position > after).limit(_AT_A_TIME)
        with database.begin_write() as connection, _unkept(connection):
            rows = connection.execute(query).all()
            for row in rows:
                parts = _erase_from(connection, row, wanted, {"by": by, "reason": reason})
                done = Erasure(done.parts + parts, done.records + (parts > 0))
        more = len(rows) == _AT_A_TIME
        after = rows[-1].position if rows else after
    return done


def _select_wanted(wanted: Wanted) -> Select[Any]:
    query = select(*WHOLE).order_by(records.c.position)
    if wanted.record is not None:
        query = query.where(records.c.id == wanted.record)
    if wanted.coder is not None:
        whose = select(coders.c.position).where(coders.c.coder == wanted.coder[:LONGEST_CODER])
        query = query.where(records.c.position.in_(whose))
    return query


def _erase_from(connection: Connection, row: Any, wanted: Wanted, why: dict[str, str]) -> int:
    record = load_record(row)
    salts, parts = load_salts(row.salts), list(erasable_parts(record))
    observations = record["episode"].get("observations", ())
    # of a record that the chain holds as text, the seals need salts that nobody keeps
    drawn = draw_salts(record) if salts is None else salts
    seals: dict[Part, str] = {}
    for index, (part, salt) in enumerate(zip(parts, drawn, strict=True)):
        erased = salt is None or (row.resealed is not None and part.text.startswith(ERASED))
        coder = observations[part.observation].get("coder")
        if not erased and salt is not None and wanted.takes(part, coder):
            seals[part] = seal_of(salt, part.text)
            if salts is not None:
                salts[index] = None
    if seals:
        changed = replace_parts(record, seals)
        resealed = hash_text(canonical(changed)) if salts is None else None
        _store(connection, row.position, changed, salts, resealed)
        told = [[part.pointer, seal] for part, seal in seals.items()]
        link = {"position": row.position, "digest": row.digest, "resealed": resealed}
        add_event(connection, RECORD_ERASED, row.id, parts=told, **link, **why)
    return len(seals)


def _store(
    connection: Connection,
    position: int,
    record: Classification,
    salts: list[str | None] | None,
    resealed: str | None,
) -> None:
    values = {
        "document": orjson.dumps(record).decode(),
        "salts": None if salts is None else dump_salts(salts),
        "resealed": resealed,
    }
    connection.execute(update(records).where(records.c.position == position).values(values))
    connection.execute(delete(coders).where(coders.c.position == position))
    names = [{"coder": name, "position": position} for name in coders_of(record)]
    if names:
        connection.execute(insert(coders), names)
    forget_claims(connection, idempotency_keys.c.position == position)


@contextmanager
def _unkept(connection: Connection) -> Iterator[None]:
    """Let rows be changed in a transaction, which the database refuses otherwise."""
    if connection.dialect.name == "postgresql":
        for table in _TABLES:
            connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield
        for table in _TABLES:
            connection.exec_driver_sql(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        return
    query = text("SELECT name, sql, tbl_name FROM sqlite_master WHERE type = 'trigger'")
    triggers = [row for row in connection.execute(query) if row.tbl_name in _TABLES]
    for trigger in triggers:
        connection.exec_driver_sql(f"DROP TRIGGER {trigger.name}")
    yield
    for trigger in triggers:
        connection.exec_driver_sql(trigger.sql)
