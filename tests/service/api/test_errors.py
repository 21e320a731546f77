"""Every malformed request is answered with its status, its place and a remedy; none with a 5xx."""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

POST = "/v1/classifications"
DEEP = "[" * 100_000 + "]" * 100_000


def _form(**fields: Any) -> bytes:
    return json.dumps({"form": "joint_force", **fields}).encode()


def _observed(*observations: Any) -> bytes:
    return _form(observations=list(observations))


OBSERVED = {"indicator": "constrains_hegemon", "value": "yes"}

#: body → status, then pointer, code and a part of the detail of one of the errors.
MALFORMED: list[tuple[str, bytes, int, str, str, str]] = [
    ("empty", b"", 400, "", "json", "the body is empty"),
    ("not JSON", b"{form: other}", 400, "", "json", "line 1, column 2"),
    ("cut off", b'{"form": "other"', 400, "", "json", "line 1, column 17"),
    ("two documents", _form() + _form(), 400, "", "json", "Extra data"),
    ("not UTF-8", b'{"form": "\xff"}', 400, "", "json", "byte 10 is not UTF-8"),
    ("UTF-16", _form().decode().encode("utf-16"), 400, "", "json", "is not UTF-8"),
    ("NaN", b'{"form": NaN}', 400, "", "json", "NaN is no JSON value"),
    ("deep", DEEP.encode(), 400, "", "json", "nested too deeply"),
    ("a huge number", b"1" * 5000, 422, "", "type", "not an object"),
    ("a list", b"[]", 422, "", "type", "not an object"),
    ("a text", b'"other"', 422, "", "type", "not an object"),
    ("null", b"null", 422, "", "type", "not an object"),
    ("no form", b"{}", 422, "/form", "required", "add it"),
    (
        "a misspelt form",
        b'{"form": "joint_froce"}',
        422,
        "/form",
        "unknown",
        "did you mean 'joint_force'?",
    ),
    ("a form of a wrong type", b'{"form": 7}', 422, "/form", "type", "not a text"),
    ("a null form", b'{"form": null}', 422, "/form", "null", "leave the field out"),
    ("an unknown field", _form(actor=["RUS"]), 422, "/actor", "unknown", "did you mean 'actors'?"),
    ("an escaped field", _form(**{"a/b~c": 1}), 422, "/a~1b~0c", "unknown", "'a/b~c'"),
    (
        "a misspelt indicator",
        _form(indicators={"costly_comitment": "yes"}),
        422,
        "/indicators/costly_comitment",
        "unknown",
        "did you mean 'costly_commitment'?",
    ),
    (
        "a wrong value",
        _form(indicators={"costly_commitment": "ja"}),
        422,
        "/indicators/costly_commitment",
        "unknown",
        "known: yes, no, unknown, contested",
    ),
    (
        "a value in capitals",
        _form(indicators={"costly_commitment": "Yes"}),
        422,
        "/indicators/costly_commitment",
        "unknown",
        "did you mean 'yes'?",
    ),
    (
        "a boolean",
        _form(indicators={"costly_commitment": True}),
        422,
        "/indicators/costly_commitment",
        "type",
        'write "yes"',
    ),
    (
        "another boolean",
        _observed({**OBSERVED, "value": False}),
        422,
        "/observations/0/value",
        "type",
        'write "no"',
    ),
    ("indicators as a list", _form(indicators=[]), 422, "/indicators", "type", "not an object"),
    (
        "an observation without value",
        _observed(OBSERVED, {"indicator": "costly_commitment"}),
        422,
        "/observations/1/value",
        "required",
        "add it",
    ),
    ("an observation that is none", _observed("yes"), 422, "/observations/0", "type", "object"),
    ("observations as an object", _form(observations={}), 422, "/observations", "type", "array"),
    (
        "too many observations",
        _observed(*[OBSERVED] * 1001),
        422,
        "/observations",
        "length",
        "1001 items; at most 1000",
    ),
    (
        "a source with an unknown field",
        _observed({**OBSERVED, "source": {"page": "3"}}),
        422,
        "/observations/0/source/page",
        "unknown",
        "known: citation, locator, url, excerpt",
    ),
    (
        "a key twice",
        b'{"form": "other", "form": "joint_force"}',
        422,
        "/form",
        "duplicate",
        "stands twice",
    ),
    (
        "an indicator twice",
        b'{"form": "other", "indicators": {"costly_commitment": "yes", "costly_commitment": "no"}}',
        422,
        "/indicators/costly_commitment",
        "duplicate",
        "keep one",
    ),
    (
        "a lone surrogate",
        b'{"form": "other", "title": "\\ud800"}',
        422,
        "/title",
        "character",
        "lone surrogate",
    ),
    (
        "a lone surrogate as a key",
        b'{"form": "other", "\\udfff": 1}',
        422,
        "/\\udfff",
        "unknown",
        "\\udfff",
    ),
    ("NUL", _form(summary="a\0b"), 422, "/summary", "character", "NUL"),
    (
        "NUL in a note",
        _observed({**OBSERVED, "note": "\0"}),
        422,
        "/observations/0/note",
        "character",
        "NUL",
    ),
    ("nested where a text is due", _form(title=[[[[]]]]), 422, "/title", "type", "not a text"),
    ("a long title", _form(title="x" * 301), 422, "/title", "length", "301 characters"),
    ("a long summary", _form(summary="x" * 10_001), 422, "/summary", "length", "10001"),
    ("an empty hegemon", _form(hegemon=""), 422, "/hegemon", "length", "0 characters long"),
    ("a long actor", _form(actors=["RUS", "x" * 65]), 422, "/actors/1", "length", "65"),
    ("an id with a blank", _form(id="a b"), 422, "/id", "format", "'a b' is not 1 to 128"),
    ("a long id", _form(id="x" * 129), 422, "/id", "format", "is not 1 to 128"),
    ("an id with a line end", _form(id="a\n"), 422, "/id", "format", "is not 1 to 128"),
    ("no day", _form(period={"start": "2003-02-29"}), 422, "/period/start", "format", "YYYY-MM-DD"),
    ("no date", _form(period={"start": "March 2003"}), 422, "/period/start", "format", "YYYY"),
    ("other digits", _form(period={"start": "٢٠٠٣"}), 422, "/period/start", "format", "YYYY"),
    (
        "an end before the start",
        _form(period={"start": "2003-03", "end": "2003-02-28"}),
        422,
        "/period/end",
        "order",
        "2003-02-28 is before the start, 2003-03",
    ),
    ("a field named as the framework's own", _form(_schema=1), 422, "/_schema", "unknown", "field"),
    (
        "an indicator named so",
        _form(indicators={"_schema": "yes"}),
        422,
        "/indicators/_schema",
        "unknown",
        "indicator",
    ),
    ("3 MB", _form(summary="x" * 3_000_000), 413, "", "", ""),
]


