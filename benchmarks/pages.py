"""The first page of a store of many records, beside that of an empty one.

    python -m benchmarks.pages [--records N] [--rounds N]

Both are asked of the same kind of server, a gunicorn with one worker, in turn; the figure is the
median time of an answer, and its ratio to that of the empty store. The records are those of random
episodes, added as the service adds them. Some searches are timed as well.
"""

from __future__ import annotations

import argparse
import http.client
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any

from softbalance.rules.classifier import Classifier
from softbalance.rules.language.loader import load_library
from softbalance.schemas.classification import TRACE
from softbalance.service.classifiers import classify
from softbalance.service.context import LoadedLibrary
from softbalance.service.server import serve
from softbalance.service.settings import Settings
from softbalance.service.store import Store

from benchmarks.http import _await, _free_port
from drawn_episodes import random_codings

PAGES: Mapping[str, str] = {
    "first page": "/",
    "of a class": "/?classification=mixed",
    "of an actor": "/?actor=A7",
    "sorted by title": "/?sort=title",
    "the oldest": "/?sort=time&direction=rising",
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        full, empty = (f"sqlite:///{folder}/{name}.db" for name in ("full", "empty"))
        _fill(full, options.records)
        Store(empty).create()
        with _served(full) as full_port, _served(empty) as empty_port:
            _print(_measure({"full": full_port, "empty": empty_port}, options.rounds))


def _fill(url: str, number: int) -> None:
    store = Store(url)
    store.create()
    library = load_library()
    classifier = Classifier(library["brooks-wohlforth-2004"])
    for n, (form, values) in enumerate(random_codings(number, seed=1)):
        episode: dict[str, Any] = {
            "id": f"e{n}",
            "title": f"Episode {n * 7919 % number}",
            "form": form,
            "actors": [f"A{n % 200}", f"B{n % 30}"],
            "indicators": dict(values),
        }
        store.add(classify(classifier, episode, TRACE))
    store.close()


@contextmanager
def _served(url: str) -> Iterator[int]:
    settings = Settings(port=_free_port(), workers=1, threads=1, database=url, log_level="error")
    process = get_context("fork").Process(target=serve, args=(settings, LoadedLibrary.load(())))
    process.start()
    try:
        _await(settings.port)
        yield settings.port
    finally:
        process.terminate()
        process.join()


def _measure(ports: Mapping[str, int], rounds: int) -> dict[tuple[str, str], list[float]]:
    asked = [("full", name) for name in PAGES] + [("empty", "first page")]
    times: dict[tuple[str, str], list[float]] = {key: [] for key in asked}
    connections = {store: http.client.HTTPConnection("127.0.0.1", p) for store, p in ports.items()}
    for round_ in range(rounds + 1):
        for store, name in asked:
            # a server closes a connection that was idle while another answered slowly
            connections[store].close()
            connections[store].connect()
            start = time.perf_counter()
            connections[store].request("GET", PAGES[name])
            response = connections[store].getresponse()
            response.read()
            assert response.status == 200
            if round_:  # the first counts what there is
                times[store, name].append(time.perf_counter() - start)
    return times


def _print(times: Mapping[tuple[str, str], list[float]]) -> None:
    empty = statistics.median(times["empty", "first page"])
    print(f"{'':32}{'ms':>8}{'of an empty store':>20}")
    for (store, name), measured in times.items():
        median = statistics.median(measured)
        print(f"{store + ', ' + name:32}{1000 * median:8.2f}{median / empty:20.2f}")


if __name__ == "__main__":
    main()
