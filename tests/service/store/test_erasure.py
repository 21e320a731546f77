"""Erasing coders' names and notes: gone everywhere, and the chain is whole and tells of it."""

from __future__ import annotations

import json
import re
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from softbalance.rules.classifier import Classifier
from softbalance.schemas.episode import Episode, Observation
from softbalance.service.classifiers import classify
from softbalance.service.pages.record import DOWNLOADS
from softbalance.service.settings import Settings
from softbalance.service.store import Claim, DamagedRecord, Store, Wanted, audit, erase
from softbalance.service.store.chain import canonical, digest_of
from softbalance.service.store.sealing import load_salts, seal
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError

from places import ROOT
from stores import opened, undefended

Run = Callable[..., subprocess.CompletedProcess[str]]
ANN, BEN = "Ann Quiverfull", "Ben Zephyrson"
NOTE = "Ann was told so by the ambassador Wexworth"
WHY = ("--by", "the office", "--reason", "asked for by letter of 3 May")


@pytest.fixture
def store(database: str, classifiers: dict[str, Classifier]) -> Iterator[Store]:
    store = Store(database)
    store.create()
    store.keep(classifiers["paul-2004"].rulebook)
    for number in (1, 2, 3):
        said: list[Observation] = [
            {"indicator": "constrains_hegemon", "value": "yes", "coder": ANN, "note": NOTE},
            {"indicator": "hegemon_seen_as_threat", "value": "yes", "coder": BEN, "note": "plain"},
            {"indicator": "constrains_hegemon", "value": "no", "coder": ANN},
        ]
        episode: Episode = {
            "id": f"e{number}", "form": "other", "hegemon": "USA",
            "observations": said if number < 3 else said[1:2],
        }  # fmt: skip
        answer = classify(classifiers["paul-2004"], episode, "trace")
        store.add(answer, Claim("", f"k{number}", f"f{number}"))
    yield store
    store.close()


def _ids(store: Store) -> list[str]:
    return [record["id"] for record in store.page({}, 10).items[::-1]]


def _coders(store: Store, number: int) -> list[str]:
    record = store.get(_ids(store)[number - 1])
    assert record is not None
    return [said["coder"] for said in record["episode"]["observations"]]


def _erase(invoke: Run, database: str, *options: object) -> str:
    done = invoke("audit", "erase", *options, *WHY, "--database", database)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_name_is_erased_and_the_chain_is_whole(invoke: Run, database: str, store: Store) -> None:
    head = store.head()
    assert head is not None
    before = [store.position(record) for record in _ids(store)]
    told = _erase(invoke, database, "--coder", ANN)
    assert told == "4 parts of 2 records were erased.\n"
    assert [store.position(record) for record in _ids(store)] == before
    one, two = _coders(store, 1), _coders(store, 2)
    assert one[1] == two[1] == BEN
    # who coded together can still be told, who coded in two records not
    assert re.fullmatch(r"erased:sha256:[0-9a-f]{64}", one[0])
    assert one[0] == one[2] != two[0] == two[2]
    found = audit(store.database, noted=head[0].digest)
    assert (found.broken, found.whole, found.erased, found.erased_of) == (None, 3, 4, 2)
    done = invoke("audit", "verify", "--database", database)
    assert done.returncode == 0
    assert "4 parts of 2 records were erased, and events say by whom and why." in done.stdout
    assert _erase(invoke, database, "--coder", ANN) == "0 parts of 0 records were erased.\n"
    assert invoke("replay", "--all", "--database", database).stdout == (
        "3 of 3 records come out as stored.\n"
    )


def test_events_say_who_erased_what_and_why(invoke: Run, database: str, store: Store) -> None:
    _erase(invoke, database, "--coder", ANN, "--record", _ids(store)[1])
    with opened(database) as connection:
        query = "SELECT subject, document FROM audit_events WHERE kind = 'record-erased'"
        ((subject, document),) = connection.execute(text(query)).all()
    event = json.loads(document)
    assert subject == event["subject"] == _ids(store)[1]
    assert (event["by"], event["reason"]) == ("the office", "asked for by letter of 3 May")
    assert [pointer for pointer, _ in event["parts"]] == [
        "/episode/observations/0/coder", "/episode/observations/2/coder",
    ]  # fmt: skip
    assert _coders(store, 1) == [ANN, BEN, ANN]


