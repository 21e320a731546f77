"""`softbalance codebook`: the coding sheet, for people, spreadsheets and programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import orjson
from softbalance.rules.model import Codebook, Indicator
from softbalance.rules.vocabularies import narrow_codebook
from softbalance.rules.wording import join_words
from softbalance.schemas.fields import NO, YES
from softbalance.service.commands.options import (
    open_library,
    open_rulebook,
    refuse,
    rulebooks_option,
)

if TYPE_CHECKING:
    from softbalance.service.exchange.coded import CodedEpisode


@click.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(["md", "csv", "json", "qdc"]),
    default="md",
    show_default=True,
    help="md to read, csv an empty template to fill, json for programs, qdc for NVivo, ATLAS.ti, "
    "MAXQDA and others (REFI-QDA).",
)
@click.option(
    "--layout",
    type=click.Choice(["wide", "long"]),
    default="wide",
    show_default=True,
    help="Of the template: a row an episode, or a row an observation.",
)
@click.option(
    "--for",
    "episodes",
    metavar="SHEET",
    help="With --layout long: a row for each indicator of each episode in this wide sheet (.csv) "
    "or of these Episodes (.ndjson).",
)
@click.option("--coder", default="", help="With --for: who will code, for the column `coder`.")
@click.option(
    "--help-row/--no-help-row",
    default=True,
    help="Whether the template has a row of help, #help, which `classify` passes over.",
)
@click.option("--rulebook", "name", metavar="ID", help="Ask only what this rulebook reads.")
@rulebooks_option
def command(  # noqa: PLR0913, PLR0917 - one for each option
    form: str,
    layout: str,
    episodes: str | None,
    coder: str,
    help_row: bool,
    name: str | None,
    rulebooks: tuple[Path, ...],
) -> None:
    """Print the coding sheet: what is asked of an episode."""
    if (episodes or coder) and (form, layout) != ("csv", "long"):
        refuse("--for and --coder are for a long sheet: add --format csv --layout long")
    library = open_library(rulebooks)
    codebook = narrow_codebook(open_rulebook(library, name)) if name else library.codebook
    if form == "csv":
        text = _template(codebook, layout, episodes, coder, help_row)
    elif form == "json":
        from softbalance.rules.rulebook_json import describe_codebook

        text = orjson.dumps(describe_codebook(codebook), option=orjson.OPT_INDENT_2).decode() + "\n"
    elif form == "qdc":
        from softbalance.service.exchange.qdc import qdc

        text = qdc(codebook)
    else:
        text = _markdown(codebook)
    click.echo(text, nl=False)


def _template(
    codebook: Codebook, layout: str, episodes: str | None, coder: str, helped: bool
) -> str:
    from softbalance.service.exchange.templates import long_template, wide_template

    if layout == "wide":
        return wide_template(codebook, helped=helped)
    found = _read_episodes(episodes, codebook) if episodes else []
    return long_template(codebook, found, coder, helped=helped)


def _read_episodes(name: str, codebook: Codebook) -> list[CodedEpisode]:
    """Return the episodes in a file, whose ids have to tell them apart, or refuse."""
    from softbalance.service.datasets.reading.defects import UnusableDataset
    from softbalance.service.exchange.coded import read_data

    try:
        read = read_data([name], codebook, ())
    except UnusableDataset as error:
        refuse(str(error))
    if read.rejects:
        refuse(f"{name}, line {read.rejects[0].line}: {read.rejects[0].message}")
    for episode in read.episodes:
        if not episode.row.named:
            refuse(f"{name}, line {episode.row.line}: has no id; coders' rows need ids")
    return read.episodes


def say_scale(indicator: Indicator) -> str:
    """Return in words the values of a scale, or the levels of a number."""
    if not indicator.levels:
        return join_words(indicator.values, "or")
    unit = f" ({indicator.unit})" if indicator.unit else ""
    levels = zip(indicator.values, indicator.levels, strict=True)
    return f"a number{unit}: {join_words(f'{v} from {bound:g} on' for v, bound in levels)}"


def _markdown(codebook: Codebook) -> str:
    lines = [
        f"# {codebook.title}",
        "",
        f"Codebook {codebook.id} {codebook.version}. Code each indicator yes or no, if nothing "
        "else is said; leave it out where nobody has said.",
        "",
    ]
    for group in codebook.groups:
        lines += [f"## {group.title}", ""]
        for indicator in codebook.indicators.values():
            if indicator.group == group.id:
                cites = "; ".join(f"{c.source}, {c.section}" for c in indicator.cites)
                lines += [f"**`{indicator.id}`** {indicator.question}", ""]
                if indicator.values != (YES, NO):
                    lines += [f"Answer by {say_scale(indicator)}.", ""]
                lines += [
                    f"{indicator.help} ({cites})",
                    "",
                ]
    lines += ["## Forms", "", "| form | strategy | |", "|---|---|---|"]
    lines += [f"| `{f.id}` | `{f.strategy}` | {f.label} |" for f in codebook.forms.values()]
    lines += ["", "## Classes", ""]
    lines += [f"- **`{c.id}`** {c.meaning}" for c in codebook.classes.values()]
    lines += ["", "## Sources", ""]
    lines += [f"- `{source}`: {citation}" for source, citation in codebook.sources.items()]
    return "\n".join(lines) + "\n"
