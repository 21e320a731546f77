"""`/readyz` is 503 whenever a call that stores would be, and leaves nothing behind."""

from __future__ import annotations

import os
import resource
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from softbalance.rules.language.loader import Library
from softbalance.service.settings import Settings
from softbalance.service.store import Store
from softbalance.service.store.chain_audit import audit
from sqlalchemy import make_url, text

from servers import as_administrator
from stores import opened

RECORDS = "/v1/classifications"
Make = Callable[[Settings], Flask]


@pytest.fixture
def used(application: Make, database: str) -> FlaskClient:
    client = application(Settings(database=database, store_deadline=2)).test_client()
    assert _statuses(client) == (201, 200)
    return client


def _statuses(client: FlaskClient) -> tuple[int, int]:
    posted = client.post(RECORDS, json={"form": "other"}).status_code
    return posted, client.get("/readyz").status_code


def _change(database: str, statement: str) -> None:
    with opened(database) as connection:
        connection.execute(text(statement))


def test_nothing_is_left_behind(used: FlaskClient, database: str) -> None:
    for _ in range(3):
        assert used.get("/readyz").status_code == 200
    store = Store(database)
    found = audit(store.database)
    store.close()
    assert (found.whole, found.broken) == (1, None)
    assert len(used.get(RECORDS).get_json()["items"]) == 1


@pytest.mark.parametrize("schema", ["9999", "0006", "0003"])
def test_another_schema_underneath(used: FlaskClient, database: str, schema: str) -> None:
    with opened(database) as connection:
        made = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    _change(database, f"UPDATE alembic_version SET version_num = '{schema}'")
    assert _statuses(used) == (503, 503)
    told = used.get("/readyz").get_json()["detail"]
    assert schema in told
    _change(database, f"UPDATE alembic_version SET version_num = '{made}'")
    assert len(used.get(RECORDS).get_json()["items"]) == 1
    assert _statuses(used) == (201, 200)


@pytest.mark.parametrize("schema", ["9999", "0003"])
def test_no_command_writes_to_another_schema(database: str, schema: str, library: Library) -> None:
    store = Store(database)
    store.create()
    _change(database, f"UPDATE alembic_version SET version_num = '{schema}'")
    with pytest.raises(ConnectionError, match=schema):
        store.keep(library["paul-2004"])
    _change(database, "DELETE FROM alembic_version")
    with pytest.raises(ConnectionError, match="has no tables yet"):
        store.keep(library["paul-2004"])
    assert store.rulebooks() == []
    store.close()


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE alembic_version",
        "ALTER TABLE classifications RENAME COLUMN digest TO other",
        "ALTER TABLE classification_actors RENAME TO other",
    ],
)
def test_tables_that_are_not_what_they_were(
    used: FlaskClient, database: str, statement: str
) -> None:
    episode = {"form": "other", "actors": ["RUS"]}
    _change(database, statement)
    assert used.post(RECORDS, json=episode).status_code == 503
    assert used.get("/readyz").status_code == 503
    assert used.get("/healthz").status_code == 200


def test_a_server_that_only_reads(application: Make, postgres: str) -> None:
    client = application(Settings(database=postgres)).test_client()
    assert _statuses(client) == (201, 200)
    name = make_url(postgres).database
    as_administrator(postgres, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    # what is connected already keeps what it was told
    client.application.extensions["softbalance"].store.close()
    assert _statuses(client) == (503, 503)
    assert len(client.get(RECORDS).get_json()["items"]) == 1


@contextmanager
def _as_nobody() -> Iterator[None]:
    """Obey the permissions of files, also as root."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.mark.parametrize("left", [0o444, 0o000])
def test_a_file_that_cannot_be_written(application: Make, left: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        file = Path(folder) / "store.db"
        settings = Settings(database=f"sqlite:///{file}", store_deadline=2)
        client = application(settings).test_client()
        assert _statuses(client) == (201, 200)
        client.application.extensions["softbalance"].store.close()
        file.chmod(left)
        with _as_nobody():
            assert _statuses(client) == (503, 503)
        file.chmod(0o644)
        assert _statuses(client) == (201, 200)


@pytest.mark.parametrize("rest", [0, 16, 100, 4096])
def test_a_file_that_is_damaged(application: Make, tmp_path: Path, rest: int) -> None:
    file = tmp_path / "store.db"
    client = application(Settings(database=f"sqlite:///{file}")).test_client()
    assert _statuses(client) == (201, 200)
    client.application.extensions["softbalance"].store.close()
    whole = file.read_bytes()
    file.write_bytes(whole[:rest] + b"\xa5" * (len(whole) - rest))
    assert _statuses(client) == (503, 503)
    assert client.get("/healthz").status_code == 200


def test_a_full_disk(application: Make, tmp_path: Path) -> None:
    client = application(Settings(database=f"sqlite:///{tmp_path}/store.db")).test_client()
    assert _statuses(client) == (201, 200)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    largest = max(part.stat().st_size for part in tmp_path.glob("store.db*"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, limits[1]))
    try:
        answers = [_statuses(client) for _ in range(3)]
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert answers == [(503, 503)] * 3
    assert _statuses(client) == (201, 200)


def test_a_stranger_is_told_no_reason_where_keys_are_asked_for(
    application: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    database = f"sqlite:///{tmp_path}/store.db"
    details = {}
    for auth in ("required", "none"):
        client = application(Settings(database=database, auth=auth)).test_client()
        (tmp_path / "store.db").rename(tmp_path / "away.db")
        answer = client.get("/readyz")
        (tmp_path / "away.db").rename(tmp_path / "store.db")
        assert answer.status_code == 503
        details[auth] = answer.get_json()["detail"]
    assert details["required"] == "the log says why"
    assert "store.db" in details["none"]
    assert caplog.text.count(f"not ready: {details['none']}") == 2
