"""What was done to events, keys, idempotency keys and kept rulebooks behind the service's back."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from softbalance.rules.classifier import Classifier
from softbalance.service.auth.api_keys import Keys
from softbalance.service.classifiers import classify
from softbalance.service.store import Claim, Store, audit
from softbalance.service.store.audit_findings import ALTERED, INSERTED, REMOVED
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from stores import opened, undefended

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def store(database: str, classifiers: dict[str, Classifier]) -> Iterator[Store]:
    """A store with two kept rulebooks, three idempotency keys and three API keys: nine events."""
    store = Store(database)
    store.create()
    for name in ("paul-2004", "brooks-wohlforth-2004"):
        store.keep(classifiers[name].rulebook)
    for name in ("one", "two", "three"):
        answer = classify(
            classifiers["paul-2004"], {"id": name, "form": "other", "hegemon": "USA"}, "trace"
        )
        store.add(answer, Claim("", name, name))
    keys = Keys(store.database)
    keys.create("ann", ["read"], datetime.now(UTC) + timedelta(days=1))
    keys.create("ben", ["read"])
    keys.revoke("ben")
    keys.create("cy", ["read"])
    keys.rotate("cy", timedelta(hours=1))
    yield store
    store.close()


def test_all_is_whole(store: Store, invoke: Run, database: str) -> None:
    found = audit(store.database)
    assert (found.broken, found.whole, found.events) == (None, 3, 9)
    done = invoke("audit", "verify", "--database", database)
    assert done.returncode == 0
    assert f"9 events are what was stored; the head is {found.events_head}." in done.stdout


@pytest.mark.parametrize(
    ("change", "kind", "name"),
    [
        ("UPDATE audit_events SET document = replace(document, ':', ': ') WHERE position = 4",
         ALTERED, "the event at position 4"),
        ("UPDATE audit_events SET document = '{' WHERE position = 4", ALTERED,
         "the event at position 4"),
        ("UPDATE audit_events SET kind = 'key-revoked' WHERE position = 4", ALTERED,
         "the event at position 4"),
        ("UPDATE audit_events SET subject = 'x' WHERE position = 4", ALTERED,
         "the event at position 4"),
        ("UPDATE audit_events SET digest = 'sha256:0' WHERE position = 9", ALTERED,
         "the event at position 9"),
        ("UPDATE audit_events SET digest = 'sha256:0' WHERE position = 4", ALTERED,
         "the event at position 4"),
        ("DELETE FROM audit_events WHERE position = 1", REMOVED, "the event at position 1"),
        ("DELETE FROM audit_events WHERE position = 4", REMOVED, "the event at position 4"),
        ("UPDATE audit_events SET position = 0 WHERE position = 1", INSERTED,
         "the event at position 0"),
        ("UPDATE keys SET hash = 'x' WHERE name = 'ann'", ALTERED, "the key "),
        ("UPDATE keys SET scopes = 'classify read' WHERE name = 'ann'", ALTERED, "the key "),
        ("UPDATE keys SET name = 'x' WHERE name = 'ann'", ALTERED, "the key "),
        ("UPDATE keys SET expires_at = NULL WHERE name = 'ann'", ALTERED, "the key "),
        ("UPDATE keys SET revoked_at = NULL WHERE name = 'ben'", ALTERED, "the key "),
        ("UPDATE keys SET expires_at = '2999' WHERE name = 'cy'", ALTERED, "the key "),
        ("DELETE FROM keys WHERE name = 'ann'", REMOVED, "the key "),
        ("INSERT INTO keys SELECT 'slipped', 'x', scopes, hash, created_at, NULL, NULL, NULL "
         "FROM keys WHERE name = 'ann'", INSERTED, "the key slipped"),
        ("UPDATE idempotency_keys SET fingerprint = 'x' WHERE key = 'two'", ALTERED,
         "the idempotency key of record"),
        ("UPDATE idempotency_keys SET key = 'x' WHERE key = 'two'", ALTERED,
         "the idempotency key of record"),
        ("UPDATE idempotency_keys SET position = 1 WHERE key = 'two'", INSERTED,
         "the idempotency key of record"),
        ("DELETE FROM idempotency_keys WHERE key = 'two'", REMOVED,
         "the idempotency key of record"),
        ("INSERT INTO idempotency_keys SELECT scope, 'x', fingerprint, position, claimed_at, salt, "
         "99 FROM idempotency_keys WHERE key = 'two'", INSERTED, "the idempotency key of record"),
        ("UPDATE rulebooks SET content = replace(content, 'hegemon', 'hegemom') "
         "WHERE id = 'paul-2004'", ALTERED, "the kept rulebook paul-2004 sha256:"),
        ("UPDATE rulebooks SET content = '{}' WHERE id = 'paul-2004'", ALTERED,
         "the kept rulebook paul-2004 sha256:"),
        ("UPDATE rulebooks SET id = 'x' WHERE id = 'paul-2004'", ALTERED,
         "the kept rulebook x sha256:"),
    ],
)  # fmt: skip
def test_what_was_changed_is_named(
    store: Store, database: str, invoke: Run, change: str, kind: str, name: str
) -> None:
    with undefended(database) as connection:
        connection.execute(text(change.replace(":", "\\:")))
    found = audit(store.database)
    assert found.broken is not None
    assert (found.broken.kind, found.broken.position) == (kind, None)
    assert (found.broken.name or "").startswith(name)
    done = invoke("audit", "verify", "--database", database)
    assert done.returncode == 3
    assert f" was {kind}: " in done.stdout
    assert "3 records are what was stored." in done.stdout


def test_a_record_that_events_tell_of_cannot_be_cut_off(store: Store, database: str) -> None:
    with undefended(database) as connection:
        for table in ("idempotency_keys", "classifications"):
            connection.execute(text(f"DELETE FROM {table} WHERE position = 3"))
    broken = audit(store.database).broken
    assert broken is not None
    assert broken.kind == REMOVED
    assert broken.detail == "the event at position 3 tells of it"


@pytest.mark.parametrize(
    "change", ["DELETE FROM audit_events", "UPDATE audit_events SET kind = ''"]
)
def test_the_database_itself_refuses_changes_of_events(
    store: Store, database: str, change: str
) -> None:
    with pytest.raises(DBAPIError, match="kept as they are"), opened(database) as connection:
        connection.execute(text(change))
