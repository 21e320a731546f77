"""What follows from a verdict, against brute force over every completion and set of changes."""

import random
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from typing import Any

import pytest
from softbalance.rules.classifier import Classifier
from softbalance.rules.episode.decision import Decider
from softbalance.rules.language.loader import Library, load_library
from softbalance.rules.sensitivity import DiagramMismatch, Sensitivity
from softbalance.schemas.classification import FULL, TRACE, Answer
from softbalance.schemas.episode import Episode
from softbalance.schemas.outlook import SensitivitySchema

import synthetic
from brute_force import WEIGHED, flips, next_questions, open_indicators, possible_classifications
from drawn_episodes import Coding, random_codings
from evaluator import BROOKS_WOHLFORTH, FORMS, INDICATORS, PAUL, RULEBOOKS, WALT

MOST_OPEN = 10
EVERY_RULEBOOK = (*RULEBOOKS, *synthetic.BOOKS)
OPEN = ("unknown", "contested")
ALL_UNKNOWN = dict.fromkeys(INDICATORS, "unknown")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    folder = tmp_path_factory.mktemp("rulebooks")
    synthetic.write(folder, list(synthetic.BOOKS.values()))
    return load_library([folder])


@pytest.fixture(scope="module")
def classifiers(library: Library) -> dict[str, Classifier]:
    return {name: Classifier(rulebook) for name, rulebook in library.rulebooks.items()}


def few_open(rng: random.Random, values: dict[str, str]) -> dict[str, str]:
    """The values with indicators closed at random until at most MOST_OPEN are open."""
    values = dict(values)
    while len(names := open_indicators(values)) > MOST_OPEN:
        values[rng.choice(names)] = rng.choice(("yes", "no"))
    return values


def steered(count: int, seed: int) -> Iterator[Coding]:
    """Codings that reach every class of the shipped rulebooks."""
    rng = random.Random(seed)
    for form, values in random_codings(count, seed):
        yield form, few_open(rng, values)


def uniform(count: int, seed: int) -> Iterator[Coding]:
    """Codings of few and of many open indicators, with no rulebook in mind."""
    rng = random.Random(seed)
    for _ in range(count):
        closed = rng.choice((0.4, 0.7, 0.9, 1.0))
        values = {
            name: rng.choice(("yes", "no") if rng.random() < closed else OPEN)
            for name in INDICATORS
        }
        yield rng.choice(tuple(FORMS)), few_open(rng, values)


def codings_for(rulebook: str) -> Iterator[Coding]:
    return steered(120, 1) if rulebook in RULEBOOKS else uniform(40, 2)


def full(classifier: Classifier, form: str, values: dict[str, str]) -> Answer:
    return classifier.classify({"form": form, "indicators": values}, FULL)


def told_flips(answer: Answer) -> tuple[int | None, list[Any]]:
    told = [
        (
            tuple((c["indicator"], c["from"], c["to"]) for c in each["changes"]),
            each["classification"],
        )
        for each in answer["flips"]["sets"]
    ]
    return answer["flips"]["size"], told


@pytest.mark.parametrize("rulebook", EVERY_RULEBOOK)
def test_possible_classes_are_those_of_all_completions(
    classifiers: dict[str, Classifier], rulebook: str
) -> None:
    order = tuple(classifiers[rulebook].rulebook.codebook.classes)
    for form, values in codings_for(rulebook):
        told = full(classifiers[rulebook], form, values)["possible_classifications"]
        assert told == sorted(possible_classifications(rulebook, form, values), key=order.index)


@pytest.mark.parametrize("rulebook", EVERY_RULEBOOK)
def test_next_questions_are_the_relevant_indicators_by_gain(
    classifiers: dict[str, Classifier], rulebook: str
) -> None:
    indicators = classifiers[rulebook].rulebook.codebook.indicators
    for form, values in codings_for(rulebook):
        told = full(classifiers[rulebook], form, values)["next_questions"]
        expected = next_questions(rulebook, form, values)
        assert [each["indicator"] for each in told] == [name for name, _ in expected]
        for each, (name, gain) in zip(told, expected, strict=True):
            assert each["information_gain"] == pytest.approx(gain, rel=0, abs=2e-12)
            assert each["question"] == indicators[name].question


