"""Records are chained and append-only; they can be found by title and coder; idempotency keys."""

import hashlib
from collections.abc import Iterator
from typing import Any

import orjson
import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_POSITION = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_FILTERS = ("classification", "rulebook", "form", "episode")
_SIDES = ("classification_actors", "classification_coders")
_AT_A_TIME = 500


def upgrade() -> None:
    """Make the new tables and copy the records over, each with its place in the chain."""
    op.rename_table("classifications", "classifications_0001")
    for name in _FILTERS:
        op.drop_index(f"classifications_by_{name}")
    op.drop_table("classification_actors")
    tables = _make_tables()
    _copy(op.get_bind(), *tables)
    op.drop_table("classifications_0001")
    for name in _FILTERS:
        op.create_index(f"classifications_by_{name}", "classifications", [name, "position"])
    for name in _SIDES:
        op.create_index(f"{name}_by_position", name, ["position"])
    for table in ("classifications", *_SIDES):
        _keep(table)


def _make_tables() -> tuple[sa.Table, sa.Table, sa.Table]:
    records = op.create_table(
        "classifications",
        sa.Column("position", _POSITION, primary_key=True, autoincrement=False),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("classified_at", "rulebook")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("classification", "form")),
        sa.Column("episode", sa.Text, nullable=False),
        sa.Column("title", sa.Text),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("previous", sa.Text),
        sa.Column("digest", sa.Text, nullable=False),
    )
    sides = [
        op.create_table(
            name,
            sa.Column(name.removeprefix("classification_")[:-1], sa.Text, primary_key=True),
            _reference(primary_key=True),
        )
        for name in _SIDES
    ]
    op.create_table(
        "idempotency_keys",
        sa.Column("scope", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("fingerprint", sa.Text, nullable=False),
        _reference(nullable=False),
    )
    return records, sides[0], sides[1]


def _reference(**options: Any) -> sa.Column[int]:
    return sa.Column("position", _POSITION, sa.ForeignKey("classifications.position"), **options)


def _copy(bind: sa.Connection, records: sa.Table, actors: sa.Table, coders: sa.Table) -> None:
    position, previous = 0, None
    for batch in _batches(bind):
        rows, acting, coding = [], [], []
        for old in batch:
            position += 1
            document = _document(old)
            episode = document["episode"]
            canonical = orjson.dumps(document, option=orjson.OPT_SORT_KEYS).decode()
            digest = _digest(position, previous, canonical)
            chained = {"position": position, "previous": previous, "digest": digest}
            title = episode.get("title")
            rows.append({**old, **chained, "title": title})
            for actor in dict.fromkeys(episode.get("actors", ())):
                acting.append({"actor": actor, "position": position})
            said = (one.get("coder", "")[:200] for one in episode.get("observations", ()))
            for coder in dict.fromkeys(filter(None, said)):
                coding.append({"coder": coder, "position": position})
            previous = digest
        for table, new in ((records, rows), (actors, acting), (coders, coding)):
            if new:
                bind.execute(sa.insert(table), new)


def _batches(bind: sa.Connection) -> Iterator[list[dict[str, Any]]]:
    after = 0
    names = ("id", "classified_at", *_FILTERS, "document", "position")
    old = sa.table("classifications_0001", *(sa.column(name) for name in names))
    while True:
        query = sa.select(old).where(old.c.position > after).order_by(old.c.position)
        batch = [dict(row) for row in bind.execute(query.limit(_AT_A_TIME)).mappings()]
        if not batch:
            return
        after = batch[-1]["position"]
        yield batch


def _document(old: dict[str, Any]) -> dict[str, Any]:
    try:
        document: dict[str, Any] = orjson.loads(old["document"])
        return document if document["episode"].keys() else {}
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ValueError(
            f"record {old['id']} at position {old['position']} is damaged ({error}), so nothing "
            "was upgraded; take it from a copy, or delete it, and upgrade again"
        ) from error


def _digest(position: int, previous: str | None, canonical: str) -> str:
    before = "null" if previous is None else f'"{previous}"'
    link = f'{{"position":{position},"previous":{before},"record":{canonical}}}'
    return "sha256:" + hashlib.sha256(link.encode()).hexdigest()


def _keep(table: str) -> None:
    """Let the database itself refuse what no version of softbalance does: to change a record."""
    told = "stored classifications are kept as they are"
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{change.lower()} BEFORE {change} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{told}'); END"
            )
        return
    op.execute(
        "CREATE OR REPLACE FUNCTION softbalance_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{told}'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION softbalance_append_only()"
    )
