"""A run of `softbalance classify`: the engine that does it, and where it ends up."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from softbalance.service.datasets.outputs import (
    check_folder,
    choose_output,
    deliver,
    settle,
    workspace,
)
from softbalance.service.datasets.reading.defects import UnusableDataset
from softbalance.service.datasets.reading.formats import DataFile, Format, open_inputs
from softbalance.service.datasets.run import (
    Outcome,
    Request,
    rejects_path,
    report_passed_over,
    report_rejected,
)


def classify(request: Request) -> Outcome:
    """Do what is asked. Raises UnusableDataset, with nothing written, and KeyboardInterrupt."""
    if request.engine == "duckdb":
        return _classify_files(request)
    if request.engine == "spark":
        from softbalance.service.datasets.engines.spark import classify_on_spark

        return _report(classify_on_spark(request))
    if "://" in request.engine:
        from softbalance.service.datasets.engines.ibis_tables import classify_tables

        return _report(classify_tables(request))
    raise UnusableDataset(
        f"unknown engine {request.engine!r}; it may be duckdb, spark, or a connection URL such as "
        "postgres://user@host/database"
    )


def _report(outcome: Outcome) -> Outcome:
    report_passed_over(outcome)
    return outcome


def _classify_files(request: Request) -> Outcome:
    output = choose_output(request.output, _format(request.output_format))
    rejects = rejects_path(request)
    check_folder(rejects)
    with workspace(output.path) as folder:
        files = open_inputs(request.inputs, folder, _format(request.input_format))
        _check_apart(files, output.path, rejects)
        from softbalance.service.datasets.engines.duck import DuckRun
        from softbalance.service.datasets.progress import progress_for

        progress = progress_for(sys.stderr)
        run = DuckRun(request, files, output, folder, progress)
        outcome = run.run()
        if progress.watched:
            progress.summarise(outcome, run.tally())
        deliver(run.answer, output)
        if outcome.rejected:
            settle(run.rejects, rejects)
        else:
            rejects.unlink(missing_ok=True)
    report_passed_over(outcome)
    if outcome.rejected:
        report_rejected(outcome, rejects)
    return outcome


def _format(name: str | None) -> Format | None:
    return None if name is None else Format(name)


def _check_apart(files: Sequence[DataFile], output: Path | None, rejects: Path) -> None:
    for file in files:
        for path in (output, rejects):
            if path and path.exists() and os.path.samefile(file.path, path):
                raise UnusableDataset(
                    f"{path}: is an input, and would be overwritten; name another file"
                )
    if output and output.absolute() == rejects.absolute():
        raise UnusableDataset(f"{output}: cannot take both the answer and the rejects")
