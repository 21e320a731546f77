"""What a rulebook answers for every coding, field by field.

The fields are those of a classification that rules conclude: the class, each test and explanation,
each explanation that may be dominant, each note, and each indicator that may end up contested.
The strategy is the codebook's and the same for all rulebooks.
"""

from __future__ import annotations

from collections.abc import Iterator

from softbalance.rules.diagrams.nodes import Diagram
from softbalance.rules.diagrams.space import Space
from softbalance.rules.model import SETS
from softbalance.schemas.fields import CONTESTED
from softbalance.schemas.grammar import CLASSIFICATION

#: A field of the answer and the name in it: `("tests", ID)`.
Field = tuple[str, str]


def answers(space: Space) -> dict[Field, Diagram]:
    """Return the diagram of each field, in the order of the answer.

    The leaves are the field's values; for the members of a set `ALL` and `NONE`.
    """
    return dict(_fields(space))


def _fields(space: Space) -> Iterator[tuple[Field, Diagram]]:
    rulebook, end = space.rulebook, len(space.rulebook.stages)
    yield (CLASSIFICATION, ""), space.fact(CLASSIFICATION, end)
    for field, kind in (("tests", "test"), ("explanations", "explanation")):
        for fact in rulebook.of_kind(kind):
            yield (field, fact), space.fact(fact, end)
    for field in SETS:
        for value in rulebook.facts[field].values if field in rulebook.facts else ():
            concluding = [r for r in rulebook.rules if (r.fact, r.value) == (field, value)]
            yield (field, value), space.unite(*map(space.select_firing, concluding))
    for indicator in rulebook.codebook.indicators:
        yield (
            ("contested", indicator),
            space.select_leading_to(space.fact(indicator, end), (CONTESTED,)),
        )
