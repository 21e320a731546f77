"""One decision with its whole trace and its cross-check, beside zen-engine deciding the same.

    python -m benchmarks.decision [--decisions N] [--memory N]

Both engines decide the same episodes in turn, in rounds, on one thread of one process. Figures are
microseconds a decision; the ratio is of medians. The answers of both are compared first.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import psutil
from softbalance.rules.classifier import Classifier
from softbalance.rules.codings import Codings, reconcile
from softbalance.rules.episode.trace import Tracer
from softbalance.rules.language.loader import load_library
from softbalance.rules.model import Rulebook

from benchmarks.zen_rulebook import ZenRulebook
from drawn_episodes import random_codings

ROUNDS = 20


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--decisions", type=int, default=20_000)
    parser.add_argument(
        "--memory", type=int, default=200_000, help="decisions for the memory figure"
    )
    parser.add_argument("--rulebook", default="brooks-wohlforth-2004")
    options = parser.parse_args()
    rulebook = load_library()[options.rulebook]
    classifier, zen = Classifier(rulebook), ZenRulebook(rulebook)
    episodes = [{"form": f, "indicators": dict(v)} for f, v in random_codings(2_000, seed=1)]
    _compare(rulebook, classifier, zen, episodes)
    # each call is timed alone, in alternating rounds, so that a drift of the machine hits all alike
    calls: dict[str, Callable[[Any], Any]] = {
        "decision, trace and cross-check": _traced(classifier, rulebook),
        "the whole answer from an episode": classifier.classify,
        "zen-engine, trace on": lambda e: zen.decide(e["form"], e["indicators"]),
    }
    figures = _measure(calls, episodes, options.decisions // ROUNDS)
    _print(figures)
    _memory(classifier, episodes, options.memory)


def _traced(classifier: Classifier, rulebook: Rulebook) -> Callable[[Any], Any]:
    tracer = Tracer(rulebook)

    def call(episode: dict[str, Any]) -> Any:
        codings = Codings(episode["form"], episode["indicators"], {})
        return tracer.steps(classifier.decide(codings), codings.evidence)

    return call


def _compare(
    rulebook: Rulebook, classifier: Classifier, zen: ZenRulebook, episodes: Sequence[Any]
) -> None:
    for episode in episodes:
        decision = classifier.decide(reconcile(rulebook.codebook, episode))
        other = zen.decide(episode["form"], episode["indicators"])
        for fact in rulebook.facts:
            if fact in decision.facts:
                assert decision.facts[fact] == other[fact], (fact, episode)
    print(f"both engines agree on every fact of {len(episodes):,} episodes")


def _measure(
    calls: dict[str, Callable[[Any], Any]], episodes: Sequence[Any], size: int
) -> dict[str, list[float]]:
    figures: dict[str, list[float]] = {name: [] for name in calls}
    for round_ in range(ROUNDS + 1):
        for name, call in calls.items():
            for number in range(size):
                episode = episodes[(round_ * size + number) % len(episodes)]
                start = time.perf_counter_ns()
                call(episode)
                taken = time.perf_counter_ns() - start
                if round_:  # the first round warms up
                    figures[name].append(taken / 1000)
    return figures


def _print(figures: dict[str, list[float]]) -> None:
    reference = statistics.median(figures["zen-engine, trace on"])
    print(f"{'':34}{'median':>9}{'p99':>9}{'of zen':>9}")
    for name, taken in figures.items():
        median = statistics.median(taken)
        p99 = statistics.quantiles(taken, n=100)[98]
        print(f"{name:34}{median:9.1f}{p99:9.1f}{median / reference:9.2f}")


def _memory(classifier: Classifier, episodes: Sequence[Any], decisions: int) -> None:
    process = psutil.Process()
    for episode in episodes:
        classifier.classify(episode)
    gc.collect()
    before = process.memory_info().rss
    for number in range(decisions):
        classifier.classify(episodes[number % len(episodes)])
    gc.collect()
    grown = process.memory_info().rss - before
    print(f"memory: {grown / 1024:,.0f} KiB more after {decisions:,} decisions")


if __name__ == "__main__":
    main()