@pytest.mark.parametrize(
    ("options", "gone"),
    [
        (("--notes", "--coder", ANN), [(1, 0), (2, 0)]),
        (("--notes", "--coder", BEN), [(1, 1), (2, 1), (3, 0)]),
        (("--notes", "--record", "FIRST"), [(1, 0), (1, 1)]),
        (("--notes", "--record", "FIRST", "--observation", 1), [(1, 1)]),
        (("--notes", "--record", "FIRST", "--coder", BEN), [(1, 1)]),
    ],
)
def test_notes(
    invoke: Run, database: str, store: Store, options: tuple[Any, ...], gone: list[tuple[int, int]]
) -> None:
    first = _ids(store)[0]
    _erase(invoke, database, *(first if option == "FIRST" else option for option in options))
    found = []
    for number, record in enumerate(_ids(store), 1):
        whole = store.get(record)
        assert whole is not None
        for index, said in enumerate(whole["episode"]["observations"]):
            if said.get("note", "").startswith("erased:"):
                found.append((number, index))
    assert found == gone
    assert audit(store.database).broken is None


def _everything(database: str) -> bytes:
    """Return all that the database holds: its files, or its tables and what it knows of them."""
    if database.startswith("sqlite"):
        file = Path(make_url(database).database or "")
        beside = [Path(f"{file}{suffix}") for suffix in ("", "-wal", "-shm")]
        return b"".join(path.read_bytes() for path in beside if path.exists())
    with opened(database) as connection:
        query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        tables = list(connection.execute(text(query)).scalars())
        rows = [connection.execute(text(f"SELECT * FROM {table}")).all() for table in tables]
        known = connection.execute(text("SELECT most_common_vals::text FROM pg_stats")).all()
        files = b""
        for table in tables:
            path = connection.execute(text(f"SELECT pg_relation_filepath('{table}')")).scalar()
            query = f"SELECT pg_read_binary_file('{path}')"
            connection.execute(text("CHECKPOINT"))
            files += bytes(connection.execute(text(query)).scalar() or b"")
        return repr((rows, known)).encode() + files


def test_what_is_erased_is_gone_from_the_database(
    invoke: Run, database: str, store: Store, serve: Callable[..., str]
) -> None:
    address = serve("--database", database)
    episode = {"form": "other", "observations": [
        {"indicator": "hegemon_seen_as_threat", "value": "yes", "coder": ANN, "note": NOTE}
    ]}  # fmt: skip
    request = urllib.request.Request(
        f"{address}/v1/classifications", json.dumps(episode).encode(),
        {"Content-Type": "application/json", "Idempotency-Key": "again"},
    )  # fmt: skip
    for _ in range(2):
        urllib.request.urlopen(request).close()
    assert ANN.encode() in _everything(database)
    with opened(database) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("ANALYZE"))
    _erase(invoke, database, "--coder", ANN, "--notes")
    _erase(invoke, database, "--coder", ANN)
    left = _everything(database)
    for gone in (ANN, NOTE, "Quiverfull", "Wexworth"):
        assert gone.encode() not in left
    assert BEN.encode() in left
    pages = [
        f"/?coder={ANN}",
        "/",
        "/classifications.csv",
        "/classifications.ndjson",
        "/v1/classifications",
    ]
    with opened(database) as connection:
        for record in connection.execute(text("SELECT id FROM classifications")).scalars():
            pages += [f"/classifications/{record}/download.{kind}" for kind in DOWNLOADS]
            pages += [f"/classifications/{record}", f"/v1/classifications/{record}"]
            pages += [f"/v1/classifications/{record}/trace", f"/v1/audit/records/{record}"]
    for page in pages:
        with urllib.request.urlopen(address + page.replace(" ", "%20")) as answer:
            shown = answer.read().decode()
        expected = ANN in page  # the search says what was searched for
        assert ("Quiverfull" in shown) <= (expected and page.startswith("/?"))
        assert "Wexworth" not in shown
    assert invoke("audit", "verify", "--database", database).returncode == 0


def test_idempotency_keys_of_the_record_are_forgotten(
    invoke: Run, database: str, store: Store
) -> None:
    _erase(invoke, database, "--coder", ANN, "--record", _ids(store)[0])
    with opened(database) as connection:
        keys = connection.execute(text("SELECT key FROM idempotency_keys ORDER BY key")).scalars()
        assert list(keys) == ["k2", "k3"]
    assert audit(store.database).broken is None


