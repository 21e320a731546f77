"""One episode under several rulebooks, and the first premises on which they part.

Rulebooks over one codebook share facts by name: two of them may both conclude a fact of one name,
each by rules of its own. A parting that follows from another explains nothing, so the first facts
on which they part are told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from softbalance.rules.classifier import Classifier
from softbalance.rules.codings import reconcile
from softbalance.rules.comparison.parted_facts import PartedFact, Side, find_parted_facts
from softbalance.rules.episode.trace import Tracer
from softbalance.schemas.classification import Step
from softbalance.schemas.comparison import Comparison, Parting
from softbalance.schemas.episode import Episode


def compare_rulebooks(classifiers: Sequence[Classifier], episode: Episode) -> Comparison:
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
    codings = {each.rulebook.id: reconcile(each.rulebook.codebook, episode) for each in classifiers}
    decisions = {each.rulebook.id: each.decide(codings[each.rulebook.id]) for each in classifiers}
    if len(decisions) != len(classifiers):
        names = ", ".join(decisions)
        raise ValueError(f"a rulebook is named twice; compare different ones: {names}")
    verdicts = {each.rulebook.id: each.verdict(decisions[each.rulebook.id]) for each in classifiers}
    sides = {name: Side.from_decision(decision) for name, decision in decisions.items()}
    traces = {
        name: Tracer(decision.rulebook).steps(decision, codings[name].evidence)
        for name, decision in decisions.items()
    }
    return {
        "agree": len({verdict["classification"] for verdict in verdicts.values()}) == 1,
        "classifications": verdicts,
        "parting": [
            _make_parting(parted, sides, traces)
            for parted in find_parted_facts(tuple(sides.values()))
            if parted.first
        ],
    }


def _make_parting(
    parted: PartedFact, sides: Mapping[str, Side], traces: Mapping[str, list[Step]]
) -> Parting:
    fact = parted.fact
    values = {name: side.look_up(fact) for name, side in sides.items()}
    steps = {
        name: [step for step in trace if step["concludes"]["fact"] == fact]
        for name, trace in traces.items()
    }
    asking = {name: side for name, side in sides.items() if values[name] is not None}
    premises = dict.fromkeys(
        premise["fact"] for each in steps.values() for step in each for premise in step["premises"]
    )
    seen = {
        premise: {name: _see(side, fact, premise) for name, side in asking.items()}
        for premise in premises
    }
    return {
        "fact": fact,
        "decisive": parted.decisive,
        "conclusions": {name: {"value": values[name], "steps": steps[name]} for name in sides},
        "premises": [
            {"fact": premise, "values": by_rulebook}
            for premise, by_rulebook in seen.items()
            if len(set(by_rulebook.values())) > 1
        ],
    }


def _see(side: Side, fact: str, premise: str) -> str | None:
    """Return the value of a premise as the rules for a fact saw it, None if they do not ask."""
    asked = premise in side.rulebook.reads.get(fact, ())
    return side.look_up(premise, before=fact) if asked else None
