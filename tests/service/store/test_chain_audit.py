"""The chain of stored classifications: whole under writers, and told where it was tampered with."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
import rfc8785
from flask import Flask
from hypothesis import HealthCheck, given, settings
from softbalance.rules.classifier import Classifier
from softbalance.schemas.episode import Episode, Observation
from softbalance.service.classifiers import classify
from softbalance.service.settings import Settings
from softbalance.service.store import Store
from softbalance.service.store.audit_findings import ALTERED, INSERTED, REMOVED, Audit
from softbalance.service.store.chain import canonical, digest_of
from softbalance.service.store.chain_audit import audit
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from drawn_episodes import episodes
from places import ROOT
from processes import SOFTBALANCE
from stores import opened, undefended

Run = Callable[..., subprocess.CompletedProcess[str]]
COUNT = 7


@pytest.fixture
def store(database: str, classifiers: dict[str, Classifier]) -> Iterator[Store]:
    """A store of some records, each with actors and coders."""
    store = Store(database)
    store.create()
    for number in range(COUNT):
        said: Observation = {
            "indicator": "constrains_hegemon",
            "value": "yes",
            "coder": f"coder {number}",
        }
        episode: Episode = {
            "id": f"e{number + 1}", "form": "other", "hegemon": "USA",
            "actors": ["RUS", f"A{number}"], "title": f"title {number}", "observations": [said],
        }  # fmt: skip
        store.add(classify(classifiers["paul-2004"], episode, "trace"))
    yield store
    store.close()


@pytest.fixture
def tampered(store: Store, database: str) -> Iterator[Connection]:
    """A connection of somebody with the database's password."""
    with undefended(database) as connection:
        yield connection


def _episode(store: Store, record: str | None) -> str | None:
    with store.database.begin_read() as connection:
        query = text("SELECT episode FROM classifications WHERE id = :id")
        episode: str | None = connection.execute(query, {"id": record}).scalar()
    return episode


def _move(connection: Connection, start: int, by: int) -> None:
    """Give the records from a position on other positions, and the names beside them."""
    for table in ("classifications", "classification_actors", "classification_coders"):
        connection.execute(
            text(f"UPDATE {table} SET position = -(position + :by) WHERE position >= :start"),
            {"by": by, "start": start},
        )
        connection.execute(text(f"UPDATE {table} SET position = -position WHERE position < 0"))


def _remove(connection: Connection, position: int) -> None:
    for table in ("classification_actors", "classification_coders", "classifications"):
        connection.execute(text(f"DELETE FROM {table} WHERE position = :p"), {"p": position})


def _row(connection: Connection, position: int) -> dict[str, Any]:
    query = text("SELECT * FROM classifications WHERE position = :p")
    return dict(connection.execute(query, {"p": position}).mappings().one())


def _insert(connection: Connection, position: int, *, chained: bool) -> None:
    """Put a record between others, with a digest that fits its place, or with none that does."""
    like = _row(connection, COUNT)
    document = {**json.loads(like["document"]), "id": "forged"}
    document["episode"] = {"id": "forged", "form": "other"}
    previous = _row(connection, position - 1)["digest"] if position > 1 else None
    digest = digest_of(position, previous, canonical(document))
    _move(connection, position, 1)
    new = {
        **like, "position": position, "id": "forged", "episode": "forged", "title": None,
        "document": json.dumps(document, separators=(",", ":")), "previous": previous,
        "digest": digest if chained else "sha256:" + "0" * 64,
    }  # fmt: skip
    names = ", ".join(new)
    values = ", ".join(f":{name}" for name in new)
    connection.execute(text(f"INSERT INTO classifications ({names}) VALUES ({values})"), new)


def _found(store: Store, connection: Connection, noted: str | None = None) -> Audit:
    connection.commit()
    return audit(store.database, noted=noted)


def test_a_whole_chain(store: Store) -> None:
    counted: list[int] = []
    found = audit(store.database, counted.append)
    head = store.head()
    assert head is not None
    assert found == Audit(COUNT, head[0].digest, None)
    assert sum(counted) == COUNT


def test_a_chain_of_one_record_is_walked_too(store: Store, tampered: Connection) -> None:
    for position in range(COUNT, 1, -1):
        _remove(tampered, position)
    tampered.execute(text("UPDATE classifications SET classification = 'mixed'"))
    broken = _found(store, tampered).broken
    assert broken is not None
    assert (broken.kind, broken.position) == (ALTERED, 1)


