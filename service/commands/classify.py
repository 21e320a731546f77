"""`softbalance classify`: datasets, whole, through one or more rulebooks."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from types import FrameType
from typing import NoReturn

import click
from softbalance.rules.language.loader import DEFAULT_RULEBOOK
from softbalance.rules.model import ForeignForm
from softbalance.rules.vocabularies import unite_codebooks
from softbalance.service.commands.options import (
    DONE_WITH_FAILURES,
    ReadOptions,
    open_library,
    open_rulebook,
    reading_options,
    refuse,
    rulebooks_option,
    spreadsheet_options,
)

_FORMATS = click.Choice(["csv", "tsv", "ndjson", "parquet"])
#: What the shell shows of a program that a signal ended, less the signal's number.
_SIGNALLED = 128


@click.command()
@click.argument("inputs", metavar="INPUT...", nargs=-1, required=True)
@click.option(
    "-o", "--output", metavar="OUT", required=True, help="The answer; - for standard output."
)
@click.option(
    "--rulebook",
    "names",
    multiple=True,
    default=(DEFAULT_RULEBOOK,),
    show_default=True,
    help="A rulebook to decide by; may be given more than once.",
)
@click.option(
    "--engine",
    default="duckdb",
    show_default=True,
    metavar="duckdb|spark|URL",
    help="What computes: DuckDB, Spark, or the database at an Ibis URL, where INPUT and OUT "
    "are tables.",
)
@click.option(
    "--master", default="local[*]", show_default=True, help="The Spark master, for --engine spark."
)
@click.option(
    "--detail",
    type=click.Choice(["verdict", "trace"]),
    default="trace",
    show_default=True,
    help="With `trace` the ids of the rules that fired are told too.",
)
@click.option(
    "--rejects",
    type=click.Path(dir_okay=False),
    help="Where rows go that cannot be classified.  [default: OUT.rejects.csv]",
)
@click.option(
    "--input-format",
    type=_FORMATS,
    help="What every INPUT holds.  [default: by its ending; of a stream a guess]",
)
@click.option(
    "--output-format",
    type=_FORMATS,
    help="What OUT gets.  [default: by its ending; for a stream csv]",
)
@spreadsheet_options
@reading_options
@rulebooks_option
def command(  # noqa: PLR0913, PLR0917 - one for each option
    inputs: tuple[str, ...],
    output: str,
    names: tuple[str, ...],
    engine: str,
    master: str,
    detail: str,
    rejects: str | None,
    input_format: str | None,
    output_format: str | None,
    bom: bool,
    safe_cells: bool,
    read_options: ReadOptions,
    rulebooks: tuple[Path, ...],
) -> None:
    """Classify the episodes of datasets.

    INPUT and OUT are .csv, .tsv, .ndjson, .jsonl (each also .gz) or .parquet files, or - for a
    stream; INPUT may be a glob, and .xlsx, .dta, .sav, .por, .rds, .feather, .json, or .zip or .zst
    of any of these. OUT appears whole or not at all. Exits with 3 if there were rows
    that cannot be classified.
    """
    from softbalance.service.datasets.classify import classify
    from softbalance.service.datasets.reading.defects import UnusableDataset
    from softbalance.service.datasets.run import ClassifyRequest

    library = open_library(rulebooks)
    books = [open_rulebook(library, name) for name in dict.fromkeys(names)]
    codebook = unite_codebooks(book.codebook for book in books)
    try:
        for book, form in product(books, codebook.forms):
            book.codebook.own_form(form)
    except ForeignForm as error:
        refuse(f"these rulebooks cannot be asked together: {error}; classify by each in turn")
    request = ClassifyRequest(
        inputs, output, books, codebook, engine, master, detail == "trace", rejects,
        input_format, output_format, read_options(codebook), bom, safe_cells,
    )  # fmt: skip
    with signals():
        try:
            outcome = classify(request)
        except UnusableDataset as error:
            refuse(str(error))
        except BrokenPipeError:
            sys.exit(_SIGNALLED + signal.SIGPIPE)
        except KeyboardInterrupt:
            sys.exit(_SIGNALLED + signal.SIGINT)
    if outcome.rejected:
        sys.exit(DONE_WITH_FAILURES)


@contextlib.contextmanager
def signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the work as Ctrl-C does, so that nothing is left behind."""

    def stop(number: int, frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    kept = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
