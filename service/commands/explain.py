"""`softbalance explain`: one episode, its verdict and the proof; or several rulebooks' verdicts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import orjson
from softbalance.rules.language.loader import DEFAULT_RULEBOOK
from softbalance.schemas.classification import FULL
from softbalance.service.commands.options import (
    on_terminal,
    open_library,
    open_rulebook,
    read_episode,
    refuse,
    rulebooks_option,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import RenderableType
    from softbalance.rules.model import Codebook
    from softbalance.schemas.classification import Classification
    from softbalance.schemas.comparison import Comparison


@click.command()
@click.argument("episode", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@click.option(
    "--rulebook",
    "names",
    multiple=True,
    default=[DEFAULT_RULEBOOK],
    show_default=True,
    help="The rulebook to decide by, an id or a folder; several to see where they part.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@rulebooks_option
def command(
    episode: Path, names: tuple[str, ...], as_json: bool, rulebooks: tuple[Path, ...]
) -> None:
    """Decide the Episode in a JSON file (- for standard input) and print the proof."""
    from softbalance.rules.classifier import Classifier
    from softbalance.rules.comparison.rulebooks_on_episode import compare_rulebooks
    from softbalance.rules.episode.firing import EngineFailure
    from softbalance.rules.vocabularies import unite_codebooks
    from softbalance.service.classifiers import classify

    library = open_library(rulebooks)
    if len(set(names)) < len(names):
        refuse("a rulebook is named twice; name each once")
    books = [open_rulebook(library, name, rulebooks) for name in names]
    if len({book.id for book in books}) < len(books):
        refuse("two of the rulebooks have the same id; give one of them another")
    classifiers = [Classifier(book) for book in books]
    # a rulebook that is named by its folder may be of another codebook than the library's
    codebook = unite_codebooks([library.codebook, *(book.codebook for book in books)])
    read = read_episode(episode, codebook)
    try:
        if len(names) > 1:
            comparison = compare_rulebooks(classifiers, read)
            _tell_comparison(comparison, codebook, as_json)
        else:
            _tell_answer(classify(classifiers[0], read, FULL), codebook, as_json)
    except EngineFailure as error:
        refuse(f"no verdict can be given: {error}; `softbalance rulebook verify` tells more")


def _tell_answer(answer: Classification, codebook: Codebook, as_json: bool) -> None:
    if as_json:
        _print_json(answer)
        return
    from softbalance.service.text.proof import proof_view

    _print(proof_view(answer, codebook))


def _tell_comparison(comparison: Comparison, codebook: Codebook, as_json: bool) -> None:
    if as_json:
        _print_json(comparison)
        return
    from softbalance.service.text.comparison_text import comparison_view

    _print(comparison_view(comparison, codebook))


def _print_json(content: Mapping[str, object]) -> None:
    click.echo(orjson.dumps(content, option=orjson.OPT_INDENT_2).decode())


def _print(view: RenderableType) -> None:
    from rich.console import Console
    from softbalance.service.text.phrases import render_plain

    if on_terminal():
        Console().print(view)
    else:
        click.echo(render_plain(view), nl=False)
