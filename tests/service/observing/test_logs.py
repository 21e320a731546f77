"""What a server logs, and the ids that join its lines to a caller's trace."""

from __future__ import annotations

import json
import logging
import os
import pty
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from softbalance.service.observing.trace_context import request_id_of, span_of

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.mark.parametrize(
    ("sent", "flags"),
    [
        (f"00-{TRACE}-{PARENT}-01", 1),
        (f"00-{TRACE}-{PARENT}-00", 0),
        (f"00-{TRACE}-{PARENT}-ff", 1),
        (f"01-{TRACE}-{PARENT}-01-what-later-versions-have", 1),
        (f"cc-{TRACE}-{PARENT}-02", 0),
    ],
)
def test_a_valid_trace_is_continued(sent: str, flags: int) -> None:
    span = span_of(sent)
    assert (span.trace_id, span.flags) == (TRACE, flags)
    assert span.span_id != PARENT
    assert span.traceparent == f"00-{TRACE}-{span.span_id}-0{flags}"


@pytest.mark.parametrize(
    "sent",
    [
        None,
        "",
        f"00-{TRACE}-{PARENT}",
        f"00-{TRACE}-{PARENT}-01-more",
        f"01-{TRACE}-{PARENT}-01more",
        f"ff-{TRACE}-{PARENT}-01",
        f"00-{TRACE.upper()}-{PARENT}-01",
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{PARENT}-01\n",
        f"00-{TRACE}-{PARENT}-01,00-{TRACE}-{PARENT}-01",
    ],
)
def test_anything_else_starts_a_trace(sent: str | None) -> None:
    span, other = span_of(sent), span_of(sent)
    assert TRACE not in (span.trace_id, other.trace_id)
    assert span.trace_id != other.trace_id
    assert (len(span.trace_id), len(span.span_id), span.flags) == (32, 16, 0)


def test_a_request_keeps_an_id_that_can_be_one() -> None:
    assert request_id_of("Root=1-67891233-abcdef012345678912345678") == (
        "Root=1-67891233-abcdef012345678912345678"
    )
    for sent in (None, "", "two words", "é", "a\n", "x" * 129):
        made = request_id_of(sent)
        assert made not in (sent, request_id_of(sent))
        assert len(made) == 32


def test_every_answer_names_its_request(client: FlaskClient) -> None:
    sent = {"X-Request-Id": "from-a-proxy", "traceparent": f"00-{TRACE}-{PARENT}-01"}
    for path in ("/healthz", "/nowhere", "/v1/classifications?limit=x"):
        got = client.get(path, headers=sent).headers
        assert got["X-Request-Id"] == "from-a-proxy"
        assert got["traceparent"].startswith(f"00-{TRACE}-")


Lines = list[dict[str, Any]]


@pytest.fixture
def log(tmp_path: Path) -> Callable[[str], Lines]:
    """Wait for a request's line, which is written after its answer; return all lines up to it."""

    def lines(request_id: str) -> Lines:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            text = (tmp_path / "server.log").read_text("utf-8")
            found = [json.loads(line) for line in text.splitlines(keepends=True) if "\n" in line]
            if any(one["event"] == "request" and one["request_id"] == request_id for one in found):
                return found
        raise AssertionError(f"no line of {request_id}:\n{text}")

    return lines


def test_each_access_is_a_line_of_json_without_secrets(
    serve: Callable[..., str],
    log: Callable[[str], Lines],
    run: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    address = serve("--workers", 1, "--auth", "required")
    key = run("keys", "create", "team", "--scope", "classify").stdout.strip()
    _, key_id, secret = key.split("_", 2)
    sent = {
        "X-Request-Id": "mine",
        "traceparent": f"00-{TRACE}-{PARENT}-01",
        "Authorization": f"Bearer {key}",
        "Cookie": "session=s3cret",
        "Content-Type": "application/json",
    }
    url = f"{address}/v1/classifications?store=false&key=s3cret"
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(url, b'{"form": "s3cret"}', sent), timeout=9)
    length = len(refused.value.read())
    refused.value.close()
    (line,) = [line for line in log("mine") if line.get("request_id") == "mine"]
    assert (line["event"], line["level"]) == ("request", "info")
    assert (line["method"], line["path"]) == ("POST", "/v1/classifications")
    assert (line["status"], line["bytes"], line["trace_id"]) == (422, length, TRACE)
    assert line["key_id"] == key_id
    assert 0 < line["duration"] < 9
    assert refused.value.headers["traceparent"] == f"00-{TRACE}-{line['span_id']}-01"
    odd = {"X-Request-Id": "odd"}
    with pytest.raises(urllib.error.HTTPError, match="404") as unknown:
        urllib.request.urlopen(urllib.request.Request(f"{address}/%0a%7B%1b%ff", None, odd))
    unknown.value.close()
    assert log("odd")[-1]["path"] == "/%0A%7B%1B%FF"
    told = json.dumps(log("odd"))
    assert "s3cret" not in told
    assert secret not in told


def test_gunicorn_and_errors_are_logged_alike(
    serve: Callable[..., str],
    log: Callable[[str], Lines],
    tmp_path: Path,
) -> None:
    address = serve("--workers", 1)
    database = sqlite3.connect(tmp_path / "softbalance.db")
    database.execute("ALTER TABLE classifications RENAME TO moved")
    database.close()
    kind = {"Content-Type": "application/json", "X-Request-Id": "broken"}
    request = urllib.request.Request(f"{address}/v1/classifications", b'{"form": "other"}', kind)
    with pytest.raises(urllib.error.HTTPError, match="503") as refused:
        urllib.request.urlopen(request, timeout=30)
    refused.value.close()
    lines = log("broken")
    assert any(line["event"].startswith("Listening at") for line in lines)
    lines = [line for line in lines if line.get("request_id") == "broken"]
    assert [line["level"] for line in lines] == ["error", "info"]
    assert len({line["trace_id"] for line in lines}) == 1


def test_the_level_is_the_least_that_is_logged(serve: Callable[..., str], tmp_path: Path) -> None:
    serve("--log-level", "error")
    assert (tmp_path / "server.log").read_text() == ""


def test_a_terminal_gets_text() -> None:
    code = (
        "import logging, structlog; from softbalance.service.observing import logs;"
        "logs.configure('info', 'auto');"
        "structlog.get_logger().info('request', path='/x');"
        "logging.getLogger('gunicorn.error').warning('bad \\x1b[2J request')"
    )
    reading, writing = pty.openpty()
    subprocess.run([sys.executable, "-c", code], stderr=writing, check=True, timeout=60)
    told = os.read(reading, 4096).decode()
    os.close(writing)
    os.close(reading)
    assert "path" in told
    assert '"path"' not in told
    assert "bad \\x1b[2J request" in told
    assert "\x1b[2J" not in told


def test_an_application_by_itself_logs_no_access(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        client.get("/healthz").close()
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")
