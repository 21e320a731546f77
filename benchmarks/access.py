"""What it costs to watch requests: ids, metrics and a line of the log, beside not doing it.

    python -m benchmarks.access [--rounds N]

`POST /v1/classifications?store=false` in one process without a socket, in alternating rounds; the
figure is the least processor time of a round, which others on the machine disturb least. Metrics
are kept in files as under gunicorn, and the log is written to a file.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
from softbalance.service.app import create_app
from softbalance.service.observing import logs
from softbalance.service.observing.access_log import Access
from softbalance.service.observing.metrics_files import MetricsFiles
from softbalance.service.settings import Settings
from werkzeug.test import EnvironBuilder

from drawn_episodes import random_codings

REQUESTS = 200


class _Worker:
    metrics_place = 0


def _requests() -> list[tuple[dict[str, Any], bytes]]:
    made = []
    for number, (form, values) in enumerate(random_codings(REQUESTS, seed=1)):
        body = orjson.dumps({"id": f"e{number}", "form": form, "indicators": dict(values)})
        path, kind = "/v1/classifications?store=false", "application/json"
        builder = EnvironBuilder(path, method="POST", data=body, content_type=kind)
        made.append((builder.get_environ(), body))
    return made


def _round(app: Callable[..., Any], requests: list[tuple[dict[str, Any], bytes]]) -> float:
    start = time.process_time()
    for environ, body in requests:
        answer = app({**environ, "wsgi.input": io.BytesIO(body)}, lambda *_: None)
        for _ in answer:
            pass
        answer.close()
    return (time.process_time() - start) / len(requests)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=60)
    options = parser.parse_args()
    files = MetricsFiles(1)
    with tempfile.TemporaryDirectory() as folder:
        sys.stderr = (Path(folder) / "log").open("w")
        logs.configure("info", "json")
        files.post_fork(None, _Worker())
        app = create_app(Settings(database=f"sqlite:///{folder}/store.db"))
        logged: Any = app.wsgi_app
        bare, counted = logged._app, Access(logged._app, logged.metrics)
        counted.log = None
        ways = {"not watched": bare, "counted": counted, "counted and logged": logged}
        taken: dict[str, list[float]] = {name: [] for name in ways}
        requests = _requests()
        for _ in range(options.rounds):
            for name, way in ways.items():
                taken[name].append(_round(way, requests))
        least = min(taken["not watched"])
        for name, measured in taken.items():
            print(f"{name:20}{min(measured) * 1e6:8.0f} µs {min(measured) / least:6.2f}")
        app.extensions["softbalance"].store.close()
    files.on_exit(None)


if __name__ == "__main__":
    main()
