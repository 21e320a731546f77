"""The durable_rules path against the evaluator, and its trace as a proof."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
import rfc8785
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from softbalance.rules.classifier import Classifier
from softbalance.rules.codings import Codings
from softbalance.rules.codings import reconcile as reconciled
from softbalance.rules.language.loader import Library
from softbalance.schemas.classification import VERDICT, Premise
from softbalance.schemas.episode import Episode, episode_schema

from drawn_episodes import episodes, random_codings
from evaluator import RULEBOOKS, evaluate, reconcile, verdict
from proofs import assert_is_proof

Classifiers = dict[str, Classifier]


@pytest.mark.parametrize("rulebook", RULEBOOKS)
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(episode=episodes())
def test_agrees_with_the_evaluator_and_proves_it(
    classifiers: Classifiers, rulebook: str, episode: Episode
) -> None:
    answer = classifiers[rulebook].classify(episode)
    expected = evaluate(rulebook, episode)
    assert {key: value for key, value in answer.items() if key in expected} == expected
    assert_is_proof(answer)


@pytest.mark.parametrize("rulebook", RULEBOOKS)
def test_agrees_with_the_evaluator_in_bulk(classifiers: Classifiers, rulebook: str) -> None:
    classifier = classifiers[rulebook]
    for form, values in random_codings(20_000, seed=2004):
        got = classifier.verdict(classifier.decide(Codings(form, values, {})))
        assert got == verdict(rulebook, form, values), (form, values)


@given(episode=episodes())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_reconciles_as_the_codebook_says(library: Library, episode: Episode) -> None:
    assert reconciled(library.codebook, episode).values == reconcile(episode)


@given(episode=episodes(), data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_equal_inputs_have_equal_digests(
    classifiers: Classifiers, episode: Episode, data: st.DataObject
) -> None:
    classifier = classifiers["brooks-wohlforth-2004"]
    shuffled: Episode = {
        **episode,
        "title": "another",
        "observations": data.draw(st.permutations(episode.get("observations", []))),
    }
    digest = classifier.classify(episode, VERDICT)["decision_digest"]
    assert classifier.classify(shuffled, VERDICT)["decision_digest"] == digest
    coded = {k: v for k, v in reconcile(episode).items() if v != "unknown"}
    content: dict[str, Any] = {
        "form": episode["form"],
        "codings": coded,
        "rulebook": classifier.rulebook.digest,
    }
    assert digest == "sha256:" + hashlib.sha256(rfc8785.dumps(content)).hexdigest()


def test_different_codings_or_rulebooks_have_different_digests(classifiers: Classifiers) -> None:
    digests = {
        classifier.classify({"form": form, "indicators": {"constrains_hegemon": value}}, VERDICT)[
            "decision_digest"
        ]
        for classifier in classifiers.values()
        for form in ("joint_force", "other")
        for value in ("yes", "no", "contested")
    }
    assert len(digests) == 3 * 2 * 3


def test_a_derived_value_is_told_as_derived(classifiers: Classifiers) -> None:
    episode: Episode = {
        "form": "arming_adversary",
        "observations": [
            {"indicator": "brings_economic_gain", "value": "yes"},
            {"indicator": "brings_economic_gain", "value": "unknown"},
            {"indicator": "material_gain_suffices", "value": "yes"},
        ],
    }
    trace = classifiers["brooks-wohlforth-2004"].classify(episode)["trace"]
    steps = {step["rule"]: step for step in trace}
    coded: Premise = {
        "fact": "brings_economic_gain",
        "value": "yes",
        "origin": "coded",
        "observations": [0],
    }
    assert coded in steps["material-interest-sufficient"]["premises"]
    derived = steps["persistence-derived"]
    assert derived["concludes"] == {"fact": "persists_without_concentration", "value": "yes"}
    replaced: Premise = {
        "fact": "persists_without_concentration",
        "value": "yes",
        "origin": "derived",
        "observations": [],
    }
    assert replaced in steps["systemic-link-failed"]["premises"]


def test_a_conflict_of_step_two_is_contested_and_noted(classifiers: Classifiers) -> None:
    codings = {
        "persists_without_concentration": "no",
        "disputes_specific_policy": "yes",
        "bargaining_suffices": "yes",
    }
    answer = classifiers["brooks-wohlforth-2004"].classify({"form": "other", "indicators": codings})
    assert answer["contested"] == ["persists_without_concentration"]
    assert "inconsistent_coding" in answer["notes"]


def test_every_shipped_form_and_indicator_is_an_episodes(library: Library) -> None:
    schema = episode_schema(library.codebook.vocabulary)
    for form in library.codebook.forms:
        for indicator in library.codebook.indicators:
            schema.load({"form": form, "indicators": {indicator: "yes"}})
