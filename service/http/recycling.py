"""How a worker is replaced and how it ends: nobody waits meanwhile, and nothing is cut unsaid.

A worker that has served `max_requests` says that it is due and serves on; its replacement starts,
and only when that serves is the old one told to stop. A worker that must not go on, because its
engine may be dirty, stops at once, and its replacement starts at the same moment. One whose
generation is over begins no request, and hands its connections over. One that stops takes no
connection and finishes what it has begun, for so long as `grace` says.

gunicorn by itself starts a replacement when the old process is gone, which may take all of
`grace`; what runs longer holds up the end of the process even then.
"""

from __future__ import annotations

import math
import mmap
import os
import signal
import sys
from collections import deque
from contextlib import suppress
from enum import IntEnum
from time import monotonic
from typing import Any

from gunicorn.util import close_graceful
from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, TConn, ThreadWorker
from softbalance.service.generations import Generation
from softbalance.service.http.workers import LAST_RESORT, LAST_WORDS, deadline

#: Seconds after which a worker shows again that it is alive. gunicorn does so at each event, which
#: takes a tenth of the time of a small request.
_SIGN_OF_LIFE = 0.5


class Phase(IntEnum):
    """Where a worker is in its life."""

    STARTING = 0
    SERVING = 1
    DUE = 2
    STOPPING = 3


class RecycledWorker(ThreadWorker):
    """Tells the master its phase, hands over to a later generation, and ends in time."""

    max_requests: int
    #: Given by the master before the fork.
    generation: Generation

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # shared with the master, which makes the worker before it forks
        self._phase = mmap.mmap(-1, 1)
        # to gunicorn a worker that has served enough stops by itself, before it is replaced
        self._enough, self.max_requests = self.max_requests, sys.maxsize
        self._shown = -math.inf

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
        """Leave Ctrl-C and SIGHUP, which a terminal sends to every process, to the master."""
        super().init_signals()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def run(self) -> None:
        """Serve until told to stop, and then until all is answered or the time is up."""
        self._enter(Phase.SERVING)
        super().run()

    def notify(self) -> None:
        """Show the master that this process is alive; called from its main loop, each second."""
        if (now := monotonic()) >= self._shown + _SIGN_OF_LIFE:
            self._shown = now
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

    def murder_keepalived(self, force: bool = False) -> None:
        """Close connections that were idle for long; all that are go to a later generation."""
        self._hand_over_idle(self.keepalived_conns)
        super().murder_keepalived(force)

    def murder_pending(self) -> None:
        """Do the same with those on which nothing was ever sent."""
        self._hand_over_idle(self.pending_conns)
        super().murder_pending()

    def _hand_over_idle(self, conns: deque[TConn]) -> None:
        while self.generation.is_over and conns:
            conn = conns.popleft()
            with suppress(OSError, KeyError, ValueError):  # it may be closed already
                self.poller.unregister(conn.sock)
            self.nr_conns -= 1
            if not self.generation.hand_over(conn.sock):
                conn.close()

    def hand_over(self, conn: TConn) -> bool:
        """Give a connection to a later generation, if that is to answer its next request."""
        begun = conn.initialized and conn.parser.unreader.buf.getvalue()
        if begun or not self.generation.is_over:
            return False
        if not self.generation.hand_over(conn.sock):
            # of a request that is not read, the client knows that nothing was done
            close_graceful(conn.sock)
        return True

    def abandon_requests(self) -> int:
        """Note the requests that will not be answered, and return how many they are."""
        raise NotImplementedError

    def _leave(self) -> None:
        """End the process, whose threads may be busy for long."""
        if cut := self.abandon_requests():
            self.log.warning("Requests cut off, time is up: %d (pid: %s)", cut, self.pid)
        os._exit(0)
