"""What follows from a verdict, as text: what is missing, what would flip it, why not another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from rich.tree import Tree
from softbalance.rules.model import Codebook
from softbalance.schemas.outlook import Change, Expectation, Flips, Sensitivity, State, UnmetRule
from softbalance.service.text.phrases import label, section, to_words

_STATES: Mapping[State, tuple[str, str]] = {
    "holds": ("✓", "green"),
    "fails": ("✗", "red"),
    "undecided": ("?", "yellow"),
}


def outlook(classified: Sensitivity, codebook: Codebook) -> Iterator[RenderableType]:
    """Yield the sections that only a classification with detail=full has."""
    yield from section("What is missing", *_missing(classified, codebook))
    yield from section("What would flip it", *_flips(classified["flips"], codebook))
    if classified["why_not"]:
        yield from section("Why not another class", *_why_not(classified["why_not"], codebook))


def missing_words(classified: Sensitivity, codebook: Codebook) -> str:
    """Return in a sentence what a classification could become once all is coded."""
    possible = [
        label(verdict, codebook).lower() for verdict in classified["possible_classifications"]
    ]
    if len(possible) == 1:
        return f"Nothing that would matter: whatever is still open, it stays {possible[0]}."
    return f"Once all is coded it could be: {', '.join(possible)}. To ask, best first:"


def gain_words(bits: float) -> str:
    """Return an information gain in bits."""
    return f"{bits:.3f} bit" if bits >= 0.001 else "<0.001 bit"


def flips_words(flips: Flips) -> str:
    """Return in a sentence how many changes flip a verdict."""
    if flips["size"] is None:
        return "No change of up to three indicators gives another class."
    changes = "one change is" if flips["size"] == 1 else f"{flips['size']} changes are"
    return f"The fewest that do: {changes} enough."


def change_words(change: Change) -> str:
    """Return a change of one indicator."""
    return f"{to_words(change['indicator'])}: {change['from']} → {change['to']}"


def expectation_words(premise: Expectation) -> str:
    """Return how a premise of a rule that did not fire stands, and what it would need."""
    stands = f"{to_words(premise['fact'])}: {to_words(premise['actual'])}"
    if premise["state"] == "holds":
        return stands
    return f"{stands}, needs {' or '.join(map(to_words, premise['expected']))}"


def _missing(classified: Sensitivity, codebook: Codebook) -> Iterator[RenderableType]:
    yield Text(missing_words(classified, codebook))
    if not classified["next_questions"]:
        return
    table = Table.grid(padding=(0, 2))
    for number, asked in enumerate(classified["next_questions"], 1):
        gain = gain_words(asked["information_gain"])
        question = Text.assemble((to_words(asked["indicator"]), "bold"), "  ", asked["question"])
        table.add_row(f"{number:>2}", question, Text(gain, style="dim", no_wrap=True))
    yield table


def _flips(flips: Flips, codebook: Codebook) -> Iterator[RenderableType]:
    yield Text(flips_words(flips))
    if not flips["sets"]:
        return
    table = Table.grid(padding=(0, 2))
    for flip in flips["sets"]:
        made = "; ".join(map(change_words, flip["changes"]))
        table.add_row(
            made, Text(f"→ {label(flip['classification'], codebook).lower()}", style="bold")
        )
    yield table


def _why_not(why_not: Mapping[str, Sequence[UnmetRule]], codebook: Codebook) -> Iterator[Tree]:
    for verdict, rules in why_not.items():
        tree = Tree(Text(label(verdict, codebook).lower(), style="bold"), guide_style="dim")
        for rule in rules:
            held = [_premise(p) for p in rule["premises"] if p["state"] == "holds"]
            wanting = [_premise(p) for p in rule["premises"] if p["state"] != "holds"]
            branch = tree.add(Text(rule["rule"], style="dim"))
            branch.add(Group(*wanting, *held))
        if not rules:
            tree.add(Text("This rulebook has no rule for it."))
        yield tree


def _premise(premise: Expectation) -> Text:
    mark, style = _STATES[premise["state"]]
    stands, _, needs = expectation_words(premise).partition(", ")
    return Text.assemble((f"{mark} ", style), stands, (f", {needs}" if needs else "", "dim"))
