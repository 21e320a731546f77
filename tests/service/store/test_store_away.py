"""A store that is away: 503 and nothing else, all else goes on; once it is back, all is well."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest
from flask import Flask
from softbalance.service.settings import Settings
from softbalance.service.store import StoreAway
from softbalance.service.store.chain_audit import audit
from softbalance.service.store.store import Store
from sqlalchemy import text

from servers import Postgres
from stores import holding, opened

Run = Callable[..., subprocess.CompletedProcess[str]]
POST = "/v1/classifications"


class Removable(NamedTuple):
    """A store that can be taken away and brought back."""

    url: str
    take: Callable[[], object]
    bring: Callable[[], object]


@pytest.fixture(params=["sqlite", "postgresql"])
def removable(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Removable]:
    if request.param == "postgresql":
        server = Postgres()
        yield Removable(server.url, server.stop, server.start)
        server.remove()
        return
    here, there = tmp_path / "store", tmp_path / "elsewhere"
    here.mkdir()
    yield Removable(
        f"sqlite:///{here}/softbalance.db",
        lambda: here.rename(there),
        lambda: there.rename(here),
    )


def _status(address: str, body: bytes | None = None) -> int:
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            told = json.loads(error.read())
            assert told["type"].startswith("urn:softbalance:problem:"), told
            waits = "Retry-After" in error.headers or "readyz" in address
            return error.code if waits or error.code != 503 else -1


def _ready(address: str) -> None:
    deadline = time.monotonic() + 30
    while _status(f"{address}/readyz") != 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _worker(tmp_path: Path) -> psutil.Process:
    servers = [p for p in psutil.process_iter(["cwd"]) if p.info["cwd"] == str(tmp_path)]
    (worker,) = [p for p in servers if p.ppid() != os.getpid()]
    return worker


def test_all_that_needs_no_store_goes_on(
    serve: Callable[..., str], removable: Removable, tmp_path: Path
) -> None:
    address = serve("--workers", 1, "--database", removable.url)
    episode = b'{"form": "other"}'
    assert _status(address + POST, episode) == 201
    for replaced in (False, True):
        removable.take()
        if replaced:
            worker = _worker(tmp_path)
            worker.send_signal(signal.SIGKILL)
            worker.wait(10)
        assert _status(f"{address}{POST}?store=false", episode) == 200
        assert _status(address + POST, episode) == 503
        assert _status(address + POST) == 503
        assert _status(f"{address}/v1/audit/head") == 503
        assert _status(f"{address}/readyz") == 503
        assert _status(f"{address}/healthz") == 200
        removable.bring()
        _ready(address)
        assert _status(address + POST, episode) == 201
        assert _status(address + POST) == 200
    store = Store(removable.url)
    found = audit(store.database)
    store.close()
    assert (found.whole, found.broken) == (3, None)


def test_a_store_that_others_hold_too_long(
    application: Callable[[Settings], Flask], database: str
) -> None:
    client = application(Settings(database=database, store_deadline=1)).test_client()
    with holding(database):
        answer = client.post(POST, json={"form": "other"})
        assert answer.status_code == 503
        assert answer.headers["Retry-After"]
        assert client.get("/readyz").status_code == 503
        assert client.get(POST).get_json()["items"] == []
    assert client.post(POST, json={"form": "other"}).status_code == 201


def test_a_read_that_never_ends(database: str) -> None:
    endless = text(
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT 1 FROM n) SELECT count(*) FROM n"
    )
    store = Store(database, deadline=1)
    store.create()
    for begin in (store.database.begin_read, store.database.begin_write):
        with pytest.raises(StoreAway), begin() as connection:
            connection.execute(endless)
        assert store.count() == 0
    if database.startswith("postgresql"):
        with opened(database) as connection:
            running = text(
                "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'WITH REC%' "
                "AND state = 'active' AND datname = current_database()"
            )
            assert connection.execute(running).scalar() == 0
    store.close()


def test_a_full_disk(application: Callable[[Settings], Flask], tmp_path: Path) -> None:
    client = application(Settings(database=f"sqlite:///{tmp_path}/store.db")).test_client()
    assert client.post(POST, json={"form": "other"}).status_code == 201
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    largest = max(part.stat().st_size for part in tmp_path.glob("store.db*"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, limits[1]))
    try:
        answers = [client.post(POST, json={"form": "other"}) for _ in range(3)]
        assert client.post(f"{POST}?store=false", json={"form": "other"}).status_code == 200
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert {answer.status_code for answer in answers} == {503}
    assert client.post(POST, json={"form": "other"}).status_code == 201
    assert len(client.get(POST).get_json()["items"]) == 2


def test_a_server_that_is_not_there_is_told_at_the_start(run: Run) -> None:
    done = run("serve", "--port", 0, "--database", "postgres://me:secret@127.0.0.1:1/none")
    assert done.returncode == 2
    assert "127.0.0.1:1/none does not answer" in done.stderr
    assert "secret" not in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("mysql://localhost/x", "neither SQLite nor PostgreSQL"),
        ("sqlite://", "a store in memory keeps nothing"),
        ("sqlite:///x.db?synchronous=off", r"\?synchronous=normal"),
        ("nonsense", "cannot be used"),
    ],
)
def test_a_url_of_no_store(url: str, told: str) -> None:
    with pytest.raises(StoreAway, match=told):
        Store(url)


@pytest.mark.parametrize(("asked", "level"), [("", 2), ("?synchronous=normal", 1)])
def test_a_commit_waits_for_the_disk_unless_told_otherwise(
    tmp_path: Path, asked: str, level: int
) -> None:
    store = Store(f"sqlite:///{tmp_path}/store.db{asked}")
    store.create()
    with store.database.begin_write() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == level
    store.close()
