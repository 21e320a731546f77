"""Outputs kept as files, to be compared to the letter.

`GOLDEN=write pytest …` writes them anew; read the difference before it is committed.
"""

from __future__ import annotations

import os

from places import TESTS

GOLDEN = TESTS / "golden"
WRITING = os.environ.get("GOLDEN") == "write"


def assert_golden(name: str, got: str) -> None:
    """Compare a text with the file of that name, line ends included."""
    path = GOLDEN / name
    if WRITING:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(got.encode())
    assert got == path.read_bytes().decode()
