"""gunicorn, set up for this service."""

from __future__ import annotations

import gc
import secrets
from dataclasses import replace
from time import perf_counter
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.workers.gthread import TConn, ThreadWorker
from softbalance.service import logs
from softbalance.service.app import create_app
from softbalance.service.metrics import Metrics
from softbalance.service.metrics_files import MetricsFiles
from softbalance.service.settings import Settings


class Worker(ThreadWorker):  # type: ignore[misc]
    """Measures how long connections wait for a thread, and how many threads are busy."""

    @property
    def _metrics(self) -> Metrics:
        metrics: Metrics = self.wsgi.extensions["softbalance"].metrics
        return metrics

    def run(self) -> None:
        """Serve until told to stop."""
        self._metrics.threads.set(self.cfg.threads)
        super().run()

    def enqueue_req(self, conn: TConn) -> None:
        """Hand over a connection that has data to the threads."""
        conn.queued = perf_counter()
        super().enqueue_req(conn)

    def handle(self, conn: TConn) -> object:
        """Serve a connection; called in a thread."""
        metrics = self._metrics
        metrics.waited.observe(perf_counter() - conn.queued)
        with metrics.threads_busy.track_inprogress():
            return super().handle(conn)


class Server(BaseApplication):  # type: ignore[misc]
    """Runs the application; each worker makes its own after the fork, with its own engine."""

    def __init__(self, settings: Settings, files: MetricsFiles) -> None:
        self._settings, self._files = settings, files
        logs.configure(settings.log_level, settings.log_format)
        super().__init__()

    def load_config(self) -> None:
        """Tell gunicorn what the settings ask for."""
        settings = self._settings
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
            # nobody administers the service through it, and two services would share its path
            "control_socket_disable": True,
            "logger_class": logs.GunicornLogger,
            "loglevel": settings.log_level,
            "errorlog": None,
            "pre_fork": self._files.pre_fork,
            "post_fork": self._files.post_fork,
            "child_exit": self._files.child_exit,
            "on_exit": self._files.on_exit,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Make the application; called in each worker."""
        # the command has made the store; a worker that is replaced while it is away must start
        app = create_app(self._settings, store_made=True)
        # what the application is made of stays: the garbage collector need not look at it again
        gc.collect()
        gc.freeze()
        return app


def _address(settings: Settings) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"{host}:{settings.port}"


def serve(settings: Settings) -> None:
    """Run the service until it is told to stop; raises OSError if there is no room to count in."""
    secret = settings.secret or secrets.token_urlsafe(32)
    settings = replace(settings, secret=secret)
    Server(settings, MetricsFiles(settings.workers)).run()
