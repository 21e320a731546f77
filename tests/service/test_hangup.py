"""SIGHUP: the terminal is gone, or, to a service without one, the rulebooks are to be loaded."""

from __future__ import annotations

import os
import re
import select
import signal
import time
from pathlib import Path

import psutil
import pytest

from processes import SOFTBALANCE
from reloads import EDITED, Serve, await_text, break_rule, call, digest_in, master_of, post
from written_rulebooks import VARIANT, book


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of rulebooks with one in it, for a service to load."""
    book(tmp_path / "books", VARIANT)
    return tmp_path / "books"


def test_a_hangup_without_a_terminal_reloads(serve: Serve, folder: Path, tmp_path: Path) -> None:
    address = serve("--rulebooks", folder)
    master = master_of(tmp_path)
    book(folder, EDITED)
    master.send_signal(signal.SIGHUP)
    for worker in master.children():
        worker.send_signal(signal.SIGHUP)  # as by `systemctl kill`; it is not for them
    await_text(tmp_path / "server.log", f"loaded rulebook my-variant 0.1.0 {digest_in(folder)}")
    assert post(address)[1] == digest_in(folder)
    break_rule(folder)
    master.send_signal(signal.SIGHUP)
    await_text(tmp_path / "server.log", "unknown fact 'hegemon_seen_as_thread'")
    assert call(address, "/readyz") == {"status": "ready"}


class Terminal:
    """A service on a terminal of its own, started by a shell that may say `nohup`."""

    def __init__(self, folder: Path, prefix: str = "") -> None:
        self.pid, self._ours = os.forkpty()
        if not self.pid:
            os.chdir(folder.parent)
            signal.signal(signal.SIGHUP, signal.SIG_DFL)
            serve = f"exec {prefix} softbalance serve --port 0 --rulebooks {folder}"
            path = f"{Path(SOFTBALANCE).parent}:{os.environ['PATH']}"
            os.execve("/bin/sh", ["sh", "-c", serve], {**os.environ, "PATH": path})
        self.shown = b""

    def read_until(self, text: bytes) -> None:
        while text not in self.shown:
            if not select.select([self._ours], [], [], 60)[0]:
                os.kill(self.pid, signal.SIGKILL)
                pytest.fail(f"the service did not say {text!r}: {self.shown!r}")
            self.shown += os.read(self._ours, 4096)

    def close(self) -> None:
        """Close the terminal; whoever is on it is told by SIGHUP."""
        os.close(self._ours)


def _await_health(address: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            assert call(address, "/healthz") == {"status": "alive"}
            return
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def _await_end(pid: int) -> int:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    pytest.fail("the service did not stop")


@pytest.mark.parametrize("closes", [True, False])
def test_a_hangup_on_a_terminal_stops(folder: Path, closes: bool) -> None:
    terminal = Terminal(folder)
    terminal.read_until(b"Booting worker")
    first = terminal.shown.decode().splitlines()[0]
    address = re.fullmatch(r"(http://127\.0\.0\.1:[1-9]\d*) \(Ctrl-C stops it\)", first)
    assert address, first
    _await_health(address[1])
    workers = psutil.Process(terminal.pid).children()
    if closes:
        terminal.close()
    else:
        os.kill(terminal.pid, signal.SIGHUP)
        terminal.read_until(b"Shutting down")
    assert _await_end(terminal.pid) == 0
    assert psutil.wait_procs(workers, 20)[1] == []


def test_nohup_outlives_the_terminal(folder: Path, tmp_path: Path) -> None:
    terminal = Terminal(folder, "nohup")
    log = tmp_path / "nohup.out"
    try:
        await_text(log, "Booting worker")
        book(folder, EDITED)
        terminal.close()
        os.kill(terminal.pid, signal.SIGHUP)
        await_text(log, "Handling signal: hup")
    finally:
        os.kill(terminal.pid, signal.SIGTERM)
    assert _await_end(terminal.pid) == 0
    assert digest_in(folder) not in log.read_text("utf-8")
