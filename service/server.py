"""gunicorn, set up for this service."""

from __future__ import annotations

import gc
import secrets
import signal
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from http import HTTPStatus
from typing import Any

import orjson
from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.http.errors import (
    ExpectationFailed,
    LimitRequestHeaders,
    LimitRequestLine,
    ParseException,
)
from gunicorn.util import close_graceful
from gunicorn.workers.gthread import _DEFER, TConn, ThreadWorker
from softbalance.service.app import create_app
from softbalance.service.auth import rates
from softbalance.service.context import LoadedLibrary
from softbalance.service.generations import Generation
from softbalance.service.http.gate import Gate
from softbalance.service.http.patience import PatientSocket, TooSlow
from softbalance.service.http.problems import MIMETYPE, Problem, payload
from softbalance.service.master import Master, await_turn
from softbalance.service.observing import logs
from softbalance.service.observing.metrics_files import MetricsFiles
from softbalance.service.settings import Settings

#: Connections of a worker that are read or answered at once; each has a thread, which waits.
_CONNECTIONS = 256
#: Seconds that a new connection keeps a thread before its client has sent anything.
_SILENCE = 5
#: Errors that clients make before there is a request → their status; the others are 400.
_STATUS = {LimitRequestLine: 414, LimitRequestHeaders: 431, ExpectationFailed: 417, TooSlow: 408}


class Worker(ThreadWorker):  # type: ignore[misc]
    """Gives every connection a thread, and none of them more than its share of time."""

    def get_thread_pool(self) -> ThreadPoolExecutor:
        """Make the threads that read and write; `Gate` says how many of them answer."""
        return ThreadPoolExecutor(_CONNECTIONS)

    def enqueue_req(self, conn: TConn) -> None:
        """Hand over a connection that has data to the threads."""
        if not isinstance(conn.sock, PatientSocket):
            conn.sock = PatientSocket(conn.sock, self.app.patience)
        conn.sock.begin()
        super().enqueue_req(conn)

    def handle(self, conn: TConn) -> object:
        """Serve a connection; called in a thread, which also waits for the client to close it."""
        waits = not conn.initialized and not conn.wait_for_data(_SILENCE)
        if self._hand_over(conn):
            return False
        if waits:
            return _DEFER
        kept = super().handle(conn)
        if kept is False:
            close_graceful(conn.sock)
        return kept

    def init_signals(self) -> None:
        """Leave SIGHUP, which a terminal sends to all its processes, to the master."""
        super().init_signals()
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def accept(self, listener: Any) -> None:
        """Accept a connection, unless a later generation is to do so."""
        if self.generation.is_over:
            self.handle_exit(signal.SIGTERM, None)
        else:
            super().accept(listener)

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

    def _hand_over(self, conn: TConn) -> bool:
        """Give a connection to a later generation, if that is to answer its next request."""
        begun = conn.initialized and conn.parser.unreader.buf.getvalue()
        if begun or not self.generation.is_over:
            return False
        if not self.generation.hand_over(conn.sock):
            # of a request that is not read, the client knows that nothing was done
            close_graceful(conn.sock)
        return True

    def handle_request(self, req: Any, conn: TConn) -> object:
        """Answer a request."""
        conn.sock.on_giving_up = req.force_close
        return super().handle_request(req, conn)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """Answer what is no request at all with a problem; what was sent is not logged."""
        if not isinstance(exc, ParseException | TooSlow):
            super().handle_error(req, client, addr, exc)
            return
        self.log.warning("a request could not be read: %s", type(exc).__name__)
        status = HTTPStatus(_STATUS.get(type(exc), 400))
        kind = status.phrase.lower().replace(" ", "-")
        body = orjson.dumps(payload(Problem(status, kind, str(exc)), ""))
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: {MIMETYPE}\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        with suppress(OSError):
            client.sendall(head.encode() + body)


class Server(BaseApplication):  # type: ignore[misc]
    """Runs the application; each worker makes its own after the fork, with its own engine."""

    def __init__(self, settings: Settings, files: MetricsFiles, loaded: LoadedLibrary) -> None:
        self.settings, self._files = settings, files
        #: What workers that start from now on decide by, and what they belong to.
        self.loaded, self.generation = loaded, Generation()
        #: Where workers that start while others serve tell that they are ready.
        self.ready: int | None = None
        self.patience = settings.patience
        logs.configure(settings.log_level, settings.log_format)
        super().__init__()

    def load_config(self) -> None:
        """Tell gunicorn what the settings ask for."""
        settings = self.settings
        options: dict[str, Any] = {
            "bind": _address(settings),
            "workers": settings.workers,
            "worker_class": Worker,
            "threads": settings.threads,
            "proc_name": "softbalance",
            # durable_rules gives some memory back only when its process ends
            "max_requests": settings.max_requests,
            "max_requests_jitter": settings.max_requests // 10,
            "timeout": 60,
            "graceful_timeout": settings.grace,
            "keepalive": 5,
            # so that all is sent by `PatientSocket`
            "sendfile": False,
            # nobody administers the service through it, and two services would share its path
            "control_socket_disable": True,
            "logger_class": logs.GunicornLogger,
            "loglevel": settings.log_level,
            "errorlog": None,
            "pre_fork": self._pre_fork,
            "post_fork": self._post_fork,
            "post_worker_init": await_turn,
            "child_exit": self._files.child_exit,
            "on_exit": self._files.on_exit,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def run(self) -> None:
        """Run until told to stop."""
        Master(self).run()

    def _pre_fork(self, arbiter: Any, worker: Any) -> None:
        self._files.pre_fork(arbiter, worker)
        worker.generation = self.generation
        worker.sockets = [*worker.sockets, self.generation.inbox]

    def _post_fork(self, arbiter: Any, worker: Any) -> None:
        self._files.post_fork(arbiter, worker)
        if arbiter.control:
            arbiter.control.close()

    def load(self) -> Flask:
        """Make the application; called in each worker."""
        settings, counters = self.settings, rates.get_counts_uri(self._files.get_path("rates"))
        # the command has made the store; a worker that is replaced while it is away must start
        app = create_app(settings, counters, loaded=self.loaded, store_made=True)
        metrics = app.extensions["softbalance"].metrics
        app.wsgi_app = Gate(  # type: ignore[method-assign]
            app.wsgi_app, settings.threads, settings.max_body, metrics
        )
        # what the application is made of stays: the garbage collector need not look at it again
        gc.collect()
        gc.freeze()
        return app


def _address(settings: Settings) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"{host}:{settings.port}"


def serve(settings: Settings, loaded: LoadedLibrary) -> None:
    """Run the service until it is told to stop; raises OSError if there is no room to count in.

    All workers decide by what is `loaded`, until a reload is asked for.
    """
    secret = settings.secret or secrets.token_urlsafe(32)
    settings = replace(settings, secret=secret)
    Server(settings, MetricsFiles(settings.workers), loaded).run()
