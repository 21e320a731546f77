"""`softbalance codebook`: the coding sheet, for people, spreadsheets and programs."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import click
import orjson
from softbalance.rules.model import Codebook
from softbalance.service.commands.options import open_library, rulebooks_option

#: The columns of a wide coding sheet before the indicators.
EPISODE_COLUMNS = ("id", "title", "form", "hegemon", "actors", "start", "end")


@click.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(["md", "csv", "json"]),
    default="md",
    show_default=True,
    help="md to read, csv an empty template to fill, json for programs.",
)
@rulebooks_option
def command(form: str, rulebooks: tuple[Path, ...]) -> None:
    """Print the coding sheet: what is asked of an episode."""
    codebook = open_library(rulebooks).codebook
    if form == "csv":
        click.echo(_template(codebook), nl=False)
    elif form == "json":
        from softbalance.rules.published import codebook_json

        click.echo(orjson.dumps(codebook_json(codebook), option=orjson.OPT_INDENT_2).decode())
    else:
        click.echo(_markdown(codebook), nl=False)


def _template(codebook: Codebook) -> str:
    sheet = io.StringIO()
    csv.writer(sheet, lineterminator="\r\n").writerow([*EPISODE_COLUMNS, *codebook.indicators])
    return sheet.getvalue()


def _markdown(codebook: Codebook) -> str:
    lines = [
        f"# {codebook.title}",
        "",
        f"Codebook {codebook.id} {codebook.version}. Code each "
        "indicator yes or no; leave it out where nobody has said.",
        "",
    ]
    for group in codebook.groups:
        lines += [f"## {group.title}", ""]
        for indicator in codebook.indicators.values():
            if indicator.group == group.id:
                cites = "; ".join(f"{c.source}, {c.section}" for c in indicator.cites)
                lines += [
                    f"**`{indicator.id}`** {indicator.question}",
                    "",
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
