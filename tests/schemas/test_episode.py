"""Every mistake in an Episode is told with its place and a remedy, over HTTP as anywhere."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from refusals import refusal

POST = "/v1/classifications"


def _form(**fields: Any) -> bytes:
    return json.dumps({"form": "joint_force", **fields}).encode()


def _observed(*observations: Any) -> bytes:
    return _form(observations=list(observations))


OBSERVED = {"indicator": "constrains_hegemon", "value": "yes"}

#: body → pointer, code and a part of the detail of one of its mistakes.
MALFORMED: list[tuple[str, bytes, str, str, str]] = [
    ("a huge number", b"1" * 5000, "", "type", "not an object"),
    ("a list", b"[]", "", "type", "not an object"),
    ("a text", b'"other"', "", "type", "not an object"),
    ("null", b"null", "", "type", "not an object"),
    ("no form", b"{}", "/form", "required", "add it"),
    (
        "a misspelt form",
        b'{"form": "joint_froce"}',
        "/form",
        "unknown",
        "did you mean 'joint_force'?",
    ),
    ("a form of a wrong type", b'{"form": 7}', "/form", "type", "not a text"),
    ("a null form", b'{"form": null}', "/form", "null", "leave the field out"),
    ("an unknown field", _form(actor=["RUS"]), "/actor", "unknown", "did you mean 'actors'?"),
    ("an escaped field", _form(**{"a/b~c": 1}), "/a~1b~0c", "unknown", "'a/b~c'"),
    (
        "a misspelt indicator",
        _form(indicators={"costly_comitment": "yes"}),
        "/indicators/costly_comitment",
        "unknown",
        "did you mean 'costly_commitment'?",
    ),
    (
        "a wrong value",
        _form(indicators={"costly_commitment": "ja"}),
        "/indicators/costly_commitment",
        "unknown",
        "known: yes, no, unknown, contested",
    ),
    (
        "a value in capitals",
        _form(indicators={"costly_commitment": "Yes"}),
        "/indicators/costly_commitment",
        "unknown",
        "did you mean 'yes'?",
    ),
    (
        "a boolean",
        _form(indicators={"costly_commitment": True}),
        "/indicators/costly_commitment",
        "type",
        'write "yes"',
    ),
    (
        "another boolean",
        _observed({**OBSERVED, "value": False}),
        "/observations/0/value",
        "type",
        'write "no"',
    ),
    ("indicators as a list", _form(indicators=[]), "/indicators", "type", "not an object"),
    (
        "an observation without value",
        _observed(OBSERVED, {"indicator": "costly_commitment"}),
        "/observations/1/value",
        "required",
        "add it",
    ),
    ("an observation that is none", _observed("yes"), "/observations/0", "type", "object"),
    ("observations as an object", _form(observations={}), "/observations", "type", "array"),
    (
        "too many observations",
        _observed(*[OBSERVED] * 1001),
        "/observations",
        "length",
        "1001 items; at most 1000",
    ),
    (
        "a source with an unknown field",
        _observed({**OBSERVED, "source": {"page": "3"}}),
        "/observations/0/source/page",
        "unknown",
        "known: citation, locator, url, excerpt",
    ),
    (
        "a key twice",
        b'{"form": "other", "form": "joint_force"}',
        "/form",
        "duplicate",
        "stands twice",
    ),
    (
        "an indicator twice",
        b'{"form": "other", "indicators": {"costly_commitment": "yes", "costly_commitment": "no"}}',
        "/indicators/costly_commitment",
        "duplicate",
        "keep one",
    ),
    (
        "a lone surrogate",
        b'{"form": "other", "title": "\\ud800"}',
        "/title",
        "character",
        "lone surrogate",
    ),
    (
        "a lone surrogate as a key",
        b'{"form": "other", "\\udfff": 1}',
        "/\\udfff",
        "unknown",
        "\\udfff",
    ),
    ("NUL", _form(summary="a\0b"), "/summary", "character", "NUL"),
    (
        "NUL in a note",
        _observed({**OBSERVED, "note": "\0"}),
        "/observations/0/note",
        "character",
        "NUL",
    ),
    ("nested where a text is due", _form(title=[[[[]]]]), "/title", "type", "not a text"),
    ("a long title", _form(title="x" * 301), "/title", "length", "301 characters"),
    ("a long summary", _form(summary="x" * 10_001), "/summary", "length", "10001"),
    ("an empty hegemon", _form(hegemon=""), "/hegemon", "length", "0 characters long"),
    ("a long actor", _form(actors=["RUS", "x" * 65]), "/actors/1", "length", "65"),
    ("an id with a blank", _form(id="a b"), "/id", "format", "'a b' is not 1 to 128"),
    ("a long id", _form(id="x" * 129), "/id", "format", "is not 1 to 128"),
    ("an id with a line end", _form(id="a\n"), "/id", "format", "is not 1 to 128"),
    ("no day", _form(period={"start": "2003-02-29"}), "/period/start", "format", "YYYY-MM-DD"),
    ("no date", _form(period={"start": "March 2003"}), "/period/start", "format", "YYYY"),
    ("other digits", _form(period={"start": "٢٠٠٣"}), "/period/start", "format", "YYYY"),
    (
        "an end before the start",
        _form(period={"start": "2003-03", "end": "2003-02-28"}),
        "/period/end",
        "order",
        "2003-02-28 is before the start, 2003-03",
    ),
    ("a field named as the framework's own", _form(_schema=1), "/_schema", "unknown", "field"),
    (
        "an indicator named so",
        _form(indicators={"_schema": "yes"}),
        "/indicators/_schema",
        "unknown",
        "indicator",
    ),
]


@pytest.mark.parametrize(
    ("body", "pointer", "code", "detail"),
    [pytest.param(*row[1:], id=row[0]) for row in MALFORMED],
)
def test_malformed_episodes(
    client: FlaskClient, body: bytes, pointer: str, code: str, detail: str
) -> None:
    problem = refusal(client.post(POST, data=body, content_type="application/json"), 422)
    assert any(
        e["pointer"] == pointer and e["code"] == code and detail in e["detail"]
        for e in problem["errors"]
    ), problem
    assert client.get(POST).get_json()["items"] == []


def test_every_mistake_is_told_at_once(client: FlaskClient) -> None:
    body = {
        "form": "joint_froce",
        "indicators": {"costly_comitment": "yes", "prestige_payoff": True},
        "period": {"start": "x"},
        "observations": [{"indicator": "nothing", "value": "maybe"}, 3],
        "titel": "",
    }
    problem = refusal(client.post(POST, json=body), 422)
    assert [e["pointer"] for e in problem["errors"]] == [
        "/form", "/indicators/costly_comitment", "/indicators/prestige_payoff",
        "/observations/0/indicator", "/observations/0/value", "/observations/1",
        "/period/start", "/titel",
    ]  # fmt: skip
    assert "8 mistakes" in problem["detail"]


def test_indices_are_in_order(client: FlaskClient) -> None:
    problem = refusal(client.post(POST, json={"form": "other", "observations": [1] * 12}), 422)
    pointers = [error["pointer"] for error in problem["errors"]]
    assert pointers == [f"/observations/{n}" for n in range(12)]


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


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=_JSON)
def test_no_json_makes_an_error_of_ours(client: FlaskClient, body: Any) -> None:
    sent = json.dumps(body)
    answer = client.post(f"{POST}?store=false", data=sent, content_type="application/json")
    if answer.status_code == 200:
        assert answer.get_json()["episode"]["form"] == body["form"]
    else:
        assert refusal(answer, 422)["errors"]
