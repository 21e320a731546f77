"""What several commands share: options, and reading rulebooks and episodes from the shell."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click
from marshmallow import ValidationError
from softbalance.rules.findings import RulebookErrors
from softbalance.rules.language.loader import (
    BrokenRulebook,
    Library,
    UnknownRulebook,
    load_folder,
    load_sound_library,
)
from softbalance.rules.model import Codebook, Rulebook
from softbalance.schemas.episode import Episode, episode_schema
from softbalance.schemas.mistakes import MOST_TOLD, MistakeList, locate_mistakes
from softbalance.schemas.strict_json import DuplicateKeys, NotJSON, parse
from softbalance.service.settings import Settings, UnusableSetting

if TYPE_CHECKING:
    from softbalance.service.context import Context, LoadedLibrary
    from softbalance.service.datasets.reading.reading_options import ReadingOptions
    from softbalance.service.store import Store

#: Exit statuses (the shell's convention for 2; 3 is ours).
USAGE, DONE_WITH_FAILURES = 2, 3

Command = TypeVar("Command", bound=Callable[..., Any])
#: The options that say how files are to be read, once the codebook is known.
ReadOptions = Callable[[Codebook], "ReadingOptions"]


def rulebooks_option(command: Command) -> Command:
    """Add `--rulebooks FOLDER`, for rulebooks beside the shipped ones."""
    return click.option(
        "--rulebooks",
        multiple=True,
        metavar="FOLDER",
        type=click.Path(file_okay=False, path_type=Path),
        help="A folder of further rulebooks; may be given more than once.",
    )(command)


encoding_option = click.option(
    "--encoding", metavar="NAME", help="The encoding of text.  [default: utf-8]"
)
sheet_option = click.option("--sheet", metavar="NAME", help="The sheet of a workbook to read.")
_READING: tuple[Callable[[Command], Command], ...] = (
    click.option(
        "--values",
        multiple=True,
        metavar="DECLARED",
        help="How values are spelled: 'yes=1,ja no=2,nein unknown=-99'; 'COLUMN:yes=1 no=2' for "
        "one column. May be given more than once.",
    ),
    encoding_option,
    click.option(
        "--delimiter",
        metavar="CHARACTER",
        help="What separates the fields of text; `tab` for a tab.  [default: told by the header]",
    ),
    click.option(
        "--quoting",
        type=click.Choice(["csv", "none"]),
        default="csv",
        show_default=True,
        help="Whether quotes in text enclose a field, or are characters like others.",
    ),
    click.option(
        "--skip",
        type=click.IntRange(0),
        default=0,
        metavar="N",
        help="How many lines of text or of a workbook's sheet stand before the header.",
    ),
    sheet_option,
)


def spreadsheet_options(command: Command) -> Command:
    """Add `--bom` and `--safe-cells`, given to the command as booleans."""
    for option in (
        click.option(
            "--safe-cells",
            is_flag=True,
            help="Put a ' before cells of CSV that a spreadsheet would run as formulas.",
        ),
        click.option(
            "--bom", is_flag=True, help="Begin CSV with the mark by which Excel tells UTF-8."
        ),
    ):
        command = option(command)
    return command


def reading_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say how files are to be read.

    They are given to the command as one `read_options`, a function of the codebook, which returns
    the `ReadingOptions` or refuses with the reason.
    """

    @functools.wraps(command)
    def collect(*args: Any, **options: Any) -> Any:
        given = {name: options.pop(name) for name in _GIVEN}
        return command(*args, read_options=functools.partial(_reading_options, given), **options)

    for option in reversed(_READING):
        collect = option(collect)
    return collect


_GIVEN = ("values", "encoding", "delimiter", "quoting", "skip", "sheet")


def _reading_options(given: Mapping[str, Any], codebook: Codebook) -> ReadingOptions:
    from softbalance.service.datasets.reading.declared_values import parse_declared
    from softbalance.service.datasets.reading.defects import UnusableDataset
    from softbalance.service.datasets.reading.reading_options import (
        ReadingOptions,
        check_delimiter,
        check_encoding,
    )

    try:
        return ReadingOptions(
            given["quoting"] == "csv",
            parse_declared(given["values"], codebook),
            check_encoding(given["encoding"]),
            check_delimiter(given["delimiter"]),
            given["skip"],
            given["sheet"],
        )
    except UnusableDataset as error:
        refuse(str(error))


def warn(warnings: Iterable[str]) -> None:
    """Say on standard error what may not be meant so."""
    for warning in warnings:
        click.echo(f"softbalance: {warning}", err=True)


def database_option(command: Command) -> Command:
    """Add `--database URL`."""
    return click.option(
        "--database", metavar="URL", help="The store.  [default: sqlite:///softbalance.db]"
    )(command)


def refuse(message: str) -> NoReturn:
    """Say on standard error why nothing was done, and exit with 2."""
    click.echo(f"softbalance: {message}", err=True)
    sys.exit(USAGE)


