"""Workers are replaced, and the service is stopped, while a batch runs: nobody waits or guesses."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import threading
import time
import urllib.request
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from loads import Poll, SlowBatch

#: Seconds in which an answer comes even on a machine that others load; a fault takes a minute.
SOON = 15
LINES = 1500


@pytest.fixture
def logged(tmp_path: Path) -> Callable[[str], dict[str, Any]]:
    """Wait for the line in the log that tells how a request ended."""

    def find(request_id: str) -> dict[str, Any]:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            for text in (tmp_path / "server.log").read_text("utf-8").splitlines(keepends=True):
                told = json.loads(text) if text.endswith("\n") else {}
                if told.get("request_id") == request_id and "status" in told:
                    return dict(told)
            time.sleep(0.05)
        raise AssertionError(f"no line of {request_id}")

    return find


def _master(tmp_path: Path) -> psutil.Process:
    servers = [p for p in psutil.process_iter(["cwd"]) if p.info["cwd"] == str(tmp_path)]
    (master,) = [p for p in servers if p.ppid() == os.getpid()]
    return master


def _workers(tmp_path: Path) -> set[int]:
    return {worker.pid for worker in _master(tmp_path).children()}


def _batches(address: str) -> dict[str, float]:
    """Return how many batches there were, by what they are counted as."""
    with urllib.request.urlopen(f"{address}/metrics", timeout=30) as answer:
        text = answer.read().decode()
    return {
        sample.labels["status"]: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "softbalance_request_seconds_count"
        and sample.labels["route"] == "/v1/batches"
    }


def _ended(lines: list[bytes]) -> None:
    """Assert that a batch says where it ended, after answers to all lines before."""
    told = [json.loads(line) for line in lines]
    error = told[-1]["error"]
    assert error["type"] == "urn:softbalance:problem:service-stopping"
    assert error["status"] == 503
    assert f"all lines up to line {len(told) - 1} were answered" in error["detail"]
    assert [line["line"] for line in told] == [*range(1, len(told) + 1)]
    assert all("classification" in line for line in told[:-1])
    assert len(told) > 1


@pytest.mark.parametrize("workers", [1, 3])
def test_nobody_waits_for_a_worker_that_is_replaced(
    serve: Callable[..., str], tmp_path: Path, logged: Callable[[str], Any], workers: int
) -> None:
    address = serve("--workers", workers, "--max-requests", 30, "--grace", 3)
    before = _workers(tmp_path)
    with SlowBatch(address) as batch:
        batch.send(LINES)
        with Poll(address, "/healthz", "/v1/rulebooks") as poll:
            batch.trickle()
            lines = list(batch.answer())
            deadline = time.monotonic() + 60
            while before & _workers(tmp_path):
                assert time.monotonic() < deadline, "a worker was not replaced"
                time.sleep(0.1)
        assert poll.failed == []
        assert poll.longest < SOON
        _ended(lines)
        assert logged("batch")["status"] == "aborted"
        assert _batches(address) == {"aborted": 1}
        assert "WORKER TIMEOUT" not in (tmp_path / "server.log").read_text("utf-8")


def test_a_batch_that_ends_in_time_is_whole_though_its_worker_was_replaced(
    serve: Callable[..., str], tmp_path: Path, logged: Callable[[str], Any]
) -> None:
    address = serve("--workers", 1, "--max-requests", 10)
    (first,) = _workers(tmp_path)
    with SlowBatch(address) as batch:
        batch.send(LINES)
        log = tmp_path / "server.log"
        with Poll(address, "/healthz"):
            deadline = time.monotonic() + 60
            while log.read_text("utf-8").count("Booting worker") < 2:
                assert time.monotonic() < deadline
                time.sleep(0.05)
        batch.send(LINES)
        batch.end()
        assert len(list(batch.answer())) == 2 * LINES
        assert logged("batch")["status"] == 200
        while first in _workers(tmp_path):
            assert time.monotonic() < deadline, "the old worker is still there"
            time.sleep(0.1)


def test_a_worker_told_to_stop_is_replaced_at_once(
    serve: Callable[..., str], tmp_path: Path
) -> None:
    address = serve("--workers", 1)
    (first,) = _workers(tmp_path)
    with SlowBatch(address) as batch:
        batch.send(LINES)
        answer = batch.answer()
        assert json.loads(answer.readline())["line"] == 1
        os.kill(first, signal.SIGTERM)
        with Poll(address, "/readyz") as poll:
            while len(poll.taken["/readyz"]) < 5 and not poll.failed:
                time.sleep(0.05)
            assert first in _workers(tmp_path), "it still answers the batch"
        assert (poll.failed, poll.longest < SOON) == ([], True)
        batch.end()
        assert sum(1 for _ in answer) == LINES - 1


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_a_batch_ends_with_a_word_when_the_service_is_stopped(
    serve: Callable[..., str], tmp_path: Path, logged: Callable[[str], Any], told: signal.Signals
) -> None:
    with SlowBatch(serve("--workers", 2, "--grace", 1)) as batch:
        batch.send(LINES)
        answer = batch.answer()
        first = answer.readline()
        _master(tmp_path).send_signal(told)
        batch.trickle()
        _ended([first, *answer])
        assert logged("batch")["status"] == "aborted"


def test_what_is_cut_off_at_the_end_is_logged(
    serve: Callable[..., str], tmp_path: Path, logged: Callable[[str], Any]
) -> None:
    with SlowBatch(serve("--workers", 1, "--grace", 1)) as batch:
        batch.send(40_000)
        batch.end()
        with batch.answer() as answer:
            assert answer.readline()
            # nothing more is read, so that even a last line cannot be sent
            _master(tmp_path).send_signal(signal.SIGTERM)
            assert logged("batch")["status"] == "aborted"


def test_a_client_that_vanishes_is_logged_and_counted_as_such(
    serve: Callable[..., str], logged: Callable[[str], Any]
) -> None:
    address = serve("--workers", 1)
    with SlowBatch(address) as batch:
        batch.send(LINES)
        assert batch.answer().readline()
        batch.vanish()
        assert logged("batch")["status"] == "aborted"
        assert _batches(address) == {"aborted": 1}


def test_a_request_that_waits_for_a_place_when_time_is_up_is_logged(
    serve: Callable[..., str], tmp_path: Path, logged: Callable[[str], dict[str, Any]]
) -> None:
    address = serve("--workers", 1, "--threads", 1, "--grace", 1, "--store-deadline", 600)
    names = ("stores", "waits")

    def ask(name: str) -> None:
        headers = {"Content-Type": "application/json", "X-Request-Id": name}
        sent = urllib.request.Request(
            f"{address}/v1/classifications", b'{"form": "other"}', headers
        )
        with suppress(OSError), urllib.request.urlopen(sent, timeout=60):
            pass

    clients = [threading.Thread(target=ask, args=(name,)) for name in names]
    with closing(sqlite3.connect(tmp_path / "softbalance.db", isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        for client in clients:
            client.start()
        (worker,) = _master(tmp_path).children()
        while [c.status for c in worker.net_connections()].count("ESTABLISHED") < len(names):
            time.sleep(0.05)
        time.sleep(1)  # they are read by now
        _master(tmp_path).send_signal(signal.SIGTERM)
        for client in clients:
            client.join(40)
    assert [logged(name)["status"] for name in names] == ["aborted"] * 2
