"""The trace of a decision: a proof, step by step, down to the observations.

Every value in the answer is concluded by a step; every premise of a step is an input or was
concluded by an earlier step.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from softbalance.rules.episode.carrying import find_carrying_facts
from softbalance.rules.episode.decision import Decision
from softbalance.rules.model import FORM, Rule, Rulebook
from softbalance.schemas.classification import Origin, Premise, Step

CODED: Final = "coded"
DERIVED: Final = "derived"
CONCLUDED: Final = "concluded"
Evidence = Mapping[str, list[int]]
#: So many combinations of values are remembered of a rule.
_REMEMBERED = 4096


class Tracer:
    """Makes traces for one rulebook; the parts that no episode changes are made once."""

    def __init__(self, rulebook: Rulebook) -> None:
        self._inputs = frozenset(rulebook.codebook.indicators) | {FORM}
        self._fixed = {rule.id: _build_fixed_part(rule) for rule in rulebook.rules}
        self._premises = {rule.id: _split(rule) for rule in rulebook.rules}
        # of a rule of lone premises, all are needed; of the others what was found is remembered
        self._brief: dict[str, tuple[dict[tuple[str, ...], list[str]], list[str]]] = {
            rule.id: ({}, list(dict.fromkeys(p.fact for p in rule.premises())))
            for rule in rulebook.rules
            if rule.brief and not all(clause.lone for clause in rule.when)
        }
        # premises without observations are the same in every trace, and are shared
        facts = {fact for stage in rulebook.stages for fact in stage.reads}
        self._bare = {
            (fact, value, derived): self._build_bare_premise(fact, value, derived)
            for fact in facts
            for value in rulebook.domain(fact)
            for derived in (False, True)
        }

    def steps(self, decision: Decision, evidence: Evidence) -> list[Step]:
        """Return the steps in order of inference, in the shape of the answer's `trace`.

        `evidence` are the indices of the observations behind each coded indicator
        (see `softbalance.rules.codings.Codings`).
        """
        steps: list[Step] = []
        derived: set[str] = set()
        for seen, conclusions in decision.stages:
            told = {
                fact: self._build_coded_premise(fact, value, evidence[fact])
                if fact in evidence and fact not in derived
                else self._bare[fact, value, fact in derived]
                for fact, value in seen.items()
            }
            for rule in conclusions.rules:
                premises: list[Premise] = []
                if rule.id in self._brief:
                    premises = [told[fact] for fact in self._find_carrying(rule, seen)]
                else:
                    for fact, choice in self._premises[rule.id]:
                        # an `any` holds by the members that do; a fact of two is told once
                        if choice is None or (seen[fact] in choice and told[fact] not in premises):
                            premises.append(told[fact])
                step = self._fixed[rule.id].copy()
                step["step"], step["premises"] = len(steps) + 1, premises
                steps.append(step)
            derived |= self._inputs & conclusions.facts.keys()
        return steps

    def _find_carrying(self, rule: Rule, seen: Mapping[str, str]) -> list[str]:
        known, facts = self._brief[rule.id]
        values = tuple(seen[fact] for fact in facts)
        found = known.get(values)
        if found is None:
            found = find_carrying_facts(rule, seen)
            if len(known) < _REMEMBERED:
                known[values] = found
        return found

    def _build_bare_premise(self, fact: str, value: str, derived: bool) -> Premise:
        origin: Origin = DERIVED if derived else CODED if fact in self._inputs else CONCLUDED
        return {"fact": fact, "value": value, "origin": origin, "observations": []}

    def _build_coded_premise(self, fact: str, value: str, observations: list[int]) -> Premise:
        return {"fact": fact, "value": value, "origin": CODED, "observations": observations}


def _split(rule: Rule) -> list[tuple[str, frozenset[str] | None]]:
    """Return each premise's fact, and for the members of an `any` the values for which it holds.

    A premise that stands alone holds whenever its rule does.
    """
    alone = {clause.lone.fact for clause in rule.when if clause.lone}
    parts = {
        (premise.fact, None if clause.lone else frozenset(premise.values)): None
        for clause in rule.when
        for premise in clause.premises()
        if clause.lone or premise.fact not in alone
    }
    return list(parts)


def _build_fixed_part(rule: Rule) -> Step:
    """Return a rule's step with its number and its premises yet to be filled in."""
    return {
        "step": 0,
        "stage": rule.stage,
        "rule": rule.id,
        "because": rule.because,
        "premises": [],
        "concludes": {"fact": rule.fact, "value": rule.value},
        "cites": [{"source": cite.source, "section": cite.section} for cite in rule.cites],
    }