def settings_for(**given: Any) -> Settings:
    """Read the settings, or refuse with the reason."""
    try:
        return Settings.from_environment(**given)
    except UnusableSetting as error:
        refuse(str(error))


def know_store(database: str | None) -> Store:
    """Return the store of that URL, or else that of the settings; the command closes it in the end.

    Raises StoreAway.
    """
    from softbalance.service.store import Store

    settings = settings_for(database=database)
    store = Store(settings.database, settings.store_deadline)
    click.get_current_context().call_on_close(store.close)
    return store


def find_further_rulebooks(rulebooks: tuple[Path, ...]) -> tuple[Path, ...]:
    """Return the folders of further rulebooks: those given, or else those of the settings."""
    return rulebooks or settings_for().rulebooks


def open_library(rulebooks: tuple[Path, ...]) -> Library:
    """Load the shipped rulebooks and those of the folders, and say which are left out and why.

    Refuses with every finding if a shipped one does not load.
    """
    try:
        library = load_sound_library(find_further_rulebooks(rulebooks))
    except RulebookErrors as error:
        refuse(f"the rulebooks do not load:\n{error}")
    tell_broken(library)
    return library


def tell_broken(library: Library) -> None:
    """Say on standard error which rulebooks were left out of a library, and why."""
    if library.findings:
        told = "\n".join(map(str, library.findings))
        warn([f"rulebooks with mistakes are left out:\n{told}"])


def open_context(
    settings: Settings, *, loaded: LoadedLibrary | None = None, must_exist: bool = False
) -> Context:
    """Load the rulebooks, unless they are `loaded`, and open the store, or refuse.

    With `must_exist` no store is made. The command closes it in the end.
    """
    from softbalance.service.context import Context
    from softbalance.service.store import StoreAway

    try:
        context = Context.from_settings(settings, loaded=loaded, must_exist=must_exist)
    except RulebookErrors as error:
        refuse(f"the rulebooks do not load:\n{error}")
    except StoreAway as error:
        refuse(str(error))
    click.get_current_context().call_on_close(context.store.close)
    if loaded is None:
        tell_broken(context.library)
    return context


def read_episode(path: Path, codebook: Codebook) -> Episode:
    """Read a valid Episode from a JSON file or standard input, or refuse with every mistake."""
    try:
        body = _standard_input() if str(path) == "-" else path.read_bytes()
        episode: Episode = episode_schema(codebook.vocabulary).load(parse(body))
    except OSError as error:
        refuse(f"{path}: cannot be read: {error.strerror}")
    except NotJSON as error:
        refuse(f"{path}: not JSON: {error}")
    except DuplicateKeys as error:
        refuse(_format_mistakes(path, error.mistakes))
    except ValidationError as error:
        refuse(_format_mistakes(path, locate_mistakes(error.messages, MOST_TOLD)))
    return episode


def _standard_input() -> bytes:
    if sys.stdin is None:
        refuse("standard input is closed; name a file")
    return sys.stdin.buffer.read()


def on_terminal() -> bool:
    """Return whether standard output is a terminal; it may also be closed."""
    return sys.stdout is not None and sys.stdout.isatty()


def _format_mistakes(path: Path, mistakes: MistakeList) -> str:
    lines = [f"  {m.pointer or 'the document'}: {m.detail}" for m in mistakes]
    if mistakes.more:
        lines.append(f"  and {mistakes.more} more mistakes")
    return "\n".join([f"{path}: no valid Episode:", *lines])


def rulebook_folder(library: Library, name: str) -> Path | None:
    """Return the folder that a name is the path of, or None if it is to be an id.

    A known id is one also where a folder of that name is at hand: write `./NAME` for that.
    """
    path = Path(name)
    if path.name == "rulebook.yaml":
        path = path.parent
    if name in library.rulebooks or not (path.is_dir() or "/" in name):
        return None
    if not (path / "rulebook.yaml").exists() and not list(path.glob("*/rulebook.yaml")):
        refuse(f"{name}: no rulebook here; a rulebook is a folder with a rulebook.yaml")
    return path


def open_rulebook(library: Library, name: str, rulebooks: tuple[Path, ...] = ()) -> Rulebook:
    """Return the rulebook of that id or in that folder, or refuse with the reason.

    A folder may hold a changed copy of a known rulebook under the same id. What it extends may
    stand in one of the further folders.
    """
    folder = rulebook_folder(library, name)
    if folder is not None:
        try:
            books = load_folder(folder, find_further_rulebooks(rulebooks))
        except RulebookErrors as error:
            refuse(f"{name} does not load:\n{error}")
        if len(books) > 1:
            refuse(f"{name} holds {len(books)} rulebooks; name the folder of one of them")
        return books[0]
    try:
        return library[name]
    except BrokenRulebook:
        refuse(f"the rulebook {name!r} does not load, for the mistakes told above")
    except UnknownRulebook as error:
        refuse(str(error))