@pytest.mark.parametrize("rulebook", EVERY_RULEBOOK)
def test_flips_are_all_the_smallest_sets_of_changes(
    classifiers: dict[str, Classifier], rulebook: str
) -> None:
    for form, values in codings_for(rulebook):
        answer = full(classifiers[rulebook], form, values)
        assert told_flips(answer) == flips(rulebook, form, values)


def test_made_up_rulebooks_need_every_number_of_changes(
    classifiers: dict[str, Classifier],
) -> None:
    """The comparisons above are worth something only if all sizes come up in them."""
    sizes = Counter(
        full(classifiers[rulebook], form, values)["flips"]["size"]
        for rulebook in synthetic.BOOKS
        for form, values in codings_for(rulebook)
    )
    assert set(sizes) == {1, 2, 3, None}


@pytest.mark.parametrize("missing", [1, 2, 3])
def test_a_unanimous_verdict_flips_when_all_that_is_missing_is_given(
    classifiers: dict[str, Classifier], missing: int
) -> None:
    names = WEIGHED[-4:]
    values = dict.fromkeys(INDICATORS, "no") | dict.fromkeys(names[missing:], "yes")
    values[names[0]] = "contested"
    values["balancing_rhetoric"] = "unknown"
    assert full(classifiers["unanimous-4"], "other", values)["flips"] == {
        "size": missing,
        "sets": [
            {
                "changes": [
                    {"indicator": name, "from": values[name], "to": "yes"}
                    for name in names[:missing]
                ],
                "classification": "soft_balancing",
            }
        ],
    }


def test_a_verdict_that_no_three_changes_flip_says_so(classifiers: dict[str, Classifier]) -> None:
    values = dict.fromkeys(INDICATORS, "no")
    answer = full(classifiers["unanimous-4"], "other", values)
    assert answer["flips"] == {"size": None, "sets": []}


def test_a_relevant_indicator_is_asked_for_though_it_tells_nothing_alone(
    classifiers: dict[str, Classifier],
) -> None:
    answer = full(classifiers["parity"], "other", dict(ALL_UNKNOWN))
    asked = [(each["indicator"], each["information_gain"]) for each in answer["next_questions"]]
    assert asked == [(name, 0.0) for name in WEIGHED[3:8]]


def test_equal_gains_stand_in_codebook_order(classifiers: dict[str, Classifier]) -> None:
    """Fully open, each driver tells as much as its like in the other groups."""
    asked = full(classifiers[BROOKS_WOHLFORTH], "other", dict(ALL_UNKNOWN))["next_questions"]
    drivers = [name for name in INDICATORS[11:20] if not name.endswith("_suffices")]
    gains = {each["indicator"]: each["information_gain"] for each in asked}
    assert len({gains[name] for name in drivers}) == 1
    assert [each["indicator"] for each in asked if each["indicator"] in drivers] == drivers


def test_a_fully_open_episode_is_counted_exactly(classifiers: dict[str, Classifier]) -> None:
    """All that the rulebook looks at is open: some half a million completions, one by one."""
    values = ALL_UNKNOWN | {"hegemon_seen_as_threat": "no"}
    answer = full(classifiers[BROOKS_WOHLFORTH], "formal_alliance", values)
    asked = [(q["indicator"], q["information_gain"]) for q in answer["next_questions"]]
    assert len(asked) == 19
    assert asked == next_questions(BROOKS_WOHLFORTH, "formal_alliance", values)
    assert len(answer["possible_classifications"]) == 6


def test_a_closed_episode_has_one_possible_class_and_no_question(
    classifiers: dict[str, Classifier],
) -> None:
    values = dict.fromkeys(INDICATORS, "no") | {"balancing_rhetoric": "contested"}
    answer = full(classifiers[WALT], "other", values)
    assert answer["possible_classifications"] == ["not_a_constraint"]
    assert answer["next_questions"] == []