@pytest.mark.parametrize(
    ("body", "status", "pointer", "code", "detail"),
    [pytest.param(*row[1:], id=row[0]) for row in MALFORMED],
)
def test_malformed_bodies(
    client: FlaskClient, body: bytes, status: int, pointer: str, code: str, detail: str
) -> None:
    answer = client.post(POST, data=body, content_type="application/json")
    problem = _problem(answer, status)
    if code:
        assert any(
            e["pointer"] == pointer and e["code"] == code and detail in e["detail"]
            for e in problem["errors"]
        ), problem
    assert client.get(POST).get_json()["items"] == []


def _problem(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    problem: dict[str, Any] = answer.get_json()
    assert problem.keys() == {"type", "title", "status", "detail", "instance", "errors"}
    assert problem["status"] == status
    assert problem["detail"]
    return problem


def test_every_mistake_is_told_at_once(client: FlaskClient) -> None:
    body = {
        "form": "joint_froce",
        "indicators": {"costly_comitment": "yes", "prestige_payoff": True},
        "period": {"start": "x"},
        "observations": [{"indicator": "nothing", "value": "maybe"}, 3],
        "titel": "",
    }
    problem = _problem(client.post(POST, json=body), 422)
    assert [e["pointer"] for e in problem["errors"]] == [
        "/form", "/indicators/costly_comitment", "/indicators/prestige_payoff",
        "/observations/0/indicator", "/observations/0/value", "/observations/1",
        "/period/start", "/titel",
    ]  # fmt: skip
    assert "8 mistakes" in problem["detail"]


@pytest.mark.parametrize("sent", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_other_content_types(client: FlaskClient, sent: str) -> None:
    problem = _problem(client.post(POST, data=_form(), content_type=sent), 415)
    assert "Content-Type: application/json" in problem["detail"]


@pytest.mark.parametrize("sent", ["application/json; charset=utf-8", "application/vnd.x+json"])
def test_kinds_of_json(client: FlaskClient, sent: str) -> None:
    assert client.post(POST, data=_form(), content_type=sent).status_code == 201


def test_an_encoded_body_is_not_taken(client: FlaskClient) -> None:
    encoded = gzip.compress(_form())
    headers = {"Content-Encoding": "gzip"}
    answer = client.post(POST, data=encoded, content_type="application/json", headers=headers)
    assert "gzip" in _problem(answer, 415)["detail"]


def test_another_charset_is_not_taken(client: FlaskClient) -> None:
    body = _form().decode().encode("utf-16")
    answer = client.post(POST, data=body, content_type="application/json; charset=utf-16")
    _problem(answer, 415)


def test_an_answer_is_not_larger_for_a_hostile_body(client: FlaskClient) -> None:
    twice = ", ".join(f'"k{n}": 1, "k{n}": 1' for n in range(500))
    for body in (
        f'{{"{"x" * 1_000_000}": {{{twice}}}}}',
        f"{{{twice}}}",
        f'{{"{"x" * 10**6}": 1}}',
    ):
        answer = client.post(POST, data=body, content_type="application/json")
        assert _problem(answer, 422)["errors"]
        assert len(answer.data) < 50_000


def test_indices_are_in_order(client: FlaskClient) -> None:
    problem = _problem(client.post(POST, json={"form": "other", "observations": [1] * 12}), 422)
    pointers = [error["pointer"] for error in problem["errors"]]
    assert pointers == [f"/observations/{n}" for n in range(12)]


def test_the_instance_is_a_uri_reference(client: FlaskClient) -> None:
    problem = _problem(client.get("/v1/caf%C3%A9%20%22"), 404)
    assert problem["instance"] == "/v1/caf%C3%A9%20%22"


def test_two_slashes_are_another_address(client: FlaskClient) -> None:
    _problem(client.get("/v1//rulebooks"), 404)


@pytest.mark.parametrize(
    ("framing", "status"),
    [
        (b"zz\r\n" + _form() + b"\r\n0\r\n\r\n", 400),
        (b"300000\r\n" + b" " * 0x300000 + b"\r\n0\r\n\r\n", 413),
        (b"%x\r\n" % len(_form()) + _form() + b"\r\n0\r\n\r\n", 201),
    ],
)
def test_bodies_in_chunks(serve: Callable[..., str], framing: bytes, status: int) -> None:
    host, _, port = serve().removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        head = f"POST {POST} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        connection.sendall(head.encode() + b"Transfer-Encoding: chunked\r\n\r\n" + framing)
        assert connection.recv(4096).startswith(f"HTTP/1.1 {status}".encode())


def test_a_byte_order_mark_is_no_mistake(client: FlaskClient) -> None:
    answer = client.post(POST, data=b"\xef\xbb\xbf" + _form(), content_type="application/json")
    assert answer.status_code == 201


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
    problem = _problem(client.post(f"{POST}?{query}", json={"form": "other"}), 422)
    assert detail in problem["errors"][0]["detail"]


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=1001", "limit=ten", "limit=1.5", "limit=1_0", "limit=%D9%A3",
     "cursor=x", "cursor=",
     "classification=soft", "rulebook=nope", "form=alliance", "actor=", "episode=a%20b",
     "actors=RUS", "cursor=99999999999999999999"],
)  # fmt: skip
def test_queries_of_a_list(client: FlaskClient, query: str) -> None:
    problem = _problem(client.get(f"{POST}?{query}"), 422)
    assert query.split("=", maxsplit=1)[0] in problem["errors"][0]["detail"]


