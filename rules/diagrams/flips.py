"""The smallest sets of changes after which the class is another.

A change gives one indicator, whatever its value now, another one that a
coder may give. Codings are a path
through the rulebook's decision diagram, and changed codings a path that leaves the coded branch
once for each change it meets. A change that is not met is idle, and a set with an idle change is
not of the smallest size, since it flips the class without that change too. So the smallest sets are
the paths to another class with the fewest departures, and each of them is one path. What a node
leads to with so many departures left is found once and kept, and only if it is another class, so
the work is in proportion to the diagram and the answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from softbalance.rules.diagrams.diagram import DecisionDiagram
from softbalance.rules.diagrams.nodes import Diagram, Node
from softbalance.rules.model import FORM

#: How large a set of changes is looked for.
MOST_CHANGES = 3


class Flip(NamedTuple):
    """Changes, indicator → new value, and the class they lead to (or `diagram.UNDEFINED`)."""

    changes: Mapping[str, str]
    classification: str


#: The departures of a path, as indicators and new values, and the leaf at its end.
_Path = tuple[tuple[tuple[str, str], ...], str]


def smallest_flips(diagram: DecisionDiagram, coded: Mapping[str, str]) -> list[Flip]:
    """Return all smallest sets of changes that change the class; none if it takes too many.

    `coded` is the form and the value of every indicator. Sets, and the changes in them, stand in
    codebook order, and the values of an indicator in its order.
    """
    root = diagram.of_form(coded[FORM])
    search = _Search(diagram, coded)
    for size in range(1, MOST_CHANGES + 1):
        found = search.paths(root, size)
        if found:
            return _sort_flips(found, diagram)
    return []


class _Search:
    def __init__(self, diagram: DecisionDiagram, coded: Mapping[str, str]) -> None:
        self._diagram, self._coded = diagram, coded
        self._present = diagram.classify(coded)
        self._known: dict[tuple[Diagram, int], list[_Path]] = {}

    def paths(self, part: Diagram, departures: int) -> list[_Path]:
        """Return the paths from a part to another class with exactly so many departures."""
        key = part, departures
        if key not in self._known:
            self._known[key] = list(self._extend_paths(part, departures))
        return self._known[key]

    def _extend_paths(self, part: Diagram, departures: int) -> Iterator[_Path]:
        if not isinstance(part, Node):
            if departures == 0 and part != self._present:
                yield (), part
            return
        indicator = self._diagram.order[part.level]
        value = self._coded[indicator]
        yield from self.paths(self._diagram.branch(part, value), departures)
        for to in self._diagram.answers[part.level] if departures else ():
            if to != value:
                branch = self._diagram.branch(part, to)
                for changes, end in self.paths(branch, departures - 1):
                    yield ((indicator, to), *changes), end


def _sort_flips(paths: list[_Path], diagram: DecisionDiagram) -> list[Flip]:
    place = diagram.places
    answers = dict(zip(diagram.order, diagram.answers, strict=True))
    flips = [Flip(dict(sorted(changes, key=lambda c: place[c[0]])), end) for changes, end in paths]
    return sorted(
        flips,
        key=lambda flip: (
            [place[indicator] for indicator in flip.changes],
            [answers[indicator].index(to) for indicator, to in flip.changes.items()],
        ),
    )
