"""Mixed posts, reads and bad input from many clients for minutes: does anything give way?

    python -m benchmarks.soak [--seconds 300] [--clients 16] [--workers 2] [--postgres]

What has to hold, or the exit status is 1: no answer is 5xx and none is other than it should be,
each record that was acknowledged is stored as it was answered, the chain of records is unbroken,
and the memory of the workers, once warm, does not grow.
"""

from __future__ import annotations

import argparse
import http.client
import json
import multiprocessing
import random
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from softbalance.service.store import Store

from benchmarks.serving import Memory, Postgres, Service, audited
from drawn_episodes import random_codings

PROCESSES = 4
#: How many MiB a worker may grow once warm.
GROWTH = 3
_PLAIN: Mapping[str, str] = {}
_JSON = {"Content-Type": "application/json"}
_NDJSON = {"Content-Type": "application/x-ndjson"}
_BAD: list[tuple[str, str, bytes, dict[str, str], int]] = [
    ("POST", "/v1/classifications", b"{", _JSON, 400),
    ("POST", "/v1/classifications", b"\xff\xfe", _JSON, 400),
    ("POST", "/v1/classifications", b'{"form": "tea"}', _JSON, 422),
    ("POST", "/v1/classifications", b'{"form": "other", "form": "other"}', _JSON, 422),
    ("POST", "/v1/classifications", b'{"form": "other"}', {"Content-Type": "text/plain"}, 415),
    ("POST", "/v1/classifications?rulebook=none", b'{"form": "other"}', _JSON, 422),
    ("POST", "/v1/classifications", b"[" * 100_000, _JSON, 400),
    ("POST", "/v1/classifications", b'"' + b"x" * 3_000_000 + b'"', _JSON, 413),
    ("GET", "/v1/classifications?limit=0", b"", {}, 422),
    ("GET", "/v1/classifications/none", b"", {}, 404),
    ("GET", "/v1/%ff%00", b"", {}, 404),
    ("DELETE", "/v1/classifications", b"", {}, 405),
    ("POST", "/v1/batches", b"x", _JSON, 415),
]


@dataclass
class Seen:
    """What a client saw: answers by kind and status, their seconds, and what was wrong."""

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    wrong: list[str] = field(default_factory=list)
    stored: dict[str, str] = field(default_factory=dict)


class Client:
    """Makes requests at random, one after the other, until time is up."""

    def __init__(self, port: int, seed: int, seconds: float) -> None:
        self._port, self._until = port, time.monotonic() + seconds
        self._chance = random.Random(seed)
        self._connection = self._connect()
        self._episodes = [
            {"form": form, "actors": ["RUS", "CHN"], "indicators": dict(values)}
            for form, values in random_codings(100, seed=seed)
        ]
        self.seen = Seen()

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)

    def run(self) -> None:
        """Make requests; a call that fails is noted and the next is made."""
        calls = [self.post, self.compute, self.full, self.read, self.list, self.batch, self.bad]
        calls += [self.cut_off, self.replay]
        shares = [40, 10, 4, 18, 5, 2, 15, 3, 3]
        while time.monotonic() < self._until:
            (call,) = self._chance.choices(calls, shares)
            start = time.perf_counter()
            try:
                call()
            except (OSError, http.client.HTTPException) as error:
                self.seen.wrong.append(f"{call.__name__}: {error!r}")
                self._connection = self._connect()
            self.seen.seconds[call.__name__].append(time.perf_counter() - start)

    def _ask(
        self,
        kind: str,
        expected: int,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] = _PLAIN,
    ) -> bytes:
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        self.seen.answers[kind, answer.status] += 1
        if answer.status != expected:
            told = f"{kind}: {method} {path[:60]} gave {answer.status}: {content[:200]!r}"
            self.seen.wrong.append(told)
        return content

    def _episode(self) -> bytes:
        return json.dumps(self._chance.choice(self._episodes)).encode()

    def post(self) -> None:
        """Classify and store."""
        answer = json.loads(self._sent("post", 201, ""))
        if "decision_digest" in answer:
            self.seen.stored[answer["id"]] = answer["decision_digest"]

    def compute(self) -> None:
        """Classify and store nothing."""
        self._sent("compute", 200, "?store=false&detail=verdict")

    def full(self) -> None:
        """Ask also what would change the verdict."""
        self._sent("full", 200, "?store=false&detail=full")

    def _sent(self, kind: str, expected: int, query: str) -> bytes:
        path = f"/v1/classifications{query}"
        return self._ask(kind, expected, "POST", path, self._episode(), _JSON)

    def read(self) -> None:
        """Read a record that was acknowledged, or its trace."""
        if self.seen.stored:
            record = self._chance.choice(list(self.seen.stored)[-200:])
            path = f"/v1/classifications/{record}{self._chance.choice(['', '/trace'])}"
            self._ask("read", 200, "GET", path)

    def list(self) -> None:
        """List some records."""
        query = self._chance.choice(["limit=20", "actor=RUS&limit=5", "form=other&limit=5"])
        self._ask("list", 200, "GET", f"/v1/classifications?{query}")

    def replay(self) -> None:
        """Decide a record again."""
        if self.seen.stored:
            record = next(reversed(self.seen.stored))
            told = self._ask("replay", 200, "POST", f"/v1/classifications/{record}/replay")
            if json.loads(told).get("identical") is not True:
                self.seen.wrong.append(f"replay: {told[:200]!r}")

    def batch(self) -> None:
        """Send a batch with a bad line in it."""
        body = b"\n".join([*(self._episode() for _ in range(30)), b"{"])
        told = self._ask("batch", 200, "POST", "/v1/batches", body, _NDJSON)
        if told.count(b"\n") != 31:
            self.seen.wrong.append(f"batch: {told[-200:]!r}")

    def bad(self) -> None:
        """Send what is to be refused."""
        method, path, body, headers, expected = self._chance.choice(_BAD)
        try:
            self._ask("bad", expected, method, path, body, headers)
        except BrokenPipeError:
            # refused before all of it was sent
            self._connection = self._connect()
        if expected == 413:
            self._connection = self._connect()

    def cut_off(self) -> None:
        """Leave in the middle of a request."""
        head = b"POST /v1/classifications HTTP/1.1\r\nHost: localhost\r\n"
        head += b"Content-Type: application/json\r\n"
        with socket.create_connection(("127.0.0.1", self._port), timeout=9) as leaving:
            leaving.sendall(head + b'Content-Length: 100\r\n\r\n{"form": ')


