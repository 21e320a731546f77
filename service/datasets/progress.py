"""How far a run has come and what came of it, for a person at a terminal; nothing elsewhere."""

from __future__ import annotations

import contextlib
import gzip
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, TextIO

import duckdb
from softbalance.service.datasets.reading.duck_files import file_text
from softbalance.service.datasets.reading.formats import DataFile, Format
from softbalance.service.datasets.run import Outcome

if TYPE_CHECKING:
    from rich.progress import ProgressColumn

_SAMPLE = 1 << 20
_INTERVAL = 0.1


class Progress:
    """Tells nobody."""

    #: Whether anybody is told.
    watched = False

    @contextlib.contextmanager
    def track_reading(self, file: DataFile) -> Iterator[Callable[[int], None]]:
        """Give a function to be told of rows that were read from a file."""
        yield lambda rows: None

    @contextlib.contextmanager
    def track_query(
        self, label: str, connection: duckdb.DuckDBPyConnection, files: Iterable[DataFile]
    ) -> Iterator[None]:
        """Follow a query over all rows of files while it runs."""
        yield

    def summarise(self, outcome: Outcome, classes: Iterable[tuple[str, str, int]]) -> None:
        """Tell what came of a run; `classes` are a rulebook, a class and the number of rows."""


class TerminalProgress(Progress):
    """Draws a bar with rows, rate and time left; afterwards tables of classes and rejects."""

    watched = True

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console
        from rich.progress import Progress as Bar

        self._console = Console(file=stream)
        self._bar = Bar(*_columns(), console=self._console, transient=True)

    @contextlib.contextmanager
    def track_reading(self, file: DataFile) -> Iterator[Callable[[int], None]]:
        """Draw a bar of the rows read from a file."""
        with self._bar:
            task = self._bar.add_task(f"reading {file.name}", total=_rows_in_text(file))
            yield lambda rows: self._bar.advance(task, rows)
            self._bar.remove_task(task)

    @contextlib.contextmanager
    def track_query(
        self, label: str, connection: duckdb.DuckDBPyConnection, files: Iterable[DataFile]
    ) -> Iterator[None]:
        """Draw a bar of the part of a query that is done, as rows."""
        total = sum(_rows(file, connection) for file in files)
        connection.execute("SET enable_progress_bar = true")
        connection.execute("SET enable_progress_bar_print = false")
        over = threading.Event()
        with self._bar:
            task = self._bar.add_task(label, total=max(total, 1))

            def follow() -> None:
                while not over.wait(_INTERVAL):
                    share = max(0.0, connection.query_progress()) / 100
                    self._bar.update(task, completed=int(share * total))

            follower = threading.Thread(target=follow, daemon=True)
            follower.start()
            try:
                yield
            finally:
                over.set()
                follower.join()
                self._bar.remove_task(task)

    def summarise(self, outcome: Outcome, classes: Iterable[tuple[str, str, int]]) -> None:
        """Print the classes by rulebook and the rejects by reason."""
        from rich.table import Table

        table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
        for heading in ("rulebook", "classification"):
            table.add_column(heading)
        table.add_column("rows", justify="right")
        last = ""
        for rulebook, classification, count in classes:
            table.add_row(rulebook if rulebook != last else "", classification, f"{count:,}")
            last = rulebook
        for code, count in outcome.reasons.most_common():
            table.add_row("[red]rejected[/red]", code, f"{count:,}")
        self._console.print(table)


def progress_for(stream: TextIO) -> Progress:
    """Return what tells on a stream how a run goes: nothing unless it is a terminal."""
    return TerminalProgress(stream) if stream.isatty() else Progress()


def _columns() -> list[ProgressColumn | str]:
    from rich.progress import BarColumn, MofNCompleteColumn, TaskProgressColumn, TimeRemainingColumn

    return [
        "{task.description}",
        BarColumn(),
        MofNCompleteColumn(),
        "rows",
        TaskProgressColumn(show_speed=True),
        TimeRemainingColumn(),
        "left",
    ]


def _rows(file: DataFile, connection: duckdb.DuckDBPyConnection) -> int:
    """Return how many rows a file has: in Parquet exactly, in text roughly."""
    if file.format is not Format.PARQUET:
        return _rows_in_text(file)
    counted = connection.execute(
        f"SELECT sum(num_rows) FROM parquet_file_metadata({file_text(file.path)})"
    ).fetchone()
    return int(counted[0]) if counted else 0


def _rows_in_text(file: DataFile) -> int:
    """Return about how many lines a text file has, judged by how it begins."""
    with file.path.open("rb") as packed:
        size = file.path.stat().st_size
        start = gzip.GzipFile(fileobj=packed).read(_SAMPLE) if file.gzipped else b""
        share = packed.tell() / size if file.gzipped and size else 1.0
        if not file.gzipped:
            start = packed.read(_SAMPLE)
            share = len(start) / size if size else 1.0
    return int(start.count(b"\n") / share) if share else 0
