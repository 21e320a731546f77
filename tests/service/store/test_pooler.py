"""A store behind PgBouncer in transaction mode, where each transaction may have another session."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from softbalance.service.store import Store
from softbalance.service.store.chain_audit import audit
from sqlalchemy import text

from calls import RECORDS, call, call_at_once
from servers import PgBouncer
from stores import opened


@pytest.fixture
def pooler(postgres: str) -> Iterator[PgBouncer]:
    pooler = PgBouncer(postgres)
    yield pooler
    pooler.remove()


def test_a_store_behind_a_pooler(
    serve: Callable[..., str],
    run: Callable[..., subprocess.CompletedProcess[str]],
    pooler: PgBouncer,
) -> None:
    address = serve("--workers", 2, "--threads", 8, "--database", pooler.url)
    post, read = partial(call, address, RECORDS, {"form": "other"}), partial(call, address, RECORDS)
    for _ in range(10):
        answers = call_at_once([post] * 8 + [read] * 8)
        assert sorted(answer.status for answer in answers) == [200] * 8 + [201] * 8
    store = Store(pooler.url)
    found = audit(store.database)
    store.close()
    assert (found.whole, found.broken) == (80, None)
    assert run("replay", "--all", "--database", pooler.url).stdout.startswith("80 of 80")


def test_nothing_is_left_to_those_who_use_a_session_next(pooler: PgBouncer) -> None:
    store = Store(pooler.url)
    store.create()
    for _ in range(10):
        with store.database.begin_write():
            pass
    names = ("lock_timeout", "idle_in_transaction_session_timeout", "statement_timeout")
    with opened(pooler.url) as connection:
        assert [connection.execute(text(f"SHOW {name}")).scalar() for name in names] == ["0"] * 3
        prepared = connection.execute(text("SELECT count(*) FROM pg_prepared_statements")).scalar()
        locks = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")
        assert (prepared, connection.execute(locks).scalar()) == (0, 0)
    store.close()
