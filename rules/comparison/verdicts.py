"""One episode under several rulebooks, and the first premises on which they part.

Rulebooks over one codebook share facts by name: two of them may both conclude a test of one name,
each by rules of its own. They *part* on a fact that more than one of them concludes or reads, if
not all of these have the same value for it. A parting that follows from another explains nothing,
so the first are told: those where no premise of a rule that fired is itself one on which they part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from softbalance.rules.classifier import Classifier
from softbalance.rules.codings import Codings, reconcile
from softbalance.rules.episode.trace import Tracer
from softbalance.rules.model import SETS
from softbalance.schemas.classification import Step
from softbalance.schemas.episode import Episode
from softbalance.schemas.grammar import CLASSIFICATION


def compare(classifiers: Sequence[Classifier], episode: Episode) -> dict[str, Any]:
    """Classify a valid Episode by several rulebooks of one codebook and say where they part.

    Returns, ready for JSON:

    - `agree`: whether all give the same classification;
    - `classifications`: rulebook → its verdict, as a Classification has it (`classification`,
      `strategy`, `tests`, `explanations`, `dominant_explanations`, `notes`, `contested`);
    - `parting`: the first facts on which they part, in order of inference, each an object of

      - `fact`;
      - `decisive`: whether the classifications differ and rest on it: from the class down to this
        fact, some rulebook's proof goes through facts on which they part. Where classifications
        differ, some fact is decisive, if only `classification` itself;
      - `conclusions`: rulebook → `{value, steps}`, the value of the fact, null in a rulebook that
        does without it, and the steps of the trace that conclude it, none where an indicator keeps
        its coded value;
      - `premises`: a list of `{fact, values}`, the premises of these steps that are not alike.
        `values` is rulebook → the value that its rules saw, null where its rules for the fact do
        not ask. An empty list says that they saw the same and conclude differently.

    Notes and dominant explanations gather values and are no premises: see the verdicts for them.
    Raises EngineFailure, and ValueError for two rulebooks of one id.
    """
    sides = _sides(classifiers, episode)
    verdicts = {name: side.verdict for name, side in sides.items()}
    return {
        "agree": len({verdict["classification"] for verdict in verdicts.values()}) == 1,
        "classifications": verdicts,
        "parting": [_part(fact, decisive, sides) for fact, decisive in _first(sides).items()],
    }


class _Side:
    """What one of the rulebooks makes of the episode.

    `reads` holds for each fact that it concludes the premises that its rules for it name.
    """

    def __init__(self, classifier: Classifier, codings: Codings) -> None:
        self._decision = classifier.decide(codings)
        self._steps = Tracer(classifier.rulebook).steps(self._decision, codings.evidence)
        self.verdict = classifier.verdict(self._decision)
        self.reads: dict[str, dict[str, None]] = {}
        for rule in classifier.rulebook.rules:
            if rule.fact not in SETS:
                named = self.reads.setdefault(rule.fact, {})
                named.update(dict.fromkeys(premise.fact for premise in rule.premises()))
        self._known = set(self.reads).union(*self.reads.values())

    def value(self, fact: str) -> str | None:
        """Return the value of a fact, or None where the rulebook does without it."""
        return self._decision.facts.get(fact) if fact in self._known else None

    def steps(self, fact: str) -> list[Step]:
        """Return the steps of the trace that conclude a fact."""
        return [step for step in self._steps if step["concludes"]["fact"] == fact]

    def seen(self, fact: str) -> dict[str, str]:
        """Return the premises of the rules for a fact with the values that these rules saw."""
        fired = (firing.facts for firing in self._decision.firings if firing.rule.fact == fact)
        facts = next(fired, self._decision.facts)
        return {read: facts[read] for read in self.reads.get(fact, ())}


_Sides = Mapping[str, _Side]


def _sides(classifiers: Sequence[Classifier], episode: Episode) -> dict[str, _Side]:
    codings = reconcile(classifiers[0].rulebook.codebook, episode)
    sides = {each.rulebook.id: _Side(each, codings) for each in classifiers}
    if len(sides) != len(classifiers):
        raise ValueError(f"a rulebook is named twice; compare different ones: {', '.join(sides)}")
    return sides


def _first(sides: _Sides) -> dict[str, bool]:
    """Return the first facts on which the rulebooks part, and whether each is decisive."""
    concluded = dict.fromkeys(fact for side in sides.values() for fact in side.reads)
    parted = {fact for fact in concluded if len(_values(fact, sides)) > 1}
    behind = {fact: _premises(fact, sides).keys() & parted - {fact} for fact in parted}
    decisive = _behind(CLASSIFICATION, behind)
    first = {*_least(decisive, behind), *_least(parted - decisive, behind)}
    return {fact: fact in decisive for fact in concluded if fact in first}


def _premises(fact: str, sides: _Sides) -> dict[str, None]:
    """Return the premises of the rules that concluded a fact, in order of mention."""
    steps = (step for side in sides.values() for step in side.steps(fact))
    return dict.fromkeys(premise["fact"] for step in steps for premise in step["premises"])


def _values(fact: str, sides: _Sides) -> set[str]:
    return {value for side in sides.values() if (value := side.value(fact)) is not None}


def _behind(fact: str, behind: Mapping[str, set[str]]) -> set[str]:
    """Return a fact on which they part and all others that it may follow from."""
    found: set[str] = set()
    waiting = {fact} & behind.keys()
    while waiting:
        found |= waiting
        waiting = set().union(*(behind[each] for each in waiting)) - found
    return found


def _least(among: set[str], behind: Mapping[str, set[str]]) -> set[str]:
    """Return the facts with none behind them.

    All of them, if there is none: then rulebooks infer them from each other in opposite directions.
    """
    return {fact for fact in among if not behind[fact]} or among


def _part(fact: str, decisive: bool, sides: _Sides) -> dict[str, Any]:
    seen = {name: side.seen(fact) for name, side in sides.items() if side.value(fact) is not None}
    values = {
        premise: {name: facts.get(premise) for name, facts in seen.items()}
        for premise in _premises(fact, sides)
    }
    return {
        "fact": fact,
        "decisive": decisive,
        "conclusions": {
            name: {"value": side.value(fact), "steps": side.steps(fact)}
            for name, side in sides.items()
        },
        "premises": [
            {"fact": premise, "values": by_rulebook}
            for premise, by_rulebook in values.items()
            if len(set(by_rulebook.values())) > 1
        ],
    }
