"""A database that accepts and says nothing: calls end in time, and all is well when it goes on."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from typing import NamedTuple

import pytest
from softbalance.service.store import Store
from softbalance.service.store.chain_audit import audit

from calls import RECORDS, Answer, call, call_at_once
from servers import PgBouncer, Postgres

EPISODE = {"form": "other"}
#: What no call may take, with all that a loaded machine adds; without deadlines it is minutes.
LONGEST = 30


class Stoppable(NamedTuple):
    """A database that can be stopped where it is."""

    url: str
    paused: Callable[[], AbstractContextManager[None]]


@pytest.fixture
def server() -> Iterator[Postgres]:
    server = Postgres()
    yield server
    server.remove()


@pytest.fixture(params=["the server", "the server behind a pooler", "the pooler"])
def stoppable(request: pytest.FixtureRequest, server: Postgres) -> Iterator[Stoppable]:
    if request.param == "the server":
        yield Stoppable(server.url, server.paused)
        return
    pooler = PgBouncer(server.url, connections=8)
    yield Stoppable(pooler.url, pooler.paused if request.param == "the pooler" else server.paused)
    pooler.remove()


def _await_ready(address: str) -> None:
    until = time.monotonic() + 30
    while call(address, "/readyz").status != 200:
        assert time.monotonic() < until
        time.sleep(0.1)


def _gauge(metrics: Answer, name: str) -> float:
    (line,) = [line for line in metrics.text.splitlines() if line.startswith(f"{name} ")]
    return float(line.split()[1])


def test_a_database_that_is_stopped(serve: Callable[..., str], stoppable: Stoppable) -> None:
    address = serve("--workers", 1, "--database", stoppable.url, "--store-deadline", 2)
    ask = partial(call, address, longest=LONGEST)
    post, read = partial(ask, RECORDS, EPISODE), partial(ask, RECORDS)
    # the pool is warm
    assert {answer.status for answer in call_at_once([post] * 8)} == {201}
    assert _gauge(ask("/metrics"), "softbalance_store_connections") >= 1
    others = [partial(ask, "/healthz"), partial(ask, f"{RECORDS}?store=false", EPISODE)]
    with stoppable.paused():
        for _ in range(3):
            answers = call_at_once([post] * 6 + [read, partial(ask, "/readyz"), *others])
            assert sorted(answer.status for answer in answers) == [200, 200, *[503] * 8]
            refused = [answer.kind for answer in answers if answer.status == 503]
            assert sorted(refused) == ["not-ready", *["store-away"] * 7]
        assert _gauge(ask("/metrics"), "softbalance_store_connections_in_use") == 0
    _await_ready(address)
    assert {answer.status for answer in call_at_once([post] * 8)} == {201}
    store = Store(stoppable.url)
    found = audit(store.database)
    store.close()
    assert (found.whole, found.broken) == (16, None)


def test_callers_with_keys(
    serve: Callable[..., str],
    run: Callable[..., subprocess.CompletedProcess[str]],
    server: Postgres,
) -> None:
    created = run("keys", "create", "a-team", "--scope", "classify", "--database", server.url)
    key = f"Bearer {created.stdout.split()[-1]}"
    options = ("--workers", 1, "--auth", "required", "--store-deadline", 2)
    address = serve(*options, "--database", server.url)
    path = f"{RECORDS}?store=false"
    decide = partial(call, address, path, EPISODE, longest=LONGEST, Authorization=key)
    assert decide().status == 200
    with server.paused():
        for _ in range(3):
            assert {answer.status for answer in call_at_once([decide] * 8)} == {200}


def test_a_health_check_waits_for_nobody(serve: Callable[..., str], server: Postgres) -> None:
    address = serve("--workers", 1, "--threads", 1, "--database", server.url)
    with server.paused():
        waiting = threading.Thread(target=call, args=(address, RECORDS, EPISODE))
        waiting.start()
        time.sleep(1)
        assert call(address, "/healthz", longest=5).status == 200
        assert waiting.is_alive()
    waiting.join()


def test_a_start_while_the_database_is_silent(
    run: Callable[..., subprocess.CompletedProcess[str]], server: Postgres
) -> None:
    with server.paused():
        done = run("serve", "--port", 0, "--database", server.url, "--store-deadline", 1)
    assert done.returncode == 2
    assert "does not answer" in done.stderr
