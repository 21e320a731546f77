"""What follows from a verdict: what else it could be, what to ask, what would flip it, why not.

`docs/semantics.md`, "What follows from a verdict", says what each of these means. All but the last
is read off the rulebook's decision diagram (`softbalance.rules.diagrams.diagram`), on which every
completion and every set of changes is a path. So the answers are exact, not sampled, and however
many indicators are open they cost a walk over the nodes, of which the shipped rulebooks have less
than a hundred.
"""

from __future__ import annotations

from collections.abc import Mapping

from softbalance.rules.diagrams.completions import Completions
from softbalance.rules.diagrams.diagram import DecisionDiagram
from softbalance.rules.diagrams.flips import Flip, smallest_flips
from softbalance.rules.diagrams.nodes import UNDEFINED
from softbalance.rules.episode.decision import Decider, Decision
from softbalance.rules.episode.firing import EngineFailure
from softbalance.rules.model import FORM, Premise, Rule, Rulebook
from softbalance.schemas import outlook
from softbalance.schemas.grammar import CLASSIFICATION


class DiagramMismatch(EngineFailure):
    """The decision diagram is at odds with the engine, or finds codings without a single class."""


class Sensitivity:
    """Answers what follows from the verdicts of one rulebook; to be made once a process.

    Safe for threads, as its `decider` is.
    """

    def __init__(self, rulebook: Rulebook, decider: Decider) -> None:
        self._rulebook, self._decider = rulebook, decider
        self._diagram = DecisionDiagram(rulebook)

    def analyse(self, decision: Decision) -> outlook.Sensitivity:
        """Return `possible_classifications`, `next_questions`, `flips` and `why_not`.

        In the shape of the answer. Possible classes stand in codebook order, questions by falling
        gain and then in codebook order, sets of changes in codebook order. Raises EngineFailure,
        and Disproved if the diagram does not say what the engine does.
        """
        self._check(decision, self._diagram.classify(decision.coded))
        completions = Completions(self._diagram, decision.coded)
        if UNDEFINED in completions.classes:
            raise self._make_mismatch("a completion", decision.coded)
        classes = self._rulebook.codebook.classes
        return {
            "possible_classifications": [c for c in classes if c in completions.classes],
            "next_questions": self._questions(completions),
            "flips": self._flips(decision),
            "why_not": why_not(decision),
        }

    def _questions(self, completions: Completions) -> list[outlook.Question]:
        gains = completions.gains()
        indicators = self._rulebook.codebook.indicators
        asked = [name for name in indicators if name in gains]
        return [
            {
                "indicator": name,
                "question": indicators[name].question,
                "information_gain": gains[name],
            }
            for name in sorted(asked, key=lambda name: -gains[name])
        ]

    def _flips(self, decision: Decision) -> outlook.Flips:
        flips = smallest_flips(self._diagram, decision.coded)
        for flip in flips:
            self._prove(decision, flip)
        sets: list[outlook.Flip] = [
            {
                "changes": [
                    {"indicator": indicator, "from": decision.coded[indicator], "to": to}
                    for indicator, to in flip.changes.items()
                ],
                "classification": flip.classification,
            }
            for flip in flips
        ]
        return {"size": len(flips[0].changes) if flips else None, "sets": sets}

    def _prove(self, decision: Decision, flip: Flip) -> None:
        """Let the engine decide the changed codings, before anyone is told of them."""
        coded = {**decision.coded, **flip.changes}
        if flip.classification == UNDEFINED:
            raise self._make_mismatch("a change", coded)
        values = {name: value for name, value in coded.items() if name != FORM}
        self._check(self._decider.decide(coded[FORM], values), flip.classification)

    def _check(self, decision: Decision, expected: str) -> None:
        got = decision.facts[CLASSIFICATION]
        if got != expected:
            raise DiagramMismatch(
                f"rulebook {self._rulebook.id}: the diagram says {expected}, the engine {got}, "
                f"for {dict(decision.coded)}"
            )

    def _make_mismatch(self, where: str, coded: Mapping[str, str]) -> DiagramMismatch:
        rulebook = self._rulebook.id
        return DiagramMismatch(
            f"rulebook {rulebook}: {where} leads to no class or to several, for {dict(coded)}; "
            f"`softbalance rulebook verify {rulebook}` tells which rules to mend"
        )


def why_not(decision: Decision) -> dict[str, list[outlook.UnmetRule]]:
    """Return for each other class of the codebook the rules that conclude it, with their premises.

    A class that no rule of the rulebook concludes has an empty list. `expected` are the values for
    which a premise holds and `actual` is the value as the rules of the classification saw it. The
    premises of an `any` stand one by one like all others.
    """
    seen = next(f.facts for f in decision.firings if f.rule.fact == CLASSIFICATION)
    rules = [rule for rule in decision.rulebook.rules if rule.fact == CLASSIFICATION]
    return {
        label: [_premises(rule, seen, decision.rulebook) for rule in rules if rule.value == label]
        for label in decision.rulebook.codebook.classes
        if label != decision.facts[CLASSIFICATION]
    }


def _premises(rule: Rule, seen: Mapping[str, str], rulebook: Rulebook) -> outlook.UnmetRule:
    return {
        "rule": rule.id,
        "premises": [
            {
                "fact": premise.fact,
                "expected": list(premise.values),
                "actual": seen[premise.fact],
                "state": _state(premise, seen[premise.fact], rulebook),
            }
            for premise in rule.premises()
        ],
    }


def _state(premise: Premise, actual: str, rulebook: Rulebook) -> outlook.State:
    if actual in premise.values:
        return "holds"
    return "undecided" if actual in rulebook.list_undecided_values(premise.fact) else "fails"
