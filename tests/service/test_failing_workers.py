"""Workers that end or cannot start: the others serve on, and more are tried."""

from __future__ import annotations

import re
import signal
import threading
import time
from pathlib import Path

import psutil
import pytest

from reloads import (
    EDITED,
    Run,
    Serve,
    await_text,
    await_workers,
    call,
    digest_in,
    master_of,
    post,
    reloaded,
)
from written_rulebooks import VARIANT, book


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of rulebooks with one in it, for a service to load."""
    book(tmp_path / "books", VARIANT)
    return tmp_path / "books"


def test_a_replacement_that_cannot_start(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    address, log = serve("--workers", 2), tmp_path / "server.log"
    (metrics,) = temporary.glob("softbalance-metrics-*")
    moved = metrics.rename(temporary / "moved")
    master_of(tmp_path).children()[0].kill()
    await_text(log, "A worker could not start; 1 of 2 serve, and another is tried in 5 seconds")
    assert call(address, "/healthz") == {"status": "alive"}
    moved.rename(metrics)
    await_workers(tmp_path, 2)
    await_text(log, "Booting worker")
    assert call(address, "/readyz") == {"status": "ready"}


def test_a_worker_that_ends_while_others_start_is_replaced(
    serve: Serve, run: Run, folder: Path, tmp_path: Path
) -> None:
    address = serve("--rulebooks", folder, "--workers", 1)
    master, before = master_of(tmp_path), digest_in(folder)
    (old,) = master.children()
    book(folder, EDITED)
    done: list[int] = []
    reload = threading.Thread(target=lambda: done.append(reloaded(run, address).returncode))
    reload.start()
    starting = _await_other(master, old)
    starting.send_signal(signal.SIGSTOP)
    old.kill()
    _await_other(master, old, starting)
    assert post(address)[1] == before
    starting.send_signal(signal.SIGCONT)
    reload.join()
    assert done == [0]
    assert post(address)[1] == digest_in(folder)
    await_workers(tmp_path, 1)
    assert re.search(r"pid: \d+\) ended while others start", (tmp_path / "server.log").read_text())


def _await_other(master: psutil.Process, *known: psutil.Process) -> psutil.Process:
    """Wait until the service has a worker besides these."""
    deadline = time.monotonic() + 60
    while not (others := [child for child in master.children() if child not in known]):
        assert time.monotonic() < deadline
        time.sleep(0.002)
    return others[0]
