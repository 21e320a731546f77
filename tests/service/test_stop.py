"""Told to stop, the service finishes what it has begun and loses nothing that it acknowledged."""

from __future__ import annotations

import http.client
import json
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from softbalance.service.store import Store

CLIENTS, LINES = 6, 3000


def _master(tmp_path: Path) -> psutil.Process:
    servers = [p for p in psutil.process_iter(["cwd"]) if p.info["cwd"] == str(tmp_path)]
    (master,) = [p for p in servers if p.ppid() == os.getpid()]
    return master


def _stopped(master: psutil.Process) -> None:
    deadline = time.monotonic() + 40
    while master.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_what_was_acknowledged_before_the_end_is_stored(
    serve: Callable[..., str], database: str, tmp_path: Path
) -> None:
    address = urlsplit(serve("--database", database)).netloc
    acknowledged: list[str] = []
    cut_off: list[str] = []
    enough = threading.Event()

    def client(number: int) -> None:
        connection = http.client.HTTPConnection(address, timeout=30)
        for count in range(100_000):
            begun = False
            try:
                path = "/v1/classifications?detail=verdict"
                kind = {"Content-Type": "application/json", "X-Request-Id": f"{number}-{count}"}
                connection.request("POST", path, b'{"form": "other"}', kind)
                answer = connection.getresponse()
                begun = True
                assert answer.status == 201
                acknowledged.append(json.loads(answer.read())["id"])
            except (OSError, http.client.HTTPException):
                if begun:
                    cut_off.append(f"{number}-{count}")
                connection.close()
                return
            if len(acknowledged) > 100:
                enough.set()

    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    assert enough.wait(30)
    master = _master(tmp_path)
    master.send_signal(signal.SIGTERM)
    for thread in threads:
        thread.join(40)
    _stopped(master)  # and the fixture looks at its exit status
    assert cut_off == []
    store = Store(database)
    assert all(store.get(record) is not None for record in acknowledged)
    store.close()


def test_an_answer_under_way_is_finished(serve: Callable[..., str], tmp_path: Path) -> None:
    connection = http.client.HTTPConnection(urlsplit(serve("--workers", 1)).netloc, timeout=40)
    connection.putrequest("POST", "/v1/batches")
    connection.putheader("Content-Type", "application/x-ndjson")
    body = b'{"form": "other"}\n' * LINES
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body[: len(body) // 2])
    answer = connection.getresponse()
    assert json.loads(answer.readline())["line"] == 1
    master = _master(tmp_path)
    (worker,) = master.children()
    master.send_signal(signal.SIGTERM)
    log = tmp_path / "server.log"
    while "Handling signal: term" not in log.read_text("utf-8"):
        assert worker.is_running()
    connection.send(body[len(body) // 2 :])
    assert sum(1 for _ in answer) == LINES - 1
    connection.close()
    _stopped(master)
