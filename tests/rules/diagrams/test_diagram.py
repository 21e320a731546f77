"""The decision diagram of a rulebook: the engine's every verdict, in few nodes."""

import random
from pathlib import Path
from typing import Any

import pytest
from softbalance.rules.classifier import Classifier
from softbalance.rules.diagrams.diagram import DecisionDiagram
from softbalance.rules.episode.decision import Decider
from softbalance.rules.episode.firing import EngineFailure
from softbalance.rules.language.loader import Library, load_library
from softbalance.schemas.classification import FULL
from softbalance.schemas.episode import Episode

import synthetic
from brute_force import WEIGHED
from drawn_episodes import random_codings
from evaluator import FORMS, INDICATORS, RULEBOOKS, VALUES


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    folder = tmp_path_factory.mktemp("rulebooks")
    synthetic.write(folder, list(synthetic.BOOKS.values()))
    return load_library([folder])


@pytest.mark.parametrize("rulebook", [*RULEBOOKS, *synthetic.BOOKS])
def test_the_diagram_agrees_with_the_engine(library: Library, rulebook: str) -> None:
    diagram, decider = DecisionDiagram(library[rulebook]), Decider(library[rulebook])
    rng = random.Random(5)
    unsteered = [
        (rng.choice(tuple(FORMS)), {name: rng.choice(VALUES) for name in INDICATORS})
        for _ in range(200)
    ]
    for form, values in [*random_codings(300, 4), *unsteered]:
        decided = decider.decide(form, values)
        assert diagram.classify(decided.coded) == decided.facts["classification"]


@pytest.mark.parametrize("rulebook", RULEBOOKS)
def test_the_diagram_is_small_and_without_context(library: Library, rulebook: str) -> None:
    """Facts factor by stage; were they multiplied out, there would be millions of nodes."""
    diagram = DecisionDiagram(library[rulebook])
    assert set(diagram.order) <= {"form", *WEIGHED}
    assert diagram.size < 100


Verdicts = list[tuple[str, dict[str, Any]]]
YES, NOT = "yes", synthetic.not_("yes")
ONE, OTHER = WEIGHED[:2]
SOUND: Verdicts = [("open", {ONE: NOT}), ("shut", {ONE: YES, OTHER: NOT})]
BOTH_YES = {ONE: YES, OTHER: YES}
UNSOUND = {"gap": SOUND, "contradiction": [*SOUND, ("open", BOTH_YES), ("shut", BOTH_YES)]}


@pytest.mark.parametrize("fault", UNSOUND)
@pytest.mark.parametrize("stage", ["classification", "earlier"])
@pytest.mark.parametrize(("one", "other"), [("unknown", "unknown"), ("no", "yes")])
def test_an_unsound_rulebook_is_told_and_not_explained_away(
    tmp_path: Path, fault: str, stage: str, one: str, other: str
) -> None:
    """Two indicators that are both yes lead to no value or to two.

    In one episode a completion has it so, and no smallest flip; in the other it is the other way
    round. The engine stops at such codings even if the fact has no weight in the classification.
    """
    way = synthetic.CLASSES[:2] if stage == "classification" else ["open", "shut"]
    fact = stage if stage == "classification" else "way"
    rules = [
        synthetic.rule(
            f"rule-{i}", stage, [{n: w} for n, w in when.items()], fact, way[label == "shut"]
        )
        for i, (label, when) in enumerate(UNSOUND[fault])
    ]
    facts = {fact: way}
    if stage == "earlier":
        for i, label in enumerate(("mixed", "soft_balancing")):
            weightless: dict[str, Any] = {"any": [{"way": way}, {"form": "other"}]}
            when = [weightless, {ONE: (NOT, YES)[i]}]
            rules.append(synthetic.rule(label, "verdict", when, "classification", label))
        facts["classification"] = ["mixed", "soft_balancing"]
    synthetic.write(tmp_path, [synthetic.book("unsound", rules, facts)])
    classifier = Classifier(load_library([tmp_path])["unsound"])
    episode: Episode = {"form": "other", "indicators": {ONE: one, OTHER: other}}
    with pytest.raises(EngineFailure, match="softbalance rulebook verify unsound"):
        classifier.classify(episode, FULL)
