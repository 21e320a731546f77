"""How a worker is replaced and how it ends: nobody waits meanwhile, and nothing is cut unsaid.

A worker that has served `max_requests` says that it is due and serves on; its replacement starts,
and only when that serves is the old one told to stop. A worker that must not go on, because its
engine may be dirty, stops at once, and its replacement starts at the same moment. One that stops
takes no connection and finishes what it has begun, for so long as `grace` says.

gunicorn by itself starts a replacement when the old process is gone, which may take all of
`grace`; what runs longer holds up the end of the process even then.
"""

from __future__ import annotations

import mmap
import os
import signal
import sys
from collections.abc import Collection
from contextlib import suppress
from enum import IntEnum
from time import monotonic
from typing import Any

from gunicorn.arbiter import Arbiter
from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, TConn, ThreadWorker
from softbalance.service.http.workers import LAST_RESORT, LAST_WORDS, deadline


class Phase(IntEnum):
    """Where a worker is in its life."""

    STARTING = 0
    SERVING = 1
    DUE = 2
    STOPPING = 3


class RecycledWorker(ThreadWorker):
    """Tells the master its phase, and ends in time."""

    max_requests: int

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # shared with the master, which makes the worker before it forks
        self._phase = mmap.mmap(-1, 1)
        # to gunicorn a worker that has served enough stops by itself, before it is replaced
        self._enough, self.max_requests = self.max_requests, sys.maxsize

    @property
    def phase(self) -> Phase:
        """Where this worker is, in its own process and in the master's."""
        return Phase(self._phase[0])

    def _enter(self, phase: Phase) -> None:
        """Tell the master; it takes the end of a child as a reason to look at all of them."""
        if phase > self.phase:
            self._phase[0] = phase
            with suppress(OSError):
                os.kill(self.ppid, signal.SIGCHLD)

    def init_signals(self) -> None:
        """Leave Ctrl-C, which a terminal sends to every process, to the master."""
        super().init_signals()
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def run(self) -> None:
        """Serve until told to stop, and then until all is answered or the time is up."""
        self._enter(Phase.SERVING)
        super().run()

    def notify(self) -> None:
        """Show the master that this process is alive; called every second, from its main loop."""
        super().notify()
        if self.ppid != os.getppid():
            self.alive = False
        if not self.alive:
            deadline.set(self.cfg.graceful_timeout - LAST_RESORT)
            for conn in self.pending_conns:
                conn.timeout = min(conn.timeout, monotonic() + STOP_KEEPALIVE_LINGER)
        if deadline.is_past(LAST_WORDS):
            self._leave()

    def handle_exit(self, sig: int, frame: object) -> None:
        """Stop, on SIGTERM: take no connection more and finish what is begun."""
        self._enter(Phase.STOPPING)
        super().handle_exit(sig, frame)

    def handle_quit(self, sig: int, frame: object) -> None:
        """Go now, on SIGQUIT."""
        self.method_queue.defer(self._leave)

    def handle_request(self, req: Any, conn: TConn) -> object:
        """Answer a request; return whether the connection may be used again."""
        if self.nr + 1 >= self._enough and self.phase < Phase.DUE:
            self.log.info("Worker due to be replaced (pid: %s)", self.pid)
            self._enter(Phase.DUE)
        kept = super().handle_request(req, conn)
        # a client that is still sending is let go, so that it takes the end of its answer
        return kept and not deadline.is_past()

    def abandon_requests(self) -> int:
        """Note the requests that will not be answered, and return how many they are."""
        raise NotImplementedError

    def _leave(self) -> None:
        """End the process, whose threads may be busy for long."""
        if cut := self.abandon_requests():
            self.log.warning("Requests cut off, time is up: %d (pid: %s)", cut, self.pid)
        os._exit(0)


class Master(Arbiter):
    """Starts a worker's replacement before the worker stops."""

    def handle_int(self) -> None:
        """Stop as on SIGTERM; a second Ctrl-C no longer waits."""
        self.handle_term()

    def manage_workers(self) -> None:
        """Start the workers that are missing, and stop those that are replaced or too many."""
        workers = sorted(self.WORKERS.values(), key=lambda worker: worker.age)
        due = _select(workers, Phase.DUE)
        staying = _select(workers, Phase.STARTING, Phase.SERVING)
        missing = self.num_workers - len(staying)
        # one that is due serves on: while many are stopping, it does not add another to them
        room = max(missing - len(due), 2 * self.num_workers - len(workers))
        for _ in range(min(missing, room)):
            self.spawn_worker()
        replaced = len(_select(workers, Phase.SERVING)) + len(due) - self.num_workers
        for worker in [*due[: max(replaced, 0)], *staying[: max(-missing, 0)]]:
            self.kill_worker(worker.pid, signal.SIGTERM)


def _select(workers: Collection[RecycledWorker], *phases: Phase) -> list[RecycledWorker]:
    return [worker for worker in workers if worker.phase in phases]
