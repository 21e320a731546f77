"""gunicorn's master: it starts and replaces workers, which decide by the rulebooks that it loaded.

A worker is replaced when it has served enough or must not go on, and all are by a reload; others
serve before the old ones are told to stop.

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
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from gunicorn.arbiter import Arbiter
from gunicorn.errors import HaltServer
from softbalance.rules.findings import RulebookErrors
from softbalance.rules.language.loader import Library
from softbalance.service.context import LoadedLibrary
from softbalance.service.control import ControlSocket, Outcome, find_socket
from softbalance.service.generations import Generation
from softbalance.service.http.recycling import Phase, RecycledWorker
from softbalance.service.store import StoreAway

#: Seconds that the workers of a new library may take to start.
STARTING = 60
#: Seconds after which another worker is tried when one could not start.
PAUSE = 5
STOP, IGNORE, RELOAD = "stop", "ignore", "reload"
#: What workers decide by, and the generation that they belong to.
_Serving = tuple[LoadedLibrary, Generation]


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
    """Starts the workers, and others in their place before they stop."""

    def start(self) -> None:
        """Listen, for clients and for commands."""
        self._hangup = choose_hangup()
        self._has_served, self._start_at = False, 0.0
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

    def handle_int(self) -> None:
        """Stop as on SIGTERM; a second Ctrl-C no longer waits."""
        self.handle_term()

    def manage_workers(self) -> None:
        """Start the workers that are missing, and stop those that are replaced or too many."""
        running = sorted(self.WORKERS.values(), key=lambda worker: worker.age)
        workers = [worker for worker in running if not worker.generation.is_over]
        due = _select(workers, Phase.DUE)
        staying = _select(workers, Phase.STARTING, Phase.SERVING)
        missing = self.num_workers - len(staying)
        # one that is due serves on: while many are stopping, it does not add another to them
        room = max(missing - len(due), 2 * self.num_workers - len(running))
        if time.monotonic() >= self._start_at:
            self._start_workers(min(missing, room))
        replaced = len(_select(workers, Phase.SERVING)) + len(due) - self.num_workers
        over = [w for w in running if w.generation.is_over and w.phase < Phase.STOPPING]
        for worker in [*over, *due[: max(replaced, 0)], *staying[: max(-missing, 0)]]:
            self.kill_worker(worker.pid, signal.SIGTERM)

    def reap_workers(self) -> None:
        """Take leave of workers that ended.

        One that could not start ends a service that never served; any other goes on with the
        workers that it has, and tries again after a pause.
        """
        before = list(self.WORKERS.values())
        self._has_served |= any(worker.phase >= Phase.SERVING for worker in before)
        try:
            super().reap_workers()
        except HaltServer:
            if not self._has_served:
                raise
            for worker in before:
                if worker.pid not in self.WORKERS:
                    worker.tmp.close()
            self._start_at = time.monotonic() + PAUSE
            serving = len(_select(self.WORKERS.values(), Phase.SERVING, Phase.DUE))
            self.log.error(
                "A worker could not start; %d of %d serve, and another is tried in %d seconds",
                serving, self.num_workers, PAUSE,
            )  # fmt: skip
            self.reap_workers()

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
        started = self._start_workers(self.num_workers)
        complete = len(started) == self.num_workers and self._await(ready, started, before)
        os.close(ready)
        os.close(self.app.ready)
        self.app.ready = None
        if complete:
            self.app.generation.begin()
            self.manage_workers()  # stops those of the generation before
        else:
            self.app.loaded, self.app.generation = before
            for pid in started:
                self._end(pid)
        return complete

    def _start_workers(self, number: int) -> list[int]:
        """Start so many workers; return the ids of those that could be.

        A worker lives within this call and leaves by SystemExit, so nothing is to be cleaned up
        here or in any caller that a worker has no business with.
        """
        started: list[int] = []
        try:
            for _ in range(number):
                started.append(self.spawn_worker())
        except OSError as error:
            self.log.error("no process can be started: %s", error)
        return started

    def _await(self, ready: int, started: list[int], before: _Serving) -> bool:
        """Wait until each worker has said that it is ready; return False if one cannot be.

        Those that serve meanwhile, as `before`, are replaced if they end.
        """
        deadline, missing = time.monotonic() + STARTING, len(started)
        while missing and time.monotonic() < deadline and not any(map(_has_ended, started)):
            if select.select([ready], [], [], 0.1)[0]:
                missing -= len(os.read(ready, missing))
            self._replace_ended(started, before)
        return not missing

    def _replace_ended(self, started: list[int], before: _Serving) -> None:
        """Start workers in place of those of the generation before that have ended."""
        others = [worker for pid, worker in self.WORKERS.items() if pid not in started]
        ended = [w for w in _select(others, Phase.SERVING, Phase.DUE) if _has_ended(w.pid)]
        for worker in ended:
            self.log.error("Worker (pid: %s) ended while others start", worker.pid)
            self._end(worker.pid)
        following = self.app.loaded, self.app.generation
        ready, self.app.ready = self.app.ready, None
        self.app.loaded, self.app.generation = before
        self._start_workers(len(ended))
        self.app.loaded, self.app.generation = following
        self.app.ready = ready

    def _end(self, pid: int) -> None:
        """End a worker, if it has not ended; that it could not start is no reason to stop."""
        worker = self.WORKERS.pop(pid, None)
        if worker is None:
            return
        with suppress(OSError):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        worker.tmp.close()
        self.cfg.child_exit(self, worker)


def _select(workers: Iterable[RecycledWorker], *phases: Phase) -> list[RecycledWorker]:
    return [worker for worker in workers if worker.phase in phases]


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
