"""What was acknowledged is there after every process was killed, and the chain is whole."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from softbalance.service.store import Store
from softbalance.service.store.chain_audit import audit

from processes import SOFTBALANCE
from servers import Postgres

CLIENTS, ENOUGH = 6, 150


class Killable:
    """A service and its database, to be killed together."""

    def __init__(self, folder: Path, kind: str) -> None:
        self._folder = folder
        self._server = Postgres() if kind == "postgresql" else None
        self.url = self._server.url if self._server else f"sqlite:///{folder}/softbalance.db"
        self._service: subprocess.Popen[bytes] | None = None

    def start(self) -> str:
        if self._server:
            self._server.start()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [SOFTBALANCE, "serve", "--port", str(port), "--database", self.url]
        with (self._folder / "server.log").open("ab") as log:
            self._service = subprocess.Popen(command, cwd=self._folder, stdout=log, stderr=log)
        address = f"127.0.0.1:{port}"
        deadline = time.monotonic() + 60
        while not _answers(address):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return address

    def kill(self) -> None:
        assert self._service is not None
        master = psutil.Process(self._service.pid)
        for process in (master, *master.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGKILL)
        if self._server:
            self._server.kill()
        self._service.wait(10)

    def remove(self) -> None:
        if self._server:
            self._server.remove()


def _answers(address: str) -> bool:
    connection = http.client.HTTPConnection(address, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def killable(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Killable]:
    killable = Killable(tmp_path, request.param)
    yield killable
    killable.remove()


def _client(address: str, told: Callable[[str], object]) -> None:
    connection = http.client.HTTPConnection(address, timeout=30)
    kind = {"Content-Type": "application/json"}
    try:
        while True:
            connection.request("POST", "/v1/classifications", b'{"form": "other"}', kind)
            answer = connection.getresponse()
            record = json.loads(answer.read())
            assert answer.status == 201
            told(record["id"])
    except (OSError, http.client.HTTPException):
        connection.close()


def test_nothing_acknowledged_is_missing(killable: Killable) -> None:
    acknowledged: list[str] = []
    for rounds in (1, 2):
        address = killable.start()
        told = acknowledged.append
        clients = [threading.Thread(target=_client, args=(address, told)) for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        deadline = time.monotonic() + 60
        while len(acknowledged) < ENOUGH * rounds:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        killable.kill()
        for client in clients:
            client.join()
    killable.start()
    store = Store(killable.url)
    found = audit(store.database)
    assert found.broken is None
    assert found.whole >= len(acknowledged)
    assert [record for record in acknowledged if store.position(record) is None] == []
    store.close()
    killable.kill()
