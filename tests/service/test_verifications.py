"""A rulebook is verified once for all who ask, and a verification that fails blocks nobody."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import threading
import time
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from softbalance.rules.language.loader import Library
from softbalance.rules.model import Rulebook
from softbalance.rules.verification.checks import Verification
from softbalance.service.verifications import Verifications

from loads import Poll

PROCESSES, THREADS = 3, 4
DIGEST = "sha256:" + 64 * "a"
_fork = multiprocessing.get_context("fork")


@pytest.fixture(scope="module")
def book(library: Library) -> Rulebook:
    return library["paul-2004"]


def _verify(folder: Path, book: Rulebook, seconds: float) -> Verification:
    """Verify slowly, and leave a trace of it."""
    (folder / f"verified-{time.monotonic_ns()}").touch()
    time.sleep(seconds)
    return Verification(book, 5, {}, ())


def _started(folder: Path) -> int:
    return len(list(folder.glob("verified-*")))


def _ask(folder: Path, book: Rulebook, seconds: float = 0.5) -> int:
    told = Verifications(folder).get(DIGEST, lambda: _verify(folder, book, seconds))
    return told["codings"]


def _ask_in_threads(folder: Path, book: Rulebook) -> None:
    known = Verifications(folder)
    with ThreadPoolExecutor(THREADS) as threads:
        asked = [
            threads.submit(known.get, DIGEST, lambda: _verify(folder, book, 0.5))
            for _ in range(THREADS)
        ]
        assert [told.result()["codings"] for told in asked] == [5] * THREADS


def test_threads_and_processes_that_ask_at_once_verify_once(tmp_path: Path, book: Rulebook) -> None:
    processes = [
        _fork.Process(target=_ask_in_threads, args=(tmp_path, book)) for _ in range(PROCESSES)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * PROCESSES
    assert _started(tmp_path) == 1
    assert _ask(tmp_path, book) == 5
    assert _started(tmp_path) == 1


def test_one_that_is_killed_at_it_leaves_it_to_who_waits(tmp_path: Path, book: Rulebook) -> None:
    killed = _fork.Process(target=_ask, args=(tmp_path, book, 600))
    killed.start()
    while not _started(tmp_path):
        time.sleep(0.01)
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(_ask, tmp_path, book)
        time.sleep(0.3)
        assert not waiting.done()
        assert killed.pid is not None
        os.kill(killed.pid, signal.SIGKILL)
        assert waiting.result(60) == 5
    killed.join(60)
    assert _started(tmp_path) == 2


def test_one_that_fails_leaves_it_to_who_waits(tmp_path: Path, book: Rulebook) -> None:
    begun = threading.Event()

    def fail() -> Verification:
        begun.set()
        time.sleep(0.5)
        raise OSError("no room")

    with ThreadPoolExecutor(2) as threads:
        failing = threads.submit(Verifications(tmp_path).get, DIGEST, fail)
        assert begun.wait(30)
        waiting = threads.submit(_ask, tmp_path, book)
        with pytest.raises(OSError, match="no room"):
            failing.result(60)
        assert waiting.result(60) == 5


def test_without_room_for_files_each_verifies_for_itself(tmp_path: Path, book: Rulebook) -> None:
    known = Verifications(tmp_path / "away")
    for _ in range(2):
        assert known.get(DIGEST, lambda: _verify(tmp_path, book, 0))["codings"] == 5
    assert _started(tmp_path) == 1


def test_who_waits_for_a_verification_leaves_places_to_others(serve: Callable[..., str]) -> None:
    address = serve("--workers", 1, "--threads", 2)

    def ask(_: int) -> str:
        url = f"{address}/v1/rulebooks/brooks-wohlforth-2004"
        with urllib.request.urlopen(url, timeout=120) as answer:
            told: str = json.dumps(json.load(answer)["verification"])
        return told

    with ThreadPoolExecutor(6) as threads:
        asked = [threads.submit(ask, number) for number in range(6)]
        # a call that takes a place
        with Poll(address, "/v1/codebook") as poll:
            while not any(one.done() for one in asked):
                answered = len(poll.taken["/v1/codebook"])
                time.sleep(0.05)
        assert answered > 5
        assert poll.failed == []
        assert len({one.result() for one in asked}) == 1
