"""Many clients at once: answers as a single thread gives them, and one chain of records."""

from __future__ import annotations

import http.client
import json
import multiprocessing
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

from softbalance.rules.classifier import Classifier
from softbalance.schemas.episode import Episode
from softbalance.service.store import Store
from softbalance.service.store.chain_audit import audit

from drawn_episodes import random_codings

THREADS, PROCESSES, EPISODES = 8, 4, 60
Sent = list[tuple[int, str, Episode]]


def _post(address: str, sent: Sent) -> list[tuple[int, int, dict[str, Any]]]:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    answers = []
    for number, rulebook, episode in sent:
        connection.request(
            "POST",
            f"/v1/classifications?rulebook={rulebook}",
            json.dumps(episode),
            {"Content-Type": "application/json"},
        )
        response = connection.getresponse()
        answers.append((number, response.status, json.loads(response.read())))
    connection.close()
    return answers


def _client(address: str, sent: Sent, seed: int) -> list[tuple[int, int, dict[str, Any]]]:
    shares: list[Sent] = [sent[thread::THREADS] for thread in range(THREADS)]
    for share in shares:
        random.Random(seed).shuffle(share)
    with ThreadPoolExecutor(THREADS) as threads:
        parts = threads.map(lambda share: _post(address, share), shares)
        return [answer for part in parts for answer in part]


def test_answers_do_not_depend_on_who_else_asks(
    serve: Callable[..., str], classifiers: dict[str, Classifier], database: str
) -> None:
    address = serve("--workers", 4, "--threads", 8, "--database", database)
    rulebooks = list(classifiers)
    sent: Sent = [
        (number, rulebooks[number % 3], {"id": f"e{number}", "form": form, "indicators": values})
        for number, (form, values) in enumerate(random_codings(EPISODES * THREADS, seed=8))
    ]
    spawn = multiprocessing.get_context("fork")
    with spawn.Pool(PROCESSES) as pool:
        parts = pool.starmap(_client, [(address, sent, seed) for seed in range(PROCESSES)])
    answers = [answer for part in parts for answer in part]
    assert len(answers) == PROCESSES * len(sent)
    for number, status, answer in answers:
        _, rulebook, episode = sent[number]
        expected = classifiers[rulebook].classify({**episode, "hegemon": "USA"})
        assert status == 201
        assert {key: answer[key] for key in expected} == expected
    store = Store(database)
    found = audit(store.database)
    store.close()
    assert (found.whole, found.broken) == (len(answers), None)