@pytest.mark.parametrize(
    "address",
    ["/v1", "/v1/nothing", f"{POST}/none", f"{POST}/none/trace", f"{POST}/%00", f"{POST}/a%20b",
     "/v1/rulebooks/paul-2005", "/docs/assets/../../setup.cfg", "/docs/assets/none.js",
     f"{POST}/{'x' * 5000}"],
)  # fmt: skip
def test_what_is_not_there(client: FlaskClient, address: str) -> None:
    _problem(client.get(address), 404)


def test_other_methods(client: FlaskClient) -> None:
    answer = client.delete(POST)
    _problem(answer, 405)
    assert set(answer.headers["Allow"].split(", ")) >= {"GET", "POST"}


def test_a_trace_in_a_form_that_is_not_offered(client: FlaskClient) -> None:
    record = client.post(POST, json={"form": "other"}).get_json()["id"]
    problem = _problem(client.get(f"{POST}/{record}/trace", headers={"Accept": "image/png"}), 406)
    assert "text/vnd.graphviz" in problem["detail"]


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=200))
def test_no_bytes_make_an_error_of_ours(client: FlaskClient, body: bytes) -> None:
    answer = client.post(f"{POST}?store=false", data=body, content_type="application/json")
    assert answer.status_code in (200, 400, 422)


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["form", "observations", "indicators", "period", "source", "start"])
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=500, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=_JSON)
def test_no_json_makes_an_error_of_ours(client: FlaskClient, body: Any) -> None:
    sent = json.dumps(body)
    answer = client.post(f"{POST}?store=false", data=sent, content_type="application/json")
    assert answer.status_code in (200, 422)
