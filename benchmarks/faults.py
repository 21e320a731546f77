"""Breaks the service while clients post to it: what it acknowledged is there, what not is not.

    python -m benchmarks.faults [worker] [recycled] [database] [disk] [clock] [--seconds 10]

worker: a worker is killed every half second. recycled: each worker is replaced after 200 requests,
while batches are sent slowly and /healthz is asked. database: PostgreSQL is killed, all of its
processes at once, and started again. disk: the store, the log and the temporary files fill a file
system of their own, which takes root. clock: the service's time leaps a day back and ten years
ahead, which takes a C compiler.

Each episode is posted once under a name of its own. An answer 201 acknowledges it, any other
answer refuses it, and a connection that breaks leaves the client in doubt. Then the fault is over,
and what was not acknowledged is posted again with the same `Idempotency-Key`: each episode has to
be in the store exactly once.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from softbalance.service.store import Store

from benchmarks.serving import Postgres, Service, audited
from benchmarks.watching import Batches, Health

CLIENTS = 8
ACKNOWLEDGED, REFUSED, IN_DOUBT = "acknowledged", "refused", "in doubt"


class Poster(threading.Thread):
    """Posts episodes, each under a name of its own, until told to stop."""

    def __init__(self, port: int, name: str) -> None:
        super().__init__()
        self._port, self._name = port, name
        self._connection = self._connect()
        self.over = threading.Event()
        self.outcome: dict[str, str] = {}
        self.statuses: Counter[int] = Counter()

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)

    def run(self) -> None:
        """Post until it is over; a refusal is no reason to hurry."""
        while not self.over.is_set():
            episode = f"{self._name}-{len(self.outcome)}"
            self.post(episode)
            if self.outcome[episode] != ACKNOWLEDGED:
                time.sleep(0.3)

    def post(self, episode: str) -> None:
        """Post an episode and note what came of it."""
        self.outcome[episode] = IN_DOUBT
        body = json.dumps({"id": episode, "form": "other"})
        headers = {"Content-Type": "application/json", "Idempotency-Key": episode}
        try:
            self._connection.request("POST", "/v1/classifications", body, headers)
            answer = self._connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            self._connection = self._connect()
            return
        self.statuses[answer.status] += 1
        self.outcome[episode] = ACKNOWLEDGED if answer.status in (200, 201) else REFUSED


def _under_load(service: Service, fault: Callable[[], None]) -> list[Poster]:
    posters = [Poster(service.port, f"e{number}") for number in range(CLIENTS)]
    for poster in posters:
        poster.start()
    try:
        time.sleep(1)
        fault()
    finally:
        for poster in posters:
            poster.over.set()
        for poster in posters:
            poster.join()
    return posters


def _told(name: str, service: Service, posters: list[Poster]) -> bool:
    """Compare what the clients were told with what is stored; print, and say if all holds."""
    outcome = {e: told for poster in posters for e, told in poster.outcome.items()}
    stored = _stored(service.database)
    statuses = sum((poster.statuses for poster in posters), Counter[int]())
    by = {kind: {e for e, told in outcome.items() if told == kind} for kind in outcome.values()}
    lost = by.get(ACKNOWLEDGED, set()) - stored.keys()
    refused = by.get(REFUSED, set())
    print(f"{name}: {len(outcome)} posted; answers {dict(sorted(statuses.items()))}")
    print(f"  acknowledged {len(by.get(ACKNOWLEDGED, ()))}, of these not stored: {len(lost)}")
    print(f"  refused {len(refused)}, of these stored: {len(refused & stored.keys())}")
    doubtful = by.get(IN_DOUBT, set())
    print(f"  in doubt {len(doubtful)}, of these stored: {len(doubtful & stored.keys())}")
    again = Poster(service.port, "again")
    for episode in sorted(doubtful | refused):
        again.post(episode)
    stored = _stored(service.database)
    failed = sum(told != ACKNOWLEDGED for told in again.outcome.values())
    twice = sum(count > 1 for count in stored.values())
    missing = outcome.keys() - stored.keys()
    print(f"  posted again {len(again.outcome)}, of these failed: {failed}; then missing from the")
    print(f"  store: {len(missing)}, stored twice: {twice}; {audited(service.database)}")
    return not (
        lost or refused & stored.keys() - again.outcome.keys() or failed or missing or twice
    )


def _stored(database: str) -> Counter[str]:
    """Return how often each episode is stored."""
    store, before = Store(database), None
    found: Counter[str] = Counter()
    while True:
        page = store.page({}, 1000, before)
        found.update(item["episode"]["id"] for item in page.items)
        before = page.next
        if before is None:
            store.close()
            return found


@contextmanager
def _serving(
    folder: Path, database: str, *options: object, **environment: str
) -> Iterator[Service]:
    service = Service(folder, database, "--grace", 5, *options, environment=environment)
    try:
        if not service.ready():
            raise SystemExit(service.log.read_text("utf-8"))
        yield service
    finally:
        status = service.stop()
    if status:
        raise SystemExit(f"the service ended with {status}")


def workers(folder: Path, seconds: float) -> bool:
    """Kill workers, one after the other."""
    killed = 0

    def fault() -> None:
        nonlocal killed
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            running = service.workers
            if running:
                random.choice(running).kill()
                killed += 1
            time.sleep(0.5)

    with _serving(folder, f"sqlite:///{folder}/store.db") as service:
        posters = _under_load(service, fault)
        service.ready()
        return _told(f"{killed} workers killed", service, posters)


def recycled(folder: Path, seconds: float) -> bool:
    """Have workers replaced while they are busy, by asking much of them."""
    seen: set[int] = set()
    database = f"sqlite:///{folder}/store.db"

    def fault() -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            seen.update(worker.pid for worker in service.workers)
            time.sleep(0.2)

    with _serving(folder, database, "--max-requests", 200) as service:
        health, batches = Health(service.port), Batches(service.port)
        health.start()
        batches.start()
        posters = _under_load(service, fault)
        for thread in (health, batches):
            thread.over.set()
            thread.join()
        sound = _told(f"{len(seen)} workers, each replaced after 200 requests", service, posters)
    print(f"  /healthz asked {health.asked} times, failed {health.failed}, ", end="")
    print(f"longest {health.longest:.2f} s")
    print(f"  batches: {dict(batches.ends)}")
    return sound and not health.failed and not batches.ends["broken"]


def databases(folder: Path, seconds: float) -> bool:
    """Kill the database and start it again."""
    with Postgres() as postgres, _serving(folder, postgres.url) as service:

        def fault() -> None:
            for _ in range(2):
                postgres.kill()
                time.sleep(seconds / 5)
                postgres.start()
                time.sleep(seconds / 4)

        posters = _under_load(service, fault)
        service.ready()
        return _told("PostgreSQL killed twice", service, posters)


def disks(folder: Path, seconds: float) -> bool:
    """Fill the disk; then make room."""
    if os.geteuid():
        print("disk: not tried; to mount a file system takes root")
        return True
    small, room = folder / "small", folder / "small" / "room"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", small], check=True)
    try:
        room.write_bytes(bytes(64 * 1024 * 1024))
        with _serving(small, f"sqlite:///{small}/store.db", TMPDIR=str(small)) as service:
            filled = threading.Event()

            def fault() -> None:
                until = time.monotonic() + 20 * seconds
                while time.monotonic() < until and not filled.is_set():
                    time.sleep(0.3)
                    if os.statvfs(small).f_bavail == 0:
                        filled.set()
                time.sleep(seconds / 4)

            posters = _under_load(service, fault)
            if not filled.is_set():
                raise SystemExit("the disk was not full in time")
            room.unlink()
            service.ready()
            return _told("disk full, then not", service, posters)
    finally:
        subprocess.run(["umount", "--lazy", small], check=True)


def clocks(folder: Path, seconds: float) -> bool:
    """Let the service's wall clock leap."""
    leap, library = folder / "leap", folder / "leaping_clock.so"
    leap.write_bytes(bytes(8))
    source = Path(__file__).with_name("leaping_clock.c")
    compiler = ["cc", "-shared", "-fPIC", "-O1", "-o", library, source]
    subprocess.run(compiler, check=True)
    environment = {"LD_PRELOAD": str(library), "LEAP": str(leap)}

    def fault() -> None:
        for days in (-1, 3650, 0):
            with leap.open("r+b") as file:
                file.write((days * 86_400).to_bytes(8, sys.byteorder, signed=True))
            time.sleep(seconds / 4)

    with _serving(folder, f"sqlite:///{folder}/store.db", **environment) as service:
        posters = _under_load(service, fault)
        store = Store(service.database)
        days = Counter(item["classified_at"][:10] for item in store.page({}, 1_000_000).items)
        store.close()
        if len(days) < 3:
            raise SystemExit("the clock did not leap")
        return _told(f"clock leapt, records by day {dict(days)}", service, posters)


FAULTS = {
    "worker": workers,
    "recycled": recycled,
    "database": databases,
    "disk": disks,
    "clock": clocks,
}


def main(arguments: list[str] | None = None) -> int:
    """Break, print, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("faults", nargs="*", choices=[*FAULTS, []], default=[])
    parser.add_argument("--seconds", type=float, default=10, help="that each fault takes, about")
    options = parser.parse_args(arguments)
    sound = True
    for name in options.faults or FAULTS:
        with tempfile.TemporaryDirectory() as folder:
            sound = FAULTS[name](Path(folder), options.seconds) and sound
    print("all holds" if sound else "something was lost")
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
