"""`softbalance agreement`: how far coders agree, and where they part."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import orjson
from softbalance.rules.language.loader import DEFAULT_RULEBOOK
from softbalance.rules.wording import format_count
from softbalance.service.commands.options import (
    DONE_WITH_FAILURES,
    ReadOptions,
    on_terminal,
    open_library,
    open_rulebook,
    reading_options,
    refuse,
    rulebooks_option,
    warn,
)

if TYPE_CHECKING:
    from softbalance.rules.model import Codebook
    from softbalance.service.coders.agreement_json import Agreement
    from softbalance.service.coders.coder_sheets import CodedEpisodes
    from softbalance.service.datasets.reading.reading_options import ReadingOptions

#: The most mistakes that are told on standard error; all are in the file of `--rejects`.
_TOLD = 10


@click.command()
@click.argument("inputs", metavar="INPUT...", nargs=-1, required=True)
@click.option(
    "--rulebook",
    "names",
    multiple=True,
    default=(DEFAULT_RULEBOOK,),
    show_default=True,
    help="A rulebook for each coder's verdicts, an id or a folder; may be given more than once.",
)
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@click.option(
    "--csv",
    "table",
    type=click.Choice(["indicators", "verdicts", "rules"]),
    help="Print one table as CSV.",
)
@click.option(
    "--resamples",
    type=click.IntRange(100, 100_000),
    default=1000,
    show_default=True,
    help="How many bootstrap resamples the intervals rest on.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=1,
    show_default=True,
    help="Where the draw of resamples starts; the same seed gives the same intervals.",
)
@click.option(
    "--rejects",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A file for rows that cannot be used, with what is wrong with them.",
)
@reading_options
@rulebooks_option
def command(  # noqa: PLR0913, PLR0917 - one for each option
    inputs: tuple[str, ...],
    names: tuple[str, ...],
    as_json: bool,
    table: str | None,
    resamples: int,
    seed: int,
    rejects: Path | None,
    read_options: ReadOptions,
    rulebooks: tuple[Path, ...],
) -> None:
    """Say how far coders of the same episodes agree, and at which rules they part.

    INPUT are sheets with a column `coder`, in any format that `softbalance classify` reads, or
    Episodes (.ndjson, .jsonl, .json) whose observations have coders; or - for a stream, or
    a glob. Exits with 3 if there were rows that cannot be used.
    """
    if as_json and table:
        refuse("--json and --csv exclude each other; --json has all tables")
    from softbalance.rules.classifier import Classifier
    from softbalance.rules.episode.firing import EngineFailure
    from softbalance.service.coders.reliability import Bootstrap, CoefficientsMissing
    from softbalance.service.coders.report import measure_agreement
    from softbalance.service.datasets.reading.defects import UnusableDataset

    library = open_library(rulebooks)
    books = [open_rulebook(library, name, rulebooks) for name in dict.fromkeys(names)]
    try:
        coded = _read(inputs, library.codebook, rejects, read_options(library.codebook))
        classifiers = [Classifier(book) for book in books]
        found = measure_agreement(coded, classifiers, Bootstrap(resamples, seed))
        if rejects:
            _write_rejects(rejects, coded)
    except (UnusableDataset, CoefficientsMissing) as error:
        refuse(str(error))
    except EngineFailure as error:
        refuse(f"no verdict can be given: {error}; `softbalance rulebook verify` tells more")
    _print(found, as_json, table, library.codebook)
    if coded.rejects:
        _tell(coded, rejects)
        sys.exit(DONE_WITH_FAILURES)


def _read(
    inputs: tuple[str, ...], codebook: Codebook, rejects: Path | None, reading: ReadingOptions
) -> CodedEpisodes:
    from softbalance.service.coders.coder_sheets import check_several, read_coded
    from softbalance.service.datasets.outputs import check_writable

    if rejects:
        check_writable(rejects)
    coded = read_coded(inputs, codebook, [rejects] if rejects else [], reading)
    warn(coded.warnings)
    check_several(coded)
    return coded


def _write_rejects(path: Path, coded: CodedEpisodes) -> None:
    from softbalance.service.datasets.delivery import deliver
    from softbalance.service.datasets.outputs import workspace
    from softbalance.service.datasets.reading.rejects import write_rejects

    with workspace(path) as folder:
        made = folder / "rejects"
        if coded.rejects:
            write_rejects(made, [coded.rejects], coded.files)
        deliver((made if coded.rejects else None, path))


def _print(found: Agreement, as_json: bool, table: str | None, codebook: Codebook) -> None:
    if as_json:
        click.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
        return
    if table:
        from softbalance.service.coders.agreement_tables import as_csv

        click.echo(as_csv(found, table), nl=False)
        return
    from rich.console import Console
    from softbalance.service.text.agreement_text import agreement_view
    from softbalance.service.text.phrases import render_plain

    view = agreement_view(found, codebook)
    if on_terminal():
        Console().print(view)
    else:
        click.echo(render_plain(view), nl=False)


def _tell(coded: CodedEpisodes, rejects: Path | None) -> None:
    several = len(coded.files) > 1
    for reject in coded.rejects[:_TOLD]:
        place = f"{coded.files[reject.file]}, " if several else ""
        column = f" {reject.column}:" if reject.column else ""
        click.echo(f"  {place}line {reject.line}:{column} {reject.message}", err=True)
    rows = format_count(len({(reject.file, reject.line) for reject in coded.rejects}), "rows")
    where = f"see {rejects}" if rejects else "--rejects FILE writes them all"
    click.echo(f"softbalance: {rows} left out; {where}", err=True)
