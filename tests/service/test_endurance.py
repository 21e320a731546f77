"""Short runs of what `benchmarks` does for minutes: load of all kinds, and faults under load."""

from __future__ import annotations

import subprocess
import sys

from places import ROOT


def _ran(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_mixed_load_breaks_nothing() -> None:
    told = _ran("benchmarks.soak", "--seconds", "4", "--clients", "8")
    assert "answers 5xx: 0; other than they should be: 0" in told
    assert "lost: 0" in told
    for kind in ("post", "read", "bad", "batch"):
        assert f"\n{kind} " in told


def test_what_is_acknowledged_survives_faults() -> None:
    told = _ran("benchmarks.faults", "worker", "database", "clock", "--seconds", "2")
    assert told.count("of these not stored: 0") == 3
    assert told.count("stored twice: 0") == 3


def test_an_edited_rulebook_decides_nothing_unasked() -> None:
    told = _ran("benchmarks.faults", "rulebook", "--seconds", "2")
    assert "of these not stored: 0" in told
    assert "by a rulebook never loaded or not kept: 0" in told


def test_a_full_disk_loses_nothing() -> None:
    told = _ran("benchmarks.faults", "disk", "--seconds", "2")
    assert "disk full, then not" in told or "to mount a file system takes root" in told