def test_anybody_can_check_it(serve: Callable[..., str], database: str, store: Store) -> None:
    """The lines of docs/audit.md, on what the API gives."""
    page = (ROOT / "docs" / "audit.md").read_text("utf-8")
    (lines,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    names: dict[str, Any] = {"address": serve("--database", database)}
    exec(lines, names)
    head = store.head()
    assert head is not None
    assert (names["position"], names["digest"]) == (COUNT, head[0].digest)
    assert names["get"]("/v1/audit/head") == {
        "position": COUNT, "digest": names["digest"], "record": names["record"]["id"],
    }  # fmt: skip


@settings(max_examples=75, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(episode=episodes())
def test_canonical_json_is_that_of_the_standard(
    classifiers: dict[str, Classifier], episode: Episode
) -> None:
    answer = classify(classifiers["brooks-wohlforth-2004"], episode, "trace")
    assert canonical(answer).encode() == rfc8785.dumps(cast(dict[str, Any], answer))


def test_an_empty_store(database: str, application: Callable[[Settings], Flask]) -> None:
    client = application(Settings(database=database)).test_client()
    told = client.get("/v1/audit/head").get_json()
    assert told == {"position": 0, "digest": None, "record": None}
    store = Store(database)
    assert audit(store.database) == Audit(0, None, None)
    store.close()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE classifications SET document = replace(document, 'title 3', 'title x')",
        "UPDATE classifications SET document = '{' || document",
        "UPDATE classifications SET document = '[]'",
        "UPDATE classifications SET document = replace(document, ':', ': ')",
        "UPDATE classifications SET digest = replace(digest, 'a', 'b')",
        "UPDATE classifications SET previous = replace(previous, 'a', 'b')",
        "UPDATE classifications SET previous = NULL",
        "UPDATE classifications SET title = 'x'",
        "UPDATE classifications SET classification = 'x'",
        "UPDATE classifications SET id = 'x'",
        "UPDATE classification_actors SET actor = 'CHN' WHERE actor = 'RUS'",
        "DELETE FROM classification_coders",
        "INSERT INTO classification_actors SELECT 'x', position FROM classifications",
    ],
)
def test_an_altered_record_is_named(store: Store, tampered: Connection, change: str) -> None:
    narrowed = f"{change} {'AND' if 'WHERE' in change else 'WHERE'} position = 4"
    tampered.execute(text(narrowed))
    found = _found(store, tampered)
    assert found.broken is not None
    assert (found.broken.kind, found.broken.position) == (ALTERED, 4)
    assert _episode(store, found.broken.record) == "e4"
    assert found.whole == 3


@pytest.mark.parametrize("position", [1, 4, COUNT])
def test_it_is_named_wherever_it_is(store: Store, tampered: Connection, position: int) -> None:
    tampered.execute(
        text("UPDATE classifications SET document = '[]' WHERE position = :p"), {"p": position}
    )
    found = _found(store, tampered)
    assert found.broken is not None
    assert (found.broken.kind, found.broken.position) == (ALTERED, position)
    assert found.whole == position - 1


@pytest.mark.parametrize("position", [1, 4, COUNT - 1])
def test_a_record_altered_with_its_digest_is_named(
    store: Store, tampered: Connection, position: int
) -> None:
    row = _row(tampered, position)
    document = row["document"].replace("title", "other")
    digest = digest_of(position, row["previous"], canonical(json.loads(document)))
    tampered.execute(
        text(
            "UPDATE classifications SET document = :d, digest = :g, title = :t WHERE position = :p"
        ),
        {"d": document, "g": digest, "t": f"other {position - 1}", "p": position},
    )
    found = _found(store, tampered)
    assert found.broken is not None
    assert found.broken[:3] == (ALTERED, position, row["id"])
    assert found.whole == position - 1


@pytest.mark.parametrize("renumbered", [False, True])
@pytest.mark.parametrize(("position", "count"), [(1, 1), (4, 1), (3, 3)])
def test_a_removed_record_is_named(
    store: Store, tampered: Connection, position: int, count: int, renumbered: bool
) -> None:
    for gone in range(position, position + count):
        _remove(tampered, gone)
    if renumbered:
        _move(tampered, position + count, -count)
    found = _found(store, tampered)
    assert found.broken is not None
    assert found.broken[:3] == (REMOVED, position, None)
    assert ("one record is" if count == 1 else f"{count} records are") in found.broken.detail
    assert found.whole == position - 1


@pytest.mark.parametrize("chained", [False, True])
@pytest.mark.parametrize("position", [1, 4])
def test_an_inserted_record_is_named(
    store: Store, tampered: Connection, position: int, chained: bool
) -> None:
    _insert(tampered, position, chained=chained)
    found = _found(store, tampered)
    assert found.broken is not None
    assert found.broken[:3] == (INSERTED, position, "forged")
    assert found.whole == position - 1


