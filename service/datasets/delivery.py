"""Finished files to their places, all of them or none."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from softbalance.service.datasets.outputs import blame, follow_links, workspace
from softbalance.service.datasets.reading.defects import UnusableDataset
from softbalance.service.datasets.reading.streams import is_stream, open_to_write


def deliver(*places: tuple[Path | None, Path | None]) -> None:
    """Put finished files in their places: all of them, or else none.

    Of each the finished file, None if there is none and an older one has to go; and its place, None
    for standard output. A link stays, and what it leads to is replaced. Streams come last, since
    what is written to them cannot be taken back. Raises UnusableDataset and BrokenPipeError.
    """
    streams = [(new, to) for new, to in places if to is None or is_stream(to)]
    with contextlib.ExitStack() as stack:
        moves = [_Replacement(new, to, stack) for new, to in places if to and not is_stream(to)]
        try:
            for move in moves:
                move.make()
            for new, to in streams:
                if new:
                    _pour(new, to)
        except BaseException:
            for move in reversed(moves):
                move.undo()
            raise


class _Replacement:
    """A file on the disk that waits beside its place; until it is made, nothing is changed."""

    def __init__(self, finished: Path | None, path: Path, stack: contextlib.ExitStack) -> None:
        self._path, self._target = path, follow_links(path)
        self._made = False
        if finished is None and not os.path.lexists(self._target):
            self._new, self._old = None, None
            return
        near = stack.enter_context(workspace(path))
        self._new, self._old = finished, near / "old"
        with blame(path):
            if finished and finished.stat().st_dev != near.stat().st_dev:
                self._new = Path(shutil.copyfile(finished, near / "new"))
            if self._new:
                _sync(self._new)
            if self._target.exists():
                _keep(self._target, self._old)

    def make(self) -> None:
        """Put the new file in the old one's place."""
        with blame(self._path):
            if self._new:
                os.replace(self._new, self._target)
            elif self._old:
                self._target.unlink(missing_ok=True)
        self._made = True

    def undo(self) -> None:
        """Put the old file back."""
        if not self._made or not self._old:
            return
        if self._old.exists():
            os.replace(self._old, self._target)
        else:
            self._target.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    with path.open("rb") as written:
        os.fsync(written.fileno())


def _keep(path: Path, kept: Path) -> None:
    """Give a file another name, so that it can be put back."""
    try:
        os.link(path, kept)
    except OSError:  # not every file system has links
        shutil.copy2(path, kept)


def _pour(finished: Path, to: Path | None) -> None:
    """Write a finished file to a stream."""
    with blame("standard output" if to is None else to), finished.open("rb") as read:
        if to is not None:
            with open_to_write(to) as out:
                shutil.copyfileobj(read, out, 1 << 20)
            return
        out = _standard_output()
        try:
            shutil.copyfileobj(read, out, 1 << 20)
            out.flush()
        except OSError:
            _discard_standard_output()
            raise


def _standard_output() -> Any:
    if sys.stdout is None:
        raise UnusableDataset("standard output is closed; name a file")
    return sys.stdout.buffer


def _discard_standard_output() -> None:
    """Drop what could not be written, or Python would try again when it ends."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
