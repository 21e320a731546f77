"""Clients that send or take slowly, or nothing they should: others do not feel it."""

from __future__ import annotations

import http.client
import json
import re
import socket
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from processes import serving

Serve = Callable[..., str]
HEAD = b"POST /v1/classifications?store=false HTTP/1.1\r\nHost: localhost\r\n"
JSON = b"Content-Type: application/json\r\n"
EPISODE = json.dumps({"form": "other", "indicators": {"constrains_hegemon": "yes"}}).encode()
#: Requests that are begun and never ended.
BEGUN = {
    "nothing": b"",
    "half a header": HEAD + b"X-Something: ",
    "half a body": HEAD + JSON + b"Content-Length: 500\r\n\r\n{",
    "half a chunk": HEAD + JSON + b"Transfer-Encoding: chunked\r\n\r\n20\r\n{",
    "half a batch": b"POST /v1/batches HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n",
}


def _connect(address: str) -> socket.socket:
    parts = urlsplit(address)
    return socket.create_connection((parts.hostname or "", parts.port or 0), timeout=30)


@contextmanager
def _begun(address: str, *sent: bytes) -> Iterator[list[socket.socket]]:
    with ExitStack() as stack:
        clients = [stack.enter_context(_connect(address)) for _ in sent]
        for client, data in zip(clients, sent, strict=True):
            client.sendall(data)
        yield clients


def _classify(address: str) -> int:
    asked = urllib.request.Request(
        f"{address}/v1/classifications?store=false", EPISODE, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(asked, timeout=30) as answer:
        status: int = answer.status
    return status


def _all(client: socket.socket) -> bytes:
    """Return all that comes until the server closes the connection."""
    return b"".join(iter(lambda: client.recv(65536), b""))


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A server that waits for nobody for more than a second, and its log."""
    folder = tmp_path_factory.mktemp("hasty")
    with serving(folder) as start:
        yield start("--workers", 1, "--patience", 1), folder / "server.log"


def test_fifty_that_never_finish_do_not_stop_others(serve: Serve) -> None:
    address = serve("--workers", 1, "--threads", 2, "--patience", 600)
    with _begun(address, *list(BEGUN.values()) * 10) as clients:
        assert len(clients) == 50
        for _ in range(5):
            assert _classify(address) == 200
        # and those are still there, so that it is not for their going that others were answered
        for client in clients:
            if client is not clients[0]:
                client.setblocking(False)
        waiting = [c for n, c in enumerate(clients) if n % len(BEGUN) in (1, 2, 3, 4)]
        for client in waiting:
            with pytest.raises(BlockingIOError):
                client.recv(1)


@pytest.mark.parametrize("name", ["half a header", "half a body", "half a chunk"])
def test_who_sends_no_more_is_told_so_and_let_go(hasty: tuple[str, Path], name: str) -> None:
    address, _ = hasty
    with _begun(address, BEGUN[name]) as (client,):
        head, _, body = _all(client).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 ")
    assert b"connection: close" in head.lower()
    problem = json.loads(body)
    assert problem["status"] == 408
    assert "was not sent within 1 seconds" in problem["detail"]


def test_who_trickles_is_let_go_and_who_sends_slowly_is_not(serve: Serve) -> None:
    address = serve("--workers", 1, "--patience", 2)
    body = HEAD + JSON + b"Content-Length: 20000\r\n\r\n"
    with _begun(address, body, body) as (trickling, slow):
        sent = EPISODE.ljust(20_000)
        for start in range(0, len(sent), 1000):  # three seconds, so longer than patience
            slow.sendall(sent[start : start + 1000])
            with suppress(BrokenPipeError, ConnectionResetError):
                trickling.sendall(b" ")
            time.sleep(0.15)
        assert slow.recv(65536).startswith(b"HTTP/1.1 200 ")
        with suppress(ConnectionResetError):
            assert trickling.recv(65536).startswith(b"HTTP/1.1 408 ")


def test_who_takes_no_answer_is_let_go(serve: Serve) -> None:
    address = serve("--workers", 1, "--threads", 1, "--patience", 2)
    lines = (EPISODE + b"\n") * 4000
    head = b"POST /v1/batches?detail=trace HTTP/1.1\r\nHost: localhost\r\n"
    head += b"Content-Type: application/x-ndjson\r\nContent-Length: %d\r\n\r\n" % len(lines)
    with _begun(address, head + lines) as (client,):
        assert _classify(address) == 200
        deadline = time.monotonic() + 60
        while _in_progress(address) > 1:
            assert time.monotonic() < deadline, "the batch is still being answered"
            time.sleep(0.2)
        try:
            taken = _all(client)
        except ConnectionResetError:
            taken = b""
        assert not taken.endswith(b"0\r\n\r\n")
    assert _classify(address) == 200


def _in_progress(address: str) -> float:
    with urllib.request.urlopen(f"{address}/metrics", timeout=30) as answer:
        found = re.search(r"^softbalance_requests_in_progress (\S+)", answer.read().decode(), re.M)
    assert found
    return float(found[1])


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: " + b"x" * 20_000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X-Y: z\r\n" * 200 + b"\r\n", 431),
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization Bearer hush\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization : hush\r\n\r\n", 400),
        (HEAD + b"Transfer-Encoding: hush\r\n\r\n", 400),
        (HEAD + JSON + b"Transfer-Encoding: chunked\r\n\r\nhush\r\n", 400),
    ],
)
def test_what_is_no_request_is_a_problem(hasty: tuple[str, Path], sent: bytes, status: int) -> None:
    address, log = hasty
    with _begun(address, sent) as (client,):
        head, _, body = _all(client).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"application/problem+json" in head
    assert json.loads(body)["status"] == status
    assert "hush" not in log.read_text("utf-8")


def test_a_connection_is_used_again(hasty: tuple[str, Path]) -> None:
    parts = urlsplit(hasty[0])
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    for path in ("/healthz", "/none", "/v1/rulebooks") * 3:
        connection.request("GET", path)
        assert connection.getresponse().read()
        assert connection.sock is not None
    connection.close()
