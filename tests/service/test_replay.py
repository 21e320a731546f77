"""Stored classifications, decided again: after a restart, a new version, a forgery."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from softbalance.rules.classifier import Classifier
from softbalance.rules.language.archive import dump_rulebook, restore_rulebook
from softbalance.rules.language.building import digest
from softbalance.rules.language.loader import Library, load_library
from softbalance.schemas.grammar import CLASSIFICATION
from softbalance.service.settings import Settings
from sqlalchemy import text

from drawn_episodes import random_codings
from stores import forge, undefended
from written_rulebooks import VARIANT, book

Application = Callable[[Settings], Flask]
Run = Callable[..., subprocess.CompletedProcess[str]]
POST = "/v1/classifications"
WHOLE = VARIANT.replace(
    "hegemon_seen_as_threat: yes",
    "aimed_at_hegemon_power: yes\n        - persists_without_concentration: no\n"
    "        - hegemon_seen_as_threat: yes",
)
EPISODE = {"form": "other", "indicators": {"aimed_at_hegemon_power": "no"}}


def _settings(folder: Path, database: str) -> Settings:
    return Settings(database=database, rulebooks=(folder / "book",))


@pytest.mark.parametrize("rulebook", ["brooks-wohlforth-2004-walt", "paul-2004"])
def test_a_rulebook_comes_back_from_the_archive_whole(library: Library, rulebook: str) -> None:
    kept = library[rulebook]
    back = restore_rulebook(kept.digest, dump_rulebook(kept))
    assert back.digest == kept.digest
    assert list(back.rules) == list(kept.rules)
    assert back.facts == kept.facts


def test_what_was_kept_without_optional_keys_decides_alike(library: Library) -> None:
    """The shipped documents once lacked them, and records were decided by these."""
    for rulebook in library.rulebooks.values():
        content = json.loads(dump_rulebook(rulebook))
        for verdict_class in content["codebook"]["classes"]:
            verdict_class.pop("predicate", None)
        facts = [fact for document in content["rulebooks"] for fact in document.get("facts", ())]
        for fact in facts:
            if fact["id"] == CLASSIFICATION:
                del fact["undecided"]
        old = restore_rulebook(digest(content), json.dumps(content))
        assert old.digest != rulebook.digest
        assert list(old.rules) == list(rulebook.rules)
        before, now = Classifier(old), Classifier(rulebook)
        for coding in random_codings(50, seed=3):
            was = before.verdict(before.decider.decide(*coding))
            assert was == now.verdict(now.decider.decide(*coding))


def test_another_content_is_refused(library: Library) -> None:
    walt, paul = library["brooks-wohlforth-2004-walt"], library["paul-2004"]
    with pytest.raises(ValueError, match="is that of sha256:"):
        restore_rulebook(walt.digest, dump_rulebook(paul))


def test_a_record_is_repeated(tmp_path: Path, database: str, application: Application) -> None:
    book(tmp_path, WHOLE)
    client = application(_settings(tmp_path, database)).test_client()
    record = client.post(f"{POST}?rulebook=my-variant", json=EPISODE).get_json()
    answer = client.post(f"{POST}/{record['id']}/replay")
    assert answer.get_json() == {"identical": True, "differences": []}


def test_a_record_outlives_its_rulebook_on_disk(
    tmp_path: Path, database: str, application: Application
) -> None:
    book(tmp_path, WHOLE)
    client = application(_settings(tmp_path, database)).test_client()
    record = client.post(f"{POST}?rulebook=my-variant", json=EPISODE).get_json()
    book(tmp_path, WHOLE.replace("A threat is enough.", "Another reason."))
    later = application(_settings(tmp_path, database)).test_client()
    assert load_library([tmp_path / "book"])["my-variant"].digest != record["rulebook"]["digest"]
    answer = later.post(f"{POST}/{record['id']}/replay")
    assert answer.get_json() == {"identical": True, "differences": []}
    full = later.get(f"{POST}/{record['id']}?detail=full").get_json()
    assert full["rulebook"] == record["rulebook"]
    assert full["trace"] == record["trace"]
    assert full["flips"]["size"] == 1


def test_differences_are_told_by_field(
    tmp_path: Path, database: str, application: Application
) -> None:
    book(tmp_path, WHOLE)
    client = application(_settings(tmp_path, database)).test_client()
    record = client.post(POST, json=EPISODE).get_json()

    def change(document: dict[str, Any]) -> None:
        document["tests"]["systemic_link"] = "met"
        document["notes"] = []

    forge(database, change)
    answer = client.post(f"{POST}/{record['id']}/replay").get_json()
    assert answer == {
        "identical": False,
        "differences": [
            {"pointer": "/tests/systemic_link", "stored": "met", "replayed": "failed"},
            {"pointer": "/notes", "stored": [], "replayed": ["scope_not_coded"]},
        ],
    }


def test_a_rulebook_that_is_not_kept(
    tmp_path: Path, database: str, application: Application
) -> None:
    book(tmp_path, WHOLE)
    client = application(_settings(tmp_path, database)).test_client()
    record = client.post(POST, json=EPISODE).get_json()
    forge(database, lambda document: document["rulebook"].update(digest="sha256:" + "0" * 64))
    answer = client.post(f"{POST}/{record['id']}/replay")
    assert answer.status_code == 409
    assert "is kept in this store" in answer.get_json()["detail"]
    assert client.post(f"{POST}/none/replay").status_code == 404


def test_the_whole_store_on_the_command_line(invoke: Run, database: str) -> None:
    assert invoke("cases", "--load", "--database", database).returncode == 0
    done = invoke("replay", "--all", "--database", database)
    assert done.returncode == 0
    assert done.stdout == "11 of 11 records come out as stored.\n"


def test_a_difference_on_the_command_line(
    invoke: Run, tmp_path: Path, database: str, application: Application
) -> None:
    book(tmp_path, WHOLE)
    client = application(_settings(tmp_path, database)).test_client()
    record = client.post(POST, json=EPISODE).get_json()["id"]
    forge(database, lambda document: document.update(classification="mixed"))
    done = invoke("replay", record, "--database", database)
    assert done.returncode == 3
    assert done.stdout.splitlines() == [
        f"{record} /classification: 'mixed' was stored, 'politics_as_usual' comes out",
        "0 of 1 records come out as stored.",
    ]


@pytest.mark.parametrize("arguments", [(), ("--all", "x"), ("none",)])
def test_usage(invoke: Run, arguments: tuple[str, ...]) -> None:
    done = invoke("replay", *arguments)
    assert done.returncode == 2
    assert "softbalance:" in done.stderr


def test_a_damaged_record_is_told(invoke: Run, database: str, application: Application) -> None:
    client = application(Settings(database=database)).test_client()
    records = [client.post(POST, json=EPISODE).get_json()["id"] for _ in range(2)]
    with undefended(database) as connection:
        connection.execute(text("UPDATE classifications SET document = '{}' WHERE position = 1"))
    for chosen, count in (("--all", 2), (records[0], 1)):
        done = invoke("replay", chosen, "--database", database)
        assert done.returncode == 3
        assert done.stdout.splitlines() == [
            f"{records[0]} is not what was stored: `softbalance audit verify` tells more",
            f"{count - 1} of {count} records come out as stored.",
        ]


def test_a_rulebook_that_only_the_store_knows_can_be_listed(
    tmp_path: Path, database: str, application: Application
) -> None:
    book(tmp_path, WHOLE)
    client = application(_settings(tmp_path, database)).test_client()
    record = client.post(f"{POST}?rulebook=my-variant", json=EPISODE).get_json()["id"]
    later = application(Settings(database=database)).test_client()
    listed = later.get(f"{POST}?rulebook=my-variant").get_json()["items"]
    assert [item["id"] for item in listed] == [record]
    answer = later.get(f"{POST}?rulebook=my-varient")
    assert answer.status_code == 422
    assert "did you mean 'my-variant'?" in answer.get_json()["detail"]
