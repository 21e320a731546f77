"""Headers, queries and paths that nobody means: none is answered 5xx."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from softbalance.service.pages.rendering import static_digest
from softbalance.service.settings import Settings
from werkzeug.test import EnvironBuilder, run_wsgi_app

NAMES = (
    "Host", "Origin", "Referer", "Range", "If-Range", "If-None-Match", "If-Match",
    "If-Modified-Since", "Cookie", "traceparent", "tracestate", "X-Request-Id", "Accept",
    "Accept-Language", "Accept-Encoding", "Authorization", "Content-Type", "Content-Length",
    "Content-Encoding", "Transfer-Encoding", "Idempotency-Key", "X-CSRF-Token", "HX-Request",
    "Sec-Fetch-Site", "X-Forwarded-Proto", "X-Forwarded-For", "X-Forwarded-Host", "Expect",
)  # fmt: skip
PARTS = (
    "http://", "[", "]", "::1", "//", ":", "@", ",", ";", "=", "q=", "bytes=", "0-", "-1", "9" * 30,
    '"', "W/", "*", "%", "%00", "%ff", "\\", "²", "½", "\xff", "\x80", "é", "nan", "1e999",
    "Bearer ", "Basic ", "Digest ", "sb_", "softbalance=", "csrf", "text/html",
    "application/json", "charset=",
    "multipart/form-data; boundary=", "utf-16", "gzip", "00-", "a" * 32, "localhost", "cross-site",
    "Thu, 01 Jan 1970 00:00:00 GMT", "99999-13-45", ".eJw.Zz", "../", " ", "\t",
)  # fmt: skip
CALLS = (
    ("GET", "/"), ("GET", "/code"), ("GET", "/key"), ("POST", "/key"), ("POST", "/key/leave"),
    ("GET", "/classifications.csv"), ("GET", "/v1/classifications"),
    ("POST", "/v1/classifications"), ("GET", "/v1/classifications/x"), ("POST", "/v1/batches"),
    ("GET", "/v1/classifications/x/trace"),
    ("GET", "/v1/rulebooks/paul-2004"), ("POST", "/v1/comparisons"), ("GET", "/openapi.json"),
    ("GET", f"/static/{static_digest()}/base.css"), ("GET", "/docs/assets/index.css"),
    ("POST", "/code/verdict"), ("GET", "/rulebooks/diff"), ("GET", "/healthz"), ("FOO", "/none"),
)  # fmt: skip
QUERIES = (
    "next", "limit", "cursor", "classification", "rulebook", "text", "since", "until", "sort",
    "direction", "detail", "store", "actor", "episode", "digest", "a", "b",
)  # fmt: skip
TEXTS = st.lists(st.sampled_from(PARTS), max_size=5).map("".join) | st.text(
    st.characters(min_codepoint=32, max_codepoint=255), max_size=30
)


@pytest.fixture(params=["required", "none"])
def app(
    application: Callable[[Settings], Flask], tmp_path: Path, request: pytest.FixtureRequest
) -> Flask:
    return application(Settings(database=f"sqlite:///{tmp_path}/store.db", auth=request.param))


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.sampled_from(CALLS),
    st.dictionaries(st.sampled_from(NAMES), TEXTS, max_size=4),
    st.dictionaries(st.sampled_from(QUERIES), TEXTS, max_size=2),
    st.sampled_from([b"", b"{}", b'{"form": "other"}', b"next=http://[&key=\xff", b"\xff\x00"]),
)
def test_none_is_answered_as_an_error_of_ours(
    app: Flask, call: tuple[str, str], headers: dict[str, str], query: dict[str, str], body: bytes
) -> None:
    environ = _make_environ(*call, headers, query, body)
    answered, status, _ = run_wsgi_app(app, environ)
    with closing(cast(Any, answered)):
        text = b"".join(answered)
    assert int(status[:3]) < 500, text


def _make_environ(
    method: str, path: str, headers: dict[str, str], query: dict[str, str], body: bytes
) -> dict[str, Any]:
    """Return an environ as a server makes it, which hands headers over as they came."""
    builder = EnvironBuilder(path, method=method, data=body, query_string=query)
    environ: dict[str, Any] = builder.get_environ()
    builder.close()
    for name, value in headers.items():
        variable = name.upper().replace("-", "_")
        own = ("CONTENT_TYPE", "CONTENT_LENGTH")
        environ[variable if variable in own else f"HTTP_{variable}"] = value
    return environ
