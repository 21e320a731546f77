"""Where coders part on one episode: at which rules, and over which codings.

What each coder alone has coded of an episode is decided by one rulebook. Told is each fact on which
these decisions part where what was coded differs, with the rules on either side; a parting that
only follows from others explains nothing to a coder, and is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from softbalance.rules.comparison.parted_facts import Side, find_parted_facts
from softbalance.rules.episode.decision import Decision
from softbalance.rules.model import Rule


@dataclass(frozen=True, slots=True)
class Dissent:
    """A fact on which coders part since they coded differently.

    `values` and `rules` are by coder: the value of the fact, and the rule that concluded it, None
    where an indicator keeps its coded value. `codings` are the indicators (or the form) that the
    rules rest on and that were coded differently, each with its values by coder. A dissent is
    `decisive` if the classes differ and a proof of one of them goes through this fact.
    """

    fact: str
    decisive: bool
    values: Mapping[str, str]
    rules: Mapping[str, Rule | None]
    codings: Mapping[str, Mapping[str, str]]


def find_dissents(decisions: Mapping[str, Decision]) -> list[Dissent]:
    """Return where the decisions on one episode, by coder, part; in order of inference."""
    sides = {coder: Side.from_decision(decision) for coder, decision in decisions.items()}
    return [
        Dissent(
            parted.fact,
            parted.decisive,
            {coder: decision.facts[parted.fact] for coder, decision in decisions.items()},
            {coder: side.find_rule(parted.fact) for coder, side in sides.items()},
            {
                name: {coder: decision.coded[name] for coder, decision in decisions.items()}
                for name in codings
            },
        )
        for parted in find_parted_facts(tuple(sides.values()))
        if (codings := [name for name in parted.apart if name not in parted.behind])
    ]
