"""`softbalance export`: coded data for other programs."""

from __future__ import annotations

import codecs
import os
import sys
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from softbalance.rules.language.loader import DEFAULT_RULEBOOK, Library
from softbalance.rules.wording import format_count
from softbalance.service.commands.options import (
    DONE_WITH_FAILURES,
    ReadOptions,
    open_library,
    open_rulebook,
    reading_options,
    refuse,
    rulebooks_option,
    spreadsheet_options,
    warn,
)

if TYPE_CHECKING:
    from softbalance.rules.classifier import Classifier
    from softbalance.service.datasets.reading.reading_options import ReadingOptions
    from softbalance.service.datasets.reading.rejects import Reject
    from softbalance.service.exchange.coded import CodedData


@click.group()
def command() -> None:
    """Write coded data for other programs.

    INPUT is coded data in any format that `softbalance classify` reads: a row an
    episode, or a row an observation, whose observations are reconciled. OUT appears whole or not at
    all. Exits with 3 if there were rows that cannot be used; they are in OUT.rejects.csv.
    """


def _add_shared_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add what the exports share: the inputs, the output, further rulebooks."""
    for add in (
        rulebooks_option,
        reading_options,
        click.option("-o", "--output", metavar="OUT", required=True, help="What to write."),
        click.argument("inputs", metavar="INPUT...", nargs=-1, required=True),
    ):
        function = add(function)
    return function


def _rulebook(**settings: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.option(
        "--rulebook", show_default=True, help="A rulebook to decide by, an id or a folder.",
        **settings,
    )  # fmt: skip


@command.command()
@_add_shared_options
@_rulebook(default=DEFAULT_RULEBOOK)
@click.option(
    "--condition",
    "conditions",
    multiple=True,
    metavar="INDICATOR",
    help="An indicator to be a condition; may be given more than once.  [default: all]",
)
@click.option("--complete", is_flag=True, help="Leave out the cases with an empty cell.")
@spreadsheet_options
def qca(  # noqa: PLR0913, PLR0917 - one for each option
    inputs: tuple[str, ...],
    output: str,
    read_options: ReadOptions,
    rulebooks: tuple[Path, ...],
    rulebook: str,
    conditions: tuple[str, ...],
    complete: bool,
    bom: bool,
    safe_cells: bool,
) -> None:
    """Write a 0/1 table for Qualitative Comparative Analysis.

    A row a case, a column a condition and then a column a class of the rulebook, 1 for the verdict
    on the case. Unknown and contested codings stay empty, and so do all classes where the verdict
    is one that the rulebook calls undecided, which has no column.
    """
    from softbalance.schemas.mistakes import unknown_name
    from softbalance.service.exchange.qca import qca_table

    library = open_library(rulebooks)
    (classifier,) = _classifiers(library, [rulebook], rulebooks)
    indicators = library.codebook.indicators
    for name in conditions:
        if name not in indicators:
            refuse(str(unknown_name("indicator", name, indicators)))
    data = _read(inputs, library, _places(output), read_options(library.codebook))
    chosen = [name for name in indicators if not conditions or name in conditions]
    table, left_out = _decide_or_refuse(
        lambda: qca_table(data.episodes, classifier, chosen, complete=complete, safe=safe_cells)
    )
    _write(output, (codecs.BOM_UTF8 if bom else b"") + table.encode(), data, data.rejects)
    if left_out:
        of = f"{left_out:,} of {format_count(len(data.episodes), 'cases')}"
        click.echo(f"softbalance: {of} left out for an empty cell", err=True)
    _finish(data.rejects, _beside(output))


@command.command()
@_add_shared_options
def episodes(
    inputs: tuple[str, ...], output: str, read_options: ReadOptions, rulebooks: tuple[Path, ...]
) -> None:
    """Write Episodes (NDJSON), with sources and coders, as the service takes them."""
    from softbalance.service.exchange.episode_export import episode_lines

    library = open_library(rulebooks)
    data = _read(inputs, library, _places(output), read_options(library.codebook))
    lines, rejects = episode_lines(data.episodes, library.codebook)
    rejects = sorted([*data.rejects, *rejects])
    _write(output, b"".join(lines), data, rejects)
    _finish(rejects, _beside(output))


@command.command()
@_add_shared_options
@_rulebook(multiple=True, default=[DEFAULT_RULEBOOK])
@click.option("--title", help="What the package is called.")
@click.option("--license", "licence", metavar="NAME", help="Your data's licence: CC-BY-4.0, say.")
def package(  # noqa: PLR0913, PLR0917 - one for each option
    inputs: tuple[str, ...],
    output: str,
    read_options: ReadOptions,
    rulebooks: tuple[Path, ...],
    rulebook: tuple[str, ...],
    title: str | None,
    licence: str | None,
) -> None:
    """Write a Data Package: coded data and results, with schemas.

    OUT is a folder that is not there yet, or a .zip. Rows that cannot be used are in the package.
    """
    from softbalance.service.exchange.package import package as packed

    library = open_library(rulebooks)
    classifiers = _classifiers(library, rulebook, rulebooks)
    path = Path(output)
    if output == "-":
        refuse("a package is several files; name a folder or a .zip")
    if path.exists() and path.suffix != ".zip":
        refuse(f"{output}: is there already; remove it or name another folder")
    data = _read(inputs, library, [path], read_options(library.codebook))
    about = {"title": title} if title else {}
    more: dict[str, Any] = {"licenses": [{"name": licence}]} if licence else {}
    files = _decide_or_refuse(lambda: packed(data, classifiers, {**about, **more}))
    _write_package(path, files)
    _finish(data.rejects, f"{output}, in rejects.csv")


def _classifiers(
    library: Library, names: Sequence[str], folders: tuple[Path, ...]
) -> list[Classifier]:
    from softbalance.rules.classifier import Classifier

    return [Classifier(open_rulebook(library, n, folders)) for n in dict.fromkeys(names)]


def _read(
    inputs: tuple[str, ...], library: Library, outputs: Sequence[Path], reading: ReadingOptions
) -> CodedData:
    from softbalance.service.datasets.outputs import check_apart, check_writable
    from softbalance.service.datasets.reading.defects import UnusableDataset
    from softbalance.service.exchange.coded import read_data

    try:
        for path in outputs:
            check_writable(path)
        check_apart((), outputs)
        data = read_data(inputs, library.codebook, outputs, reading)
    except UnusableDataset as error:
        refuse(str(error))
    warn(data.warnings)
    return data


def _places(output: str) -> list[Path]:
    """Return the files that are to be written."""
    return [_beside(output), *(() if output == "-" else (Path(output),))]


def _beside(output: str) -> Path:
    """Return where the rows go that cannot be used."""
    from softbalance.service.datasets.outputs import REJECTS, name_beside

    return name_beside(output, REJECTS)


def _decide_or_refuse(make: Callable[[], Any]) -> Any:
    from softbalance.rules.episode.firing import EngineFailure

    try:
        return make()
    except EngineFailure as error:
        refuse(f"no verdict can be given: {error}; `softbalance rulebook verify` tells more")


def _write(output: str, content: bytes, data: CodedData, rejects: Sequence[Reject]) -> None:
    from softbalance.service.datasets.delivery import deliver
    from softbalance.service.datasets.outputs import workspace
    from softbalance.service.datasets.reading.defects import UnusableDataset
    from softbalance.service.datasets.reading.rejects import write_rejects

    path = None if output == "-" else Path(output)
    try:
        with workspace(path) as folder:
            made, left_out = folder / "out", folder / "rejects"
            made.write_bytes(content)
            if rejects:
                write_rejects(left_out, [rejects], data.files)
            deliver((left_out if rejects else None, _beside(output)), (made, path))
    except UnusableDataset as error:
        refuse(str(error))


def _write_package(path: Path, files: Mapping[str, bytes]) -> None:
    """Write a folder or a zip; it is put together beside and then renamed."""
    from softbalance.service.datasets.delivery import deliver
    from softbalance.service.datasets.outputs import blame, workspace
    from softbalance.service.datasets.reading.defects import UnusableDataset

    try:
        with workspace(path) as folder:
            if path.suffix == ".zip":
                _write_zip(folder / "zip", files)
                deliver((folder / "zip", path))
                return
            whole = folder / "package"
            whole.mkdir()
            for name, content in files.items():
                (whole / name).write_bytes(content)
            with blame(path):
                os.rename(whole, path)
    except UnusableDataset as error:
        refuse(str(error))


def _write_zip(path: Path, files: Mapping[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            # without the time of day, so that the same data make the same package
            made.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)


def _finish(rejects: Sequence[Reject], where: object) -> None:
    if not rejects:
        return
    rows = format_count(len({(reject.file, reject.line) for reject in rejects}), "rows")
    click.echo(f"softbalance: {rows} left out, see {where}", err=True)
    sys.exit(DONE_WITH_FAILURES)
