"""`softbalance explain`: one episode, its verdict and the proof."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import orjson
from softbalance.rules.loader import DEFAULT_RULEBOOK
from softbalance.schemas.classification import TRACE
from softbalance.service.commands.options import (
    open_library,
    read_episode,
    rulebook_named,
    rulebooks_option,
)


@click.command()
@click.argument("episode", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@click.option(
    "--rulebook", default=DEFAULT_RULEBOOK, show_default=True, help="The rulebook to decide by."
)
@click.option("--json", "as_json", is_flag=True, help="Print the classification as JSON.")
@rulebooks_option
def command(episode: Path, rulebook: str, as_json: bool, rulebooks: tuple[Path, ...]) -> None:
    """Decide the Episode in a JSON file (- for standard input) and print the proof."""
    from softbalance.rules.classifier import Classifier
    from softbalance.service.classifiers import classify

    library = open_library(rulebooks)
    classifier = Classifier(rulebook_named(library, rulebook))
    classified = classify(classifier, read_episode(episode, library.codebook), TRACE)
    if as_json:
        click.echo(orjson.dumps(classified, option=orjson.OPT_INDENT_2).decode())
        return
    from rich.console import Console
    from softbalance.service.proof import proof_text, proof_view

    if sys.stdout.isatty():
        Console().print(proof_view(classified, library.codebook))
    else:
        click.echo(proof_text(classified, library.codebook), nl=False)
