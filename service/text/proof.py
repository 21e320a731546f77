"""The proof as text that a person reads: verdict first, then why, down to the evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from rich.tree import Tree
from softbalance.rules.model import Codebook
from softbalance.service.text.sensitivity import outlook
from softbalance.service.text.words import MARKS, label, marked, plain, printable, section, words

Answer = Mapping[str, Any]
#: A work cited by the episode → its number in the list at the end.
Sources = Mapping[str, int]


def proof_text(classified: Answer, codebook: Codebook, width: int = 100) -> str:
    """Return the proof of a classification as plain text, `width` columns wide."""
    return plain(proof_view(classified, codebook), width)


def proof_view(classified: Answer, codebook: Codebook) -> RenderableType:
    """Return the proof as something rich can print; it needs `trace` in the classification."""
    return Group(*_sections(classified, codebook))


def _sections(classified: Answer, codebook: Codebook) -> Iterator[RenderableType]:
    yield _verdict(classified, codebook)
    for title, values in (
        ("Tests", classified["tests"]),
        ("Rival explanations", classified["explanations"]),
    ):
        if values:
            yield from section(title, _values(values))
    sources = _sources(classified["episode"])
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
        yield from section("Contested", _contested(classified, sources))
    if sources:
        yield from section("Sources", _numbered(sources))


def _verdict(classified: Answer, codebook: Codebook) -> RenderableType:
    episode, rulebook = classified["episode"], classified["rulebook"]
    verdict = codebook.classes.get(classified["classification"])
    lines = [Text(label(classified["classification"], codebook).upper(), style="bold")]
    if verdict:
        lines.append(Text(verdict.meaning))
    lines.append(Text())
    actors = ", ".join(episode.get("actors", ())) or "actors not named"
    period = " to ".join(filter(None, map(episode.get("period", {}).get, ("start", "end"))))
    facts = {
        "Episode": printable(episode.get("title", episode["id"])),
        "Actors": printable(f"{actors}; hegemon {episode.get('hegemon', 'USA')}"),
        "Period": period,
        "Strategy": f"{words(classified['strategy'])} (form: {words(episode['form'])})",
        "Dominant": ", ".join(map(words, classified["dominant_explanations"])),
        "Rulebook": f"{rulebook['id']} {rulebook['version']}",
    }
    table = Table.grid(padding=(0, 2))
    for name, value in facts.items():
        if value:
            table.add_row(Text(name, style="dim"), Text(value))
    return Group(*lines, table)


def _sources(episode: Answer) -> Sources:
    cited = (o.get("source", {}).get("citation") for o in episode.get("observations", ()))
    return {
        citation: number for number, citation in enumerate(dict.fromkeys(filter(None, cited)), 1)
    }


def _numbered(sources: Sources) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    for citation, number in sources.items():
        table.add_row(str(number), Text(printable(citation)))
    return table


def _values(values: Mapping[str, str]) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    for fact, value in values.items():
        table.add_row(Text(words(fact)), marked(value))
    return table


def _proof(classified: Answer, codebook: Codebook, sources: Sources) -> RenderableType:
    steps: Sequence[Answer] = classified["trace"]
    by_conclusion: dict[tuple[str, str], Answer] = {}
    for step in steps:
        by_conclusion.setdefault((step["concludes"]["fact"], step["concludes"]["value"]), step)
    proof = _Proof(classified["episode"], codebook, by_conclusion, sources)
    verdict = next(s for s in steps if s["concludes"]["fact"] == "classification")
    return proof.tree(verdict)


class _Proof:
    """Unfolds steps into trees; a step that was unfolded before is only pointed to."""

    def __init__(
        self,
        episode: Answer,
        codebook: Codebook,
        by_conclusion: Mapping[tuple[str, str], Answer],
        sources: Sources,
    ) -> None:
        self._episode, self._codebook = episode, codebook
        self._by_conclusion, self._sources = by_conclusion, sources
        self._told: set[int] = set()

    def tree(self, step: Answer) -> Tree:
        """Return a step's conclusion with all that it rests on below it."""
        concluded = step["concludes"]
        heading = Text.assemble(
            (words(concluded["fact"]), "bold"),
            ": ",
            marked(concluded["value"]),
            (f"   step {step['step']}, {step['rule']}", "dim"),
        )
        if step["step"] in self._told:
            heading.append(", shown above", style="dim")
            return Tree(heading, guide_style="dim")
        self._told.add(step["step"])
        cites = _cited(step["cites"])
        tree = Tree(
            Group(heading, Text(step["because"]), Text(cites, style="dim italic")),
            guide_style="dim",
        )
        for premise in step["premises"]:
            self._premise(tree, premise)
        return tree

    def _premise(self, tree: Tree, premise: Answer) -> None:
        fact, value = premise["fact"], premise["value"]
        step = self._by_conclusion.get((fact, value))
        if premise["origin"] != "coded" and step is not None:
            tree.add(self.tree(step))
            return
        heading = Text.assemble(words(fact), ": ", marked(value) if value in MARKS else value)
        indicator = self._codebook.indicators.get(fact)
        lines = [heading]
        if indicator is not None:
            lines.append(Text(indicator.question, style="italic"))
            if not premise["observations"]:
                said = "nobody has said" if value == "unknown" else "coded without a source"
                lines.append(Text(said, style="yellow" if value == "unknown" else "dim"))
        branch = tree.add(Group(*lines))
        for index in premise["observations"]:
            branch.add(evidence(self._episode, index, self._sources))


def evidence(episode: Answer, index: int, sources: Sources) -> Text:
    """Return one observation in a paragraph: what is claimed, by whom, and where it stands."""
    observation = episode["observations"][index]
    source = observation.get("source", {})
    number = sources.get(source.get("citation", ""))
    where = ", ".join(
        filter(
            None, (f"source {number}" if number else None, source.get("locator"), source.get("url"))
        )
    )
    who = ", ".join(filter(None, map(observation.get, ("coder", "date"))))
    text = Text.assemble((f"[{index}] {observation['value']}", "bold"))
    if observation.get("note"):
        text.append(" " + printable(observation["note"]))
    if source.get("excerpt"):
        text.append(f" “{printable(source['excerpt'])}”")
    for part in (where, who):
        if part:
            text.append(f" ({printable(part)})", style="dim")
    return text


def _cited(cites: Sequence[Answer]) -> str:
    sections: dict[str, list[str]] = {}
    for cite in cites:
        sections.setdefault(cite["source"], []).append(cite["section"])
    return "; ".join(f"{source}: {'; '.join(where)}" for source, where in sections.items())


def _note(step: Answer) -> RenderableType:
    return Text.assemble((words(step["concludes"]["value"]), "bold"), ": ", step["because"])


def _contested(classified: Answer, sources: Sources) -> RenderableType:
    episode = classified["episode"]
    parts: list[RenderableType] = []
    for indicator in classified["contested"]:
        parts.append(Text.assemble(marked("contested"), "  ", words(indicator)))
        indices = [
            i
            for i, o in enumerate(episode.get("observations", ()))
            if o["indicator"] == indicator and o["value"] != "unknown"
        ]
        parts += [Padding(evidence(episode, index, sources), (0, 0, 0, 4)) for index in indices]
    return Group(*parts)
