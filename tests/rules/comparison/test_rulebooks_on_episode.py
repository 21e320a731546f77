"""Rulebooks compared on one episode: they part where the evaluator says, and first things first."""

from itertools import combinations
from pathlib import Path

import pytest
from softbalance.rules.classifier import Classifier
from softbalance.rules.comparison.rulebooks_on_episode import compare_rulebooks
from softbalance.rules.language.loader import load_library
from softbalance.rules.verification.cases import cases_of
from softbalance.schemas.classification import TRACE, Premise
from softbalance.schemas.comparison import Comparison, Parting
from softbalance.schemas.episode import Episode

import evaluator
import synthetic
from drawn_episodes import random_codings
from evaluator import BROOKS_WOHLFORTH, PAUL, RULEBOOKS, WALT

LIBRARY = load_library()
CLASSIFIERS = {name: Classifier(rulebook) for name, rulebook in LIBRARY.rulebooks.items()}
CASES = {case.id: case.episode for case in cases_of(LIBRARY[BROOKS_WOHLFORTH])}
BARGAINING = {"disputes_specific_policy": "yes", "bargaining_suffices": "yes"}


def coded(*rulebooks: str, **values: str) -> Comparison:
    episode: Episode = {"form": "other", "indicators": values}
    return compare_rulebooks([CLASSIFIERS[name] for name in rulebooks], episode)


def written(folder: Path, *books: synthetic.Book) -> list[Classifier]:
    synthetic.write(folder, books)
    library = load_library([folder])
    return [Classifier(library[book["id"]]) for book in books]


def concluded(part: Parting) -> dict[str, tuple[str | None, list[str]]]:
    return {
        rulebook: (each["value"], [step["rule"] for step in each["steps"]])
        for rulebook, each in part["conclusions"].items()
    }


def test_the_cases_part_where_only_one_author_asks_for_a_motive() -> None:
    """Paul's definition has no test of the security motive, which is all that settles two cases."""
    pair = [CLASSIFIERS[BROOKS_WOHLFORTH], CLASSIFIERS[PAUL]]
    told = {name: compare_rulebooks(pair, episode) for name, episode in CASES.items()}
    apart = {name: comparison for name, comparison in told.items() if not comparison["agree"]}
    assert set(apart) == {"france-nato-command-1966", "bretton-woods-gold"}
    for comparison in apart.values():
        (part,) = comparison["parting"]
        assert (part["fact"], part["decisive"]) == ("classification", True)
        assert concluded(part) == {
            BROOKS_WOHLFORTH: ("politics_as_usual", ["usual-without-link-or-motive"]),
            PAUL: ("indeterminate", ["open-link"]),
        }
        values = {BROOKS_WOHLFORTH: "failed", PAUL: None}
        assert part["premises"] == [{"fact": "security_motive", "values": values}]


def test_a_premise_of_one_rulebook_parts_a_shared_fact_before_the_class() -> None:
    comparison = coded(
        BROOKS_WOHLFORTH, WALT, persists_without_concentration="no", aimed_at_hegemon_power="yes"
    )
    assert comparison["agree"]
    (part,) = comparison["parting"]
    assert (part["fact"], part["decisive"]) == ("systemic_link", False)
    assert concluded(part) == {
        BROOKS_WOHLFORTH: ("met", ["systemic-link-met"]),
        WALT: ("undetermined", ["systemic-link-undetermined"]),
    }
    values = {BROOKS_WOHLFORTH: None, WALT: "unknown"}
    assert part["premises"] == [{"fact": "hegemon_seen_as_threat", "values": values}]


def test_what_a_rulebook_derives_comes_before_what_follows_from_it() -> None:
    """The action persists, so the link fails; Paul asks only for the aim and the threat."""
    comparison = coded(
        *(BROOKS_WOHLFORTH, WALT, PAUL),
        **BARGAINING,
        aimed_at_hegemon_power="yes",
        hegemon_seen_as_threat="yes",
    )
    assert not comparison["agree"]
    (part,) = comparison["parting"]
    assert (part["fact"], part["decisive"]) == ("systemic_link", True)
    derived: Premise = {
        "fact": "persists_without_concentration",
        "value": "yes",
        "origin": "derived",
        "observations": [],
    }
    assert [step["premises"] for step in part["conclusions"][WALT]["steps"]] == [[derived]]
    assert part["premises"] == [
        {
            "fact": "persists_without_concentration",
            "values": {BROOKS_WOHLFORTH: "yes", WALT: "yes", PAUL: None},
        },
        {
            "fact": "hegemon_seen_as_threat",
            "values": {BROOKS_WOHLFORTH: None, WALT: "yes", PAUL: "yes"},
        },
    ]


def test_an_indicator_that_only_one_rulebook_revises(tmp_path: Path) -> None:
    """A rulebook that never looks at the indicator has no part in it."""
    heir = {
        "id": "no-inference",
        "version": "1.0.0",
        "title": "Without what is derived",
        "summary": "Rivals say nothing of persistence.",
        "extends": BROOKS_WOHLFORTH,
        "remove": ["persistence-derived", "persistence-contradicted"],
    }
    (other,) = written(tmp_path, heir)
    episode: Episode = {"form": "other", "indicators": BARGAINING}
    comparison = compare_rulebooks(
        [CLASSIFIERS[BROOKS_WOHLFORTH], other, CLASSIFIERS[PAUL]], episode
    )
    (part,) = comparison["parting"]
    assert (part["fact"], part["decisive"]) == ("persists_without_concentration", True)
    assert concluded(part) == {
        BROOKS_WOHLFORTH: ("yes", ["persistence-derived"]),
        "no-inference": ("unknown", []),
        PAUL: (None, []),
    }
    assert part["premises"] == [
        {"fact": fact, "values": {BROOKS_WOHLFORTH: value, "no-inference": None}}
        for fact, value in (
            ("policy_bargaining", "sufficient"),
            ("persists_without_concentration", "unknown"),
        )
    ]


