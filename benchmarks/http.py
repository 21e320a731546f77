"""Requests a second of `POST /v1/classifications`, beside an endpoint that only echoes the body.

    python -m benchmarks.http [--requests N] [--workers N] [--threads N] [--clients N]
                              [--database URL | --asked '?synchronous=normal']

One gunicorn serves all; the echo is a route of the same application that parses, validates and
returns the same body. The calls are made in alternating rounds from as many client threads as
`--clients` on kept connections; the figure is the median of the rounds, the ratio is to the echo.
"""

from __future__ import annotations

import argparse
import http.client
import multiprocessing
import os
import signal
import socket
import statistics
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import orjson
from flask import Flask
from softbalance.rules.language.loader import load_library
from softbalance.schemas.episode import episode_schema
from softbalance.service.context import Context
from softbalance.service.http.parsing import Blueprint, as_json
from softbalance.service.observing.metrics_files import MetricsFiles
from softbalance.service.server import Server
from softbalance.service.settings import Settings

from drawn_episodes import random_codings

CALLS = {
    "echo": "/echo",
    "classified, store=false": "/v1/classifications?store=false",
    "classified and stored": "/v1/classifications",
}
#: The second of these calls is also made while so many clients have begun a body and send no more.
SLOW = 50
BESIDE = f"store=false, beside {SLOW} slow"
BEGUN = (
    b"POST /v1/classifications HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: 500\r\n\r\n{"
)
ROUNDS = 7


class ServerWithEcho(Server):
    """The service with the echo beside it."""

    def load(self) -> Flask:
        """Make the application and add the route."""
        app = super().load()
        routes = Blueprint("echo", __name__)

        @routes.route("/echo", methods=["POST"])
        @routes.arguments(episode_schema(load_library().codebook.vocabulary))
        def echo(sent: dict[str, Any]) -> Any:
            return as_json(sent)

        app.register_blueprint(routes)
        return app


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=2_000, help="of each call, in each round")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--clients", type=int, default=2)
    parser.add_argument("--database", metavar="URL", help="instead of a new file of SQLite")
    parser.add_argument("--asked", default="", help="of that file: ?synchronous=normal")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            port=_free_port(),
            workers=options.workers,
            threads=options.threads,
            database=options.database or f"sqlite:///{folder}/store.db{options.asked}",
        )
        Context.from_settings(settings).store.close()
        server = multiprocessing.get_context("fork").Process(
            target=ServerWithEcho(settings, MetricsFiles(options.workers)).run, daemon=False
        )
        server.start()
        try:
            _await(settings.port)
            _print(_measure(settings.port, options.requests, options.clients))
        finally:
            os.kill(server.pid or 0, signal.SIGTERM)
            server.join()


def _measure(port: int, requests: int, clients: int) -> dict[str, list[float]]:
    bodies = [
        orjson.dumps({"id": f"e{n}", "form": form, "indicators": dict(values)})
        for n, (form, values) in enumerate(random_codings(200, seed=1))
    ]
    calls = CALLS | {BESIDE: CALLS["classified, store=false"]}
    rates: dict[str, list[float]] = {name: [] for name in calls}
    share = requests // clients
    with ThreadPoolExecutor(clients) as pool:
        for round_ in range(ROUNDS + 1):
            for name, path in calls.items():
                call = partial(_client, port, path, bodies)
                with _slow_clients(port, SLOW if name == BESIDE else 0):
                    start = time.perf_counter()
                    list(pool.map(call, [share] * clients))
                    took = time.perf_counter() - start
                if round_:  # the first round warms up
                    rates[name].append(share * clients / took)
    return rates


@contextmanager
def _slow_clients(port: int, number: int) -> Iterator[None]:
    with ExitStack() as stack:
        for _ in range(number):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            client.sendall(BEGUN)
        yield


def _client(port: int, path: str, bodies: list[bytes], requests: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for number in range(requests):
        body = bodies[number % len(bodies)]
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        response.read()
        assert response.status in (200, 201)
    connection.close()


def _print(rates: dict[str, list[float]]) -> None:
    echo = statistics.median(rates["echo"])
    print(f"{'':28}{'requests/s':>12}{'of echo':>10}")
    for name, measured in rates.items():
        median = statistics.median(measured)
        print(f"{name:28}{median:12.0f}{median / echo:10.2f}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _await(port: int) -> None:
    for _ in range(200):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("the server did not start")


if __name__ == "__main__":
    main()
