"""What makes a trace a proof, checked on an answer alone."""

from __future__ import annotations

from softbalance.schemas.classification import Answer, Premise
from softbalance.schemas.episode import Episode

from evaluator import reconcile


def assert_is_proof(answer: Answer) -> None:
    """Every premise is an input or an earlier conclusion; every value is concluded by a step."""
    episode = answer["episode"]
    coded = {"form": episode["form"], **reconcile(episode)}
    concluded: dict[str, set[str]] = {}
    stage = ""
    of_stage: list[tuple[str, str]] = []
    for number, step in enumerate(answer["trace"], 1):
        assert step["step"] == number
        if step["stage"] != stage:
            for fact, value in of_stage:
                concluded.setdefault(fact, set()).add(value)
            stage, of_stage = step["stage"], []
        assert step["premises"], step
        for premise in step["premises"]:
            _assert_known(premise, coded, concluded, episode)
        assert step["because"].strip()
        assert step["cites"]
        of_stage.append((step["concludes"]["fact"], step["concludes"]["value"]))
    for fact, value in of_stage:
        concluded.setdefault(fact, set()).add(value)
    for fact, value in [
        ("classification", answer["classification"]),
        ("strategy", answer["strategy"]),
        *answer["tests"].items(),
        *answer["explanations"].items(),
        *(("notes", note) for note in answer["notes"]),
        *(("dominant_explanations", rival) for rival in answer["dominant_explanations"]),
    ]:
        assert value in concluded.get(fact, ()), (fact, value)
    assert concluded.get("notes", set()) == set(answer["notes"])


def _assert_known(
    premise: Premise,
    coded: dict[str, str],
    concluded: dict[str, set[str]],
    episode: Episode,
) -> None:
    fact, value = premise["fact"], premise["value"]
    if premise["origin"] == "coded":
        assert coded[fact] == value
        for index in premise["observations"]:
            observation = episode["observations"][index]
            assert observation["indicator"] == fact
            assert value in (observation["value"], "contested")
    else:
        assert value in concluded[fact]
        assert premise["observations"] == []
        assert (premise["origin"] == "derived") == (fact in coded)
