"""The tables of the store as the newest schema has them; `migrations/` makes them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    func,
)

#: The newest schema: the revision of the last file in `migrations/versions/`.
SCHEMA = "0005"

metadata = MetaData()
#: SQLite numbers rows by INTEGER and by no other type.
_POSITION = BigInteger().with_variant(Integer(), "sqlite")

#: One row a classification. `document` is the whole answer with its trace, as JSON; the columns
#: before it repeat of it what is searched for. `docs/audit.md` tells how rows are chained.
#: `salts` are those of its erasable parts (`sealing.py`); rows of older schemas have none, and
#: `resealed`, the digest of the record as it is now, once a part of them was erased.
records = Table(
    "classifications",
    metadata,
    Column("position", _POSITION, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False, unique=True),
    Column("classified_at", Text, nullable=False),
    Column("rulebook", Text, nullable=False),
    Column("classification", Text, nullable=False),
    Column("form", Text, nullable=False),
    Column("episode", Text, nullable=False),
    Column("title", Text),
    Column("document", Text, nullable=False),
    Column("previous", Text),
    Column("digest", Text, nullable=False),
    Column("salts", Text),
    Column("resealed", Text),
)
#: The columns that a list may be narrowed by, each to one value.
FILTERS = ("classification", "rulebook", "form", "episode")
for _name in FILTERS:
    Index(f"classifications_by_{_name}", records.c[_name], records.c.position)
#: What records are sorted by where they are sorted by title.
BY_TITLE = func.lower(func.coalesce(records.c.title, records.c.episode))
Index("classifications_by_title", BY_TITLE, records.c.position)

actors = Table(
    "classification_actors",
    metadata,
    Column("actor", Text, primary_key=True),
    Column("position", _POSITION, ForeignKey(records.c.position), primary_key=True),
)
#: Who coded the observations of an episode.
coders = Table(
    "classification_coders",
    metadata,
    Column("coder", Text, primary_key=True),
    Column("position", _POSITION, ForeignKey(records.c.position), primary_key=True),
)
for _table in (actors, coders):
    Index(f"{_table.name}_by_position", _table.c.position)

#: Every rulebook that this store has seen, by digest: what it takes to decide as it did.
rulebooks = Table(
    "rulebooks",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("id", Text, nullable=False),
    Column("content", Text, nullable=False),
)
#: Idempotency keys, each of the caller that is its scope, and the record that it was used for.
#: `event` is the position of the event that tells of it, `salt` what keeps that from being guessed.
idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("position", _POSITION, ForeignKey(records.c.position), nullable=False),
    Column("claimed_at", Text, nullable=False),
    Column("salt", Text, nullable=False),
    Column("event", _POSITION, nullable=False),
)
Index("idempotency_keys_by_event", idempotency_keys.c.event, unique=True)
Index("idempotency_keys_by_position", idempotency_keys.c.position)
Index("idempotency_keys_by_time", idempotency_keys.c.claimed_at)
#: API keys; `scopes` are joined by spaces, `hash` is that of the token's secret.
keys = Table(
    "keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("revoked_at", Text),
    Column("expires_at", Text),
    Column("last_used_at", Text),
)
#: What happened to keys, to idempotency keys and to parts of records, chained as records are.
#: `kind` and `subject`, the id of a key or a record, repeat what the document says.
events = Table(
    "audit_events",
    metadata,
    Column("position", _POSITION, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("previous", Text),
    Column("digest", Text, nullable=False),
)
for _name in ("subject", "kind"):
    Index(f"audit_events_by_{_name}", events.c[_name], events.c.position)
