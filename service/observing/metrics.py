"""What is counted, for Prometheus; names and labels here are what dashboards rely on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

import prometheus_client as prometheus
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from softbalance.rules.episode.decision import Decision, Disagreement
from softbalance.schemas.grammar import CLASSIFICATION
from softbalance.service.observing.metrics_files import folder_in_use

if TYPE_CHECKING:
    from softbalance.rules.episode.firing import EngineFailure
    from softbalance.rules.language.loader import Library

#: Upper bounds of requests' durations, in seconds.
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
CONTENT_TYPE = prometheus.CONTENT_TYPE_PLAIN_0_0_4


class Metrics:
    """The metrics of one process; of several that serve together, `exposition` adds them up."""

    def __init__(self, library: Library) -> None:
        self._registry = registry = prometheus.CollectorRegistry()
        self._rulebooks = _Rulebooks(library)
        self._decisions = prometheus.Counter(
            "softbalance_decisions",
            "Episodes classified for callers, one by one or in batches.",
            ["rulebook", "classification"],
            registry=registry,
        )
        self._firings = prometheus.Counter(
            "softbalance_rule_firings",
            "Rules that fired in these decisions.",
            ["rulebook", "rule"],
            registry=registry,
        )
        self._disagreements = prometheus.Counter(
            "softbalance_disagreements",
            "Decisions withheld because the rules that fired are not those that hold.",
            registry=registry,
        )
        self._requests = prometheus.Histogram(
            "softbalance_request_seconds",
            "From the call to the last byte of its answer, by route and class of status.",
            ["method", "route", "status"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.in_progress = self._make_gauge(
            "softbalance_requests_in_progress", "Requests being answered."
        )
        self.threads = self._make_gauge(
            "softbalance_threads", "Requests that may be answered at a time."
        )
        self.threads_busy = self._make_gauge(
            "softbalance_threads_busy", "Requests that are being answered, batches apart."
        )
        self.waited = prometheus.Histogram(
            "softbalance_queue_seconds",
            "From the end of a request's body to its turn.",
            buckets=_SECONDS,
            registry=registry,
        )
        self._store = prometheus.Histogram(
            "softbalance_store_seconds",
            "Reads and writes of the store, with what they wait for others.",
            ["operation"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._store_failures = prometheus.Counter(
            "softbalance_store_failures",
            "Reads and writes that failed because the store is away.",
            ["operation"],
            registry=registry,
        )
        self._connections = self._make_gauge(
            "softbalance_store_connections", "Connections to the store that are open."
        )
        self._connections_in_use = self._make_gauge(
            "softbalance_store_connections_in_use", "Connections to the store that are in use."
        )
        self._connection_waited = prometheus.Histogram(
            "softbalance_store_connection_seconds",
            "What reads and writes of the store wait for a connection.",
            buckets=_SECONDS,
            registry=registry,
        )
        # finding a series takes longer than adding to it
        self._class, self._rule = cache(self._decisions.labels), cache(self._firings.labels)
        # a series that is there from the start has a rate at its first event
        for rulebook in library.rulebooks.values():
            for classification in rulebook.codebook.classes:
                self._class(rulebook.id, classification)
            for rule in rulebook.rules:
                self._rule(rulebook.id, rule.id)

    def _make_gauge(self, name: str, about: str) -> prometheus.Gauge:
        return prometheus.Gauge(name, about, multiprocess_mode="livesum", registry=self._registry)

    def count_decisions(self, *decisions: Decision) -> None:
        """Count decisions by one rulebook, their classes and the rules that fired."""
        rulebook = decisions[0].rulebook.id
        classes = Counter(decision.facts[CLASSIFICATION] for decision in decisions)
        for classification, count in classes.items():
            self._class(rulebook, classification).inc(count)
        for rule, count in Counter(_list_fired(decisions)).items():
            self._rule(rulebook, rule).inc(count)

    def count_failure(self, error: EngineFailure) -> None:
        """Count a failure of the engine, if it is a disagreement."""
        if isinstance(error, Disagreement):
            self._disagreements.inc()

    def observe_request(self, method: str, route: str | None, status: int, seconds: float) -> None:
        """Note a request that has been answered; `route` is None where none matched.

        Methods and paths that a caller made up are not told apart: each pair is a series.
        """
        labels = (method, route) if route else ("", "unmatched")
        self._requests.labels(*labels, f"{status // 100}xx").observe(seconds)

    @contextmanager
    def time_store(self, operation: str) -> Iterator[None]:
        """Time a `read` or `write` of the store, and count it if the store is away."""
        with self._store.labels(operation).time():
            try:
                yield
            except ConnectionError:
                self._store_failures.labels(operation).inc()
                raise

    def observe_pool(self, size: int, in_use: int, waited: float | None) -> None:
        """Note how many connections to the store are open and in use.

        `waited` is how many seconds somebody waited for one, None when one was given back.
        """
        self._connections.set(size)
        self._connections_in_use.set(in_use)
        if waited is not None:
            self._connection_waited.observe(waited)

    def exposition(self, records: int | None) -> bytes:
        """Return all metrics in the text format of Prometheus.

        `records` is how many records the store holds, None if it does not say.
        """
        together, folder = prometheus.CollectorRegistry(), folder_in_use()
        if folder is None:
            together.register(self._registry)
        else:
            MultiProcessCollector(together, str(folder))  # type: ignore[no-untyped-call]
        together.register(self._rulebooks)
        if records is not None:
            together.register(_Records(records))
        return prometheus.generate_latest(together)


class _Records(Collector):
    def __init__(self, count: int) -> None:
        self._count = count

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("softbalance_records", "Records in the store.", self._count)


class _Rulebooks(Collector):
    def __init__(self, library: Library) -> None:
        self._labels = [(book.id, book.version, book.digest) for book in library.rulebooks.values()]

    def collect(self) -> Iterator[Metric]:
        info = GaugeMetricFamily(
            "softbalance_rulebook_info",
            "Rulebooks that decide, each always 1.",
            labels=["rulebook", "version", "digest"],
        )
        for labels in self._labels:
            info.add_metric(labels, 1)
        yield info


def _list_fired(decisions: Sequence[Decision]) -> Iterator[str]:
    for decision in decisions:
        for _, conclusions in decision.stages:
            for rule in conclusions.rules:
                yield rule.id
