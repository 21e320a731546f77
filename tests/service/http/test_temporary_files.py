"""A folder for temporary files that is full: what cannot be kept is refused and told."""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from softbalance.service.auth.api_keys import Keys
from softbalance.service.store import Store

LINE = b'{"form": "other"}\n'
Answer = tuple[int, dict[str, str], bytes]


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A file system of 24 MiB of its own, where a service that is started has temporary files."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("to mount a file system takes root")
    monkeypatch.setenv("TMPDIR", str(folder))
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


def _fill(folder: Path) -> Path:
    """Fill a file system to its last byte; return the file that does."""
    room = folder / "room"
    with room.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass
    return room


def _token(folder: Path, name: str = "tom") -> str:
    store = Store(f"sqlite:///{folder}/softbalance.db")
    _, token = Keys(store.database).create(name, ["read", "classify", "metrics"])
    store.close()
    return token


def _ask(address: str, token: str, body: bytes | None = None) -> Answer:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
    asked = urllib.request.Request(address, body, headers)
    try:
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), error.read()


def _stream(address: str, token: str, first: bytes, rest: bytes) -> tuple[int, bytes]:
    """Send a batch's `first` lines, and the `rest` when their answer has begun to come."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    connection.putrequest("POST", "/v1/batches")
    connection.putheader("Authorization", f"Bearer {token}")
    connection.putheader("Content-Type", "application/x-ndjson")
    connection.putheader("Content-Length", str(len(first) + len(rest)))
    connection.endheaders(first)
    answer = connection.getresponse()
    sender = threading.Thread(target=_send, args=(connection.sock, rest))
    sender.start()
    body = answer.read()
    sender.join()
    connection.close()
    return answer.status, body


def _send(client: socket.socket, data: bytes) -> None:
    # the service reads no more when it has answered
    with suppress(OSError):
        client.sendall(data)


def _metric(address: str, token: str, series: str) -> float:
    _, _, told = _ask(f"{address}/metrics", token)
    found = re.search(rf"^{re.escape(series)} (\S+)", told.decode(), re.MULTILINE)
    return float(found[1]) if found else 0


def test_a_batch_that_cannot_be_kept(
    serve: Callable[..., str], tmp_path: Path, small: Path
) -> None:
    address = serve("--workers", 1, "--auth", "required", "--log-format", "json")
    token, batches = _token(tmp_path), f"{address}/v1/batches"
    room = _fill(small)
    status, headers, body = _ask(batches, token, LINE * 1500)
    assert status == 503
    assert headers["Retry-After"] == "30"
    assert json.loads(body)["type"] == "urn:softbalance:problem:no-room"
    assert _metric(address, token, 'softbalance_temporary_failures_total{what="batches"}') == 1
    log = (tmp_path / "server.log").read_text("utf-8")
    assert "a batch cannot be kept" in log
    # what needs no temporary file goes on
    assert _ask(f"{address}/readyz", token)[0] == 200
    room.unlink()
    status, _, body = _ask(batches, token, LINE * 1500)
    assert (status, body.count(b"\n"), b'"error"' in body) == (200, 1500, False)


def test_a_batch_that_fills_the_folder_says_so_in_its_last_line(
    serve: Callable[..., str], tmp_path: Path, small: Path
) -> None:
    address = serve("--workers", 1, "--auth", "required", "--log-format", "json")
    token = _token(tmp_path)
    # each line holds a note of a megabyte
    note = {"indicator": "constrains_hegemon", "value": "yes", "note": "n" * 2**20}
    large = json.dumps({"form": "other", "observations": [note]}).encode() + b"\n"
    status, body = _stream(address, token, LINE * 3000, large * 40)
    *answered, last = map(json.loads, body.splitlines())
    assert status == 200
    assert len(answered) >= 3000
    assert [line["line"] for line in answered] == list(range(1, len(answered) + 1))
    assert last["line"] == len(answered) + 1
    assert (last["error"]["status"], last["error"]["type"][-7:]) == (503, "no-room")
    assert _metric(address, token, 'softbalance_batches_cut_total{problem="no-room"}') == 1
    assert "a batch was not answered to its end" in (tmp_path / "server.log").read_text("utf-8")


def test_rates_are_counted_by_each_process_where_the_file_is_full(
    serve: Callable[..., str], tmp_path: Path, small: Path
) -> None:
    options = ("--auth", "required", "--rate-limit", "30/hour", "--log-format", "json")
    address = serve("--workers", 2, *options)
    tokens = [_token(tmp_path, f"k{number}") for number in range(200)]
    _fill(small)
    # the file has some pages of its own; keys that need another one are counted by the processes
    for token in tokens:
        assert _ask(f"{address}/v1/rulebooks", token)[0] == 200
    last = tokens[-1]
    told = Counter(_ask(f"{address}/v1/rulebooks", last)[0] for _ in range(80))
    assert told.keys() == {200, 429}
    assert 29 <= told[200] <= 60
    log = (tmp_path / "server.log").read_text("utf-8")
    assert "this process counts by itself" in log


def test_a_worker_starts_where_the_folder_is_full(
    serve: Callable[..., str], tmp_path: Path, small: Path
) -> None:
    import psutil  # noqa: PLC0415

    address = serve("--workers", 1, "--auth", "required", "--rate-limit", "5/hour")
    token = _token(tmp_path)
    _fill(small)
    (server,) = [p for p in psutil.Process().children() if p.cwd() == str(tmp_path)]
    (worker,) = server.children()
    worker.kill()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if _ask(f"{address}/readyz", token)[0] == 200:
                break
        except OSError:
            time.sleep(0.1)
    told = [_ask(f"{address}/v1/rulebooks", token)[0] for _ in range(8)]
    assert told == [200] * 5 + [429] * 3
