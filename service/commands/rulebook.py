"""`softbalance rulebook`: write, test, list, show, verify and compare rulebooks."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson
from softbalance.rules.findings import Finding, RulebookErrors
from softbalance.rules.language.loader import (
    Library,
    load_library,
    load_sound_folder,
    load_sound_library,
)
from softbalance.rules.model import Rulebook
from softbalance.service.commands import rulebook_cases, rulebook_new
from softbalance.service.commands.options import (
    DONE_WITH_FAILURES,
    ReadOptions,
    find_further_rulebooks,
    open_library,
    open_rulebook,
    reading_options,
    refuse,
    rulebook_folder,
    rulebooks_option,
    settings_for,
)

if TYPE_CHECKING:
    from rich.console import RenderableType
    from softbalance.schemas.rulebooks import Verification
    from softbalance.service.datasets.reading.reading_options import ReadingOptions
    from softbalance.service.datasets.reclassification import Reclassification

#: Seconds that a service may take to load its rulebooks and start workers with them.
_RELOADING = 120


@click.group()
def command() -> None:
    """Write, test, list, show, verify, compare or reload rulebooks.

    A RULEBOOK is the id of one that is shipped or stands in a --rulebooks folder, or the path of
    its own folder; such a folder may hold a changed copy of a rulebook under the same id.
    """


for _subcommand in (rulebook_cases.test, rulebook_new.new, rulebook_new.schema):
    command.add_command(_subcommand)

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@command.command("list")
@json_option
@rulebooks_option
def list_(as_json: bool, rulebooks: tuple[Path, ...]) -> None:
    """List the rulebooks, the default first."""
    books = open_library(rulebooks).rulebooks.values()
    if as_json:
        from softbalance.rules.rulebook_json import summarise_rulebook

        _print_json(
            [{**summarise_rulebook(book), "rules": sum(1 for _ in book.rules)} for book in books]
        )
        return
    from softbalance.service.text.rulebooks_text import list_view

    _print(list_view(books), width=200)


@command.command()
@click.argument("rulebook")
@json_option
@click.option("--core", is_flag=True, help="Print what engines see: the core, as JSON.")
@rulebooks_option
def show(rulebook: str, as_json: bool, core: bool, rulebooks: tuple[Path, ...]) -> None:
    """Show a RULEBOOK: its stages, and its rules in words, with reasons and citations."""
    book = open_rulebook(open_library(rulebooks), rulebook, rulebooks)
    if core:
        from softbalance.rules.language.core_json import core_json

        _print_json(core_json(book.stages, book.facts.values()))
        return
    if as_json:
        from softbalance.rules.rulebook_json import describe_rulebook

        _print_json(describe_rulebook(book))
        return
    from softbalance.service.text.rulebooks_text import rulebook_view

    _print(rulebook_view(book), width=100)


@command.command()
@click.argument("names", metavar="[RULEBOOK]...", nargs=-1)
@json_option
@click.option("--quick", is_flag=True, help="Prove the rules and decide the cases only.")
@click.option(
    "--episodes",
    type=click.IntRange(min=0),
    default=1000,
    show_default=True,
    help="How many random episodes to try the engines on.",
)
@rulebooks_option
def verify(
    names: tuple[str, ...], as_json: bool, quick: bool, episodes: int, rulebooks: tuple[Path, ...]
) -> None:
    """Prove each RULEBOOK over all codings, and try its engines and its cases; all by default.

    Exits with 3 if a claim is refuted. Each finding has its place and, where one can exist, a
    witness: an Episode that shows it, for `softbalance explain`.
    """
    from softbalance.rules.verification.checks import as_json as shape
    from softbalance.rules.verification.checks import describe_unreadable, verify

    done: list[Verification] = []
    shipped = load_library()
    for name in names or (None,):
        books, broken = _open_books(shipped, name, rulebooks)
        for unread, findings in broken.items():
            _tell(done, describe_unreadable(unread, RulebookErrors(findings)), as_json)
        for book in books:
            verified = verify(
                book, known=shipped.rulebooks.get(book.id), engines=not quick, episodes=episodes
            )
            _tell(done, shape(verified), as_json)
    if as_json:
        _print_json(done)
    if not all(verified["ok"] for verified in done):
        sys.exit(DONE_WITH_FAILURES)


@command.command()
@click.argument("before", metavar="RULEBOOK")
@click.argument("after", metavar="RULEBOOK")
@click.option(
    "--on",
    "dataset",
    metavar="DATASET",
    help="A dataset (a file, a glob or -, as for `classify`): tell which episodes change class.",
)
@reading_options
@json_option
@rulebooks_option
def diff(  # noqa: PLR0913, PLR0917 - one for each option
    before: str,
    after: str,
    dataset: str | None,
    read_options: ReadOptions,
    as_json: bool,
    rulebooks: tuple[Path, ...],
) -> None:
    """Compare two rulebooks: their rules, and their answers over all codings.

    Where the answers differ, an Episode shows each difference; else they are proved equivalent.
    Exits with 3 if there were rows in the dataset that cannot be classified.
    """
    from softbalance.rules.comparison.equivalence import Equivalence
    from softbalance.rules.comparison.rulebook_changes import as_json as shape
    from softbalance.rules.comparison.rulebook_changes import diff_rulebooks

    library = open_library(rulebooks)
    books = [open_rulebook(library, name, rulebooks) for name in (before, after)]
    difference, answers = diff_rulebooks(*books), Equivalence(*books).as_json()
    reading = read_options(books[0].codebook)
    found = _reclassify_or_refuse(dataset, books[0], books[1], reading) if dataset else None
    if as_json:
        from softbalance.service.datasets import reclassification

        told = {"dataset": reclassification.as_json(found)} if found else {}
        _print_json(shape(difference) | answers | told)
    else:
        from softbalance.service.text.difference_text import dataset_parts, difference_parts

        _print_parts(difference_parts(difference, answers))
        if found:
            _print_parts(dataset_parts(found, library.codebook.classes))
    if found and found.rejected:
        sys.exit(DONE_WITH_FAILURES)


@command.command()
@click.option("--host", help="The address that the service listens on.  [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(1, 65535), help="Its port.  [default: 8000]")
@json_option
def reload(host: str | None, port: int | None, as_json: bool) -> None:
    """Have the running service load its rulebooks again; run it as the user of the service.

    It is done when this command ends: all further requests are decided by the new rulebooks. If
    these do not load, the service goes on with those that it has, and the status is 2.
    """
    from softbalance.service.control import NoService, ask_to_reload

    settings = settings_for(host=host, port=port)
    try:
        outcome = ask_to_reload(settings.host, settings.port, _RELOADING)
    except NoService as error:
        refuse(str(error))
    except TimeoutError:
        refuse(f"the service did not answer within {_RELOADING} seconds; its log says more")
    if as_json:
        _print_json(outcome)
    if not outcome["done"]:
        refuse(f"the service goes on with the rulebooks that it has:\n{outcome['detail']}")
    if outcome["detail"]:
        click.echo(f"softbalance: {outcome['detail']}", err=True)
    if not as_json:
        for name, version, digest in outcome["rulebooks"]:
            click.echo(f"{name} {version} {digest}")


def _reclassify_or_refuse(
    dataset: str, before: Rulebook, after: Rulebook, reading: ReadingOptions
) -> Reclassification:
    from softbalance.service.datasets.reading.defects import UnusableDataset
    from softbalance.service.datasets.reclassification import reclassify

    try:
        return reclassify(dataset, before, after, reading)
    except UnusableDataset as error:
        refuse(str(error))


def _tell(done: list[Verification], verified: Verification, as_json: bool) -> None:
    """Keep a verification, and print it at once if it is to be read by a person."""
    if not as_json:
        from softbalance.service.text.verification_text import verification_lines

        _print_parts([*[""][: len(done)], *verification_lines(verified)])
    done.append(verified)


def _open_books(
    library: Library, name: str | None, rulebooks: tuple[Path, ...]
) -> tuple[list[Rulebook], Mapping[str, Sequence[Finding]]]:
    """Return the rulebooks that a name or a folder stands for, and what is wrong with others."""
    further = find_further_rulebooks(rulebooks)
    folder = rulebook_folder(library, name) if name else None
    try:
        whole = load_sound_folder(folder, further) if folder else load_sound_library(further)
    except RulebookErrors as error:
        return [], {name or "the rulebooks": error.findings}
    if name and not folder:
        if name in whole.broken:
            return [], {name: whole.broken[name]}
        return [open_rulebook(whole, name)], {}
    told = {finding for findings in whole.broken.values() for finding in findings}
    others = [finding for finding in whole.findings if finding not in told]
    broken = {**whole.broken, **({"the rulebooks": others} if others else {})}
    return list(whole.rulebooks.values()), broken


def _print(view: RenderableType, width: int) -> None:
    from rich.console import Console
    from softbalance.service.text.phrases import render_plain

    if sys.stdout.isatty():
        Console(highlight=False).print(view)
    else:
        click.echo(render_plain(view, width), nl=False)


def _print_parts(parts: Iterable[RenderableType]) -> None:
    """Print parts one after another, and leave it to the terminal to wrap long lines of text.

    A witness is to be copied: there must be no line break in it.
    """
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
    for part in parts:
        console.print(part, soft_wrap=isinstance(part, str | Text))


def _print_json(content: Any) -> None:
    click.echo(orjson.dumps(content, option=orjson.OPT_INDENT_2).decode())
