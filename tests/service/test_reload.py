"""A service decides by the rulebooks that it loaded, until it is asked to load them again."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import psutil
import pytest
from softbalance.rules.language.loader import load_library
from softbalance.service.app import create_app
from softbalance.service.settings import Settings
from softbalance.service.store import Store

from processes import SOFTBALANCE
from written_rulebooks import VARIANT, book

Serve = Callable[..., str]
Run = Callable[..., subprocess.CompletedProcess[str]]
EDITED = VARIANT.replace("A threat is enough.", "A threat suffices.")
POST = "/v1/classifications?rulebook=my-variant&detail=verdict"
EPISODE = json.dumps({"form": "other"})
KIND = {"Content-Type": "application/json"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of rulebooks with one in it, for a service to load."""
    book(tmp_path / "books", VARIANT)
    return tmp_path / "books"


def digest_in(folder: Path) -> str:
    return load_library([folder])["my-variant"].digest


def call(address: str, path: str, body: str | None = None) -> Any:
    request = urllib.request.Request(address + path, None if body is None else body.encode(), KIND)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def post(address: str) -> tuple[str, str]:
    """Have an episode classified and stored; return the record's id and the rulebook's digest."""
    answer = call(address, POST, EPISODE)
    return answer["id"], answer["rulebook"]["digest"]


def replays(address: str, record: str) -> bool:
    return bool(call(address, f"/v1/classifications/{record}/replay", "")["identical"])


def told_digests(address: str) -> set[str]:
    with urllib.request.urlopen(f"{address}/metrics", timeout=60) as answer:
        text = answer.read().decode()
    return set(re.findall(r'rulebook_info{digest="(\S+)",rulebook="my-variant",.*} 1.0', text))


def master_of(tmp_path: Path) -> psutil.Process:
    servers = [p for p in psutil.process_iter(["cwd"]) if p.info["cwd"] == str(tmp_path)]
    (master,) = [p for p in servers if p.ppid() == os.getpid()]
    return master


def kill_workers(tmp_path: Path, address: str) -> None:
    """Kill every worker, and wait for those that come in their place."""
    for worker in master_of(tmp_path).children():
        worker.kill()
        worker.wait(20)
    assert call(address, "/healthz") == {"status": "alive"}


def await_workers(tmp_path: Path, number: int) -> None:
    """Wait until there are so many workers: those before have finished."""
    deadline = time.monotonic() + 60
    while len(master_of(tmp_path).children()) != number:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def reloaded(run: Run, address: str, *options: str) -> subprocess.CompletedProcess[str]:
    return run("rulebook", "reload", "--port", urlsplit(address).port, *options)


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


def _break_rule(folder: Path) -> None:
    book(folder, VARIANT.replace("hegemon_seen_as_threat", "hegemon_seen_as_thread"))


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


BREAKAGES = (_break_text, _break_rule, _break_bytes, _break_cases, _nest, _pipe, _remove)


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


def await_log(tmp_path: Path, text: str) -> None:
    deadline = time.monotonic() + 60
    while text not in (tmp_path / "server.log").read_text("utf-8"):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_hangup_without_a_terminal_reloads(serve: Serve, folder: Path, tmp_path: Path) -> None:
    address = serve("--rulebooks", folder)
    master = master_of(tmp_path)
    book(folder, EDITED)
    master.send_signal(signal.SIGHUP)
    for worker in master.children():
        worker.send_signal(signal.SIGHUP)  # as by `systemctl kill`; it is not for them
    await_log(tmp_path, f"loaded rulebook my-variant 0.1.0 {digest_in(folder)}")
    assert post(address)[1] == digest_in(folder)
    _break_rule(folder)
    master.send_signal(signal.SIGHUP)
    await_log(tmp_path, "unknown fact 'hegemon_seen_as_thread'")
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
            self.shown += os.read(self._ours, 4096)

    def close(self) -> None:
        """Close the terminal; whoever is on it is told by SIGHUP."""
        os.close(self._ours)


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
        while not log.exists() or "Booting worker" not in log.read_text("utf-8"):
            time.sleep(0.05)
        book(folder, EDITED)
        terminal.close()
        os.kill(terminal.pid, signal.SIGHUP)
        while "Handling signal: hup" not in log.read_text("utf-8"):
            time.sleep(0.05)
    finally:
        os.kill(terminal.pid, signal.SIGTERM)
    assert _await_end(terminal.pid) == 0
    assert digest_in(folder) not in log.read_text("utf-8")


def test_a_record_is_never_without_its_rulebook(database: str, folder: Path) -> None:
    store = Store(database)
    store.create()  # but nothing is kept in it
    settings = Settings(database=database, rulebooks=(folder,))
    app = create_app(settings, store_made=True)
    answer = app.test_client().post(POST, data=EPISODE, headers=KIND)
    assert answer.status_code == 201
    digest, record = answer.get_json()["rulebook"]["digest"], answer.get_json()["id"]
    assert store.load_kept(digest) is not None
    store.close()
    app.extensions["softbalance"].store.close()
    # a service that has never had this rulebook decides by what is kept
    other = create_app(Settings(database=database))
    again = other.test_client().post(f"/v1/classifications/{record}/replay")
    assert again.get_json() == {"identical": True, "differences": []}
    other.extensions["softbalance"].store.close()
