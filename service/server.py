"""gunicorn, set up for this service."""

from __future__ import annotations

import errno
import gc
import re
import secrets
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from selectors import EVENT_READ
from time import monotonic, sleep
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
from gunicorn.workers.gthread import TConn
from softbalance.service.app import create_app
from softbalance.service.auth import rates
from softbalance.service.context import LoadedLibrary
from softbalance.service.generations import Generation
from softbalance.service.housekeeping import Housekeeping
from softbalance.service.http.gate import HEALTH, Gate
from softbalance.service.http.patience import PatientSocket, TooSlow
from softbalance.service.http.problems import MIMETYPE, Problem, payload
from softbalance.service.http.recycling import RecycledWorker
from softbalance.service.http.workers import LAST_RESORT
from softbalance.service.master import Master, await_turn
from softbalance.service.observing import logs
from softbalance.service.observing.metrics_files import MetricsFiles
from softbalance.service.settings import Settings

#: Connections of a worker that are read or answered at once; each has a thread, which waits.
_CONNECTIONS = 256
#: Threads that only say whether the service is healthy, when all others wait for clients.
_HEALTH_THREADS = 8
#: Bytes of a request that are looked at before it has a thread, at most.
_GLANCE = 4096
#: Seconds that a new connection may take to send anything.
_SILENCE = 10
#: Seconds between two tries to take a connection while the process has no file left for it.
_FULL = 0.05
_HEALTH = re.compile(rb"(?:GET|HEAD) (?:%s)[ ?]" % "|".join(HEALTH).encode())
_BODY = re.compile(rb"\n(?:content-length|transfer-encoding|expect|upgrade)[ \t]*:", re.I)
#: Errors that clients make before there is a request → their status; the others are 400.
_STATUS = {LimitRequestLine: 414, LimitRequestHeaders: 431, ExpectationFailed: 417, TooSlow: 408}


class Worker(RecycledWorker):
    """Gives every connection a thread, and none of them more than its share of time."""

    def get_thread_pool(self) -> ThreadPoolExecutor:
        """Make the threads that read and write; `Gate` says how many of them answer."""
        return ThreadPoolExecutor(_CONNECTIONS)

    def init_process(self) -> None:
        """Make the threads for health, and start."""
        self._health_threads = ThreadPoolExecutor(_HEALTH_THREADS)
        self._served = 0
        super().init_process()

    def run(self) -> None:
        """Serve; what is due now and then is done beside that."""
        with self.app.housekeeping.running():
            super().run()

    def accept(self, listener: Any) -> None:
        """Take a connection, which gets a thread when it has sent something.

        A later generation, if there is one, is to take it instead.
        """
        if self.generation.is_over:
            self.handle_exit(signal.SIGTERM, None)
            return
        try:
            client, address = listener.accept()
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                sleep(_FULL)  # it waits until another connection is closed
            elif error.errno not in (errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK):
                raise
            return
        self.nr_conns += 1
        conn = TConn(self.cfg, client, address, listener.getsockname())
        conn.timeout = monotonic() + _SILENCE
        self.pending_conns.append(conn)
        self.poller.register(client, EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def enqueue_req(self, conn: TConn) -> None:
        """Hand over a connection that has data to the threads."""
        full = self._served >= _CONNECTIONS
        threads = self._health_threads if full and _asks_for_health(conn) else self.tpool
        self._served += 1
        if not isinstance(conn.sock, PatientSocket):
            conn.sock = PatientSocket(conn.sock, self.app.patience)
        conn.sock.begin()
        served = threads.submit(self.handle, conn)
        served.add_done_callback(
            lambda served: self.method_queue.defer(self.finish_request, conn, served)
        )

    def finish_request(self, conn: TConn, served: Any) -> None:
        """Wait for another request of a connection, or close it."""
        self._served -= 1
        super().finish_request(conn, served)

    def handle(self, conn: TConn) -> object:
        """Serve a connection; called in a thread, which also waits for the client to close it."""
        if self.hand_over(conn):
            return False
        kept = super().handle(conn)
        if kept is False:
            close_graceful(conn.sock)
        return kept

    def handle_request(self, req: Any, conn: TConn) -> object:
        """Answer a request."""
        conn.sock.on_giving_up = req.force_close
        return super().handle_request(req, conn)

    def abandon_requests(self) -> int:
        """Note the requests that will not be answered, and return how many they are."""
        wsgi = getattr(self, "wsgi", None)  # not there while the worker starts
        return wsgi.extensions["softbalance.access"].abandon_requests() if wsgi else 0

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


def _asks_for_health(conn: TConn) -> bool:
    """Return whether all of a request for health is there, so that no thread waits for it."""
    if conn.initialized and conn.parser.unreader.buf.getvalue():
        return False  # what was read with the request before is next
    try:
        seen: bytes = conn.sock.recv(_GLANCE, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except OSError:
        return False
    head, end, _ = seen.partition(b"\r\n\r\n")
    return bool(end and _HEALTH.match(head) and not _BODY.search(head))


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
            # what runs for longer than `grace` is ended by the workers themselves before
            "graceful_timeout": settings.grace + LAST_RESORT,
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
        turns = self._files.get_path("batches")
        app = create_app(settings, counters, turns, loaded=self.loaded, store_made=True)
        metrics = app.extensions["softbalance"].metrics
        room = max(settings.max_bodies, settings.max_body)
        # inside the log of requests, so that one that waits for a place is logged too
        access = app.extensions["softbalance.access"]
        access.wrap(lambda inner: Gate(inner, settings.threads, room, metrics))
        keys, turn = app.extensions["softbalance.keys"], self._files.get_path("housekeeping")
        self.housekeeping = Housekeeping(app.extensions["softbalance"], keys, turn)
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
