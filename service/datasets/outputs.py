"""Where outputs go, and whether they can; a place for what is not finished."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
from softbalance.service.datasets.reading.defects import UnusableDataset, find_lack_of_space
from softbalance.service.datasets.reading.formats import STREAM, DataFile, Format, format_of
from softbalance.service.datasets.reading.streams import is_stream

#: What a rejects file is called, after the name of the output.
REJECTS = ".rejects.csv"


@dataclass(frozen=True, slots=True)
class Output:
    """Where the answer goes (`path` is None for standard output), and in which format."""

    path: Path | None
    format: Format
    gzipped: bool


def choose_output(name: str, wanted: Format | None) -> Output:
    """Return the output of that name; `-` is standard output.

    The format is the one `wanted`, or else told by the ending; a stream without one gets CSV.
    Raises UnusableDataset for an unknown ending or a file that cannot be made.
    """
    if name == STREAM:
        return Output(None, wanted or Format.CSV, False)
    path = Path(name)
    if is_stream(path) and not path.suffix:
        found, gzipped = wanted or Format.CSV, False
    else:
        found, gzipped = format_of(name, "output", wanted)
    check_writable(path)
    return Output(path, found, gzipped)


def name_beside(output: str, ending: str) -> Path:
    """Return the name of a file that goes with an output; `ending` is `.rejects.csv`, say.

    Beside a stream and a device it is in the working directory.
    """
    streamed = output == STREAM or output.startswith(("/dev/", "/proc/"))
    return Path(("stdout" if streamed else output) + ending)


def check_writable(path: Path) -> None:
    """Raise UnusableDataset unless `path` can be written, or replaced, or made.

    A link stands for the file that it leads to.
    """
    if is_stream(path):
        if not os.access(path, os.W_OK):
            raise UnusableDataset(f"{path}: cannot be written to; name another file")
        return
    target = follow_links(path)
    if target.is_dir():
        raise UnusableDataset(f"{path}: is a folder; name a file")
    folder = target.parent
    if not folder.is_dir():
        raise UnusableDataset(f"{path}: there is no folder {_shorten(folder)!r}; make it first")
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise UnusableDataset(
            f"{path}: the folder {_shorten(folder)!r} cannot be written to: {error.strerror}"
        ) from error


def follow_links(path: Path) -> Path:
    """Return the file that is meant by a name. Raises UnusableDataset if links go in a circle."""
    try:
        path.stat()
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise UnusableDataset(f"{path}: is a link that leads back to itself") from error
    return path.resolve() if path.is_symlink() else path.parent.absolute() / path.name


def _shorten(folder: Path) -> str:
    """Return a folder's name as seen from the working directory, if it is in there."""
    here = Path.cwd()
    return str(folder.relative_to(here) if folder.is_relative_to(here) else folder)


def check_apart(inputs: Iterable[DataFile], outputs: Sequence[Path | None]) -> None:
    """Raise UnusableDataset if an output is an input or another output, by whatever name.

    None is no file. What is read or written as a stream is not overwritten, a pipe excepted.
    """
    read = [path for file in inputs for path in (file.path, Path(file.name)) if path.exists()]
    files = [path for path in outputs if path and not path.is_char_device()]
    for output in files:
        if output.exists() and any(map(output.samefile, read)):
            raise UnusableDataset(
                f"{output}: is an input, and would be overwritten; name another file"
            )
    for one, other in itertools.combinations(files, 2):
        if follow_links(one) == follow_links(other) or _same(one, other):
            raise UnusableDataset(f"{other}: cannot take two of the files that are to be written")


def _same(one: Path, other: Path) -> bool:
    return one.exists() and other.exists() and one.samefile(other)


@contextlib.contextmanager
def workspace(beside: Path | None) -> Iterator[Path]:
    """Give a hidden folder for what is not finished, gone in the end, whatever happens.

    It is beside the output, so that a finished file can be renamed into its place; without one, or
    beside a stream, among the temporary files. Raises UnusableDataset if it cannot be made, and if
    the disk is full.
    """
    near = None if beside is None or is_stream(beside) else follow_links(beside).parent
    named = str(beside) if near else "the temporary files"
    with contextlib.ExitStack() as stack:
        with blame(named):
            made = tempfile.TemporaryDirectory(prefix=".softbalance-", dir=near)
            folder = Path(stack.enter_context(made)).absolute()
        try:
            yield folder
        except (OSError, duckdb.Error) as error:
            if reason := find_lack_of_space(error):
                raise UnusableDataset(_full(named, folder.parent, reason)) from error
            raise


def _full(named: str, folder: Path, reason: str) -> str:
    other = "set TMPDIR to another folder" if named.startswith("the ") else "name another file"
    return f"{named}: cannot be written in {_shorten(folder)!r}: {reason}; make room, or {other}"


@contextlib.contextmanager
def blame(named: object) -> Iterator[None]:
    """Turn what the system says against a file into UnusableDataset."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UnusableDataset(
            f"{named}: cannot be written: {error.strerror}; nothing is written"
        ) from error
