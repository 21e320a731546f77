"""`softbalance serve --check` says whether the service could run, and changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from softbalance.service.store import Store
from sqlalchemy import text

from reloads import Run, break_rule
from stores import opened
from written_rulebooks import VARIANT, book


def test_a_new_store_is_not_made(run: Run, tmp_path: Path) -> None:
    done = run("serve", "--check")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "settings: 127.0.0.1, port 8000, keys are not asked for"
    assert [line.split()[1] for line in lines[1:-1]] == [
        "brooks-wohlforth-2004", "brooks-wohlforth-2004-walt", "paul-2004",
    ]  # fmt: skip
    assert lines[-1] == "store: sqlite:///softbalance.db is new and will be made"
    assert list(tmp_path.iterdir()) == []


def test_a_store(run: Run, database: str) -> None:
    store = Store(database)
    store.create()
    store.close()
    done = run("serve", "--check", "--database", database)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].endswith("can be used")
    with opened(database) as connection:
        assert connection.execute(text("SELECT count(*) FROM classifications")).scalar() == 0
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    done = run("serve", "--check", "--database", database)
    assert done.returncode == 2
    assert "9999" in done.stderr


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--host", "0.0.0.0", "--auth", "none"), "without keys, anybody who reaches 0.0.0.0"),
        (("--database", "mysql://x/y"), "is neither SQLite nor PostgreSQL"),
        (("--secret", "short"), "secret cannot be used"),
    ],
)
def test_what_cannot_work(run: Run, options: tuple[str, ...], told: str) -> None:
    done = run("serve", "--check", *options)
    assert done.returncode == 2
    assert told in done.stderr


def test_rulebooks_that_do_not_load(run: Run, tmp_path: Path) -> None:
    book(tmp_path / "books", VARIANT)
    assert run("serve", "--check", "--rulebooks", tmp_path / "books").returncode == 0
    break_rule(tmp_path / "books")
    done = run("serve", "--check", "--rulebooks", tmp_path / "books")
    assert done.returncode == 2
    assert "unknown fact 'hegemon_seen_as_thread'" in done.stderr