def test_rules_that_see_the_same_and_conclude_differently(tmp_path: Path) -> None:
    names = ("objects_on_merits", "disputes_specific_policy")
    first = synthetic.routes("first", dict.fromkeys(names, "yes"))
    second = synthetic.routes("second", dict.fromkeys(names, "no"))
    episode: Episode = {"form": "other", "indicators": dict.fromkeys(names, "yes")}
    comparison = compare_rulebooks(written(tmp_path, first, second), episode)
    (part,) = comparison["parting"]
    assert (part["fact"], part["decisive"], part["premises"]) == ("way_0", True, [])
    assert concluded(part) == {
        "first": ("open", ["way-0-open"]),
        "second": ("shut", ["way-0-shut"]),
    }


def test_rulebooks_that_infer_in_opposite_directions(tmp_path: Path) -> None:
    """Each fact is behind the other, so neither is the first, and both are told."""
    books = []
    directions = {"up": ("low", "high", "true"), "down": ("high", "low", "false")}
    for name, (one, two, value) in directions.items():
        rules = [
            synthetic.rule("start", "one", [{"objects_on_merits": "yes"}], one, value),
            synthetic.rule("go-on", "two", [{one: value}], two, value),
            synthetic.rule("end", "three", [{two: value}], "classification", "mixed"),
        ]
        facts = {one: [value], two: [value], "classification": ["mixed"]}
        books.append(synthetic.book(name, rules, facts))
    episode: Episode = {"form": "other", "indicators": {"objects_on_merits": "yes"}}
    comparison = compare_rulebooks(written(tmp_path, *books), episode)
    assert [part["fact"] for part in comparison["parting"]] == ["low", "high"]


def test_an_indicator_that_a_later_stage_revises_is_no_cause_of_what_read_it_before(
    tmp_path: Path,
) -> None:
    """Both see the indicator as coded; only afterwards does one of them give it a value."""
    read = {"objects_on_merits": "yes"}
    books = []
    for name, value in (("first", "low"), ("second", "high")):
        rules = [synthetic.rule("weigh", "one", [read], "weight", value)]
        if name == "second":
            rules.append(synthetic.rule("revise", "two", [read], "objects_on_merits", "no"))
        ends = [{"weight": ["low", "high"]}]
        rules.append(synthetic.rule("end", "three", ends, "classification", "mixed"))
        facts = {"weight": ["low", "high"], "classification": ["mixed"]}
        books.append(synthetic.book(name, rules, facts))
    comparison = compare_rulebooks(written(tmp_path, *books), {"form": "other", "indicators": read})
    told = {part["fact"]: part["premises"] for part in comparison["parting"]}
    values = {"first": None, "second": "yes"}
    assert told == {
        "weight": [],
        "objects_on_merits": [{"fact": "objects_on_merits", "values": values}],
    }


GROUPS = [*combinations(RULEBOOKS, 2), RULEBOOKS]


@pytest.mark.parametrize("rulebooks", GROUPS, ids=" ".join)
def test_every_difference_of_class_has_a_first_premise(rulebooks: tuple[str, ...]) -> None:
    for form, values in random_codings(150, 7):
        episode: Episode = {"form": form, "indicators": values}
        comparison = compare_rulebooks([CLASSIFIERS[name] for name in rulebooks], episode)
        classes = {name: evaluator.classify(name, form, values) for name in rulebooks}
        told = comparison["classifications"]
        assert {name: verdict["classification"] for name, verdict in told.items()} == classes
        assert comparison["agree"] == (len(set(classes.values())) == 1)
        decisive = [part for part in comparison["parting"] if part["decisive"]]
        assert comparison["agree"] == (not decisive)


@pytest.mark.parametrize("rulebooks", GROUPS, ids=" ".join)
def test_each_part_is_in_the_proofs_and_behind_no_other(rulebooks: tuple[str, ...]) -> None:
    for form, values in random_codings(150, 8):
        episode: Episode = {"form": form, "indicators": values}
        proofs = {name: CLASSIFIERS[name].classify(episode, TRACE)["trace"] for name in rulebooks}
        comparison = compare_rulebooks([CLASSIFIERS[name] for name in rulebooks], episode)
        for part in comparison["parting"]:
            ends = {name: each["value"] for name, each in part["conclusions"].items()}
            assert len({value for value in ends.values() if value}) > 1
            for name, each in part["conclusions"].items():
                concluding = [s for s in proofs[name] if s["concludes"]["fact"] == part["fact"]]
                assert each["steps"] == concluding
            for premise in part["premises"]:
                assert len(set(premise["values"].values())) == 2
                assert None in premise["values"].values()


def test_a_verdict_is_that_of_a_classification() -> None:
    comparison = compare_rulebooks(list(CLASSIFIERS.values()), CASES["moscow-tehran"])
    for name, verdict in comparison["classifications"].items():
        answer = CLASSIFIERS[name].classify(CASES["moscow-tehran"])
        assert verdict == {key: said for key, said in answer.items() if key in verdict}
    assert comparison["parting"] == []


def test_a_rulebook_is_not_compared_with_itself() -> None:
    with pytest.raises(ValueError, match="named twice; compare different ones: paul-2004"):
        coded(PAUL, PAUL)
