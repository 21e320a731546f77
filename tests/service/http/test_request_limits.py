"""How much is taken: requests of a key, bodies and lines of a batch, parameters of a query."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable
from email.message import Message
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from softbalance.service.auth.api_keys import Keys
from softbalance.service.settings import Settings, UnusableSetting
from softbalance.service.store import Store

from refusals import refusal

LINE = b'{"form": "other"}\n'
NDJSON = {"Content-Type": "application/x-ndjson"}


def _get(address: str, token: str) -> tuple[int, Message, bytes]:
    """Ask on a connection of its own, so that any worker may answer."""
    asked = urllib.request.Request(
        f"{address}/v1/rulebooks", headers={"Authorization": f"Bearer {token}"}
    )
    try:
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


def test_the_workers_count_a_keys_requests_together(
    serve: Callable[..., str], tmp_path: Path
) -> None:
    options = ("--workers", 3, "--auth", "required", "--rate-limit", "20/hour")
    address = serve(*options)
    store = Store(f"sqlite:///{tmp_path}/softbalance.db")
    (_, first), (_, second) = (Keys(store.database).create(name, ["read"]) for name in "ab")
    store.close()
    answers = [_get(address, first) for _ in range(30)]
    assert Counter(status for status, *_ in answers) == {200: 20, 429: 10}
    assert [int(headers["X-RateLimit-Remaining"]) for _, headers, _ in answers[:20]] == list(
        range(19, -1, -1)
    )
    _, headers, body = answers[-1]
    assert 3000 < int(headers["Retry-After"]) <= 3600
    assert headers["Content-Type"] == "application/problem+json"
    problem = json.loads(body)
    assert problem["type"] == "urn:softbalance:problem:too-many-requests"
    assert "the Retry-After header says when" in problem["detail"]
    assert _get(address, second)[0] == 200


def test_an_open_service_limits_nobody(application: Callable[..., Flask], tmp_path: Path) -> None:
    settings = Settings(database=f"sqlite:///{tmp_path}/store.db", rate_limit="1/hour")
    client = application(settings).test_client()
    assert [client.get("/v1/rulebooks").status_code for _ in range(3)] == [200] * 3


def test_a_rate_that_is_none() -> None:
    with pytest.raises(UnusableSetting, match="'often' is no rate; write 6000/minute or none"):
        Settings.from_environment({"SOFTBALANCE_RATE_LIMIT": "often"})
    assert Settings.from_environment({"SOFTBALANCE_RATE_LIMIT": "none"}).rate_limit == "none"


@pytest.fixture
def small(application: Callable[..., Flask], tmp_path: Path) -> FlaskClient:
    """A service that takes batches of three lines and 1,024 bytes."""
    database = f"sqlite:///{tmp_path}/store.db"
    settings = Settings(database=database, max_batch=1024, max_batch_lines=3)
    return application(settings).test_client()


def test_a_batch_of_too_many_lines_is_answered_as_far_as_it_goes(small: FlaskClient) -> None:
    answer = small.post("/v1/batches", data=LINE * 3, headers=NDJSON)
    assert [("error" in json.loads(line)) for line in answer.text.splitlines()] == [False] * 3
    answer = small.post("/v1/batches", data=LINE * 5, headers=NDJSON)
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert [line["line"] for line in lines] == [1, 2, 3, 4]
    assert lines[3]["error"]["status"] == 413
    assert "the batch has more than 3 lines" in lines[3]["error"]["detail"]


def test_a_batch_of_too_many_bytes_is_refused(small: FlaskClient) -> None:
    answer = small.post("/v1/batches", data=LINE.ljust(1025), headers=NDJSON)
    assert "more than the 1024 bytes that this call takes" in refusal(answer, 413)["detail"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/rulebooks?rulebok=x"),
        ("GET", "/v1/rulebooks/paul-2004?rulebok=x"),
        ("GET", "/v1/codebook?rulebok=x"),
        ("GET", "/v1/classifications/x/trace?rulebok=x"),
        ("GET", "/healthz?rulebok=x"),
    ],
)
def test_a_call_without_a_query_takes_no_parameter(
    client: FlaskClient, method: str, path: str
) -> None:
    answer = client.open(path, method=method)
    assert answer.status_code == 422
    assert answer.get_json()["detail"] == (
        "query parameter 'rulebok': is not known; this call takes no query parameters"
    )


def test_commands_do_without_the_limiter() -> None:
    code = "import sys, softbalance.service.settings; assert 'limits' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
