"""A node that holds the writers' lock and is paused: it loses the lock, and others go on."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from calls import RECORDS, call

#: What a node is doing that is stopped in the middle of a write.
HOLDER = """
import sys, time
from softbalance.service.store import Store
with Store(sys.argv[1], 2).database.begin_write():
    print("holds", flush=True)
    time.sleep(3600)
"""


@pytest.fixture
def paused_node(postgres: str) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        command = [sys.executable, "-c", HOLDER, postgres]
        node = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        started.append(node)
        assert node.stdout is not None
        assert node.stdout.readline() == "holds\n"
        node.send_signal(signal.SIGSTOP)
        return node

    yield start
    for node in started:
        node.kill()
        node.communicate()


def test_others_go_on(
    serve: Callable[..., str], paused_node: Callable[[], subprocess.Popen[str]], postgres: str
) -> None:
    address = serve("--workers", 1, "--database", postgres, "--store-deadline", 2)
    post = partial(call, address, RECORDS, {"form": "other"})
    assert post().status == 201
    node = paused_node()
    until = time.monotonic() + 30
    while (answer := post()).status != 201:
        assert answer.kind == "store-away"
        assert time.monotonic() < until
        time.sleep(0.2)
    assert call(address, "/readyz").status == 200
    assert node.poll() is None
