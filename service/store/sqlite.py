"""Connections to a store in SQLite."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from softbalance.service.store.deadlines import Deadlines
from softbalance.service.store.failures import StoreAway
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, DisconnectionError

#: After how many steps of its machine SQLite looks whether time is up: about a millisecond.
_STEPS = 100_000
#: Milliseconds by which a connection may wait longer or shorter than it should.
_NEAR = 50


class Sqlite:
    """A file, and the pool of connections to it. Raises StoreAway where there would be no file."""

    def __init__(self, url: URL, deadlines: Deadlines, longest: float) -> None:
        """Make the pool; what has no deadline waits for others for the longest, in seconds."""
        if not url.database or url.database == ":memory:":
            raise StoreAway("a store in memory keeps nothing; name a file: sqlite:///FILE")
        self.file: Path = Path(url.database)
        self.engine = _make_engine(url, self.file, deadlines, longest)

    def limit(self, connection: Connection) -> None:
        """Do nothing: what is asked ends with the deadline."""

    def lock(self, connection: Connection, idle: float | None) -> None:
        """Begin a transaction when nobody else writes."""
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    def purge(self, connection: Connection) -> None:
        """Write the file anew, and empty the one beside it; what was cut off is left to the disk.

        Raises StoreAway while somebody reads what there was before.
        """
        connection.exec_driver_sql("VACUUM")
        busy = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()[0]
        if busy:
            raise StoreAway(f"others read the store {self.file} all the time")

    def answers(self) -> bool:
        """Return True: a file has nobody who could be silent."""
        return True

    def is_refusal(self, error: DBAPIError) -> bool:
        """Return True: what failed is undone."""
        return True


def _make_engine(url: URL, file: Path, deadlines: Deadlines, longest: float) -> Engine:
    synchronous = _synchronous(url)

    def connect() -> sqlite3.Connection:
        # `rw` makes no file: a store that was taken away is away, and not a new and empty one
        connection = sqlite3.connect(
            f"file:{quote(str(file))}?mode=rw",
            uri=True,
            timeout=min(longest, deadlines.left),
            isolation_level=None,
            check_same_thread=False,
        )
        # WAL lets readers and a writer work side by side
        for pragma in (
            "journal_mode=WAL",
            f"synchronous={synchronous}",
            "wal_autocheckpoint=4000",
            "foreign_keys=ON",
            # what is deleted is overwritten
            "secure_delete=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")
        connection.set_progress_handler(lambda: deadlines.left <= 0, _STEPS)
        return connection

    engine = create_engine(url.set(query={}), creator=connect, max_overflow=-1)

    @event.listens_for(engine, "connect")
    def remember(_: Any, record: Any) -> None:
        record.info["file"], record.info["wait"] = _identity(file), -_NEAR

    @event.listens_for(engine, "checkout")
    def check_file(connection: Any, record: Any, _: Any) -> None:
        # an open file lives on when its name is gone, and what is written to it then is lost
        if record.info["file"] != _identity(file):
            raise DisconnectionError
        wait = int(min(longest, deadlines.left) * 1000)
        if abs(wait - record.info["wait"]) >= _NEAR:
            connection.execute(f"PRAGMA busy_timeout={wait}")
            record.info["wait"] = wait

    return engine


def close_to_others(file: Path) -> None:
    """Let nobody but its owner read a store that was made with other permissions.

    What SQLite makes beside it later gets the permissions of the file.
    """
    for path in (file, Path(f"{file}-wal"), Path(f"{file}-shm")):
        with suppress(FileNotFoundError, PermissionError):  # it may be another's, shared with us
            mode = stat.S_IMODE(path.stat().st_mode)
            if mode & 0o077:
                path.chmod(mode & 0o700)


def _synchronous(url: URL) -> str:
    """Return when SQLite waits for the disk: FULL at each commit, NORMAL when it tidies up.

    Both keep what was acknowledged when processes are killed. With NORMAL a power cut may cost the
    last moments.
    """
    asked = dict(url.query)
    synchronous = str(asked.pop("synchronous", "full")).upper()
    if asked or synchronous not in ("FULL", "NORMAL"):
        raise StoreAway(
            f"the store {url} asks for what there is not; `?synchronous=normal` is all that can be "
            "asked of SQLite"
        )
    return synchronous


def _identity(file: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_dev, found.st_ino
