"""Rulebooks as text: a line each, or one in full with its rules in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from softbalance.rules.model import Rule, Rulebook, Stage
from softbalance.rules.wording import clause_words
from softbalance.service.text.phrases import section, to_words


def list_view(rulebooks: Iterable[Rulebook]) -> RenderableType:
    """Return rulebooks as a table."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("rulebook", "version", "rules", "title", "digest"):
        table.add_column(heading, no_wrap=True, justify="right" if heading == "rules" else "left")
    for book in rulebooks:
        rules = str(sum(1 for _ in book.rules))
        table.add_row(book.id, book.version, rules, book.title, Text(book.digest, style="dim"))
    return table


def rulebook_view(book: Rulebook) -> RenderableType:
    """Return a rulebook with its stages, rules, reasons and citations."""
    return Group(*_sections(book))


def _sections(book: Rulebook) -> Iterator[RenderableType]:
    yield Text(book.title, style="bold")
    yield Text(book.summary)
    yield Text()
    about = Table.grid(padding=(0, 2))
    for name, value in (
        ("Rulebook", f"{book.id} {book.version}"),
        ("Extends", book.extends or ""),
        ("Classes", ", ".join(map(to_words, book.classes))),
        ("Digest", book.digest),
    ):
        if value:
            about.add_row(Text(name, style="dim"), Text(value))
    yield about
    for stage in book.stages:
        yield from section(stage.title, *_stage(stage))
    cited = {cite.source for rule in book.rules for cite in rule.cites}
    sources = Table.grid(padding=(0, 2))
    for source in sorted(cited):
        sources.add_row(Text(source, style="dim"), Text(book.sources[source]))
    yield from section("Sources", sources)


def _stage(stage: Stage) -> Iterator[RenderableType]:
    yield Text(stage.about, style="italic")
    for rule in stage.rules:
        yield Text()
        yield _rule(rule)


def _rule(rule: Rule) -> RenderableType:
    lines = [
        Text.assemble((f"{'if ' if not i else 'and'} ", "dim"), clause_words(clause))
        for i, clause in enumerate(rule.when)
    ]
    lines.append(Text.assemble(("then ", "dim"), (f"{rule.fact} is {rule.value}", "bold")))
    lines.append(Text(rule.because))
    cites = "; ".join(f"{cite.source}: {cite.section}" for cite in rule.cites)
    lines.append(Text(cites, style="dim italic"))
    return Group(Text(rule.id, style="bold"), Padding(Group(*lines), (0, 0, 0, 2)))
