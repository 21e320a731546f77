"""Health is told at once, whoever keeps the service busy."""

from __future__ import annotations

import os
import socket
import time
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from loads import Poll

HEALTH = ("/healthz", "/readyz")
RULEBOOKS = ("brooks-wohlforth-2004", "brooks-wohlforth-2004-walt", "paul-2004")
#: Seconds in which an answer comes even on a machine that others load.
SOON = 15


def test_health_waits_for_no_place(serve: Callable[..., str]) -> None:
    address = serve("--workers", 1, "--threads", 1)

    def verify(rulebook: str) -> int:
        with urllib.request.urlopen(f"{address}/v1/rulebooks/{rulebook}", timeout=120) as answer:
            status: int = answer.status
        return status

    with ThreadPoolExecutor(len(RULEBOOKS)) as threads:
        asked = [threads.submit(verify, rulebook) for rulebook in RULEBOOKS]
        with Poll(address, *HEALTH) as poll:
            # while the first is being proved, which takes seconds, the others wait
            while not any(one.done() for one in asked):
                answered = [len(poll.taken[path]) for path in HEALTH]
                time.sleep(0.05)
            assert [one.result() for one in asked] == [200] * len(RULEBOOKS)
    assert poll.failed == []
    assert min(answered) > 5
    assert poll.longest < SOON


def test_health_is_told_when_slow_clients_hold_every_thread(serve: Callable[..., str]) -> None:
    address = serve("--workers", 1, "--patience", 600)
    parts = urlsplit(address)
    with ExitStack() as stack:
        for _ in range(300):
            client = socket.create_connection((parts.hostname or "", parts.port or 0), timeout=30)
            stack.enter_context(client).sendall(b"GET /healthz HTTP/1.1\r\nHost: ")
        for path in HEALTH * 3:
            with urllib.request.urlopen(f"{address}{path}", timeout=SOON) as answer:
                assert answer.status == 200


def test_a_worker_outlives_more_connections_than_it_may_have(
    serve: Callable[..., str], tmp_path: Path
) -> None:
    address = serve("--workers", 1)
    servers = [p for p in psutil.process_iter(["cwd"]) if p.info["cwd"] == str(tmp_path)]
    (worker,) = [p for p in servers if p.ppid() != os.getpid()]
    worker.rlimit(psutil.RLIMIT_NOFILE, (worker.num_fds() + 20,) * 2)
    parts = urlsplit(address)
    with ExitStack() as stack:
        for _ in range(50):
            client = socket.create_connection((parts.hostname or "", parts.port or 0), timeout=30)
            stack.enter_context(client).sendall(b"GET /healthz HTTP/1.1\r\nHost: ")
        time.sleep(1)
    with Poll(address, "/healthz") as poll:
        while len(poll.taken["/healthz"]) < 5 and not poll.failed:
            time.sleep(0.05)
    assert poll.failed == []
    assert worker.is_running()
    assert worker.status() != psutil.STATUS_ZOMBIE
