"""Where coders part on an episode, told from the proofs of their verdicts."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from softbalance.rules.classifier import Classifier
from softbalance.rules.codings import Codings
from softbalance.rules.comparison.coders_on_episode import Dissent, find_dissents
from softbalance.rules.episode.decision import Decision
from softbalance.rules.language.loader import load_library
from softbalance.rules.model import FORM

import synthetic
from drawn_episodes import BALANCING, random_codings
from evaluator import BROOKS_WOHLFORTH, INDICATORS, PAUL, RULEBOOKS, VALUES

CODERS = ("ana", "ben", "cem")


def _pairs(seed: int) -> list[dict[str, tuple[str, dict[str, str]]]]:
    """Codings of two or three coders who differ in a few indicators, now and then in the form."""
    chance = random.Random(seed)
    found = []
    codings = list(random_codings(300, seed=seed))
    for form, values in codings:
        by_coder = {CODERS[0]: (form, values)}
        for coder in CODERS[1 : chance.choice((2, 3))]:
            changed = dict(values)
            for name in chance.sample(list(values), chance.randint(0, 5)):
                changed[name] = chance.choice(VALUES)
            other = chance.choice(codings)[0] if chance.random() < 0.2 else form
            by_coder[coder] = (other, changed)
        found.append(by_coder)
    return found


def _decided(
    classifier: Classifier, by_coder: dict[str, tuple[str, dict[str, str]]]
) -> dict[str, Decision]:
    return {c: classifier.decide(Codings(*coding, {})) for c, coding in by_coder.items()}


@pytest.mark.parametrize("rulebook", RULEBOOKS)
def test_what_is_told_is_so(classifiers: dict[str, Classifier], rulebook: str) -> None:
    classifier, parted = classifiers[rulebook], 0
    for by_coder in _pairs(seed=21):
        decisions = _decided(classifier, by_coder)
        told = find_dissents(decisions)
        classes = {decision.facts["classification"] for decision in decisions.values()}
        assert any(each.decisive for each in told) == (len(classes) > 1)
        for each in told:
            parted += 1
            _assert_true(each, decisions, by_coder)


def _assert_true(
    told: Dissent,
    decisions: dict[str, Decision],
    by_coder: dict[str, tuple[str, dict[str, str]]],
) -> None:
    assert len(set(told.values.values())) > 1
    for coder, decision in decisions.items():
        assert decision.facts[told.fact] == told.values[coder]
        rule = told.rules[coder]
        if rule is not None:
            assert rule.id in decision.fired
            assert (rule.fact, rule.value) == (told.fact, told.values[coder])
    assert told.codings
    for name, values in told.codings.items():
        coded = {c: form if name == FORM else v[name] for c, (form, v) in by_coder.items()}
        assert values == coded
        assert len(set(values.values())) > 1


def test_coders_who_code_alike_part_nowhere(classifiers: dict[str, Classifier]) -> None:
    classifier = classifiers[BROOKS_WOHLFORTH]
    for form, values in random_codings(50, seed=4):
        assert find_dissents(_decided(classifier, dict.fromkeys(CODERS, (form, values)))) == []


def test_the_first_rules_are_told_and_not_what_follows(classifiers: dict[str, Classifier]) -> None:
    unknown = dict.fromkeys(next(random_codings(1, seed=1))[1], "unknown")
    ana = unknown | BALANCING[0]
    ben = ana | {"bonus_of_other_goals": "yes"}
    told = find_dissents(
        _decided(classifiers[BROOKS_WOHLFORTH], {"ana": ("other", ana), "ben": ("other", ben)})
    )
    assert [(each.fact, each.decisive) for each in told] == [("tradeoffs", True)]
    rules = {coder: rule.id if rule else None for coder, rule in told[0].rules.items()}
    assert rules == {"ana": "tradeoffs-met", "ben": "tradeoffs-failed-other-goals-first"}
    assert told[0].codings == {"bonus_of_other_goals": {"ana": "no", "ben": "yes"}}


def test_a_derived_indicator_is_told_by_its_rule(classifiers: dict[str, Classifier]) -> None:
    unknown = dict.fromkeys(next(random_codings(1, seed=1))[1], "unknown")
    ana = unknown | {"brings_economic_gain": "yes", "material_gain_suffices": "yes"}
    ben = ana | {"persists_without_concentration": "no", "aimed_at_hegemon_power": "yes"}
    told = find_dissents(
        _decided(classifiers[BROOKS_WOHLFORTH], {"ana": ("other", ana), "ben": ("other", ben)})
    )
    first = next(each for each in told if each.fact == "persists_without_concentration")
    assert first.codings == {"persists_without_concentration": {"ana": "unknown", "ben": "no"}}
    assert {c: rule.id if rule else None for c, rule in first.rules.items()} == {
        "ana": "persistence-derived",
        "ben": "persistence-contradicted",
    }


def test_forms_part_coders_where_a_rule_reads_them(classifiers: dict[str, Classifier]) -> None:
    values = dict.fromkeys(next(random_codings(1, seed=1))[1], "unknown") | BALANCING[0]
    values["hegemon_seen_as_threat"] = "yes"
    told = find_dissents(
        _decided(classifiers[PAUL], {"ana": ("formal_alliance", values), "ben": ("other", values)})
    )
    decisive = [each for each in told if each.decisive]
    assert [each.fact for each in decisive] == ["classification"]
    assert decisive[0].codings == {FORM: {"ana": "formal_alliance", "ben": "other"}}


def test_a_coding_is_told_of_the_rule_that_reads_it_before_it_is_revised(tmp_path: Path) -> None:
    read = {"objects_on_merits": "yes"}, {"objects_on_merits": ["no", "unknown", "contested"]}
    rules = [
        synthetic.rule("met", "one", [read[0]], "weight", "high"),
        synthetic.rule("unmet", "one", [read[1]], "weight", "low"),
        synthetic.rule("revise", "two", [read[0]], "objects_on_merits", "contested"),
        synthetic.rule("mixed", "three", [{"weight": "high"}], "classification", "mixed"),
        synthetic.rule(
            "usual", "three", [{"weight": "low"}], "classification", "politics_as_usual"
        ),
    ]
    facts = {"weight": ["low", "high"], "classification": ["mixed", "politics_as_usual"]}
    synthetic.write(tmp_path, [synthetic.book("early", rules, facts)])
    classifier = Classifier(load_library([tmp_path])["early"])
    unknown = dict.fromkeys(INDICATORS, "unknown")
    codings = {"ana": {**unknown, "objects_on_merits": "yes"}, "ben": unknown}
    told = find_dissents(_decided(classifier, {c: ("other", v) for c, v in codings.items()}))
    apart = {"objects_on_merits": {"ana": "yes", "ben": "unknown"}}
    assert [(each.fact, each.decisive, each.codings) for each in told] == [
        ("weight", True, apart),
        ("objects_on_merits", False, apart),
    ]


def test_dissents_come_in_order_of_inference(classifiers: dict[str, Classifier]) -> None:
    """Also where the first coder's proof has no rule for a fact, and another's has."""
    for rulebook in RULEBOOKS:
        order = list(dict.fromkeys(rule.fact for rule in classifiers[rulebook].rulebook.rules))
        for by_coder in _pairs(seed=22):
            told = find_dissents(_decided(classifiers[rulebook], by_coder))
            places = [order.index(each.fact) for each in told]
            assert places == sorted(places)
