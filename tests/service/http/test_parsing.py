"""Bodies, headers and queries that a call does not take: each told with a remedy, none a 5xx."""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import Callable
from http.client import HTTPResponse
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from refusals import refusal

POST = "/v1/classifications"
FORM = b'{"form": "joint_force"}'
DEEP = "[" * 100_000 + "]" * 100_000
#: body → a part of what is told.
NO_JSON: list[tuple[str, bytes, str]] = [
    ("empty", b"", "the body is empty"),
    ("not JSON", b"{form: other}", "line 1, column 2"),
    ("cut off", b'{"form": "other"', "line 1, column 17"),
    ("two documents", FORM + FORM, "Extra data"),
    ("not UTF-8", b'{"form": "\xff"}', "byte 10 is not UTF-8"),
    ("UTF-16", FORM.decode().encode("utf-16"), "is not UTF-8"),
    ("NaN", b'{"form": NaN}', "NaN is no JSON value"),
    ("deep", DEEP.encode(), "nested too deeply"),
]


@pytest.mark.parametrize(("body", "detail"), [pytest.param(*row[1:], id=row[0]) for row in NO_JSON])
def test_what_is_no_json(client: FlaskClient, body: bytes, detail: str) -> None:
    problem = refusal(client.post(POST, data=body, content_type="application/json"), 400)
    (error,) = problem["errors"]
    assert (error["pointer"], error["code"]) == ("", "json")
    assert detail in error["detail"]
    assert client.get(POST).get_json()["items"] == []


def test_a_body_of_too_many_bytes(client: FlaskClient) -> None:
    body = json.dumps({"form": "other", "summary": "x" * 3_000_000}).encode()
    problem = refusal(client.post(POST, data=body, content_type="application/json"), 413)
    assert "more than the 2097152 bytes that this call takes" in problem["detail"]
    assert "send less at a time" in problem["detail"]
    assert client.get(POST).get_json()["items"] == []


@pytest.mark.parametrize("sent", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_other_content_types(client: FlaskClient, sent: str) -> None:
    problem = refusal(client.post(POST, data=FORM, content_type=sent), 415)
    assert "Content-Type: application/json" in problem["detail"]


@pytest.mark.parametrize("sent", ["application/json; charset=utf-8", "application/vnd.x+json"])
def test_kinds_of_json(client: FlaskClient, sent: str) -> None:
    _assert_taken(client, client.post(POST, data=FORM, content_type=sent))


def test_an_encoded_body_is_not_taken(client: FlaskClient) -> None:
    encoded = gzip.compress(FORM)
    headers = {"Content-Encoding": "gzip"}
    answer = client.post(POST, data=encoded, content_type="application/json", headers=headers)
    assert "gzip" in refusal(answer, 415)["detail"]


def test_another_charset_is_not_taken(client: FlaskClient) -> None:
    body = FORM.decode().encode("utf-16")
    answer = client.post(POST, data=body, content_type="application/json; charset=utf-16")
    assert "charset=utf-16'" in refusal(answer, 415)["detail"]
    assert client.get(POST).get_json()["items"] == []


def test_a_byte_order_mark_is_no_mistake(client: FlaskClient) -> None:
    body = b"\xef\xbb\xbf" + FORM
    _assert_taken(client, client.post(POST, data=body, content_type="application/json"))


def _assert_taken(client: FlaskClient, answer: Any) -> None:
    """The form was read, and a record of it is stored."""
    assert answer.status_code == 201
    assert answer.get_json()["episode"]["form"] == "joint_force"
    assert client.get(POST).get_json()["items"][0]["id"] == answer.get_json()["id"]


def test_an_answer_is_not_larger_for_a_hostile_body(client: FlaskClient) -> None:
    twice = ", ".join(f'"k{n}": 1, "k{n}": 1' for n in range(500))
    for body in (
        f'{{"{"x" * 1_000_000}": {{{twice}}}}}',
        f"{{{twice}}}",
        f'{{"{"x" * 10**6}": 1}}',
    ):
        answer = client.post(POST, data=body, content_type="application/json")
        assert refusal(answer, 422)["errors"]
        assert len(answer.data) < 50_000


def test_the_instance_is_a_uri_reference(client: FlaskClient) -> None:
    problem = refusal(client.get("/v1/caf%C3%A9%20%22"), 404)
    assert problem["instance"] == "/v1/caf%C3%A9%20%22"


def test_two_slashes_are_another_address(client: FlaskClient) -> None:
    assert "/docs lists every call" in refusal(client.get("/v1//rulebooks"), 404)["detail"]


@pytest.mark.parametrize(
    ("framing", "status"),
    [
        (b"zz\r\n" + FORM + b"\r\n0\r\n\r\n", 400),
        (b"300000\r\n" + b" " * 0x300000 + b"\r\n0\r\n\r\n", 413),
        (b"%x\r\n" % len(FORM) + FORM + b"\r\n0\r\n\r\n", 201),
    ],
)
def test_bodies_in_chunks(serve: Callable[..., str], framing: bytes, status: int) -> None:
    host, _, port = serve().removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        head = f"POST {POST} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        connection.sendall(head.encode() + b"Transfer-Encoding: chunked\r\n\r\n" + framing)
        answer = HTTPResponse(connection)
        answer.begin()
        told = json.loads(answer.read())
    assert answer.status == status
    if status == 201:
        assert told["episode"]["form"] == "joint_force"
    else:
        assert told["status"] == status


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("rulebook=paul-2005", "did you mean 'paul-2004'?"),
        ("rulebook=paul", "did you mean 'paul-2004'?"),
        ("rulebook=", "unknown rulebook ''"),
        ("detail=everything", "known: verdict, trace, full"),
        ("store=maybe", "write one of the two"),
        ("store=1", "write one of the two"),
        ("rulebok=paul-2004", "did you mean 'rulebook'?"),
        ("detail=verdict&detail=trace", "given twice"),
        ("_schema=1", "query parameter '_schema': unknown"),
        ("a/b=1", "query parameter 'a/b'"),
    ],
)
def test_queries_of_a_post(client: FlaskClient, query: str, detail: str) -> None:
    problem = refusal(client.post(f"{POST}?{query}", json={"form": "other"}), 422)
    assert detail in problem["errors"][0]["detail"]


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=1001", "limit=ten", "limit=1.5", "limit=1_0", "limit=%D9%A3",
     "cursor=x", "cursor=",
     "classification=soft", "rulebook=nope", "form=alliance", "actor=", "episode=a%20b",
     "actors=RUS", "cursor=99999999999999999999"],
)  # fmt: skip
def test_queries_of_a_list(client: FlaskClient, query: str) -> None:
    problem = refusal(client.get(f"{POST}?{query}"), 422)
    assert query.split("=", maxsplit=1)[0] in problem["errors"][0]["detail"]


