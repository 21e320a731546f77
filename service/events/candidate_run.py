"""A run of `softbalance candidates`: what is asked, and where it ends up."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from softbalance.rules.model import Codebook
from softbalance.service.datasets.delivery import deliver
from softbalance.service.datasets.outputs import (
    REJECTS,
    Output,
    check_apart,
    check_writable,
    choose_output,
    name_beside,
    workspace,
)
from softbalance.service.datasets.progress import progress_for
from softbalance.service.datasets.reading.formats import Format
from softbalance.service.datasets.reading.reading_options import AS_IS, ReadingOptions
from softbalance.service.events.account import Account
from softbalance.service.events.event_layouts import find_layout
from softbalance.service.events.files import open_events
from softbalance.service.events.states import check_state


@dataclass(frozen=True, slots=True)
class CandidatesRequest:
    """What the command line asks for; `min_events` None leaves it to the layout."""

    inputs: tuple[str, ...]
    output: str
    hegemon: str
    window: str
    codebook: Codebook
    min_events: int | None = None
    layout: str | None = None
    rejects: str | None = None
    output_format: str | None = None
    reading: ReadingOptions = AS_IS


@dataclass(frozen=True, slots=True)
class Places:
    """The files that a run leaves behind, beside its output."""

    output: Output
    rejects: Path
    rows: Path

    @property
    def written(self) -> tuple[Path | None, ...]:
        """All of them; None for standard output."""
        return self.output.path, self.rejects, self.rows


def find(request: CandidatesRequest) -> tuple[Account, Places, list[dict[str, Any]]]:
    """Do what is asked; return the account, where it is, and the first candidates.

    Raises UnusableDataset, with nothing written, and KeyboardInterrupt.
    """
    from softbalance.service.events.pipeline import Pipeline

    check_state(request.hegemon)
    wanted = find_layout(request.layout) if request.layout else None
    places = _places(request)
    with workspace(places.output.path) as folder:
        files = open_events(request.inputs, folder, wanted, request.reading)
        check_apart([each.file for each in files], places.written)
        run = Pipeline(
            files, folder, progress_for(sys.stderr), request.hegemon, request.window,
            request.min_events,
        )  # fmt: skip
        account = run.run(request.codebook, places.output)
        best = run.fetch_best()
        deliver(
            (run.rejects if account.rejected else None, places.rejects),
            (run.rows, places.rows),
            (run.answer, places.output.path),
        )
    return account, places, best


def _places(request: CandidatesRequest) -> Places:
    output = choose_output(
        request.output, Format(request.output_format) if request.output_format else None
    )
    parquet = output.format is Format.PARQUET
    rows = name_beside(request.output, f".rows.{'parquet' if parquet else 'csv'}")
    rejects = Path(request.rejects) if request.rejects else name_beside(request.output, REJECTS)
    places = Places(output, rejects, rows)
    for path in (rows, rejects):
        check_writable(path)
    check_apart((), places.written)
    return places
