"""The firing engine's containment: what it must refuse, and what it must not leak."""

from __future__ import annotations

import gc
import multiprocessing
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from softbalance.rules.classifier import Classifier
from softbalance.rules.codings import Codings
from softbalance.rules.episode.decision import (
    Contradiction,
    Decider,
    Disagreement,
    NothingConcluded,
)
from softbalance.rules.episode.firing import EngineFailure, StageRuleset
from softbalance.rules.episode.matching import StageMatcher
from softbalance.rules.language.loader import Library
from softbalance.rules.model import Clause, Premise, Rulebook, Stage
from softbalance.service.classifiers import Classifiers
from softbalance.service.store import Store

from drawn_episodes import Coding, random_codings
from evaluator import verdict


@pytest.fixture
def rulebook(library: Library) -> Rulebook:
    return library["brooks-wohlforth-2004"]


def _stage(rulebook: Rulebook, name: str) -> Stage:
    return next(stage for stage in rulebook.stages if stage.id == name)


def test_memory_is_steady_over_many_decisions(rulebook: Rulebook) -> None:
    decider = Decider(rulebook)
    codings = list(random_codings(2_000, seed=1))

    def decide(rounds: int) -> int:
        for _ in range(rounds):
            for form, values in codings:
                decider.decide(form, values)
        gc.collect()
        return psutil.Process().memory_info().rss

    warm = decide(5)
    assert decide(20) - warm < 2 * 1024 * 1024  # 40,000 decisions: under 50 bytes each


def test_rules_that_fire_but_do_not_hold_are_refused(
    rulebook: Rulebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Forgetful(StageMatcher):
        def match(self, facts: object) -> int:
            return 0

    monkeypatch.setattr("softbalance.rules.episode.decision.StageMatcher", Forgetful)
    decider = Decider(rulebook)
    with pytest.raises(Disagreement, match=r"strategy.*strategy-other.*held \[\]"):
        decider.decide("other", dict.fromkeys(rulebook.codebook.indicators, "unknown"))


def test_contradicting_rules_are_refused(rulebook: Rulebook) -> None:
    stages = list(rulebook.stages)
    tests = _stage(rulebook, "tests")
    link = next(rule for rule in tests.rules if rule.id == "systemic-link-failed")
    everywhere = (
        Clause((Premise("aimed_at_hegemon_power", ("no", "unknown", "contested", "yes")),)),
    )
    contradiction = replace(link, id="contradiction", when=everywhere, value="met")
    stages[stages.index(tests)] = replace(tests, rules=(*tests.rules, contradiction))
    decider = Decider(replace(rulebook, stages=tuple(stages)))
    values = dict.fromkeys(rulebook.codebook.indicators, "no")
    with pytest.raises(Contradiction, match="systemic_link = met"):
        decider.decide("other", values)


def test_a_gap_is_told(rulebook: Rulebook) -> None:
    stages = list(rulebook.stages)
    tests = _stage(rulebook, "tests")
    kept = tuple(rule for rule in tests.rules if rule.id != "systemic-link-undetermined")
    stages[stages.index(tests)] = replace(tests, rules=kept)
    decider = Decider(replace(rulebook, stages=tuple(stages)))
    with pytest.raises(NothingConcluded, match="stage tests: no rule concludes systemic_link"):
        decider.decide("other", dict.fromkeys(rulebook.codebook.indicators, "unknown"))


def test_an_engine_that_failed_refuses_to_go_on(rulebook: Rulebook) -> None:
    ruleset = StageRuleset(_stage(rulebook, "tests"))
    too_many = {f"fact_{number}": "yes" for number in range(300)}
    with pytest.raises(EngineFailure, match="durable_rules failed"):
        ruleset.fire(too_many)
    with pytest.raises(EngineFailure, match="replace the process"):
        ruleset.fire({"aimed_at_hegemon_power": "yes"})


def _expected(codings: list[Coding]) -> list[str]:
    return [verdict("brooks-wohlforth-2004", f, v)["classification"] for f, v in codings]


def _decided(classifier: Classifier, codings: list[Coding]) -> list[str]:
    return [classifier.decide(Codings(f, v, {})).facts["classification"] for f, v in codings]


def test_threads_share_an_engine_safely(rulebook: Rulebook) -> None:
    classifier = Classifier(rulebook)
    parts = [list(random_codings(500, seed)) for seed in range(8)]
    barrier = threading.Barrier(8)

    def work(part: list[Coding]) -> list[str]:
        barrier.wait()
        return _decided(classifier, part)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, parts)) == [_expected(part) for part in parts]


def _in_child(classifiers: Classifiers, seed: int) -> bool:
    codings = list(random_codings(300, seed))
    return _decided(classifiers["brooks-wohlforth-2004"], codings) == _expected(codings)


def test_a_forked_child_makes_its_own_engine(library: Library, tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/store.db")
    classifiers = Classifiers(library, store)
    assert _in_child(classifiers, seed=0)
    inherited = classifiers["brooks-wohlforth-2004"]
    fork = multiprocessing.get_context("fork")
    answers = fork.Queue()

    def child(seed: int) -> None:
        right = _in_child(classifiers, seed)
        answers.put(right and classifiers["brooks-wohlforth-2004"] is not inherited)

    children = [fork.Process(target=child, args=(seed,)) for seed in range(4)]
    for process in children:
        process.start()
    assert [answers.get(timeout=60) for _ in children] == [True] * 4
    for process in children:
        process.join()
    assert classifiers["brooks-wohlforth-2004"] is inherited
    store.close()
