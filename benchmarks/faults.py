"""Breaks the service while clients post to it: what it acknowledged is there, what not is not.

    python -m benchmarks.faults [worker] [database] [silence] [node] [disk] [clock] [rulebook]
                                [--seconds 10]

worker: a worker is killed every half second. database: PostgreSQL is killed, all of its processes
at once, and started again. silence: all of its processes are stopped where they are, and go on
later. node: another process is stopped while it holds the lock of whoever writes, and goes on
later; it must not finish what it began. disk: the store, the log and the temporary files fill a
file system of their own, which takes root. clock: the service's time leaps a day back and ten years
ahead, which takes a C compiler. rulebook: the folder of rulebooks is edited, broken, and loaded
again, while workers are killed; no answer may hold a rulebook that is not in force or is not kept.

Each episode is posted once under a name of its own. An answer 201 acknowledges it, any other
answer refuses it, and a connection that breaks leaves the client in doubt, as does an answer that
says so. Meanwhile the service is asked every tenth of a second whether it is alive. Then the fault
is over, and what was not acknowledged is posted again with the same `Idempotency-Key`: each episode
has to be in the store exactly once.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
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

from benchmarks.clients import ACKNOWLEDGED, IN_DOUBT, REFUSED, HealthCheck, Poster
from benchmarks.edited_rulebook import EditedRulebook
from benchmarks.serving import Postgres, Service, audited

CLIENTS = 8
#: Settings under which a fault need not last long to be noticed.
_IMPATIENT = {"SOFTBALANCE_STORE_DEADLINE": "2"}
#: How a node ends that could not finish what it had begun to write.
_LOST_LOCK = 9
_HOLD = f"""
import sys, time
from softbalance.service.store import Store, StoreAway
try:
    with Store(sys.argv[1], 2).database.begin_write() as connection:
        print("holds", flush=True)
        time.sleep(1)
        connection.exec_driver_sql("DELETE FROM rulebooks")
except StoreAway:
    sys.exit({_LOST_LOCK})
"""


def _under_load(service: Service, fault: Callable[[], None], query: str = "") -> list[Poster]:
    posters = [Poster(service.port, f"e{number}") for number in range(CLIENTS)]
    health = HealthCheck(service.port)
    clients = [*posters, health]
    for poster in posters:
        poster.query = query
    for client in clients:
        client.start()
    try:
        time.sleep(1)
        fault()
    finally:
        for client in clients:
            client.over.set()
        for client in clients:
            client.join()
    print(f"longest answer of /healthz: {health.longest:.2f} s")
    return posters


def _told(name: str, service: Service, posters: list[Poster], query: str = "") -> bool:
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
    again.query = query
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


def silence(folder: Path, seconds: float) -> bool:
    """Stop the database where it is, twice, and let it go on."""
    with Postgres() as postgres, _serving(folder, postgres.url, **_IMPATIENT) as service:

        def fault() -> None:
            for _ in range(2):
                with postgres.paused():
                    time.sleep(seconds)
                service.ready()
                time.sleep(seconds / 4)

        posters = _under_load(service, fault)
        return _told("PostgreSQL stopped twice", service, posters)


def nodes(folder: Path, seconds: float) -> bool:
    """Stop another service while it writes, and let it go on."""
    with Postgres() as postgres, _serving(folder, postgres.url, **_IMPATIENT) as service:
        holder = [sys.executable, "-c", _HOLD, postgres.url]

        def fault() -> None:
            with subprocess.Popen(holder, stdout=subprocess.PIPE, text=True) as node:
                assert node.stdout is not None
                node.stdout.readline()
                node.send_signal(signal.SIGSTOP)
                time.sleep(seconds)
                node.send_signal(signal.SIGCONT)
                node.communicate()
            if node.returncode != _LOST_LOCK:
                raise SystemExit(f"the node that was stopped ended with {node.returncode}")

        posters = _under_load(service, fault)
        return _told("a node stopped while it writes", service, posters)


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


def rulebooks(folder: Path, seconds: float) -> bool:
    """Edit the folder of rulebooks, break it, load it again, and kill workers meanwhile."""
    edited = EditedRulebook(folder / "books")
    options, query = ("--rulebooks", edited.folder), f"?rulebook={edited.id}"
    with _serving(folder, f"sqlite:///{folder}/store.db", *options) as service:

        def fault() -> None:
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                for change in (edited.edit, edited.break_):
                    change()
                    if running := service.workers:
                        random.choice(running).kill()
                    time.sleep(0.5)
                    edited.reload(service.port)

        posters = _under_load(service, fault, query)
        service.ready()
        held = _told(f"rulebook edited {edited.edits} times", service, posters, query)
        unknown = edited.find_unknown(service.database)
        print(f"  loaded again {edited.done}, refused as broken {edited.refused}")
        print(f"  records by a rulebook never loaded or not kept: {unknown}")
        return held and not unknown and edited.refused > 0 and edited.done > 0


FAULTS = {
    "worker": workers,
    "database": databases,
    "silence": silence,
    "node": nodes,
    "disk": disks,
    "clock": clocks,
    "rulebook": rulebooks,
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
