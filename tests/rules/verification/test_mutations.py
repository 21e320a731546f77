"""Each rule of each shipped rulebook removed in turn, and each conclusion swapped.

What a rulebook inherits is left to its parent.

Most mutants are unsound, which is proved. Some are sound: they answer each coding, and some of
them wrongly, which no proof about the rules alone can tell. The cases tell a part of these. The
rulebook as it was, known by the same version, tells all, each with a witness on which the
codebook's own evaluator sides with it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import cast

import pytest
from softbalance.rules.classifier import Classifier
from softbalance.rules.comparison.equivalence import DifferingField, Equivalence
from softbalance.rules.diagrams.space import Space
from softbalance.rules.language.loader import Library
from softbalance.rules.model import Rule, Rulebook
from softbalance.rules.verification.checks import CHECKS
from softbalance.rules.verification.expectations import version_flaws
from softbalance.schemas.episode import Episode

from evaluator import BROOKS_WOHLFORTH, PAUL, RULEBOOKS, WALT, evaluate

Mutant = tuple[str, Rule, Rulebook]

#: How many mutants no proof tells from a sound rulebook, of removals and of swaps.
SURVIVORS = {BROOKS_WOHLFORTH: (17, 27), WALT: (0, 0), PAUL: (0, 0)}


def mutants(book: Rulebook) -> Iterator[Mutant]:
    """Each of its own rules removed, and each with the next value of its fact."""
    own = [rule for rule in book.rules if rule.place.file == book.place.file]
    for rule in own:
        values = book.domain(rule.fact)
        other = values[(values.index(rule.value) + 1) % len(values)]
        yield "removed", rule, _with(book, rule, ())
        if other != rule.value:
            yield "swapped", rule, _with(book, rule, (replace(rule, value=other),))


def _with(book: Rulebook, rule: Rule, instead: tuple[Rule, ...]) -> Rulebook:
    stages = [
        replace(s, rules=tuple(kept for r in s.rules for kept in (instead if r == rule else (r,))))
        for s in book.stages
    ]
    return replace(book, stages=tuple(stages))


def proved_wrong(book: Rulebook) -> bool:
    space = Space(book)
    # idle premises are remarked on, and prove nothing wrong
    return any(any(check.find(space)) for name, check in CHECKS.items() if name != "lean")


@pytest.mark.parametrize("name", RULEBOOKS)
def test_every_mutant_is_told(library: Library, name: str) -> None:
    book = library[name]
    sound = [mutant for mutant in mutants(book) if not proved_wrong(mutant[2])]
    assert (
        tuple(sum(kind == k for k, _, _ in sound) for kind in ("removed", "swapped"))
        == (SURVIVORS[name])
    )
    for _, rule, mutant in sound:
        (flaw,) = version_flaws(book, mutant)
        assert flaw.rule == rule.id
        assert flaw.witness is not None
        differing = next(Equivalence(book, mutant).find_differing_fields())
        assert flaw.witness == differing.witness
        assert_wrong(name, mutant, differing)


def assert_wrong(name: str, mutant: Rulebook, differing: DifferingField) -> None:
    right = evaluate(name, differing.witness)
    wrong = Classifier(mutant).classify(cast(Episode, differing.witness), "verdict")
    field, member = differing.field
    assert _told(right, field, member) == differing.before
    assert _told(wrong, field, member) == differing.after
    assert differing.before != differing.after


def _told(answer: Mapping[str, object], field: str, member: str) -> object:
    """The value of a field of an answer, or whether a member is in it."""
    value = answer[field]
    if isinstance(value, dict):
        return value[member]
    if isinstance(value, list):
        return "yes" if member in value else "no"
    return value
