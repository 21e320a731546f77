"""`softbalance codebook`: the coding sheet, for people, spreadsheets and programs."""

from __future__ import annotations

from pathlib import Path

import click
import orjson
from softbalance.rules.model import Codebook
from softbalance.service.commands.options import open_library, refuse, rulebooks_option


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
@rulebooks_option
def command(  # noqa: PLR0913, PLR0917 - one for each option
    form: str,
    layout: str,
    episodes: str | None,
    coder: str,
    help_row: bool,
    rulebooks: tuple[Path, ...],
) -> None:
    """Print the coding sheet: what is asked of an episode."""
    if (episodes or coder) and (form, layout) != ("csv", "long"):
        refuse("--for and --coder are for a long sheet: add --format csv --layout long")
    codebook = open_library(rulebooks).codebook
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
    forms = _forms(episodes, codebook) if episodes else {}
    return long_template(codebook, forms, coder, helped=helped)


def _forms(name: str, codebook: Codebook) -> dict[str, str]:
    """Return the forms of the episodes in a file by their ids, or refuse."""
    from softbalance.service.datasets.batches import episode_lines, sheet_lines
    from softbalance.service.datasets.reading.defects import UnusableDataset
    from softbalance.service.datasets.reading.formats import Format, format_of

    try:
        read = episode_lines if format_of(name, "input")[0] is Format.NDJSON else sheet_lines
        with Path(name).open("rb") as stream:
            lines = list(read(stream, codebook))
    except UnusableDataset as error:
        refuse(str(error))
    except OSError as error:
        refuse(f"{name}: cannot be read: {error.strerror}")
    forms: dict[str, str] = {}
    for line in lines:
        if line.episode is None:
            refuse(f"{name}, line {line.number}: {line.mistakes[0].detail}")
        id_ = line.episode.get("id")
        if not id_ or id_ in forms:
            what = f"the id {id_!r} stands twice" if id_ else "has no id"
            refuse(f"{name}, line {line.number}: {what}; coders' rows need ids that tell apart")
        forms[id_] = line.episode["form"]
    return forms


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
