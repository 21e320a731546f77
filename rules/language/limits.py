"""What the firing engine can take, with margin.

durable_rules 2.0.28 fails on a fact of more than 255 properties, on a node with more than 64
branches and on rules of more than 16 conjuncts, and never returns from a large ruleset. A
rulebook that comes near any of these is refused when it is loaded, not when it decides.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from softbalance.rules.model import Rule, Stage

RULES_A_STAGE = 48
FACTS_A_STAGE = 120
CLAUSES_A_RULE = 12
MATCHES_A_RULE = 32


def over_limits(stage: Stage) -> Iterator[tuple[Rule | None, str]]:
    """Yield each limit that a stage or a rule of it exceeds: the rule, and what to do."""
    if len(stage.rules) > RULES_A_STAGE:
        yield (
            None,
            (
                f"stage {stage.id!r} has {len(stage.rules)} rules; the engine takes "
                f"{RULES_A_STAGE} a stage: split it in two stages"
            ),
        )
    if len(stage.reads) > FACTS_A_STAGE:
        yield (
            None,
            (
                f"stage {stage.id!r} reads {len(stage.reads)} facts; the engine takes "
                f"{FACTS_A_STAGE} a stage: split it in two stages"
            ),
        )
    for rule in stage.rules:
        if len(rule.when) > CLAUSES_A_RULE:
            yield (
                rule,
                (
                    f"has {len(rule.when)} premises; the engine takes {CLAUSES_A_RULE}: "
                    "conclude some of them as an intermediate fact in an earlier stage"
                ),
            )
        matches = prod(len(clause) for clause in rule.when)
        if matches > MATCHES_A_RULE:
            yield (
                rule,
                (
                    f"can match in {matches} ways; the engine takes {MATCHES_A_RULE}: "
                    "use fewer or shorter `any:`, or an intermediate fact"
                ),
            )
