"""A service decides by the rulebooks that it loaded, until it is asked to load them again."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import subprocess
import threading
import time
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from reloads import (
    EDITED,
    EPISODE,
    KIND,
    POST,
    Run,
    Serve,
    await_workers,
    break_rule,
    digest_in,
    kill_workers,
    master_of,
    post,
    reloaded,
    replays,
    told_digests,
)
from written_rulebooks import VARIANT, book


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of rulebooks with one in it, for a service to load."""
    book(tmp_path / "books", VARIANT)
    return tmp_path / "books"


def test_an_edit_changes_nothing_until_it_is_asked_for(
    serve: Serve, run: Run, database: str, folder: Path, tmp_path: Path
) -> None:
    address = serve("--rulebooks", folder, "--database", database)
    before = digest_in(folder)
    first, _ = post(address)
    book(folder, EDITED)
    after = digest_in(folder)
    kill_workers(tmp_path, address)
    second, digest = post(address)
    assert digest == before
    assert told_digests(address) == {before}
    done = reloaded(run, address)
    assert done.returncode == 0
    assert done.stderr == (
        "softbalance: my-variant has changed and is still version 0.1.0; raise it\n"
    )
    assert f"my-variant 0.1.0 {after}\n" in done.stdout
    digests = [post(address) for _ in range(8)]
    assert {digest for _, digest in digests} == {after}
    assert told_digests(address) == {after}
    await_workers(tmp_path, 2)
    kill_workers(tmp_path, address)
    third, digest = post(address)
    assert digest == after
    assert all(replays(address, record) for record in (first, second, third))


def _break_text(folder: Path) -> None:
    book(folder, VARIANT + "unfinished")


def _break_bytes(folder: Path) -> None:
    (folder / "book" / "rulebook.yaml").write_bytes(b"\xff\xfe\x00\x80" * 50)


def _break_cases(folder: Path) -> None:
    (folder / "book" / "cases").mkdir()
    (folder / "book" / "cases" / "expected.yaml").write_text("case: [", "utf-8")


def _remove(folder: Path) -> None:
    shutil.rmtree(folder)


def _nest(folder: Path) -> None:
    book(folder, "[" * 100_000)


def _pipe(folder: Path) -> None:
    (folder / "book" / "rulebook.yaml").unlink()
    (folder / "second").mkdir()
    os.mkfifo(folder / "second" / "rulebook.yaml")


BREAKAGES = (_break_text, break_rule, _break_bytes, _break_cases, _nest, _pipe, _remove)


def test_a_broken_edit_harms_nothing_and_is_told(
    serve: Serve, run: Run, folder: Path, tmp_path: Path
) -> None:
    address = serve("--rulebooks", folder)
    before = digest_in(folder)
    for number, break_ in enumerate(BREAKAGES, 1):
        shutil.rmtree(folder)
        book(folder, EDITED)
        break_(folder)
        kill_workers(tmp_path, address)
        assert post(address)[1] == before, break_
        done = reloaded(run, address)
        assert done.returncode == 2, break_
        assert "goes on with the rulebooks that it has" in done.stderr, break_
        assert str(folder.name) in done.stderr, break_
        assert "Traceback" not in done.stderr, break_
        log = (tmp_path / "server.log").read_text("utf-8")
        assert log.count("were not loaded again") == number
        assert told_digests(address) == {before}
    book(folder, EDITED)
    assert reloaded(run, address).returncode == 0
    assert post(address)[1] == digest_in(folder)


def test_broken_cases_are_told_at_the_start(run: Run, folder: Path) -> None:
    _break_cases(folder)
    done = run("serve", "--port", 0, "--rulebooks", folder)
    assert done.returncode == 2
    assert "expected.yaml:" in done.stderr


class Seen(NamedTuple):
    """An answer: when its request was sent, when it had come, and the digest in it."""

    sent: float
    came: float
    digest: str


