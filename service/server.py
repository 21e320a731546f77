"""gunicorn, set up for this service."""

from __future__ import annotations

import gc
import logging
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from softbalance.service.app import create_app
from softbalance.service.settings import Settings


class Server(BaseApplication):  # type: ignore[misc]
    """Runs the application; each worker makes its own after the fork, with its own engine."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        """Tell gunicorn what the settings ask for."""
        settings = self._settings
        options: dict[str, Any] = {
            "bind": _address(settings),
            "workers": settings.workers,
            "worker_class": "gthread",
            "threads": settings.threads,
            "proc_name": "softbalance",
            # durable_rules gives some memory back only when its process ends
            "max_requests": settings.max_requests,
            "max_requests_jitter": settings.max_requests // 10,
            "timeout": 60,
            "graceful_timeout": 30,
            "keepalive": 5,
            # nobody administers the service through it, and two services would share its path
            "control_socket_disable": True,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Make the application; called in each worker."""
        logging.basicConfig(format="%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s")
        app = create_app(self._settings)
        # what the application is made of stays: the garbage collector need not look at it again
        gc.collect()
        gc.freeze()
        return app


def _address(settings: Settings) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"{host}:{settings.port}"


def serve(settings: Settings) -> None:
    """Run the service until it is told to stop."""
    Server(settings).run()