def _clients(port: int, seeds: Iterable[int], seconds: float) -> list[Seen]:
    clients = [Client(port, seed, seconds) for seed in seeds]
    threads = [threading.Thread(target=client.run) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [client.seen for client in clients]


def _loaded(service: Service, clients: int, seconds: float) -> tuple[list[Seen], Memory]:
    memory, started = Memory(service), time.monotonic()
    with multiprocessing.get_context("fork").Pool(PROCESSES) as pool:
        shares = [range(clients)[share::PROCESSES] for share in range(PROCESSES)]
        waiting = pool.starmap_async(_clients, [(service.port, share, seconds) for share in shares])
        while not waiting.ready():
            memory.take()
            waiting.wait(1)
        seen = [client for part in waiting.get() for client in part]
    print(f"{clients} clients for {time.monotonic() - started:.0f} seconds")
    return seen, memory


def _lost(store: Store, seen: list[Seen]) -> int:
    """Return how many acknowledged records are not there as they were answered."""
    lost = 0
    for client in seen:
        for record, digest in client.stored.items():
            found = store.get(record)
            lost += found is None or found["decision_digest"] != digest
    return lost


def _report(seen: list[Seen]) -> bool:
    answers, seconds = Counter[tuple[str, int]](), defaultdict[str, list[float]](list)
    for client in seen:
        answers.update(client.answers)
        for kind, taken in client.seconds.items():
            seconds[kind] += taken
    print(f"{'':10}{'calls':>8}{'median ms':>11}{'99 % ms':>9}  answers")
    for kind, taken in sorted(seconds.items()):
        statuses = {status: n for (name, status), n in sorted(answers.items()) if name == kind}
        middle, late = statistics.median(taken), sorted(taken)[int(len(taken) * 0.99)]
        print(f"{kind:10}{len(taken):8}{middle * 1000:11.1f}{late * 1000:9.1f}  {statuses}")
    errors = sum(n for (_, status), n in answers.items() if status >= 500)
    wrong = [told for client in seen for told in client.wrong]
    print(f"answers 5xx: {errors}; other than they should be: {len(wrong)}")
    for told in wrong[:10]:
        print(" ", told)
    return not errors and not wrong


def _checked(service: Service, seen: list[Seen], memory: Memory, judge: bool) -> bool:
    sound = _report(seen)
    for pid, tenths in memory.tenths().items():
        print(f"worker {pid}, MiB by tenths of the run:", *(f"{taken:.1f}" for taken in tenths))
    grown = max(memory.grown().values())
    print(f"grown in the second half: {grown:.1f} MiB at most")
    sound = sound and (grown <= GROWTH or not judge)
    if [worker.pid for worker in service.workers] != [*memory.taken]:
        print("a worker was replaced")
        sound = False
    status = service.stop()
    store = Store(service.database)
    acknowledged, lost = sum(len(client.stored) for client in seen), _lost(store, seen)
    print(f"records acknowledged: {acknowledged}; in the store: {store.count()}; lost: {lost}")
    store.close()
    print(f"exit status: {status}; audit: {audited(service.database)}")
    return sound and not lost and not status


def main(arguments: list[str] | None = None) -> int:
    """Run, print, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--postgres", action="store_true", help="and not SQLite")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Postgres() if options.postgres else nullcontext() as postgres:
            database = postgres.url if postgres else f"sqlite:///{folder}/store.db"
            # a worker that was replaced would begin anew and hide that it grows
            given = ["--workers", options.workers, "--threads", 8, "--max-requests", 0]
            service = Service(folder, database, *given)
            if not service.ready():
                print(service.log.read_text("utf-8"))
                return 1
            seen, memory = _loaded(service, options.clients, options.seconds)
            # in seconds, nothing gets warm
            sound = _checked(service, seen, memory, judge=options.seconds >= 120)
    print("all holds" if sound else "something gave way")
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