def test_a_record_before_the_first_is_named(store: Store, tampered: Connection) -> None:
    row = {**_row(tampered, 1), "id": "forged", "position": 0}
    names = ", ".join(row)
    values = ", ".join(f":{name}" for name in row)
    tampered.execute(text(f"INSERT INTO classifications ({names}) VALUES ({values})"), row)
    found = _found(store, tampered)
    assert found.broken is not None
    assert found.broken[:3] == (INSERTED, 0, "forged")


def test_a_name_without_a_record_is_told(store: Store, tampered: Connection) -> None:
    tampered.execute(text("INSERT INTO classification_coders VALUES ('x', 99)"))
    found = _found(store, tampered)
    assert found.broken is not None
    assert found.broken[:3] == (INSERTED, 99, None)


def test_only_a_noted_head_shows_that_the_end_was_cut_off(
    store: Store, tampered: Connection
) -> None:
    noted, earlier = _row(tampered, COUNT)["digest"], _row(tampered, 2)["digest"]
    assert audit(store.database, noted=noted).broken is None
    _remove(tampered, COUNT)
    assert _found(store, tampered).broken is None
    assert _found(store, tampered, earlier).broken is None
    found = _found(store, tampered, noted)
    assert found.broken is not None
    assert found.broken[:3] == (REMOVED, COUNT, None)
    assert "cut off" in found.broken.detail


@pytest.mark.parametrize("table", ["classifications", "classification_actors"])
@pytest.mark.parametrize("change", ["DELETE FROM {}", "UPDATE {} SET position = position + 100"])
def test_the_database_itself_refuses_changes(
    store: Store, database: str, table: str, change: str
) -> None:
    with pytest.raises(DBAPIError, match="kept as they are"), opened(database) as connection:
        connection.execute(text(change.format(table)))
    assert audit(store.database).whole == COUNT


def test_the_command(invoke: Run, store: Store, database: str) -> None:
    head = store.head()
    assert head is not None
    done = invoke("audit", "verify", "--head", head[0].digest, "--database", database)
    assert done.returncode == 0
    assert done.stdout == f"7 records are what was stored; the head is {head[0].digest}.\n"
    assert done.stderr == ""
    with undefended(database) as connection:
        row = _row(connection, 3)
        connection.execute(text("UPDATE classifications SET form = 'x' WHERE position = 3"))
    done = invoke("audit", "verify", "--database", database)
    assert done.returncode == 3
    assert done.stdout.splitlines() == [
        f"record {row['id']} at position 3 was altered: its form is not what the record says.",
        "2 records before it are what was stored.",
    ]


def test_a_terminal_sees_how_far_it_is(store: Store, database: str) -> None:
    terminal, end = pty.openpty()
    command = [SOFTBALANCE, "audit", "verify", "--database", database]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=end, timeout=60, check=True)
    os.close(end)
    shown = os.read(terminal, 10_000).decode()
    os.close(terminal)
    assert "verifying" in shown
    assert f"{COUNT}/{COUNT}" in shown
    assert done.stdout.startswith(b"7 records are what was stored")


def test_usage(invoke: Run) -> None:
    assert "write `sha256:`" in invoke("audit", "verify", "--head", "abc").stderr
    done = invoke("audit", "verify")
    assert done.returncode == 2
    assert "there is no store" in done.stderr


def test_a_damaged_record_is_told_and_its_neighbours_are_given(
    database: str, application: Callable[[Settings], Flask], store: Store, tampered: Connection
) -> None:
    client = application(Settings(database=database)).test_client()
    row = _row(tampered, 4)
    tampered.execute(text("UPDATE classifications SET document = 'no' WHERE position = 4"))
    tampered.commit()
    for path in ("", "/trace", "?detail=full"):
        answer = client.get(f"/v1/classifications/{row['id']}{path}")
        assert answer.status_code == 500
        assert answer.get_json()["type"] == "urn:softbalance:problem:record-damaged"
        assert f"record {row['id']} at position 4" in answer.get_json()["detail"]
    listed = client.get("/v1/classifications?limit=3")
    assert [item["episode"]["id"] for item in listed.get_json()["items"]] == ["e7", "e6", "e5"]
    listed = client.get(f"/v1/classifications?limit=3&cursor={listed.get_json()['next']}")
    assert listed.status_code == 200
    assert [item["episode"]["id"] for item in listed.get_json()["items"]] == ["e3", "e2"]
    assert listed.headers["Softbalance-Damaged"] == row["id"]