@pytest.mark.parametrize(
    ("address", "detail"),
    [
        ("/v1", "/docs lists every call"),
        ("/v1/nothing", "/docs lists every call"),
        (f"{POST}/none", "no classification 'none' is stored"),
        (f"{POST}/none/trace", "no classification 'none' is stored"),
        (f"{POST}/%00", r"no classification '\x00' is stored"),
        (f"{POST}/a%20b", "no classification 'a b' is stored"),
        (f"{POST}/{'x' * 5000}", "no classification 'xxx"),
        ("/v1/rulebooks/paul-2005", "did you mean 'paul-2004'?"),
        ("/docs/assets/../../setup.cfg", "/docs lists every call"),
        ("/docs/assets/none.js", "/docs lists every call"),
    ],
)
def test_what_is_not_there(client: FlaskClient, address: str, detail: str) -> None:
    told = refusal(client.get(address), 404)["detail"]
    assert detail in told
    assert len(told) < 500


def test_other_methods(client: FlaskClient) -> None:
    answer = client.delete(POST)
    refusal(answer, 405)
    assert set(answer.headers["Allow"].split(", ")) >= {"GET", "POST"}


def test_a_trace_in_a_form_that_is_not_offered(client: FlaskClient) -> None:
    record = client.post(POST, json={"form": "other"}).get_json()["id"]
    problem = refusal(client.get(f"{POST}/{record}/trace", headers={"Accept": "image/png"}), 406)
    assert "text/vnd.graphviz" in problem["detail"]


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=200))
def test_no_bytes_make_an_error_of_ours(client: FlaskClient, body: bytes) -> None:
    answer = client.post(f"{POST}?store=false", data=body, content_type="application/json")
    if answer.status_code == 200:
        assert json.loads(body.decode("utf-8-sig"))["form"] == answer.get_json()["episode"]["form"]
    else:
        assert refusal(answer, answer.status_code)["errors"]
        assert answer.status_code in (400, 422)
