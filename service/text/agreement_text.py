"""The agreement of coders, as text: by indicator, by verdict, by rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from softbalance.rules.model import Codebook
from softbalance.rules.wording import format_count
from softbalance.schemas.fields import CONTESTED, UNKNOWN, VALUES
from softbalance.service.coders.agreement_json import (
    Agreement,
    CodedVariable,
    Coefficient,
    EpisodeVerdicts,
    RulebookAgreement,
)
from softbalance.service.text.phrases import escape_text, label, section, to_words

#: The most episodes and rules that are listed; all are in the JSON.
LISTED = 20
#: With more coders a verdict is shown by class and not by coder.
_COLUMNS = 3
#: K. Krippendorff, *Content Analysis* (2nd ed., 2004), pp. 241-243.
_RELIABLE, _TENTATIVE = 0.8, 0.667


def agreement_view(found: Agreement, codebook: Codebook) -> RenderableType:
    """Return an agreement (see `softbalance.service.coders.report`) as something rich can print."""
    return Group(*_sections(found, codebook))


def _sections(found: Agreement, codebook: Codebook) -> Iterator[RenderableType]:
    yield Text("AGREEMENT OF CODERS", style="bold")
    yield from _about(found)
    yield from section("By indicator", _indicators(found, codebook), *_legend(found))
    for each in found["rulebooks"]:
        book = each["rulebook"]
        yield from section(
            f"Verdicts by {book['id']} {book['version']}", *_verdicts(each, codebook)
        )
        if each["rules"]:
            yield from section("Where they part, by rule", *_rules(each))
        if each["train_on"]:
            yield from section("What to train on", *_train_on(each))


def _about(found: Agreement) -> Iterator[RenderableType]:
    yield Text()
    grid = Table.grid(padding=(0, 2))
    values = {value for row in found["indicators"] for value in row["codings"]}
    settled = "yes or no" if values <= {*VALUES} else "settled"
    for coder in found["coders"]:
        said = f"{coder['codings']:,} {settled}" + (
            f", {coder['contested']:,} contested" if coder["contested"] else ""
        )
        grid.add_row(
            Text(escape_text(coder["coder"]), style="bold"),
            Text(format_count(coder["episodes"], "episodes")),
            Text(said, style="dim"),
        )
    yield grid
    yield Text()
    episodes = format_count(found["episodes"], "episodes")
    told = f"{episodes}, {found['compared']:,} by two coders or more."
    if found["nameless"]:
        told += f" {format_count(found['nameless'], 'observations')} without a coder left out."
    yield Text(told)
    drawn = found["bootstrap"]
    yield Text(
        f"In brackets {drawn['level']:.0%} intervals: percentile bootstrap over episodes, "
        f"{drawn['resamples']:,} resamples, seed {drawn['seed']}.",
        style="dim",
    )


def _indicators(found: Agreement, codebook: Codebook) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="bold", pad_edge=False)
    table.add_column("")
    table.add_column("n", justify="right", no_wrap=True)
    table.add_column("alike", justify="right", no_wrap=True)
    table.add_column("alpha", no_wrap=True)
    table.add_column("AC1", no_wrap=True)
    group = None
    titles = {each.id: each.title for each in codebook.groups}
    for row in found["indicators"]:
        if row["group"] != group:
            group = row["group"]
            table.add_row(Text(titles[group], style="dim italic"))
        table.add_row(to_words(row["indicator"]), *_render_figures(row))
    table.add_row(Text("Form of the action", style="dim italic"))
    table.add_row("form", *_render_figures(found["form"]))
    return table


def _render_figures(row: CodedVariable) -> Iterator[RenderableType]:
    share = row["agreement"]
    yield Text(f"{row['compared']:,}")
    yield Text("–" if share is None else f"{share:.0%}")
    open_ = (UNKNOWN, CONTESTED)
    said = [value for value, count in row["codings"].items() if count and value not in open_]
    constant = f"all {said[0]}" if row["compared"] and len(said) == 1 else "–"
    yield _coefficient(row["alpha"], constant, graded=True)
    yield _coefficient(row["ac1"], "–")


def _coefficient(found: Coefficient, otherwise: str, graded: bool = False) -> Text:
    value, low, high = found["value"], found["low"], found["high"]
    if value is None or low is None or high is None:
        return Text(otherwise, style="dim")
    style = ""
    if graded:
        style = "green" if value >= _RELIABLE else "yellow" if value >= _TENTATIVE else "red"
    text = Text(f"{_shorten_coefficient(value):>5} ", style=style)
    text.append(f"[{_shorten_coefficient(low)}, {_shorten_coefficient(high)}]", style="dim")
    return text


def _shorten_coefficient(value: float) -> str:
    """Return a coefficient without the nought before its point, as is usual in tables."""
    return f"{value:.2f}".replace("-0.00", "0.00").replace("0.", ".", 1)


def _legend(found: Agreement) -> Iterator[RenderableType]:
    yield Text()
    yield Text(
        "n: episodes compared. alike: share of pairs of codings. Alpha of .80 and more is held to "
        "be reliable, of .67 to .80 tentative (Krippendorff 2004, 241-243).",
        style="dim",
    )
    rows = [*found["indicators"], found["form"]]
    drawn = found["bootstrap"]["resamples"]
    if any(0 < row["alpha"]["resamples"] < drawn for row in rows):
        yield Text(
            "An interval leaves out resamples without variation; --csv indicators tells how many.",
            style="dim",
        )
    if any(row["compared"] > 1 and row["alpha"]["value"] is None for row in rows):
        yield Text(
            "all yes, all no: every coding compared is the same. With no variation agreement by "
            "chance would be complete too, so alpha is not defined; AC1 is.",
            style="dim",
        )
    if any(row["compared"] < 2 for row in rows):
        yield Text("–: fewer than two episodes are coded by two coders.", style="dim")
    if any(row["alike"] == row["compared"] > 1 for row in rows):
        yield Text(
            "[1.00, 1.00]: no disagreement in the sample, so none in a resample; the interval "
            "cannot show how sure this is.",
            style="dim",
        )


def _verdicts(found: RulebookAgreement, codebook: Codebook) -> Iterator[RenderableType]:
    measured = found["verdicts"]
    if not measured["compared"]:
        yield Text("No episode is coded by two coders.")
        return
    yield Text.assemble(
        "Each coder alone reaches the same class in ",
        (f"{measured['alike']:,} of {format_count(measured['compared'], 'episodes')}", "bold"),
        ".",
    )
    for coefficient, title in ((measured["alpha"], "alpha"), (measured["ac1"], "AC1  ")):
        yield Text(f"{title} ").append_text(_coefficient(coefficient, "not defined"))
    parted = [episode for episode in found["episodes"] if episode["agree"] is False]
    if parted:
        yield Text()
        yield _verdict_table(parted[:LISTED], codebook)
        yield from _count_rest(len(parted), "episodes", "--csv verdicts")


def _verdict_table(parted: Sequence[EpisodeVerdicts], codebook: Codebook) -> Table:
    coders = list(dict.fromkeys(coder for episode in parted for coder in episode["verdicts"]))
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", pad_edge=False)
    table.add_column("episode")
    by_coder = len(coders) <= _COLUMNS
    for coder in coders if by_coder else ["verdicts"]:
        table.add_column(escape_text(coder))
    for episode in parted:
        verdicts = {
            coder: label(verdict["classification"], codebook).lower()
            for coder, verdict in episode["verdicts"].items()
        }
        cells = [verdicts.get(coder, "–") for coder in coders]
        table.add_row(
            escape_text(episode["id"]), *(cells if by_coder else [_group_verdicts(verdicts)])
        )
    return table


def _group_verdicts(verdicts: Mapping[str, str]) -> str:
    classes: dict[str, list[str]] = {}
    for coder, verdict in verdicts.items():
        classes.setdefault(verdict, []).append(escape_text(coder))
    return "; ".join(f"{verdict}: {', '.join(coders)}" for verdict, coders in classes.items())


def _rules(found: RulebookAgreement) -> Iterator[RenderableType]:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", pad_edge=False)
    table.add_column("episodes", justify="right", no_wrap=True)
    table.add_column("decisive", justify="right", no_wrap=True)
    table.add_column("rules on either side, and what was coded differently")
    shown = found["rules"][:LISTED]
    for fact in dict.fromkeys(row["fact"] for row in shown):
        table.add_row("", "", Text(to_words(fact), style="italic"))
        for row in (row for row in shown if row["fact"] == fact):
            codings = (f"{to_words(c['indicator'])} ({c['episodes']:,})" for c in row["codings"])
            table.add_row(
                f"{row['episodes']:,}",
                Text(f"{row['decisive']:,}", style="bold" if row["decisive"] else "dim"),
                Text.assemble(" ≠ ".join(row["rules"]), "\n  ", (", ".join(codings), "dim")),
            )
    yield table
    yield from _count_rest(len(found["rules"]), "rows", "--csv rules")
    yield Text()
    yield Text(
        "decisive: episodes in which the classes differ and one of them rests on it.", style="dim"
    )


def _train_on(found: RulebookAgreement) -> Iterator[RenderableType]:
    yield Text("Codings behind different classes, and in how many episodes:")
    grid = Table.grid(padding=(0, 2))
    for each in found["train_on"]:
        grid.add_row(f"{each['episodes']:>3,}", to_words(each["indicator"]))
    yield grid


def _count_rest(count: int, what: str, option: str) -> Iterator[Text]:
    if count > LISTED:
        yield Text(f"… and {format_count(count - LISTED, what)} more: {option}", style="dim")
