"""Workers are replaced one by one and all at once, at the same time: nobody waits or guesses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from loads import Poll, SlowBatch
from reloads import EPISODE, POST, Run, Serve, await_workers, call, digest_in, post, reloaded
from written_rulebooks import VARIANT, book

#: Seconds in which an answer comes even on a machine that others load; a fault takes a minute.
SOON = 15
WORKERS, RELOADS = 2, 3


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of rulebooks with one in it, for a service to load."""
    book(tmp_path / "books", VARIANT)
    return tmp_path / "books"


def test_rulebooks_are_loaded_again_while_workers_are_recycled(
    serve: Serve, run: Run, folder: Path, tmp_path: Path
) -> None:
    address = serve("--rulebooks", folder, "--workers", WORKERS, "--max-requests", 20)
    log = tmp_path / "server.log"
    with Poll(address, "/healthz", "/v1/codebook") as poll:
        for number in range(RELOADS):
            book(folder, VARIANT.replace("A threat is enough.", f"A threat suffices, {number}."))
            done = reloaded(run, address)
            assert done.returncode == 0, done.stderr
            due = log.read_text("utf-8").count("due to be replaced")
            while log.read_text("utf-8").count("due to be replaced") == due:
                assert post(address)[1] == digest_in(folder)
            assert {post(address)[1] for _ in range(8)} == {digest_in(folder)}
    assert poll.failed == []
    assert poll.longest < SOON
    await_workers(tmp_path, WORKERS)
    assert post(address)[1] == digest_in(folder)
    assert "Traceback" not in log.read_text("utf-8")


def test_a_batch_that_outlasts_a_reload_says_where_it_ended(
    serve: Serve, run: Run, folder: Path, tmp_path: Path
) -> None:
    address = serve("--rulebooks", folder, "--workers", 1, "--grace", 1)
    with SlowBatch(address) as batch:
        batch.send(1500)
        answer = batch.answer()
        first = answer.readline()
        assert reloaded(run, address).returncode == 0
        batch.trickle()
        lines = [json.loads(line) for line in (first, *answer)]
    assert lines[-1]["error"]["type"] == "urn:softbalance:problem:service-stopping"
    assert [line["line"] for line in lines] == [*range(1, len(lines) + 1)]
    assert all("classification" in line for line in lines[:-1])
    await_workers(tmp_path, 1)


def test_a_verification_is_of_the_cases_that_were_loaded_last(
    serve: Serve, run: Run, folder: Path
) -> None:
    cases = folder / "book" / "cases"
    cases.mkdir()
    (cases / "one.json").write_text(EPISODE, "utf-8")

    def expect(classification: str) -> None:
        text = f"one: {{origin: draft, classification: {classification}}}\n"
        (cases / "expected.yaml").write_text(text, "utf-8")

    def check(address: str) -> Any:
        told = call(address, "/v1/rulebooks/my-variant")
        (found,) = [c for c in told["verification"]["checks"] if c["check"] == "cases"]
        return told["digest"], found["ok"]

    expect("unheard_of")
    address = serve("--rulebooks", folder)
    digest = digest_in(folder)
    assert check(address) == (digest, False)
    expect(call(address, POST, EPISODE)["classification"])
    assert reloaded(run, address).returncode == 0
    assert check(address) == (digest, True)
