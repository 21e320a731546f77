"""Rulebooks side by side on one episode, as text."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from softbalance.rules.model import Codebook
from softbalance.schemas.comparison import Comparison, Parting, PartingPremise
from softbalance.service.text.phrases import label, mark_value, section, to_words


def comparison_view(compared: Comparison, codebook: Codebook) -> RenderableType:
    """Return a comparison of rulebooks on an episode as something rich can print."""
    return Group(*_sections(compared, codebook))


def _sections(compared: Comparison, codebook: Codebook) -> Iterator[RenderableType]:
    verdict = "AGREE" if compared["agree"] else "PART"
    yield Text(f"THE RULEBOOKS {verdict}", style="bold")
    yield Text()
    table = Table.grid(padding=(0, 2))
    for rulebook, given in compared["classifications"].items():
        verdict = label(given["classification"], codebook).lower()
        dominant = ", ".join(map(to_words, given["dominant_explanations"]))
        table.add_row(rulebook, Text(verdict, style="bold"), Text(dominant, style="dim"))
    yield table
    decisive = [part for part in compared["parting"] if part["decisive"]]
    others = [part for part in compared["parting"] if not part["decisive"]]
    if decisive:
        yield from section("Where they first part", *map(_parting, decisive))
    if others:
        yield from section("Where they part without consequence", *map(_parting, others))


def _parting(part: Parting) -> RenderableType:
    lines: list[RenderableType] = [Text(to_words(part["fact"]), style="bold")]
    for rulebook, conclusion in part["conclusions"].items():
        value = conclusion["value"]
        shown = mark_value(value) if value else Text("is not asked", style="dim")
        lines.append(Padding(Text.assemble((f"{rulebook}: ", "dim"), shown), (0, 0, 0, 2)))
        lines += [
            Padding(Text.assemble((f"{step['rule']}  ", "dim"), step["because"]), (0, 0, 0, 6))
            for step in conclusion["steps"]
        ]
    for premise in part["premises"]:
        lines.append(Padding(Text(premise_words(premise)), (0, 0, 0, 2)))
    return Group(*lines)


def premise_words(premise: PartingPremise) -> str:
    """Return a premise on which rulebooks part, and what each of them saw."""
    seen = "; ".join(
        f"{rulebook}: {to_words(value) if value else 'does not ask'}"
        for rulebook, value in premise["values"].items()
    )
    return f"{to_words(premise['fact'])} ({seen})"