class Client(threading.Thread):
    """Asks over one connection, which it keeps open as long as the service does."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self._connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
        self.over, self.seen = threading.Event(), list[Seen]()
        self.failed: list[object] = []

    def run(self) -> None:
        while not self.over.is_set():
            sent = time.monotonic()
            try:
                self._connection.request("POST", POST, EPISODE, KIND)
                answer = self._connection.getresponse()
                content = json.loads(answer.read())
            except (OSError, http.client.HTTPException) as error:
                self.failed.append(error)
                return
            if answer.status != 201:
                self.failed.append(content)
                return
            self.seen.append(Seen(sent, time.monotonic(), content["rulebook"]["digest"]))
        self._connection.close()


def test_no_request_is_lost_or_decided_by_the_old_after_the_new(
    serve: Serve, run: Run, folder: Path
) -> None:
    address = serve("--rulebooks", folder, "--workers", 2)
    before = digest_in(folder)
    book(folder, EDITED)
    after = digest_in(folder)
    clients = [Client(address) for _ in range(6)]
    for client in clients:
        client.start()
    while not all(client.seen or client.failed for client in clients):
        time.sleep(0.01)
    done = reloaded(run, address)
    ended = time.monotonic()
    time.sleep(1)
    for client in clients:
        client.over.set()
    for client in clients:
        client.join(60)
    assert done.returncode == 0, done.stderr
    assert [client.failed for client in clients] == [[]] * len(clients)
    seen = [answer for client in clients for answer in client.seen]
    assert {answer.digest for answer in seen} == {before, after}
    first = min(answer.came for answer in seen if answer.digest == after)
    assert first < ended + 1
    late = [answer for answer in seen if answer.digest == before and answer.sent > first]
    assert late == []
    assert all(answer.digest == after for answer in seen if answer.sent > ended)


def test_an_idle_connection_goes_over_and_a_batch_is_finished(
    serve: Serve, run: Run, folder: Path
) -> None:
    address = serve("--rulebooks", folder, "--workers", 1)
    netloc = urlsplit(address).netloc
    batch = http.client.HTTPConnection(netloc, timeout=60)
    batch.putrequest("POST", "/v1/batches?rulebook=my-variant&detail=trace")
    batch.putheader("Content-Type", "application/x-ndjson")
    line = EPISODE.encode() + b"\n"
    batch.putheader("Content-Length", str(3000 * len(line)))
    batch.endheaders(1500 * line)
    answers = batch.getresponse()
    assert json.loads(answers.readline())["line"] == 1
    silent = http.client.HTTPConnection(netloc, timeout=60)
    silent.connect()  # and nothing is sent yet
    kept = http.client.HTTPConnection(netloc, timeout=60)
    kept.request("POST", POST, EPISODE, KIND)
    before = json.loads(kept.getresponse().read())["rulebook"]["digest"]
    for edit in ("A threat will do.", "A threat suffices."):
        book(folder, VARIANT.replace("A threat is enough.", edit))
        assert reloaded(run, address).returncode == 0
    for connection in (silent, kept):
        connection.request("POST", POST, EPISODE, KIND)
        answer = json.loads(connection.getresponse().read())
        assert answer["rulebook"]["digest"] == digest_in(folder)
        connection.close()
    batch.send(1500 * line)
    lines = [json.loads(line) for line in answers]
    assert len(lines) == 2999
    assert {line["rulebook"]["digest"] for line in lines} == {before}
    batch.close()


def test_workers_that_do_not_start_leave_the_old_ones(
    serve: Serve, run: Run, folder: Path, tmp_path: Path
) -> None:
    address = serve("--rulebooks", folder, "--workers", 1)
    before = digest_in(folder)
    book(folder, EDITED)
    master, (worker,) = master_of(tmp_path), master_of(tmp_path).children()
    done: list[subprocess.CompletedProcess[str]] = []
    asking = threading.Thread(target=lambda: done.append(reloaded(run, address)))
    asking.start()
    while not (new := [p for p in master.children() if p != worker]) and asking.is_alive():
        pass
    new[0].kill()
    asking.join(120)
    assert done[0].returncode == 2
    assert "no worker starts with them" in done[0].stderr
    assert post(address)[1] == before
    assert master.children() == [worker]
    assert reloaded(run, address).returncode == 0
    assert post(address)[1] == digest_in(folder)


def test_no_service_to_be_asked(run: Run) -> None:
    done = run("rulebook", "reload", "--port", 1)
    assert done.returncode == 2
    assert "no service of this user answers for 127.0.0.1, port 1" in done.stderr


def test_a_folder_that_others_can_enter_holds_no_socket(
    serve: Serve, run: Run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    (tmp_path / f"softbalance-{os.getuid()}").mkdir(mode=0o755)
    address = serve("--rulebooks", folder)
    assert "is not a folder of this user alone" in (tmp_path / "server.log").read_text("utf-8")
    done = reloaded(run, address)
    assert done.returncode == 2
    assert "no service of this user answers" in done.stderr
