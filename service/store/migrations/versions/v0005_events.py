"""Events are chained; parts of records can be erased; keys and idempotency keys expire."""

import hashlib
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import orjson
import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_POSITION = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_AT_A_TIME = 500


def upgrade() -> None:
    """Make the chain of events, and begin it with the keys that there are already."""
    for name in ("salts", "resealed"):
        op.add_column("classifications", sa.Column(name, sa.Text))
    for name in ("expires_at", "last_used_at"):
        op.add_column("keys", sa.Column(name, sa.Text))
    events = op.create_table(
        "audit_events",
        sa.Column("position", _POSITION, primary_key=True, autoincrement=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("kind", "subject", "document")),
        sa.Column("previous", sa.Text),
        sa.Column("digest", sa.Text, nullable=False),
    )
    op.create_index("audit_events_by_subject", "audit_events", ["subject", "position"])
    op.create_index("audit_events_by_kind", "audit_events", ["kind", "position"])
    bind = op.get_bind()
    log = _Log(bind, events)
    _take_over_keys(bind, log)
    _take_over_claims(bind, log)
    _keep("audit_events")


class _Log:
    """The chain of events as it is begun here."""

    def __init__(self, bind: sa.Connection, events: sa.Table) -> None:
        self._bind, self._events = bind, events
        self.position = 0
        self._previous: str | None = None
        self._now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")

    def add(self, kind: str, subject: str, **details: Any) -> None:
        """Add an event; it was known by now, whenever it was."""
        event = {"kind": kind, "subject": subject, "at": self._now, **details}
        document, self.position = _canonical(event), self.position + 1
        before = "null" if self._previous is None else f'"{self._previous}"'
        chained = f'{{"position":{self.position},"previous":{before},"record":{document}}}'
        digest = _hash(chained)
        row = {"kind": kind, "subject": subject, "document": document, "digest": digest}
        link = {"position": self.position, "previous": self._previous}
        self._bind.execute(sa.insert(self._events), {**row, **link})
        self._previous = digest


def _canonical(content: object) -> str:
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS).decode()


def _hash(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _take_over_keys(bind: sa.Connection, log: _Log) -> None:
    names = ("id", "name", "scopes", "hash", "created_at", "revoked_at")
    keys = sa.table("keys", *(sa.column(name) for name in names))
    rows = bind.execute(sa.select(keys).order_by(keys.c.created_at, keys.c.id)).all()
    for row in rows:
        committed = _hash(_canonical([row.id, row.name, row.scopes, row.hash, row.created_at]))
        log.add("key-created", row.id, key=committed, expires_at=None)
        if row.revoked_at:
            log.add("key-revoked", row.id, revoked_at=row.revoked_at)


def _take_over_claims(bind: sa.Connection, log: _Log) -> None:
    """Copy the idempotency keys over, each with the time of its record."""
    op.rename_table("idempotency_keys", "idempotency_keys_0002")
    claims = op.create_table(
        "idempotency_keys",
        sa.Column("scope", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("position", _POSITION, sa.ForeignKey("classifications.position"), nullable=False),
        sa.Column("claimed_at", sa.Text, nullable=False),
        sa.Column("salt", sa.Text, nullable=False),
        sa.Column("event", _POSITION, nullable=False),
    )
    for old in _old_claims(bind):
        row = {**old, "salt": secrets.token_hex(16), "event": log.position + 1}
        record = row.pop("id")
        committed = [row[name] for name in ("salt", "scope", "key", "fingerprint")]
        claim = _hash(_canonical([*committed, row["position"], row["claimed_at"]]))
        log.add("idempotency-used", record, claim=claim)
        bind.execute(sa.insert(claims), row)
    op.drop_table("idempotency_keys_0002")
    op.create_index("idempotency_keys_by_event", "idempotency_keys", ["event"], unique=True)
    op.create_index("idempotency_keys_by_position", "idempotency_keys", ["position"])
    op.create_index("idempotency_keys_by_time", "idempotency_keys", ["claimed_at"])


def _old_claims(bind: sa.Connection) -> Iterator[dict[str, Any]]:
    names = ("scope", "key", "fingerprint", "position")
    old = sa.table("idempotency_keys_0002", *(sa.column(name) for name in names))
    records = sa.table("classifications", *map(sa.column, ("position", "id", "classified_at")))
    order = (old.c.position, old.c.scope, old.c.key)
    columns = (*old.c, records.c.id, records.c.classified_at.label("claimed_at"))
    query = sa.select(*columns).where(old.c.position == records.c.position).order_by(*order)
    after: tuple[Any, ...] | None = None
    while True:
        later = query if after is None else query.where(sa.tuple_(*order) > sa.tuple_(*after))
        batch = [dict(row) for row in bind.execute(later.limit(_AT_A_TIME)).mappings()]
        if not batch:
            return
        yield from batch
        after = tuple(batch[-1][name] for name in ("position", "scope", "key"))


def _keep(table: str) -> None:
    """Let the database refuse changes of events, as it does those of records."""
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
                "BEGIN SELECT RAISE(ABORT, 'events are kept as they are'); END"
            )
        return
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION softbalance_append_only()"
    )
