"""A store in SQLite is readable by its owner only, with all that lies beside it."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from softbalance.service.settings import Settings


def _modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.glob("store.db*")}


@pytest.mark.parametrize("before", [None, 0o644, 0o664, 0o600])
def test_only_the_owner_reads_it(
    application: Callable[[Settings], Flask], tmp_path: Path, before: int | None
) -> None:
    file = tmp_path / "store.db"
    if before is not None:
        file.touch()
        file.chmod(before)
    client = application(Settings(database=f"sqlite:///{file}")).test_client()
    assert client.post("/v1/classifications", json={"form": "other"}).status_code == 201
    assert _modes(tmp_path) == dict.fromkeys(("store.db", "store.db-wal", "store.db-shm"), 0o600)
