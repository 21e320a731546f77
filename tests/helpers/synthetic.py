"""Rulebooks made up for tests, and a second opinion on them: their YAML read word for word.

The shipped rulebooks always flip with one change; these need two or three, or have no flip, or ask
questions that tell nothing by themselves. A book is the content of a `rulebook.yaml`.
"""

import json
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise, product
from pathlib import Path
from typing import Any

from evaluator import CONTEXT, FORMS, INDICATORS, VALUES

Book = dict[str, Any]
Premise = dict[str, Any]

CITES = [{"source": "brooks-wohlforth-2004", "section": "Core Assumptions of Soft Balancing"}]
CLASSES = ["soft_balancing", "hard_balancing", "politics_as_usual", "mixed"]


def rule(name: str, stage: str, when: Sequence[Premise], fact: str, value: str) -> dict[str, Any]:
    return {
        "id": name.replace("_", "-"),
        "stage": stage,
        "when": {"all": list(when)},
        "then": {fact: value},
        "because": "It is so in this rulebook.",
        "cites": CITES,
    }


def book(name: str, rules: Sequence[dict[str, Any]], facts: Mapping[str, Iterable[str]]) -> Book:
    """A rulebook of these rules; its stages in the order in which the rules first name them."""
    about = {"title": name, "about": name}
    return {
        "id": name,
        "version": "1.0.0",
        "title": name,
        "summary": name,
        "stages": [{"id": s, **about} for s in dict.fromkeys(r["stage"] for r in rules)],
        "facts": [
            {
                "id": fact,
                "kind": "answer" if fact == "classification" else "intermediate",
                "title": fact,
                "values": list(values),
            }
            for fact, values in facts.items()
        ],
        "rules": list(rules),
    }


def classify(written: Book, form: str, values: Mapping[str, str]) -> str:
    """The class, by reading the rules one after another, stage by stage."""
    facts = {"form": form, **values}
    for stage in written["stages"]:
        seen = dict(facts)
        for each in written["rules"]:
            if each["stage"] == stage["id"] and all(_holds(p, seen) for p in each["when"]["all"]):
                facts.update(each["then"])
    return facts["classification"]


def _holds(premise: Premise, seen: Mapping[str, str]) -> bool:
    ((fact, wanted),) = premise.items()
    if fact == "any":
        return any(_holds(member, seen) for member in wanted)
    return seen[fact] == wanted or (isinstance(wanted, list) and seen[fact] in wanted)


def write(folder: Path, books: Sequence[Book]) -> None:
    """Put each book in a folder of its own. JSON is YAML, and its strings stay strings."""
    for written in books:
        (folder / written["id"]).mkdir()
        path = folder / written["id"] / "rulebook.yaml"
        path.write_text(json.dumps(written), "utf-8")


def not_(value: str) -> list[str]:
    return [other for other in VALUES if other != value]


def routes(name: str, *ways: Mapping[str, str]) -> Book:
    """Politics as usual, unless all that a way wants is so: then the first such way's class.

    The k-th way leads to the k-th class. From afar it takes as many changes as the shortest wants.
    """
    facts = [f"way_{number}" for number, _ in enumerate(ways)]
    rules = []
    for fact, way in zip(facts, ways, strict=True):
        blocked = {"any": [{n: not_(wanted)} for n, wanted in way.items()]}
        rules.append(rule(f"{fact}-open", "ways", [{n: w} for n, w in way.items()], fact, "open"))
        rules.append(rule(f"{fact}-shut", "ways", [blocked], fact, "shut"))
    for number, label in enumerate([*CLASSES[: len(ways)], "politics_as_usual"]):
        when = [dict.fromkeys([fact], "shut") for fact in facts[:number]]
        when += [{fact: "open"} for fact in facts[number : number + 1]]
        rules.append(rule(f"verdict-{label}", "verdict", when, "classification", label))
    values = {r["then"]["classification"]: None for r in rules if "classification" in r["then"]}
    return book(name, rules, {**dict.fromkeys(facts, ("open", "shut")), "classification": values})


