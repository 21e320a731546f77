"""The installed command as a process of its own: run, or serving until it is told to stop."""

from __future__ import annotations

import os
import pty
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

SOFTBALANCE = str(Path(sys.executable).with_name("softbalance"))


@contextmanager
def serving(folder: Path) -> Iterator[Callable[..., str]]:
    """Lend what starts real servers in a folder, without a terminal; all are stopped in the end."""
    running: list[subprocess.Popen[bytes]] = []

    def start(*options: object) -> str:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [SOFTBALANCE, "serve", "--port", str(port), *map(str, options)]
        with (folder / "server.log").open("ab") as log:
            process = subprocess.Popen(
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            running.append(process)
        address = f"http://127.0.0.1:{port}"
        await_ready(address, running[-1], folder / "server.log")
        return address

    yield start
    for process in running:
        process.send_signal(signal.SIGTERM)
        assert process.wait(40) == 0


def run_in_terminal(folder: Path, *arguments: str) -> tuple[int, str]:
    """Run the command with a terminal for its errors; return its status and what is shown there."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    command = [SOFTBALANCE, *arguments]
    with subprocess.Popen(command, cwd=folder, stderr=theirs, env=environment) as process:
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # how Linux tells that the other end is closed
            while part := os.read(ours, 4096):
                shown += part
    os.close(ours)
    return process.returncode, shown.decode()


def await_ready(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until a server answers that it is ready; fail with its log if it does not."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{address}/readyz", timeout=5):
                return
        except OSError:
            time.sleep(0.05)
    pytest.fail(f"the server did not start:\n{log.read_text()}")
