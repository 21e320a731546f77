"""How much is taken: requests of a key, bodies and lines of a batch, parameters of a query."""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from softbalance.service.auth.api_keys import Keys
from softbalance.service.settings import Settings, UnusableSetting
from softbalance.service.store import Store

from places import ROOT
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


@pytest.mark.parametrize(
    ("head", "row", "kind"),
    [(b"", LINE, "application/x-ndjson"), (b"form,id\n", b"other,x\n", "text/csv")],
)
@pytest.mark.parametrize("blank", [b"\n", b" \r\n"])
def test_blank_lines_are_lines_of_a_batch(
    small: FlaskClient, head: bytes, row: bytes, kind: str, blank: bytes
) -> None:
    def post(body: bytes) -> list[dict[str, Any]]:
        answer = small.post("/v1/batches", data=head + body, headers={"Content-Type": kind})
        assert answer.status_code == 200
        return [json.loads(line) for line in answer.text.splitlines()]

    (only,) = post(blank * 2 + row)
    assert "error" not in only
    first, last = post(row + blank * 200)
    assert "error" not in first
    assert last["error"]["status"] == 413
    (last,) = post(blank * 4 + row)
    assert "the batch has more than 3 lines" in last["error"]["detail"]


def test_a_keys_batches_are_limited_over_all_workers(
    serve: Callable[..., str], tmp_path: Path
) -> None:
    address = serve("--workers", 3, "--auth", "required", "--max-batches", 2)
    store = Store(f"sqlite:///{tmp_path}/softbalance.db")
    (_, first), (_, second) = (Keys(store.database).create(name, ["classify"]) for name in "ab")
    store.close()
    with ExitStack() as stack:
        begun = [stack.enter_context(_begin_batch(address, first)) for _ in range(2)]
        # each batch has its turn when it is begun, which may take a moment
        deadline = time.monotonic() + 60
        while (told := _post_batch(address, first))[0] != 429 and time.monotonic() < deadline:
            time.sleep(0.1)
            # one that came while the one just posted had the turn was refused
            for refused in select.select(begun, [], [], 0)[0]:
                begun.remove(refused)
                begun.append(stack.enter_context(_begin_batch(address, first)))
        status, headers, body = told
        assert status == 429
        assert headers["Retry-After"] == "5"
        assert json.loads(body)["type"] == "urn:softbalance:problem:too-many-batches"
        assert _post_batch(address, second)[0] == 200
        begun[0].close()
        while (status := _post_batch(address, first)[0]) != 200 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert status == 200


def _begin_batch(address: str, token: str) -> socket.socket:
    """Send the head of a batch and a line, and leave it there."""
    parts = urlsplit(address)
    client = socket.create_connection((parts.hostname or "", parts.port or 0), timeout=30)
    head = f"POST /v1/batches HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer {token}\r\n"
    head += "Content-Type: application/x-ndjson\r\nContent-Length: 1000\r\n\r\n"
    client.sendall(head.encode() + LINE)
    return client


def _post_batch(address: str, token: str) -> tuple[int, Message, bytes]:
    headers = {**NDJSON, "Authorization": f"Bearer {token}"}
    asked = urllib.request.Request(f"{address}/v1/batches", LINE, headers)
    try:
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read()


def test_the_clock_may_be_set_while_rates_are_counted(tmp_path: Path) -> None:
    """One process counts by a clock that is a day ahead, the other by the right one."""
    library, leap = tmp_path / "leap.so", tmp_path / "leap"
    source = ROOT / "benchmarks" / "leaping_clock.c"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, source], check=True)
    leap.write_bytes((86_400).to_bytes(8, sys.byteorder, signed=True))
    code = (
        "import sys, time; from pathlib import Path; from softbalance.service.auth import rates;"
        "counts = rates.Counts(rates.get_counts_uri(Path(sys.argv[1])));"
        "print(counts.incr('k', 100), counts.get_expiry('k') - time.time())"
    )
    leaping = os.environ | {"LD_PRELOAD": str(library), "LEAP": str(leap)}
    for expected, environment in enumerate([leaping, os.environ, leaping], 1):
        done = subprocess.run(
            [sys.executable, "-c", code, tmp_path / "rates"],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        )
        count, left = done.stdout.split()
        assert int(count) == expected
        assert 0 < float(left) <= 100


def test_a_batch_of_too_many_bytes_is_refused(small: FlaskClient) -> None:
    answer = small.post("/v1/batches", data=LINE.ljust(1025), headers=NDJSON)
    assert "more than the 1024 bytes that this call takes" in refusal(answer, 413)["detail"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/rulebooks?rulebok=x"),
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
