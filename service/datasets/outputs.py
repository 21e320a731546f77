"""Outputs that appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from softbalance.service.datasets.reading.defects import UnusableDataset
from softbalance.service.datasets.reading.formats import STREAM, Format, format_of


@dataclass(frozen=True, slots=True)
class Output:
    """Where the answer goes (`path` is None for standard output), and in which format."""

    path: Path | None
    format: Format
    gzipped: bool


def choose_output(name: str, streamed: Format | None) -> Output:
    """Return the output of that name; `-` is standard output, CSV unless `streamed` says else.

    Raises UnusableDataset for an unknown ending or a folder that is not there.
    """
    if name == STREAM:
        return Output(None, streamed or Format.CSV, False)
    found, gzipped = format_of(name, "output")
    path = Path(name)
    if path.is_dir():
        raise UnusableDataset(f"{name}: is a folder; name a file")
    check_folder(path)
    return Output(path, found, gzipped)


def check_folder(path: Path) -> None:
    """Raise UnusableDataset unless a file can be made beside `path`."""
    folder = path.parent
    if not folder.is_dir():
        raise UnusableDataset(f"{path}: there is no folder {str(folder)!r}; make it first")
    if not os.access(folder, os.W_OK):
        raise UnusableDataset(f"{path}: the folder {str(folder)!r} cannot be written to")


def check_apart(inputs: Iterable[Path], outputs: Iterable[Path | None]) -> None:
    """Raise UnusableDataset if an output is an input, by whatever name; None is no file."""
    read = [path for path in inputs if path.exists()]
    for output in outputs:
        if output and output.exists() and any(map(output.samefile, read)):
            raise UnusableDataset(
                f"{output}: is an input, and would be overwritten; name another file"
            )


@contextlib.contextmanager
def workspace(beside: Path | None) -> Iterator[Path]:
    """Give a hidden folder for what is not finished, gone in the end, whatever happens.

    It is beside the output, so that a finished file can be renamed into its place.
    """
    folder = beside.parent if beside else None
    with tempfile.TemporaryDirectory(prefix=".softbalance-", dir=folder) as made:
        yield Path(made).absolute()


def deliver(finished: Path, output: Output) -> None:
    """Put a finished file in the place of the output, or write it to standard output."""
    if output.path is None:
        with finished.open("rb") as read:
            shutil.copyfileobj(read, sys.stdout.buffer, 1 << 20)
        sys.stdout.buffer.flush()
    else:
        settle(finished, output.path)


def settle(finished: Path, path: Path) -> None:
    """Rename a finished file to `path`, once its bytes are on the disk."""
    if finished.stat().st_dev != path.parent.stat().st_dev:
        with workspace(path) as near:
            settle(Path(shutil.copyfile(finished, near / path.name)), path)
        return
    with finished.open("rb") as written:
        os.fsync(written.fileno())
    os.replace(finished, path)
