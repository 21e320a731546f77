"""Two rulebooks compared for every coding, against walking through every coding."""

from collections import Counter
from dataclasses import replace

import pytest
from softbalance.rules.comparison.equivalence import DECIDED, Equivalence
from softbalance.rules.language.loader import Library
from softbalance.rules.model import Rulebook

import tiny
from evaluator import BROOKS_WOHLFORTH, PAUL, WALT, evaluate

SEEDS = range(40)


def varied(book: Rulebook) -> Rulebook:
    """The same rulebook with the value of the first rule after the strategy swapped."""
    strategy, first, *others = book.stages
    rule, *rest = first.rules
    values = book.domain(rule.fact)
    other = values[(values.index(rule.value) + 1) % len(values)]
    changed = replace(first, rules=(replace(rule, value=other), *rest))
    return replace(book, stages=(strategy, changed, *others))


def told(run: tiny.Run, field: str, name: str) -> object:
    """The value of a field of the answer, or whether a member is in it."""
    if field == "notes":
        return "yes" if name in run.notes else "no"
    if field == "contested":
        return "yes" if run.facts[name] == "contested" else "no"
    return run.facts[name or field]


@pytest.mark.parametrize("seed", SEEDS)
def test_fields_differ_for_as_many_codings_as_there_are(seed: int) -> None:
    before = tiny.arbitrary(seed)
    after = varied(before)
    pairs = [(tiny.run(before, c), tiny.run(after, c)) for c in tiny.codings()]
    both = [pair for pair in pairs if pair[0].sound and pair[1].sound]
    fields = [("classification", ""), ("tests", "early"), *(("notes", n) for n in ("high", "low"))]
    fields += [("contested", name) for name in tiny.INDICATORS]
    fields = [
        f
        for f in fields
        if {"tests": "early", "notes": "notes"}.get(f[0], "") in book_facts(before)
    ]
    expected = {
        field: count
        for field in fields
        if (count := sum(told(a, *field) != told(b, *field) for a, b in both))
    }
    if undecided := sum(a.sound != b.sound for a, b in pairs):
        expected[DECIDED] = undecided
    found = {
        different.field: different
        for different in Equivalence(before, after).find_differing_fields()
    }
    assert {field: different.codings for field, different in found.items()} == expected
    for field, different in found.items():
        coding = dict.fromkeys(tiny.INDICATORS, "unknown") | different.witness["indicators"]
        runs = [tiny.run(b, {"form": different.witness["form"], **coding}) for b in (before, after)]
        if field == DECIDED:
            assert [run.sound for run in runs] == [
                v == "yes" for v in (different.before, different.after)
            ]
        else:
            assert [told(run, *field) for run in runs] == [different.before, different.after]


def book_facts(book: Rulebook) -> set[str]:
    return {"", *book.facts}


@pytest.mark.parametrize("seed", SEEDS)
def test_the_cross_table_counts_every_coding_that_both_decide(seed: int) -> None:
    before = tiny.arbitrary(seed)
    after = varied(before)
    classes = Counter(
        (a.facts["classification"], b.facts["classification"])
        for a, b in ((tiny.run(before, c), tiny.run(after, c)) for c in tiny.codings())
        if a.sound and b.sound
    )
    cells = Equivalence(before, after).classes()
    assert {(cell.before, cell.after): cell.codings for cell in cells} == classes


def test_a_rulebook_is_equivalent_to_itself_in_other_words(library: Library) -> None:
    book = library[BROOKS_WOHLFORTH]
    stages = [
        replace(s, rules=tuple(replace(r, because="So.") for r in reversed(s.rules)))
        for s in book.stages
    ]
    answers = Equivalence(book, replace(book, stages=tuple(stages))).as_json()
    assert answers["equivalent"]
    assert sum(cell["codings"] for cell in answers["classes"]) == answers["codings"] == 9 * 4**23


@pytest.mark.parametrize(
    "names", [(BROOKS_WOHLFORTH, WALT), (BROOKS_WOHLFORTH, PAUL), (PAUL, WALT)]
)
def test_witnesses_show_the_difference_by_the_codebook(
    library: Library, names: tuple[str, str]
) -> None:
    answers = Equivalence(*(library[name] for name in names)).as_json()
    assert not answers["equivalent"]
    for cell in answers["classes"]:
        classes = [evaluate(name, cell["witness"])["classification"] for name in names]
        assert classes == [cell["before"], cell["after"]]
    for different in answers["differing"]:
        values = [
            _value(evaluate(name, different["witness"]), different["field"], different["name"])
            for name in names
        ]
        assert values == [different["before"], different["after"]]


def _value(answer: dict[str, object], field: str, name: str | None) -> object:
    content = answer[field]
    if isinstance(content, dict):
        return content.get(name)
    if isinstance(content, list):
        return "yes" if name in content else "no"
    return content
