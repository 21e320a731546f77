"""Metrics of a real server with several workers: they add up to what was asked of it."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import time
import urllib.request
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from softbalance.rules.classifier import Classifier
from softbalance.rules.episode.matching import StageMatcher
from softbalance.schemas.episode import Episode

from drawn_episodes import random_codings
from places import ROOT

POSTED, CLIENTS = 120, 6
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def scraped(address: str) -> Samples:
    with urllib.request.urlopen(f"{address}/metrics", timeout=10) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        text = answer.read().decode()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples[name, tuple(sorted(labels.items()))]


def _posted(address: str, rulebook: str, episodes: list[Episode]) -> None:
    for episode in episodes:
        # a connection each, so that both workers have some
        connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)
        path = f"/v1/classifications?store=false&rulebook={rulebook}"
        body = json.dumps(episode)
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        assert connection.getresponse().status == 200
        connection.close()


def _stored(address: str) -> None:
    """Store an episode that no test of decisions counts."""
    path, kind = "/v1/classifications?rulebook=brooks-wohlforth-2004", "application/json"
    body = json.dumps({"form": "other"}).encode()
    request = urllib.request.Request(address + path, body, {"Content-Type": kind})
    urllib.request.urlopen(request, timeout=30).close()


def _workers(tmp_path: Path) -> list[psutil.Process]:
    """Return the workers of the one server that runs in the test's folder."""
    servers = [p for p in psutil.process_iter(["cwd"]) if p.info["cwd"] == str(tmp_path)]
    (master,) = [p for p in servers if p.ppid() == os.getpid()]
    return master.children()


def test_the_metrics_of_all_workers_add_up(
    serve: Callable[..., str], classifiers: dict[str, Classifier], tmp_path: Path
) -> None:
    address = serve("--workers", 2)
    episodes: list[Episode] = [
        {"form": f, "indicators": v} for f, v in random_codings(POSTED, seed=4)
    ]
    rulebook = "paul-2004"
    with ThreadPoolExecutor(CLIENTS) as pool:
        shares = [episodes[client::CLIENTS] for client in range(CLIENTS)]
        list(pool.map(lambda share: _posted(address, rulebook, share), shares))
    body = "\n".join([*map(json.dumps, episodes), "{"]).encode()
    kind = {"Content-Type": "application/x-ndjson"}
    batch = urllib.request.Request(f"{address}/v1/batches?rulebook={rulebook}", body, kind)
    with urllib.request.urlopen(batch, timeout=30) as answer:
        assert len(answer.read().splitlines()) == POSTED + 1

    answers = [classifiers[rulebook].classify(episode) for episode in episodes]
    for _ in range(3):
        _stored(address)
    classes = Counter(answer["classification"] for answer in answers)
    rules = Counter(step["rule"] for answer in answers for step in answer["trace"])
    deadline = time.monotonic() + 20
    # a request is over, and counted, a moment after its answer has come
    while value(samples := scraped(address), "softbalance_requests_in_progress") > 1:
        assert time.monotonic() < deadline
    assert len(_workers(tmp_path)) == 2
    for name, expected in (("classification", classes), ("rule", rules)):
        metric = {"classification": "decisions", "rule": "rule_firings"}[name]
        counted = {
            dict(labels)[name]: count
            for (sample, labels), count in samples.items()
            if sample == f"softbalance_{metric}_total" and ("rulebook", rulebook) in labels
        }
        assert {key: count for key, count in counted.items() if count} == {
            key: 2 * count for key, count in expected.items()
        }
    assert value(samples, "softbalance_disagreements_total") == 0
    assert (
        value(
            samples,
            "softbalance_request_seconds_count",
            method="POST",
            route="/v1/classifications",
            status="2xx",
        )
        == POSTED + 3
    )
    assert value(samples, "softbalance_records") == 3
    assert value(samples, "softbalance_store_seconds_count", operation="write") >= 3
    assert value(samples, "softbalance_threads") == 8
    assert value(samples, "softbalance_requests_in_progress") == 1
    assert value(samples, "softbalance_queue_seconds_count") >= POSTED + 2