def test_anybody_can_check_the_chain_afterwards(
    invoke: Run, serve: Callable[..., str], database: str, store: Store
) -> None:
    _make_old(store, database, 2)
    _erase(invoke, database, "--coder", ANN)
    page = (ROOT / "docs" / "audit.md").read_text("utf-8")
    (lines,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    names: dict[str, Any] = {"address": serve("--database", database)}
    exec(lines, names)
    assert names["position"] == 3


def _make_old(store: Store, database: str, count: int) -> None:
    """Let the first records be what an older version has stored: hashed as they are."""
    with undefended(database) as connection:
        previous = None
        query = text("SELECT position, document FROM classifications ORDER BY position")
        for position, document in connection.execute(query).all():
            record = json.loads(document)
            old = position <= count
            row = {"position": position, "previous": previous}
            if old:
                row["digest"] = digest_of(position, previous, canonical(record))
                change = "salts = NULL, digest = :digest, previous = :previous"
            else:
                kept = text("SELECT salts FROM classifications WHERE position = :position")
                salts = load_salts(connection.execute(kept, {"position": position}).scalar())
                row["digest"] = digest_of(position, previous, canonical(seal(record, salts)))
                change = "digest = :digest, previous = :previous"
            connection.execute(
                text(f"UPDATE classifications SET {change} WHERE position = :position"), row
            )
            previous = row["digest"]
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET session_replication_role = origin"))


def test_records_of_older_versions_verify_and_replay_and_can_be_erased_from(
    invoke: Run, database: str, store: Store
) -> None:
    _make_old(store, database, 2)
    head = store.head()
    assert head is not None
    assert audit(store.database).broken is None
    assert invoke("replay", "--all", "--database", database).stdout.startswith("3 of 3")
    _erase(invoke, database, "--coder", ANN)
    one = _coders(store, 1)
    assert one[0] == one[2]
    assert one[0].startswith("erased:sha256:")
    _erase(invoke, database, "--coder", ANN)
    _erase(invoke, database, "--notes", "--record", _ids(store)[0])
    found = audit(store.database, noted=head[0].digest)
    assert (found.broken, found.erased, found.erased_of) == (None, 6, 2)
    assert invoke("replay", "--all", "--database", database).stdout.startswith("3 of 3")
    with undefended(database) as connection:
        change = "document = replace(document, 'e1', 'ex'), episode = 'ex'"
        connection.execute(text(f"UPDATE classifications SET {change} WHERE position = 1"))
    found = audit(store.database)
    assert found.broken is not None
    assert found.broken[:2] == ("altered", 1)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        # the text by another, with a salt or as if it were erased
        ("document = replace(document, 'Ben Z', 'Bet Z')", "its digest is not that"),
        ("salts = replace(salts, '\"]', 'a\"]')", "its digest is not that"),
        ("salts = NULL", "its digest is not that"),
        ("salts = '[]'", "its digest is not that"),
        ("salts = '{'", "its digest is not that"),
        ("resealed = 'sha256:1'", "its digest is not that"),
    ],
)
def test_salts_are_of_the_chain(store: Store, database: str, change: str, told: str) -> None:
    with undefended(database) as connection:
        connection.execute(text(f"UPDATE classifications SET {change} WHERE position = 2"))
    found = audit(store.database)
    assert found.broken is not None
    assert found.broken[:2] == ("altered", 2)
    assert told in found.broken.detail
    assert store.page({}, 10).damaged != []


def test_an_erasure_without_an_event_is_found(store: Store, database: str) -> None:
    erase(store.database, Wanted(_ids(store)[0], ANN), "me", "so")
    with undefended(database) as connection:
        connection.execute(text("DELETE FROM audit_events WHERE kind = 'record-erased'"))
    broken = audit(store.database).broken
    assert broken is not None
    assert "was erased, and no event says by whom" in broken.detail


