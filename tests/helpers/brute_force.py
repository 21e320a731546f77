"""Brute-force answers to what follows from a verdict (`docs/semantics.md` defines each).

Every completion and every set of changes is classified by the evaluator and looked at: slow, and
plain enough to be believed. `values` are coded, reconciled values, before rules conclude
any; completions and changes set coded values, and the evaluator concludes from there as usual.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import combinations, product
from math import log2

import evaluator
import synthetic
from evaluator import CONTEXT, INDICATORS

Values = Mapping[str, str]
Change = tuple[str, str, str]
"""(indicator, from, to)"""
FlipSet = tuple[tuple[Change, ...], str]
"""The changes in codebook order, and the class they lead to."""

WEIGHED = tuple(indicator for indicator in INDICATORS if indicator not in CONTEXT)
"""Context indicators are recorded and never weighed: no classification looks at one."""

DECIMALS = 12
"""Gains are rounded to as many decimals, so that float noise does not break ties."""


def classify(rulebook: str, form: str, values: Values) -> str:
    """The class by the evaluator, or by the text of a rulebook that was made up for the tests."""
    if rulebook in synthetic.BOOKS:
        return synthetic.classify(synthetic.BOOKS[rulebook], form, values)
    return evaluator.classify(rulebook, form, values)


def open_indicators(values: Values) -> list[str]:
    """Open indicators: coded unknown or contested, context indicators aside."""
    return [name for name in WEIGHED if values[name] in ("unknown", "contested")]


@lru_cache(maxsize=4096)
def _classes(rulebook: str, form: str, coded: tuple[str, ...]) -> dict[tuple[str, ...], str]:
    values = dict(zip(INDICATORS, coded, strict=True))
    names = open_indicators(values)
    return {
        answers: classify(rulebook, form, {**values, **dict(zip(names, answers, strict=True))})
        for answers in product(("yes", "no"), repeat=len(names))
    }


def completion_classes(rulebook: str, form: str, values: Values) -> dict[tuple[str, ...], str]:
    """Each completion, as its answers to the open indicators, and its class."""
    return _classes(rulebook, form, tuple(values[name] for name in INDICATORS))


def possible_classifications(rulebook: str, form: str, values: Values) -> set[str]:
    """The classes over all completions."""
    return set(completion_classes(rulebook, form, values).values())


def relevant(rulebook: str, form: str, values: Values) -> list[str]:
    """Open indicators on which alone two completions differ that end in different classes."""
    classes = completion_classes(rulebook, form, values)
    found = []
    for place, name in enumerate(open_indicators(values)):
        twins = (
            (classes[answers], classes[(*answers[:place], "no", *answers[place + 1 :])])
            for answers in classes
            if answers[place] == "yes"
        )
        if any(one != other for one, other in twins):
            found.append(name)
    return found


def entropy(classes: Sequence[str]) -> float:
    """Entropy in bits of the class over uniformly weighted completions."""
    shares = [count / len(classes) for count in Counter(classes).values()]
    return sum(share * log2(1 / share) for share in shares)


def information_gain(rulebook: str, form: str, values: Values) -> dict[str, float]:
    """Bits gained by knowing each open indicator, in codebook order, rounded to DECIMALS."""
    classes = completion_classes(rulebook, form, values)
    before = entropy(list(classes.values()))
    gains = {}
    for place, name in enumerate(open_indicators(values)):
        known = [
            entropy([label for answers, label in classes.items() if answers[place] == answer])
            for answer in ("yes", "no")
        ]
        gains[name] = abs(round(before - sum(known) / 2, DECIMALS))
    return gains


def next_questions(rulebook: str, form: str, values: Values) -> list[tuple[str, float]]:
    """All relevant indicators, most bits first, ties in codebook order."""
    gains = information_gain(rulebook, form, values)
    asked = [(name, gains[name]) for name in relevant(rulebook, form, values)]
    return sorted(asked, key=lambda question: -question[1])


def _change_sets(values: Values, size: int) -> Iterator[tuple[Change, ...]]:
    """All sets of so many changes, in codebook order, `yes` tried before `no`."""
    for names in combinations(WEIGHED, size):
        options = [
            [(name, values[name], to) for to in ("yes", "no") if to != values[name]]
            for name in names
        ]
        yield from product(*options)


def flips(
    rulebook: str, form: str, values: Values, up_to: int = 3
) -> tuple[int | None, list[FlipSet]]:
    """All smallest sets of changes that change the class, if any do."""
    present = classify(rulebook, form, values)
    for size in range(1, up_to + 1):
        found = []
        for changes in _change_sets(values, size):
            changed = {**values, **{name: to for name, _, to in changes}}
            label = classify(rulebook, form, changed)
            if label != present:
                found.append((changes, label))
        if found:
            return size, found
    return None, []