def test_counts_outlive_a_worker_and_what_was_under_way_does_not(
    serve: Callable[..., str], tmp_path: Path
) -> None:
    address = serve("--workers", 1)
    _posted(address, "paul-2004", [{"form": "other"}] * 5)
    before = scraped(address)
    (worker,) = _workers(tmp_path)
    idle = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)
    idle.putrequest("POST", "/v1/batches")
    idle.putheader("Content-Type", "application/x-ndjson")
    idle.putheader("Content-Length", "10")
    idle.endheaders()  # a batch is being answered while its body comes, and this never does
    deadline = time.monotonic() + 20
    while value(scraped(address), "softbalance_requests_in_progress") < 2:
        assert time.monotonic() < deadline
    os.kill(worker.pid, signal.SIGKILL)
    while [p.pid for p in _workers(tmp_path)] in ([], [worker.pid]):
        assert time.monotonic() < deadline
    after = scraped(address)
    idle.close()
    decided = [key for key in before if key[0] == "softbalance_decisions_total"]
    assert sum(before[key] for key in decided) == 5
    assert {key: after[key] for key in decided} == {key: before[key] for key in decided}
    assert value(after, "softbalance_threads") == 4
    assert value(after, "softbalance_requests_in_progress") == 1


def test_a_store_that_is_away_is_counted(client: FlaskClient, tmp_path: Path) -> None:
    def failures() -> float:
        text = client.get("/metrics").get_data(as_text=True)
        (found,) = re.findall(r'store_failures_total{operation="write"} (\S+)', text) or ["0"]
        return float(found)

    assert failures() == 0
    (tmp_path / "store.db").rename(tmp_path / "away.db")
    assert client.post("/v1/classifications", json={"form": "other"}).status_code == 503
    assert failures() == 1
    assert "softbalance_records" not in client.get("/metrics").get_data(as_text=True)


def test_a_disagreement_is_counted_and_no_decision(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Forgetful(StageMatcher):
        def match(self, facts: object) -> int:
            return 0

    monkeypatch.setattr("softbalance.rules.episode.decision.StageMatcher", Forgetful)
    answer = client.post("/v1/classifications", json={"form": "other"})
    assert answer.get_json()["type"] == "urn:softbalance:problem:engine-failure"
    text = client.get("/metrics").get_data(as_text=True)
    assert "\nsoftbalance_disagreements_total 1.0\n" in text
    decisions = re.findall(r"^softbalance_decisions_total{.*} (\S+)$", text, re.MULTILINE)
    assert {*decisions} == {"0.0"}


def test_no_files_are_left(serve: Callable[..., str], tmp_path: Path) -> None:
    serve("--workers", 1)
    (worker,) = _workers(tmp_path)
    mapped = [m.path for m in worker.memory_maps() if "softbalance-metrics-" in m.path]
    assert mapped
    folder = Path(mapped[0]).parent
    master = worker.parent()
    assert master is not None
    master.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + 30
    while master.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
    assert not folder.exists()


def test_made_up_paths_and_methods_are_one_series(client: FlaskClient) -> None:
    for n in range(20):
        client.get(f"/made-up/{n}").close()
        client.open(f"/made-up/{n}", method=f"M{n}").close()
    text = client.get("/metrics").get_data(as_text=True)
    counts = re.findall(r"softbalance_request_seconds_count{(.*?)} (\S+)", text)
    assert counts == [('method="",route="unmatched",status="4xx"', "40.0")]


def test_every_metric_is_documented(client: FlaskClient) -> None:
    text = client.get("/metrics").get_data(as_text=True)
    told = (ROOT / "docs" / "operation.md").read_text("utf-8")
    names = re.findall(r"^# TYPE (\S+)", text, re.MULTILINE)
    # the library tells when a series began, as another one
    own = [name for name in names if not name.endswith("_created")]
    assert len(own) > 8
    for name in own:
        assert f"`{name}`" in told
