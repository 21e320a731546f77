"""The proof as text that a person reads: verdict first, then why, down to the evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from rich.tree import Tree
from softbalance.rules.model import Codebook
from softbalance.schemas.classification import Answer, Step
from softbalance.schemas.episode import Episode
from softbalance.schemas.fields import UNKNOWN
from softbalance.service.text.argument import (
    Statement,
    find_conflicting,
    format_cites,
    unfold_proof,
)
from softbalance.service.text.outlook_text import outlook
from softbalance.service.text.phrases import (
    MARKS,
    escape_text,
    label,
    mark_value,
    render_plain,
    section,
    to_words,
)

#: A work cited by the episode → its number in the list at the end.
Sources = Mapping[str, int]


def proof_text(classified: Answer, codebook: Codebook, width: int = 100) -> str:
    """Return the proof of a classification as plain text, `width` columns wide."""
    return render_plain(proof_view(classified, codebook), width)


def proof_view(classified: Answer, codebook: Codebook) -> RenderableType:
    """Return the proof as something rich can print; it needs `trace` in the classification."""
    return Group(*_sections(classified, codebook))


def _sections(classified: Answer, codebook: Codebook) -> Iterator[RenderableType]:
    yield _verdict(classified, codebook)
    for title, values in (
        ("Tests", classified["tests"]),
        ("Explanations", classified["explanations"]),
    ):
        if values:
            yield from section(title, _values(values))
    sources = sources_of(classified["episode"])
    yield from section("Why", _proof(classified, codebook, sources))
    for title, fact in (
        ("What carries the verdict", "dominant_explanations"),
        ("Recorded, and not weighed", "notes"),
    ):
        steps = [step for step in classified["trace"] if step["concludes"]["fact"] == fact]
        if steps:
            yield from section(title, *map(_note, steps))
    if "flips" in classified:
        yield from outlook(classified, codebook)
    if classified["contested"]:
        yield from section("Contested", _render_contested(classified, sources))
    if sources:
        yield from section("Sources", _number_sources(sources))


def _verdict(classified: Answer, codebook: Codebook) -> RenderableType:
    episode, rulebook = classified["episode"], classified["rulebook"]
    verdict = codebook.classes.get(classified["classification"])
    lines = [Text(label(classified["classification"], codebook).upper(), style="bold")]
    if verdict:
        lines.append(Text(verdict.meaning))
    lines.append(Text())
    actors = ", ".join(episode.get("actors", ())) or "actors not named"
    period = episode.get("period", {})
    facts = {
        "Episode": escape_text(episode.get("title", episode["id"])),
        "Actors": escape_text(f"{actors}; hegemon {episode.get('hegemon', 'USA')}"),
        "Period": " to ".join(filter(None, (period.get("start"), period.get("end")))),
        "Strategy": f"{to_words(classified['strategy'])} (form: {to_words(episode['form'])})",
        "Dominant": ", ".join(map(to_words, classified["dominant_explanations"])),
        "Rulebook": f"{rulebook['id']} {rulebook['version']}",
    }
    table = Table.grid(padding=(0, 2))
    for name, value in facts.items():
        if value:
            table.add_row(Text(name, style="dim"), Text(value))
    return Group(*lines, table)


def sources_of(episode: Episode) -> Sources:
    """Return the works that an episode cites, numbered from 1 in order of mention."""
    named = (o.get("source", {}).get("citation") for o in episode.get("observations", ()))
    return {
        citation: number for number, citation in enumerate(dict.fromkeys(filter(None, named)), 1)
    }


def _number_sources(sources: Sources) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    for citation, number in sources.items():
        table.add_row(str(number), Text(escape_text(citation)))
    return table


def _values(values: Mapping[str, str]) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    for fact, value in values.items():
        table.add_row(Text(to_words(fact)), mark_value(value))
    return table


def _proof(classified: Answer, codebook: Codebook, sources: Sources) -> RenderableType:
    return _tree(unfold_proof(classified, codebook), classified["episode"], sources)


def _tree(told: Statement, episode: Episode, sources: Sources) -> Tree:
    tree = Tree(_heading(told), guide_style="dim")
    for index in told.observations:
        tree.add(evidence(episode, index, sources))
    for premise in told.rests_on:
        tree.add(_tree(premise, episode, sources))
    return tree


def _heading(told: Statement) -> RenderableType:
    """Return what is stated, and below it why or what was asked."""
    if told.step is None:
        lines = [Text.assemble(to_words(told.fact), ": ", _value(told.value))]
        if told.question:
            lines.append(Text(told.question, style="italic"))
        if told.unsourced:
            style = "yellow" if told.value == UNKNOWN else "dim"
            lines.append(Text(told.unsourced, style=style))
        return Group(*lines)
    by = f"   step {told.step['step']}, {told.step['rule']}"
    heading = Text.assemble(
        (to_words(told.fact), "bold"), ": ", mark_value(told.value), (by, "dim")
    )
    if told.repeated:
        return heading.append(", shown above", style="dim")
    reason, cites = Text(told.step["because"]), Text(format_cites(told.step["cites"]), "dim italic")
    return Group(heading, reason, cites)


def _value(value: str) -> Text:
    return mark_value(value) if value in MARKS else Text(value)


def evidence(episode: Episode, index: int, sources: Sources) -> Text:
    """Return one observation in a paragraph: what is claimed, by whom, and where it stands."""
    observation = episode["observations"][index]
    source = observation.get("source", {})
    number = sources.get(source.get("citation", ""))
    where = ", ".join(
        filter(
            None, (f"source {number}" if number else None, source.get("locator"), source.get("url"))
        )
    )
    who = ", ".join(filter(None, (observation.get("coder"), observation.get("date"))))
    text = Text.assemble((f"[{index}] {observation['value']}", "bold"))
    if observation.get("note"):
        text.append(" " + escape_text(observation["note"]))
    if source.get("excerpt"):
        text.append(f" “{escape_text(source['excerpt'])}”")
    for part in (where, who):
        if part:
            text.append(f" ({escape_text(part)})", style="dim")
    return text


def _note(step: Step) -> RenderableType:
    return Text.assemble((to_words(step["concludes"]["value"]), "bold"), ": ", step["because"])


def _render_contested(classified: Answer, sources: Sources) -> RenderableType:
    episode = classified["episode"]
    parts: list[RenderableType] = []
    for indicator in classified["contested"]:
        parts.append(Text.assemble(mark_value("contested"), "  ", to_words(indicator)))
        found = (
            evidence(episode, index, sources) for index in find_conflicting(episode, indicator)
        )
        parts += [Padding(told, (0, 0, 0, 4)) for told in found]
    return Group(*parts)