@pytest.mark.parametrize("rulebook", EVERY_RULEBOOK)
def test_why_not_names_each_rule_of_each_other_class(
    classifiers: dict[str, Classifier], rulebook: str
) -> None:
    classifier = classifiers[rulebook]
    concluding = [r for r in classifier.rulebook.rules if r.fact == "classification"]
    for form, values in codings_for(rulebook):
        answer = full(classifier, form, values)
        others = [c for c in classifier.rulebook.codebook.classes if c != answer["classification"]]
        assert list(answer["why_not"]) == others
        for label, rules in answer["why_not"].items():
            assert [r["rule"] for r in rules] == [r.id for r in concluding if r.value == label]
            for told in rules:
                assert any(premise["state"] != "holds" for premise in told["premises"])


def test_premises_of_an_undecided_verdict(classifiers: dict[str, Classifier]) -> None:
    values = ALL_UNKNOWN | {"aimed_at_hegemon_power": "yes", "hegemon_seen_as_threat": "contested"}
    why_not = full(classifiers[PAUL], "joint_force", values)["why_not"]
    in_scope = {
        "fact": "constrains_hegemon",
        "expected": ["yes", "unknown", "contested"],
        "actual": "unknown",
        "state": "holds",
    }
    link = {"fact": "systemic_link", "expected": ["met"], "actual": "undetermined"}
    hard = ["internal_buildup", "formal_alliance"]
    form = {"fact": "form", "expected": hard, "actual": "joint_force", "state": "fails"}
    assert why_not["hard_balancing"] == [
        {"rule": "hard-by-form", "premises": [in_scope, {**link, "state": "undecided"}, form]}
    ]
    out_of_scope = {**in_scope, "expected": ["no"], "state": "undecided"}
    assert why_not["not_a_constraint"] == [{"rule": "outside-scope", "premises": [out_of_scope]}]
    assert why_not["mixed"] == []


def test_actual_values_are_those_that_the_classification_saw(
    classifiers: dict[str, Classifier],
) -> None:
    """Derived values are read by the tests, so here the tests that came of them are seen."""
    values = ALL_UNKNOWN | {"objects_on_merits": "yes", "bargaining_suffices": "yes"}
    answer = full(classifiers[BROOKS_WOHLFORTH], "other", values)
    known = {
        step["concludes"]["fact"]: step["concludes"]["value"]
        for step in answer["trace"]
        if step["stage"] != "notes"
    }
    assert known["persists_without_concentration"] == "yes"
    for told in chain.from_iterable(answer["why_not"].values()):
        for premise in told["premises"]:
            expected = known.get(premise["fact"], values.get(premise["fact"], "other"))
            assert premise["actual"] == expected


def test_full_is_the_trace_and_what_follows(classifiers: dict[str, Classifier]) -> None:
    episode: Episode = {"form": "other", "indicators": {"aimed_at_hegemon_power": "no"}}
    schema = SensitivitySchema()
    traced = classifiers[WALT].classify(episode, TRACE)
    answer: dict[str, Any] = dict(classifiers[WALT].classify(episode, FULL))
    follows = {key: answer.pop(key) for key in schema.fields}
    assert answer == traced
    assert schema.load(follows)["flips"]["size"] == 1


def test_a_verdict_at_odds_with_the_diagram_is_not_explained(library: Library) -> None:
    """A verdict of one rulebook, put before the diagram of another."""
    values = ALL_UNKNOWN | {"hegemon_seen_as_threat": "no"}
    decision = Decider(library[WALT]).decide("other", values)
    sensitivity = Sensitivity(library[BROOKS_WOHLFORTH], Decider(library[BROOKS_WOHLFORTH]))
    with pytest.raises(
        DiagramMismatch, match="diagram says indeterminate, the engine politics_as_usual"
    ):
        sensitivity.analyse(decision)


def test_a_flip_that_the_engine_does_not_confirm_is_not_told(library: Library) -> None:
    """The verdict is the same under both rulebooks, and its flips are not."""
    decision = Decider(library[BROOKS_WOHLFORTH]).decide("other", ALL_UNKNOWN)
    sensitivity = Sensitivity(library[BROOKS_WOHLFORTH], Decider(library[PAUL]))
    with pytest.raises(DiagramMismatch, match="the engine indeterminate"):
        sensitivity.analyse(decision)
