"""gunicorn's master, which alone loads rulebooks: every worker decides by what it has loaded.

A reload is asked for, never noticed: `softbalance rulebook reload`, or SIGHUP. It is checked
before anything changes, and a library that does not load, or with which no worker starts, leaves
everything as it is.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from contextlib import suppress
from typing import Any

from gunicorn.arbiter import Arbiter
from softbalance.rules.findings import RulebookErrors
from softbalance.rules.language.loader import Library
from softbalance.service.context import LoadedLibrary
from softbalance.service.control import ControlSocket, Outcome, find_socket
from softbalance.service.store import StoreAway

#: Seconds that the workers of a new library may take to start.
STARTING = 60
STOP, IGNORE, RELOAD = "stop", "ignore", "reload"


def choose_hangup() -> str:
    """Return what SIGHUP is to do; to be called before it is handled.

    To a process on a terminal it tells that the terminal is gone, unless it was started by nohup.
    """
    streams = (sys.stdin, sys.stdout, sys.stderr)
    if not (any(s is not None and s.isatty() for s in streams) or _has_terminal()):
        return RELOAD
    return IGNORE if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else STOP


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


class Master(Arbiter):  # type: ignore[misc]
    """Starts the workers, and others in their place when the rulebooks are loaded again."""

    def start(self) -> None:
        """Listen, for clients and for commands."""
        self._hangup = choose_hangup()
        self.control: ControlSocket | None = None
        super().start()
        port = self.app.settings.port or self.LISTENERS[0].getsockname()[1]
        try:
            self.control = ControlSocket(find_socket(self.app.settings.host, port))
        except OSError as error:
            self.log.warning("`softbalance rulebook reload` will not find this service: %s", error)

    def halt(self, reason: str | None = None, exit_status: int = 0) -> None:
        """Stop."""
        if self.control:
            self.control.close()
        super().halt(reason, exit_status)

    def wait_for_signals(self, timeout: float = 1.0) -> list[int]:
        """Return the signals that came within a time; do what a command asks for."""
        signals: list[int] = super().wait_for_signals(timeout)
        if self.control:
            self.control.answer(self.reload)
        return signals

    def handle_hup(self) -> None:
        """Load the rulebooks again, or stop if the terminal is gone."""
        if self._hangup == STOP:
            raise StopIteration
        if self._hangup == RELOAD:
            self.reload()

    def reload(self) -> Outcome:
        """Load the rulebooks again and let new workers decide by them; or say why not."""
        before = self.app.loaded.library
        try:
            loaded = LoadedLibrary.load(self.app.settings.rulebooks)
            loaded.keep(self.app.settings.database)
        except (RulebookErrors, StoreAway) as error:
            return self._refuse(str(error))
        except Exception as error:  # whatever is in those folders, the service goes on
            self.log.exception("the rulebooks could not be read")
            return self._refuse(f"{type(error).__name__}: {error}")
        if not self._replace_workers(loaded):
            return self._refuse("no worker starts with them; the log says why")
        rulebooks = [(b.id, b.version, b.digest) for b in loaded.library.rulebooks.values()]
        for name, version, digest in rulebooks:
            self.log.info("loaded rulebook %s %s %s", name, version, digest)
        return {"done": True, "detail": self._warn_of_versions(before), "rulebooks": rulebooks}

    def _warn_of_versions(self, before: Library) -> str:
        """Warn of rulebooks that changed and kept their version; return what is told."""
        books = self.app.loaded.library.rulebooks.values()
        known = {(b.id, b.version): b.digest for b in before.rulebooks.values()}
        same = [b for b in books if known.get((b.id, b.version), b.digest) != b.digest]
        told = [f"{b.id} has changed and is still version {b.version}; raise it" for b in same]
        for line in told:
            self.log.warning("%s", line)
        return "\n".join(told)

    def _refuse(self, why: str) -> Outcome:
        self.log.error("the rulebooks were not loaded again, those before stay: %s", why)
        return {"done": False, "detail": why, "rulebooks": []}

    def _replace_workers(self, loaded: LoadedLibrary) -> bool:
        """Start workers with a library; when all are ready let them serve, or else end them."""
        before = self.app.loaded, self.app.generation
        self.app.loaded, self.app.generation = loaded, self.app.generation.make_next()
        ready, self.app.ready = os.pipe()
        started = self._start_workers()
        complete = len(started) == self.num_workers and self._await(ready, started)
        os.close(ready)
        os.close(self.app.ready)
        self.app.ready = None
        if complete:
            self.app.generation.begin()
            self.manage_workers()  # ends the oldest of those that are too many
        else:
            self.app.loaded, self.app.generation = before
            for pid in started:
                self._end(pid)
        return complete

    def _start_workers(self) -> list[int]:
        """Start workers; return the ids of those that could be.

        A worker lives within this call and leaves by SystemExit, so nothing is to be cleaned up
        here or in any caller that a worker has no business with.
        """
        started: list[int] = []
        try:
            for _ in range(self.num_workers):
                started.append(self.spawn_worker())
        except OSError as error:
            self.log.error("no process can be started: %s", error)
        return started

    def _await(self, ready: int, started: list[int]) -> bool:
        """Wait until each worker has said that it is ready; return False if one cannot be."""
        deadline, missing = time.monotonic() + STARTING, len(started)
        while missing and time.monotonic() < deadline and not any(map(_has_ended, started)):
            if select.select([ready], [], [], 0.1)[0]:
                missing -= len(os.read(ready, missing))
        return not missing

    def _end(self, pid: int) -> None:
        """End a worker that never served; that it could not start is no reason to stop."""
        worker = self.WORKERS.pop(pid, None)
        if worker is None:
            return
        with suppress(OSError):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        worker.tmp.close()
        self.cfg.child_exit(self, worker)


def _has_ended(pid: int) -> bool:
    """Return whether a child has ended; it is left to be waited for."""
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return True


def await_turn(worker: Any) -> None:
    """Tell the master that this worker is ready, and wait until its generation serves."""
    if worker.app.ready is not None:
        with suppress(OSError):
            os.write(worker.app.ready, b".")
            os.close(worker.app.ready)
    while worker.alive and worker.generation.is_waiting and os.getppid() == worker.ppid:
        worker.notify()
        time.sleep(0.01)
