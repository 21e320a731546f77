"""A run of `softbalance classify`: the engine that does it, and where it ends up."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from softbalance.service.datasets.delivery import deliver
from softbalance.service.datasets.outputs import (
    Output,
    check_apart,
    check_writable,
    choose_output,
    workspace,
)
from softbalance.service.datasets.reading.defects import UnusableDataset
from softbalance.service.datasets.reading.formats import Format
from softbalance.service.datasets.reading.inputs import open_inputs
from softbalance.service.datasets.reading.spreadsheets import add_mark
from softbalance.service.datasets.run import (
    ClassifyRequest,
    Outcome,
    rejects_path,
    report_passed_over,
    report_rejected,
)

if TYPE_CHECKING:
    from softbalance.service.datasets.engines.duck import DuckRun
    from softbalance.service.datasets.progress import Progress


def classify(request: ClassifyRequest) -> Outcome:
    """Do what is asked. Raises UnusableDataset, with nothing written, and KeyboardInterrupt."""
    if request.engine == "duckdb":
        return _classify_files(request)
    if request.bom or request.safe_cells:
        raise UnusableDataset("--bom and --safe-cells hold for --engine duckdb; leave them out")
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


def _classify_files(request: ClassifyRequest) -> Outcome:
    output = choose_output(request.output, _format(request.output_format))
    if (request.bom or request.safe_cells) and output.format not in (Format.CSV, Format.TSV):
        raise UnusableDataset("--bom and --safe-cells hold for .csv and .tsv; leave them out")
    rejects = rejects_path(request)
    check_writable(rejects)
    check_apart((), (output.path, rejects))
    with workspace(output.path) as folder:
        files = open_inputs(
            request.inputs,
            folder,
            _format(request.input_format),
            request.reading,
            request.codebook,
        )
        check_apart(files, (output.path, rejects))
        from softbalance.service.datasets.engines.duck import DuckRun
        from softbalance.service.datasets.progress import progress_for

        progress = progress_for(sys.stderr)
        run = DuckRun(request, files, output, folder, progress)
        outcome = run.run()
        found = run.rejects if outcome.rejected else None
        if request.bom:
            add_mark(run.answer, gzipped=output.gzipped)
        deliver((found, rejects), (run.answer, output.path))
        if progress.watched:
            _summarise(run, outcome, output, progress)
    report_passed_over(outcome)
    if outcome.rejected:
        report_rejected(outcome, rejects)
    return outcome


def _summarise(run: DuckRun, outcome: Outcome, output: Output, progress: Progress) -> None:
    """Tell what came of a run, if that can be told; the answer is where it belongs already."""
    try:
        place = run.answer if run.answer.exists() else output.path or run.answer
        read = run.count_rows(outcome)
        progress.summarise(outcome, read, run.tally(place))
    except UnusableDataset as error:
        print(f"softbalance: the answer is complete, but not counted: {error}", file=sys.stderr)


def _format(name: str | None) -> Format | None:
    return None if name is None else Format(name)
