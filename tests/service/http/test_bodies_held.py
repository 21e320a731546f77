"""What is held of bodies: nothing of those who may not come in, and so much of all others."""

from __future__ import annotations

import json
import select
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from softbalance.service.auth.api_keys import Keys
from softbalance.service.store import Store

Serve = Callable[..., str]
MIB = 2**20
SENT = 2 * MIB - 1000


@contextmanager
def _sending(
    address: str, count: int, *headers: str, size: int = SENT
) -> Iterator[list[socket.socket]]:
    """Lend connections that have sent a request's head and its body, but for the last byte."""
    parts = urlsplit(address)
    head = [
        "POST /v1/classifications?store=false HTTP/1.1",
        f"Host: {parts.netloc}",
        "Content-Type: application/json",
        *headers,
    ]
    told = "\r\n".join([*head, f"Content-Length: {size}", "", ""]).encode()
    body = json.dumps({"form": "other"}).encode().ljust(size)[:-1]
    with ExitStack() as stack:
        clients = []
        for _ in range(count):
            client = socket.create_connection((parts.hostname or "", parts.port or 0), timeout=60)
            clients.append(stack.enter_context(client))
            client.sendall(told)
        for client in clients:
            client.setblocking(False)
        _send(clients, body)
        for client in clients:
            client.settimeout(60)
        yield clients


def _send(clients: list[socket.socket], body: bytes) -> None:
    """Send to each as much as the service takes within a while."""
    rests = {client: memoryview(body) for client in clients}
    until = time.monotonic() + 5
    while rests and time.monotonic() < until:
        for client, rest in list(rests.items()):
            try:
                rests[client] = rest[client.send(rest[: 256 * 1024]) :]
            except BlockingIOError:
                continue
            except OSError:
                del rests[client]
                continue
            if not rests[client]:
                del rests[client]
        time.sleep(0.01)


def _held(folder: Path) -> int:
    """Return the memory of the workers of the only server, in bytes."""
    (server,) = [p for p in psutil.Process().children() if p.cwd() == str(folder)]
    return sum(worker.memory_full_info().uss for worker in server.children())


def _key(folder: Path, *scopes: str) -> str:
    store = Store(f"sqlite:///{folder}/softbalance.db")
    _, token = Keys(store.database).create("-".join(scopes), scopes)
    store.close()
    return f"Authorization: Bearer {token}"


@pytest.mark.parametrize("scope", [None, "read"])
def test_who_may_not_come_in_is_told_before_the_body(
    serve: Serve, tmp_path: Path, scope: str | None
) -> None:
    address = serve("--workers", 1, "--auth", "required")
    headers = [_key(tmp_path, scope)] if scope else []
    before = _held(tmp_path)
    with _sending(address, 60, *headers) as clients:
        # the body is not whole, so that an answer is one to the headers
        for client in clients:
            assert client.recv(65536).startswith(b"HTTP/1.1 403 " if scope else b"HTTP/1.1 401 ")
        assert _held(tmp_path) - before < 40 * MIB


def test_the_bodies_of_a_process_are_bounded(serve: Serve, tmp_path: Path) -> None:
    address = serve(
        "--workers", 1, "--auth", "required", "--max-bodies", 8 * MIB, "--patience", 600
    )
    key = _key(tmp_path, "classify")
    before = _held(tmp_path)
    with _sending(address, 60, key) as clients:
        assert _held(tmp_path) - before < 60 * MIB
        # those who send little are not kept waiting by them
        with _sending(address, 1, key, size=500) as (small,):
            small.sendall(b" ")
            assert small.recv(65536).startswith(b"HTTP/1.1 200 ")
        told = _first_answers(clients)
        # four of them have the room, and wait for their last byte
        assert len(told) == 56
        for answer in told:
            assert answer.startswith(b"HTTP/1.1 503 ")
            assert b"\r\nRetry-After: 5\r\n" in answer
    with _sending(address, 1, key) as (large,):
        large.sendall(b" ")
        assert large.recv(65536).startswith(b"HTTP/1.1 200 ")


def _first_answers(clients: list[socket.socket]) -> list[bytes]:
    """Return what is answered, until nothing more is for a while."""
    waiting, told = set(clients), []
    while waiting and (ready := select.select(waiting, [], [], 20)[0]):
        for client in ready:
            told.append(client.recv(65536))
            waiting.discard(client)
    return told


def test_what_needs_no_key_takes_no_large_body(serve: Serve) -> None:
    address = serve("--workers", 1, "--auth", "required")
    parts = urlsplit(address)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=30) as client:
        head = "POST /key HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        head += "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 20000\r\n\r\n"
        client.sendall(head.encode() + b"key=")
        told = b"".join(iter(lambda: client.recv(65536), b""))
    assert told.startswith(b"HTTP/1.1 413 ")
    assert b"16384 bytes" in told