def test_what_was_erased_and_is_there_again_is_found(store: Store, database: str) -> None:
    query = text("SELECT document, salts FROM classifications WHERE position = 1")
    with opened(database) as connection:
        before = connection.execute(query).one()
    erase(store.database, Wanted(_ids(store)[0], ANN), "me", "so")
    with undefended(database) as connection:
        change = "UPDATE classifications SET document = :d, salts = :s WHERE position = 1"
        connection.execute(text(change), {"d": before.document, "s": before.salts})
        connection.execute(text("DELETE FROM classification_coders WHERE position = 1"))
        for coder in (ANN, BEN):
            connection.execute(
                text("INSERT INTO classification_coders VALUES (:c, 1)"), {"c": coder}
            )
    broken = audit(store.database).broken
    assert broken is not None
    assert "was erased, and is not what was left of it" in broken.detail


def test_the_database_refuses_changes_afterwards(store: Store, database: str) -> None:
    erase(store.database, Wanted(None, ANN), "me", "so")
    for table in ("classifications", "classification_coders", "audit_events"):
        with pytest.raises(DBAPIError, match="kept as they are"), opened(database) as connection:
            connection.execute(text(f"DELETE FROM {table}"))


def test_nothing_is_erased_from_a_damaged_record(store: Store, database: str, invoke: Run) -> None:
    with undefended(database) as connection:
        change = "document = replace(document, '\"no\"', '\"yes\"')"
        connection.execute(text(f"UPDATE classifications SET {change} WHERE position = 2"))
    with pytest.raises(DamagedRecord):
        erase(store.database, Wanted(_ids_of_all(database)[1], ANN), "me", "so")
    done = invoke("audit", "erase", "--coder", ANN, *WHY, "--database", database)
    assert done.returncode == 2
    assert "nothing is erased from what is not what was stored" in done.stderr


def _ids_of_all(database: str) -> list[str]:
    with opened(database) as connection:
        query = text("SELECT id FROM classifications ORDER BY position")
        return list(connection.execute(query).scalars())


def test_a_text_that_looks_like_a_seal_is_sealed(
    store: Store, classifiers: dict[str, Classifier]
) -> None:
    seal = f"erased:sha256:{'0' * 64}"
    episode: Episode = {
        "form": "other", "hegemon": "USA", "id": "odd",
        "observations": [{"indicator": "hegemon_seen_as_threat", "value": "yes", "coder": seal}],
    }  # fmt: skip
    store.add(classify(classifiers["paul-2004"], episode, "trace"))
    found = audit(store.database)
    assert (found.broken, found.erased) == (None, 0)
    assert erase(store.database, Wanted(None, seal), "me", "so") == (1, 1)
    assert audit(store.database).broken is None


def test_usage(invoke: Run, database: str, store: Store) -> None:
    def refused(*options: object) -> str:
        done = invoke("audit", "erase", *options, "--database", database)
        assert done.returncode == 2
        return done.stderr

    assert "name the coder by --coder" in refused(*WHY)
    assert "name the coder by --coder" in refused("--record", "x", *WHY)
    assert "name that by --record" in refused("--coder", "x", "--observation", 1, *WHY)
    assert "there is no record 'x'" in refused("--record", "x", "--notes", *WHY)
    assert "leave the coder's name out" in refused("--coder", "x", "--by", "x", "--reason", "y")
    assert "--reason" in refused("--coder", "x", "--by", "y")


def test_a_busy_file_is_told_and_purged_later(invoke: Run, tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/store.db"
    store = Store(database)
    store.create()
    with opened(database) as connection:
        connection.exec_driver_sql("BEGIN")
        connection.exec_driver_sql("SELECT count(*) FROM classifications").all()
        done = invoke("audit", "purge", "--database", database)
        connection.exec_driver_sql("ROLLBACK")
    assert done.returncode == 2
    assert invoke("audit", "purge", "--database", database).returncode == 0
    store.close()


def test_the_salts_are_told(
    application: Callable[[Settings], Flask], database: str, store: Store
) -> None:
    client = application(Settings(database=database)).test_client()
    record = _ids(store)[0]
    told = client.get(f"/v1/audit/records/{record}").get_json()
    assert (told["position"], told["previous"], told["resealed"]) == (1, None, None)
    assert len(told["salts"]) == 5
    assert client.get("/v1/audit/records/none").status_code == 404
    erase(store.database, Wanted(record, ANN), "me", "so")
    assert len(client.get(f"/v1/audit/records/{record}").get_json()["salts"]) == 3
