"""Signed checkpoints: they show what nobody would notice in the store itself."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from softbalance.rules.classifier import Classifier
from softbalance.schemas.episode import Episode
from softbalance.service.classifiers import classify
from softbalance.service.settings import Settings, UnusableSetting
from softbalance.service.store import Claim, Store

from stamping import receiving, stamping
from stores import opened, undefended

Run = Callable[..., subprocess.CompletedProcess[str]]
Serve = Callable[..., str]


class Chains:
    """A store with checkpoints of it, and the commands that make and check them."""

    def __init__(self, invoke: Run, database: str, folder: Path, classifier: Classifier) -> None:
        self._run, self._database, self._classifier = invoke, database, classifier
        self.folder, self.file = folder, folder / "checkpoints.jsonl"
        self.key, self.public = self.make_key("signing")

    def make_key(self, name: str) -> tuple[Path, Path]:
        key, public = self.folder / f"{name}.key", self.folder / f"{name}.pub"
        public.write_text(self.ok("audit", "new-key", key))
        return key, public

    def ok(self, *arguments: object) -> str:
        done = self._run(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def add(self, *episodes: str) -> None:
        store = Store(self._database)
        store.create()
        for name in episodes:
            episode: Episode = {"id": name, "form": "other", "hegemon": "USA"}
            answer = classify(self._classifier, episode, "trace")
            store.add(answer, Claim("", f"key of {name}", name))
        store.close()

    def checkpoint(self, key: Path | None = None, *options: object) -> dict[str, Any]:
        told = self.ok(
            "audit", "checkpoint", "--key", key or self.key, "--file", self.file,
            "--database", self._database, *options,
        )  # fmt: skip
        document: dict[str, Any] = json.loads(told)
        return document

    def verify(self, *options: object) -> tuple[int, str]:
        given = options or ("--public-key", self.public)
        done = self._run(
            "audit", "verify", "--database", self._database, "--checkpoint", self.file, *given
        )
        return done.returncode, done.stdout + done.stderr

    def verify_alone(self) -> int:
        return self._run("audit", "verify", "--database", self._database).returncode


@pytest.fixture
def chains(
    invoke: Run, database: str, tmp_path: Path, classifiers: dict[str, Classifier]
) -> Chains:
    made = Chains(invoke, database, tmp_path, classifiers["paul-2004"])
    made.add("one", "two", "three")
    return made


@pytest.fixture
def _settings_of_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOFTBALANCE_CHECKPOINT_KEY", str(tmp_path / "signing.key"))


def test_a_checkpoint_is_verified_offline_by_the_public_key_alone(chains: Chains) -> None:
    made = chains.checkpoint()
    assert (made["records"]["position"], made["events"]["position"]) == (3, 3)
    chains.add("four")
    chains.checkpoint()
    chains.key.unlink()
    status, told = chains.verify()
    assert status == 0, told
    assert "4 records are what was stored" in told
    assert "2 checkpoints are in the chains; the newest is of 20" in told


def test_anybody_can_check_its_signature(chains: Chains) -> None:
    made = chains.checkpoint()
    signature = base64.b64decode(made.pop("signature"))
    key: Any = load_pem_public_key(chains.public.read_bytes())
    key.verify(signature, rfc8785.dumps(made))


def _cut(chains: Chains, database: str) -> None:
    with undefended(database) as connection:
        for table in ("idempotency_keys", "classifications"):
            connection.exec_driver_sql(f"DELETE FROM {table} WHERE position = 3")
        connection.exec_driver_sql("DELETE FROM audit_events WHERE position = 3")


def test_a_cut_tail_is_found_and_nobody_noted_the_head(chains: Chains, database: str) -> None:
    chains.checkpoint()
    _cut(chains, database)
    assert chains.verify_alone() == 0
    status, told = chains.verify()
    assert status == 3
    assert "the record at position 3 was removed: the checkpoint of 20" in told
    assert "its end was cut off, or an older copy stands in its place" in told


def test_a_rollback_is_found_also_when_it_grew_since(chains: Chains, database: str) -> None:
    chains.checkpoint()
    _cut(chains, database)
    chains.add("another")
    assert chains.verify_alone() == 0
    status, told = chains.verify()
    assert status == 3
    assert "the record at position 3 was altered: the checkpoint of 20" in told


def test_an_older_copy_of_the_file_is_found(
    invoke: Run, tmp_path: Path, classifiers: dict[str, Classifier]
) -> None:
    file = tmp_path / "softbalance.db"
    chains = Chains(invoke, f"sqlite:///{file}", tmp_path, classifiers["paul-2004"])
    chains.add("one", "two")
    shutil.copy(file, tmp_path / "older.db")
    chains.add("three")
    chains.checkpoint()
    for suffix in ("-wal", "-shm"):
        Path(f"{file}{suffix}").unlink(missing_ok=True)
    shutil.copy(tmp_path / "older.db", file)
    assert chains.verify_alone() == 0
    status, told = chains.verify()
    assert (status, "an older copy stands in its place" in told) == (3, True)


def test_a_chain_made_anew_is_found(chains: Chains, database: str) -> None:
    chains.checkpoint()
    with undefended(database) as connection:
        for table in ("idempotency_keys", "classifications", "audit_events"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
    chains.add("forged", "two", "three", "four")
    assert chains.verify_alone() == 0
    status, told = chains.verify()
    assert status == 3
    assert "the record at position 3 was altered" in told
    assert "the chain was made anew, or another store stands in its place" in told


def test_events_that_were_made_anew_are_found_too(chains: Chains, database: str) -> None:
    chains.checkpoint()
    with undefended(database) as connection:
        for table in ("idempotency_keys", "audit_events"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
    assert chains.verify_alone() == 0
    status, told = chains.verify()
    assert status == 3
    assert "the event at position 3 was removed" in told


def test_a_key_is_exchanged(chains: Chains) -> None:
    chains.checkpoint()
    key, public = chains.make_key("next")
    chains.add("four")
    chains.checkpoint(key)
    chains.key.unlink()
    key.unlink()
    status, told = chains.verify("--public-key", chains.public, "--public-key", public)
    assert (status, "2 checkpoints are in the chains" in told) == (0, True), told
    for one, line in ((chains.public, 2), (public, 1)):
        status, told = chains.verify("--public-key", one)
        assert status == 3
        assert f"line {line} of {chains.file} is signed by none of the keys given" in told


@pytest.mark.usefixtures("_settings_of_commands")
def test_where_the_private_key_is_at_hand_it_need_not_be_named(chains: Chains, invoke: Run) -> None:
    chains.checkpoint()
    assert chains.ok("audit", "public-key", chains.key) == chains.public.read_text()
    done = invoke("audit", "verify", "--checkpoint", chains.file, "--database", chains._database)
    assert done.returncode == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda line: line.replace('"position":3', '"position":2', 1),
        lambda line: line.replace('"at":"2', '"at":"1'),
        lambda line: line.replace('"signature":"', '"signature":"A'),
        lambda line: line.replace('"checkpoint":1', '"checkpoint":2'),
        lambda line: line[:100],
        lambda line: "[]",
        lambda line: "null",
        lambda line: line.replace('"position":3', '"position":-3', 1),
    ],
)
def test_a_changed_checkpoint_is_told(chains: Chains, change: Callable[[str], str]) -> None:
    chains.checkpoint()
    chains.file.write_text(change(chains.file.read_text()))
    status, told = chains.verify()
    assert status == 3
    assert told.startswith(f"line 1 of {chains.file} is")


def test_no_checkpoints_are_not_taken_for_good_ones(chains: Chains) -> None:
    assert chains.verify()[0] == 2
    chains.file.write_text("\n")
    status, told = chains.verify()
    assert (status, "holds no checkpoint" in told) == (2, True)


def test_the_key_is_for_its_owner_only(chains: Chains, invoke: Run) -> None:
    assert chains.key.stat().st_mode & 0o777 == 0o600
    assert "is there already" in invoke("audit", "new-key", chains.key).stderr
    chains.key.chmod(0o640)
    done = invoke("audit", "checkpoint", "--key", chains.key, "--database", chains._database)
    assert done.returncode == 2
    assert f"chmod 600 {chains.key}" in done.stderr
    options = ("--checkpoint-key", chains.key, "--checkpoint-file", chains.file)
    done = invoke("serve", "--port", 0, *options, "--database", chains._database)
    assert (done.returncode, "chmod 600" in done.stderr) == (2, True)
    for wrong in (chains.public, chains.folder / "none"):
        assert invoke("audit", "public-key", wrong).returncode == 2
    assert "make a key by" in invoke("audit", "checkpoint").stderr


def test_a_line_that_was_cut_by_a_full_disk_does_not_spoil_the_next(chains: Chains) -> None:
    chains.checkpoint()
    chains.file.write_text(chains.file.read_text()[:-20])
    chains.checkpoint()
    lines = chains.file.read_text().splitlines()
    assert len(lines) == 2
    assert json.loads(lines[1])["signature"]


def test_a_webhook(chains: Chains, invoke: Run) -> None:
    with receiving() as server:
        made = chains.checkpoint(None, "--webhook", server.url)
        ((kind, body),) = server.received
        assert (kind, json.loads(body)) == ("application/json", made)
        for status, told in ((500, "answered 500"), (302, "answered 302")):
            server.status = status
            options = ("--key", chains.key, "--webhook", server.url)
            done = invoke("audit", "checkpoint", *options, "--database", chains._database)
            assert done.returncode == 3
            assert told in done.stderr
    done = invoke("audit", "checkpoint", *options, "--database", chains._database)
    assert (done.returncode, "cannot be reached" in done.stderr) == (3, True)


def test_time_stamps(chains: Chains, tmp_path: Path, invoke: Run) -> None:
    with stamping(tmp_path / "tsa") as authority, stamping(tmp_path / "other") as other:
        made = chains.checkpoint(None, "--tsa", authority.url)
        assert made["timestamp"]
        trusted = ("--public-key", chains.public, "--tsa-root", authority.root)
        status, told = chains.verify(*trusted)
        assert (status, "1 of 1 have a time stamp" in told) == (0, True), told
        status, told = chains.verify("--public-key", chains.public, "--tsa-root", other.root)
        assert (status, "is not to be trusted" in told) == (3, True)
        chains.add("four")
        later = chains.checkpoint(None, "--tsa", authority.url)
        lines = [made, {**later, "timestamp": made["timestamp"]}]
        chains.file.write_text("".join(json.dumps(line) + "\n" for line in lines))
        status, told = chains.verify(*trusted)
        assert (status, "(line 2 of " in told) == (3, True)
    options = ("--key", chains.key, "--file", chains.file, "--tsa", authority.url)
    done = invoke("audit", "checkpoint", *options, "--database", chains._database)
    assert done.returncode == 3
    assert "cannot be reached" in done.stderr
    assert "timestamp" not in json.loads(chains.file.read_text().splitlines()[-1])


def test_an_authority_that_stamps_nothing(chains: Chains, invoke: Run) -> None:
    with receiving() as server:
        server.status = 200
        options = ("--key", chains.key, "--tsa", server.url, "--file", chains.file)
        done = invoke("audit", "checkpoint", *options, "--database", chains._database)
    assert done.returncode == 3
    assert "answered with no time stamp" in done.stderr


def test_the_service_writes_them_on_a_schedule(chains: Chains, serve: Serve) -> None:
    with receiving() as server:
        serve(
            "--database", chains._database, "--workers", 2, "--checkpoint-interval", 2,
            "--checkpoint-key", chains.key, "--checkpoint-file", chains.file,
            "--checkpoint-webhook", server.url,
        )  # fmt: skip
        deadline = time.monotonic() + 60
        while len(server.received) < 3 and time.monotonic() < deadline:
            time.sleep(0.1)
    assert len(server.received) >= 3
    status, told = chains.verify()
    assert status == 0, told
    lines = [json.loads(line) for line in chains.file.read_text().splitlines()]
    # one worker writes them, not each
    assert len({line["at"] for line in lines}) == len(lines)


def test_settings() -> None:
    for given, told in (
        ({"CHECKPOINT_FILE": "x"}, "make a key by `softbalance audit new-key FILE`"),
        ({"CHECKPOINT_KEY": "k", "CHECKPOINT_TSA": "https://t.example"}, "written nowhere"),
        ({"CHECKPOINT_KEY": "k", "CHECKPOINT_WEBHOOK": "file:///x"}, "no address to post to"),
    ):
        with pytest.raises(UnusableSetting, match=told):
            Settings.from_environment({f"SOFTBALANCE_{key}": v for key, v in given.items()})


def test_a_kept_checkpoint_of_an_empty_store(invoke: Run, database: str, tmp_path: Path) -> None:
    store = Store(database)
    store.create()
    store.close()
    key = tmp_path / "key"
    assert invoke("audit", "new-key", key).returncode == 0
    done = invoke("audit", "checkpoint", "--key", key, "--database", database)
    assert json.loads(done.stdout)["records"] == {"digest": None, "position": 0}
    with opened(database) as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM audit_events").scalar() == 0