def parity(*names: str) -> Book:
    """Mixed if an odd number is yes: each matters, and none alone tells anything.

    A stage for each indicator counts one further.
    """
    other = {"odd": "even", "even": "odd"}
    counts = [f"count_{name}" for name in names]
    rules = [
        rule("first-yes", "first", [{names[0]: "yes"}], counts[0], "odd"),
        rule("first-not", "first", [{names[0]: not_("yes")}], counts[0], "even"),
    ]
    for name, (before, count) in zip(names[1:], pairwise(counts), strict=True):
        for so_far, then in other.items():
            known: Premise = {before: so_far}
            rules += [
                rule(f"{so_far}-yes-{count}", name, [known, {name: "yes"}], count, then),
                rule(f"{so_far}-not-{count}", name, [known, {name: not_("yes")}], count, so_far),
            ]
    for whole, label in (("odd", "mixed"), ("even", "politics_as_usual")):
        rules.append(rule(whole, "verdict", [{counts[-1]: whole}], "classification", label))
    return book("parity", rules, {**dict.fromkeys(counts, other), "classification": CLASSES})


def _parts(rng: random.Random, values: Sequence[str], count: int) -> list[list[str]]:
    """The values in so many parts, each with at least one."""
    shuffled = rng.sample(list(values), len(values))
    cuts = sorted(rng.sample(range(1, len(values)), count - 1))
    return [shuffled[a:b] for a, b in zip([0, *cuts], [*cuts, len(values)], strict=True)]


def _table(
    rng: random.Random,
    stage: str,
    fact: str,
    reads: Mapping[str, Sequence[str]],
    into: Sequence[str],
) -> Iterator[dict[str, Any]]:
    """A rule for each combination of parts of what is read: sound, and otherwise arbitrary."""
    finest = rng.choice([name for name, values in reads.items() if len(values) > 2])
    parts = {n: _parts(rng, values, 3 if n == finest else 2) for n, values in reads.items()}
    for number, combination in enumerate(product(*parts.values())):
        when = [{n: part} for n, part in zip(parts, combination, strict=True)]
        yield rule(f"{fact}-{number}", stage, when, fact, rng.choice(into))


def arbitrary(seed: int, names: Sequence[str]) -> Book:
    """Nine indicators or so through arbitrary tables in three stages.

    The second stage gives one indicator another value, and the verdict reads one that the first
    stage has read before, so that early and late sight of an indicator both matter.
    """
    rng = random.Random(seed)
    used = rng.sample(list(names), 9)
    first: dict[str, Sequence[str]] = {"alpha": "pqr", "beta": "pq", "gamma": "pqr"}
    rules: list[dict[str, Any]] = []
    for fact, start in zip(first, (0, 3, 6), strict=True):
        third: dict[str, Sequence[str]] = dict.fromkeys(used[start : start + 3], VALUES)
        rules += _table(rng, "first", fact, third, first[fact])
    revised, again = used[0], used[4]
    parts = _parts(rng, first["beta"], 2)
    rules += [
        rule(
            "revised", "second", [{"beta": parts[0]}, {revised: ["unknown", "no"]}], revised, "yes"
        ),
        rule("doubted", "second", [{"beta": parts[1]}, {revised: "yes"}], revised, "contested"),
    ]
    reads: dict[str, Sequence[str]] = {
        "alpha": first["alpha"],
        revised: VALUES,
        again: VALUES,
        "gamma": first["gamma"],
    }
    if rng.random() < 0.5:
        reads["form"] = tuple(FORMS)
    rules += _table(rng, "verdict", "classification", reads, CLASSES)
    return book(f"arbitrary-{seed}", rules, {**first, "classification": CLASSES})


def _made() -> Iterator[Book]:
    names = tuple(name for name in INDICATORS if name not in CONTEXT)
    for count in (2, 3, 4):
        yield routes(f"unanimous-{count}", dict.fromkeys(names[-count:], "yes"))
    alternating = dict(zip(names, ("yes", "no") * 10, strict=True))
    for seed in range(3):
        picked = [random.Random(f"{seed} {way}").sample(names[:8], 4) for way in range(2)]
        yield routes(f"routes-{seed}", *({n: alternating[n] for n in way} for way in picked))
    yield parity(*names[3:8])
    for seed in range(6):
        yield arbitrary(seed, names)


BOOKS: Mapping[str, Book] = {written["id"]: written for written in _made()}
