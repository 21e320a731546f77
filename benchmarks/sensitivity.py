"""What detail=full costs, as a multiple of a plain decision.

    python -m benchmarks.sensitivity

For each rulebook an episode of which nothing is known (all 23 indicators open) and the shipped
case with the most flips; the median of many rounds, in each of which both are timed in turn, so
that a busy machine slows both. A plain decision is `Decider.decide`, checked by its second
evaluation as always. "what follows" is `Sensitivity.analyse` alone; "full" is `Classifier.classify`
with detail=full, from the Episode to the answer, which decides, proves and explains.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import median
from time import perf_counter
from typing import Any

from softbalance.rules.classifier import Classifier
from softbalance.rules.codings import reconcile
from softbalance.rules.diagrams.diagram import DecisionDiagram
from softbalance.rules.episode.decision import Decider
from softbalance.rules.language.loader import DEFAULT_RULEBOOK, load_library
from softbalance.rules.model import Rulebook
from softbalance.rules.sensitivity import Sensitivity
from softbalance.rules.verification.cases import cases_of
from softbalance.schemas.classification import FULL

ROUNDS = 300


def once(call: Callable[[], object]) -> float:
    """Microseconds of one call."""
    start = perf_counter()
    call()
    return (perf_counter() - start) * 1e6


def measure(rulebook: Rulebook, episodes: Mapping[str, Mapping[str, Any]]) -> None:
    made = median(once(lambda: DecisionDiagram(rulebook)) for _ in range(7)) / 1000
    diagram = DecisionDiagram(rulebook)
    print(
        f"{rulebook.id}: diagram of {diagram.size} nodes over {len(diagram.order)} inputs, "
        f"made in {made:.1f} ms once a process"
    )
    decider, classifier = Decider(rulebook), Classifier(rulebook)
    for name, episode in episodes.items():
        row(name, episode, decider, classifier)


def row(name: str, episode: Mapping[str, Any], decider: Decider, classifier: Classifier) -> None:
    form, values, _ = reconcile(decider.rulebook.codebook, episode)
    sensitivity, decision = Sensitivity(decider.rulebook, decider), decider.decide(form, values)
    calls: list[Callable[[], object]] = [
        lambda: decider.decide(form, values),
        lambda: sensitivity.analyse(decision),
        lambda: classifier.classify(episode, FULL),
    ]
    rounds = [[once(call) for call in calls] for _ in range(ROUNDS)]
    plain, follows, full = (median(column) for column in zip(*rounds, strict=True))
    flips = len(sensitivity.analyse(decision)["flips"]["sets"])
    print(
        f"  {name:20} decision {plain:4.0f} µs   what follows {follows:5.0f} µs"
        f"   full {full:5.0f} µs = {full / plain:4.1f} decisions   ({flips} flips)"
    )


def main() -> None:
    library = load_library()
    cases = {case.id: case.episode for case in cases_of(library[DEFAULT_RULEBOOK])}
    classifier = Classifier(library[DEFAULT_RULEBOOK])
    flips = {
        name: len(classifier.classify(episode, FULL)["flips"]["sets"])
        for name, episode in cases.items()
    }
    most = max(flips, key=lambda name: flips[name])
    for rulebook in library.rulebooks.values():
        measure(rulebook, {"nothing known": {"form": "formal_alliance"}, most: cases[most]})


if __name__ == "__main__":
    main()
