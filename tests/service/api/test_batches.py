"""`POST /v1/batches`, as a tool that sends files uses it."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from flask.testing import FlaskClient
from softbalance.rules.classifier import Classifier
from softbalance.schemas.episode import Episode

from drawn_episodes import random_codings

POST = "/v1/batches"
NDJSON = "application/x-ndjson"


def _lines(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == NDJSON
    return [json.loads(line) for line in answer.text.splitlines()]


def test_lines_are_answered_in_order(
    client: FlaskClient, classifiers: dict[str, Classifier]
) -> None:
    sent: list[Episode] = [{"id": f"e{n}", "form": f, "indicators": v} for n, (f, v) in
            enumerate(random_codings(2_500, seed=3))]  # fmt: skip
    body = "\n".join(map(json.dumps, sent))
    answers = _lines(client.post(f"{POST}?rulebook=paul-2004&detail=trace", data=body,
                                 content_type=NDJSON))  # fmt: skip
    assert [answer["line"] for answer in answers] == list(range(1, len(sent) + 1))
    for episode, answer in zip(sent, answers, strict=True):
        expected: dict[str, Any] = dict(classifiers["paul-2004"].classify(episode))
        assert expected.pop("episode") == episode
        assert answer["episode_id"] == episode["id"]
        assert {key: answer[key] for key in expected} == expected
        assert "episode" not in answer


def test_a_bad_line_never_stops_the_rest(client: FlaskClient) -> None:
    body = b'{"form": "other"}\nnonsense\n{"form": "othr"}\n\xff\n{"form": "other", "x": 1}\n' + (
        b'{"form": "other", "id": "last"}'
    )
    answers = _lines(client.post(POST, data=body, content_type=NDJSON))
    assert [answer["line"] for answer in answers] == [1, 2, 3, 4, 5, 6]
    statuses = [answer["error"]["status"] if "error" in answer else 200 for answer in answers]
    assert statuses == [200, 400, 422, 400, 422, 200]
    assert "did you mean 'other'?" in answers[2]["error"]["errors"][0]["detail"]
    assert answers[4]["error"]["errors"][0]["pointer"] == "/x"
    assert answers[0]["episode_id"] is None
    assert answers[5]["episode_id"] == "last"


def test_a_sheet(client: FlaskClient) -> None:
    body = "id,form,costly_commitment,constrains_hegemon\na,other,Y,NO\nb,other,perhaps,\n"
    answers = _lines(client.post(POST, data=body, content_type="text/csv; charset=utf-8"))
    assert answers[0]["classification"] == "not_a_constraint"
    assert (answers[0]["line"], answers[0]["episode_id"]) == (2, "a")
    assert answers[1]["error"]["errors"][0]["pointer"] == "/costly_commitment"


def test_full_detail(client: FlaskClient) -> None:
    (answer,) = _lines(
        client.post(f"{POST}?detail=full", data='{"form": "other"}', content_type=NDJSON)
    )
    assert answer["flips"]["size"] == 1


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        ("id,costly_comitment\n", "text/csv", 422),
        ("{}", "application/json", 415),
        ("{}", "", 415),
    ],
)
def test_what_is_refused_before_work_starts(
    client: FlaskClient, body: str, kind: str, status: int
) -> None:
    answer = client.post(POST, data=body, content_type=kind)
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"


def test_an_empty_body_has_no_lines(client: FlaskClient) -> None:
    assert _lines(client.post(POST, data="", content_type=NDJSON)) == []


def _connection(address: str) -> http.client.HTTPConnection:
    host, _, port = address.removeprefix("http://").partition(":")
    return http.client.HTTPConnection(host, int(port), timeout=120)


def test_a_client_may_send_all_before_it_reads(serve: Callable[..., str]) -> None:
    """No end waits for the other, though the answer is larger than any buffer between them."""
    line = json.dumps({"form": "other"}).encode() + b"\n"
    connection = _connection(serve("--workers", 1))
    connection.request("POST", f"{POST}?detail=trace", line * 5_000, {"Content-Type": NDJSON})
    response = connection.getresponse()
    assert sum(1 for _ in response) == 5_000
    connection.close()


def test_answers_come_while_lines_are_sent(serve: Callable[..., str]) -> None:
    """In chunks of the relational engine: the answers to a full one come before the body ends."""
    address = serve("--workers", 1).removeprefix("http://").partition(":")
    part = b'{"form": "other"}\n' * 1_100
    with socket.create_connection((address[0], int(address[2])), timeout=60) as connection:
        connection.sendall(
            f"POST {POST} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {NDJSON}\r\n"
            "Transfer-Encoding: chunked\r\n\r\n".encode()
            + b"%x\r\n%s\r\n" % (len(part), part)
        )
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        connection.sendall(b"0\r\n\r\n")


def test_memory_is_bounded_and_work_stops_with_the_client(
    serve: Callable[..., str], tmp_path: Path
) -> None:
    address = serve("--workers", 1, "--threads", 2)
    worker = next(
        child
        for process in psutil.process_iter(["cmdline"])
        if address.rpartition(":")[2] in (process.info["cmdline"] or ())
        for child in process.children()
    )

    def body() -> Iterator[bytes]:
        for _ in range(300):
            yield b'{"form": "other"}\n' * 1_000

    connection = _connection(address)
    connection.request("POST", POST, body(), {"Content-Type": NDJSON}, encode_chunked=True)
    response = connection.getresponse()
    response.readline()
    before = worker.memory_info().rss
    connection.close()
    response.close()
    deadline = time.monotonic() + 30
    while (busy := worker.cpu_percent(1.0)) > 20 and time.monotonic() < deadline:
        pass
    assert busy <= 20, "the worker goes on though nobody listens"
    assert worker.memory_info().rss - before < 64 * 1024 * 1024
