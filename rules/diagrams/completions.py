"""What an episode could be once every open indicator is known.

A completion gives each open indicator (coded unknown or contested) one of its values. The
rulebook's decision diagram is cut down to the open indicators, each with a branch for each value.
In the reduced diagram that is left, a leaf is a possible class, an indicator is asked for if and
only if the class depends on it, and completions are counted a branch at a time: those from the root
to the node, times those from the branch to each class. All counts are whole numbers, so nothing is
rounded before the logarithms.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import fsum, log2, prod

from softbalance.rules.diagrams.diagram import DecisionDiagram
from softbalance.rules.diagrams.nodes import Diagram, Node, Nodes, descend
from softbalance.rules.model import FORM
from softbalance.schemas.fields import CONTESTED, UNKNOWN

#: Gains are told, and ranked, to so many decimals of a bit; what is beyond is noise of floats.
DECIMALS = 12

#: A number of completions for each class, in units.
Counts = list[int]


class Completions:
    """Every completion of an episode, as a diagram of its open indicators.

    `classes` are those that a completion ends in (`diagram.UNDEFINED` among them where the rules
    conclude none, or several). `relevant` are the open indicators for which two completions that
    differ in nothing else end in different classes, in the order of the diagram.
    """

    def __init__(self, diagram: DecisionDiagram, coded: Mapping[str, str]) -> None:
        self._root = _restrict(diagram, coded)
        parts = descend(self._root)
        self._nodes = [part for part in parts if isinstance(part, Node)]
        self._levels = tuple(dict.fromkeys(node.level for node in self._nodes))
        self.classes = tuple(part for part in parts if not isinstance(part, Node))
        self.relevant = tuple(diagram.order[level] for level in self._levels)

    def gains(self) -> dict[str, float]:
        """Return for each relevant indicator the bits that knowing it tells of the class.

        That is the entropy of the class over uniformly weighted completions, less its mean entropy
        once the indicator is known.
        """
        sizes = {node.level: len(node.branches) for node in self._nodes}
        unit = prod(sizes.values())
        below = self._count_below(unit)
        totals = below[self._root]
        whole = _entropy(totals)
        # class and answer together have the mean entropy that is looked for, and the answer's bits
        return {
            indicator: abs(round(whole + log2(sizes[level]) - _entropy(joint), DECIMALS))
            for indicator, level, joint in zip(
                self.relevant, self._levels, self._count_by_answer(unit, below), strict=True
            )
        }

    def _count_by_answer(self, unit: int, below: Mapping[Diagram, Counts]) -> Iterator[Counts]:
        """Yield for each level the completions by answer and class, `unit ** 2` for each answer."""
        above, totals = self._count_above(unit), below[self._root]
        counts: dict[int, list[Counts]] = {}
        for node in self._nodes:
            answers = counts.setdefault(node.level, [[0] * len(totals) for _ in node.branches])
            for answer, branch in zip(answers, node.branches, strict=True):
                for label, count in enumerate(below[branch]):
                    answer[label] += above[node] * count
        for level in self._levels:
            answers = counts[level]
            # completions that never come by the indicator are as many for each answer
            met = [sum(each) // len(answers) for each in zip(*answers, strict=True)]
            passing = [unit * n - m for n, m in zip(totals, met, strict=True)]
            yield [n + m for answer in answers for n, m in zip(answer, passing, strict=True)]

    def _count_above(self, unit: int) -> dict[Diagram, int]:
        """Count the completions that lead to each part, `unit` to the root.

        With a unit of the product of the levels' answers each share on the way is a whole number.
        """
        counts: dict[Diagram, int] = dict.fromkeys((*self._nodes, *self.classes), 0)
        counts[self._root] = unit
        for node in self._nodes:
            for branch in node.branches:
                counts[branch] += counts[node] // len(node.branches)
        return counts

    def _count_below(self, unit: int) -> dict[Diagram, Counts]:
        """Count the completions from each part to each class, `unit` from the part in all."""
        counts: dict[Diagram, Counts] = {
            label: [unit * (label == other) for other in self.classes] for label in self.classes
        }
        for node in reversed(self._nodes):
            branches = zip(*(counts[branch] for branch in node.branches), strict=True)
            counts[node] = [sum(each) // len(node.branches) for each in branches]
        return counts


def _restrict(diagram: DecisionDiagram, coded: Mapping[str, str]) -> Diagram:
    """Return the reduced diagram of the open indicators, with a branch for each answer."""
    nodes = Nodes()
    known: dict[Diagram, Diagram] = {}

    def cut(part: Diagram) -> Diagram:
        if not isinstance(part, Node):
            return part
        if part not in known:
            value = coded[diagram.order[part.level]]
            open_ = value in (UNKNOWN, CONTESTED)
            answers = diagram.answers[part.level] if open_ else (value,)
            branches = tuple(cut(diagram.branch(part, answer)) for answer in answers)
            known[part] = nodes.node(part.level, branches)
        return known[part]

    return cut(diagram.of_form(coded[FORM]))


def _entropy(counts: Iterable[int]) -> float:
    """Return the entropy in bits of what comes up so often.

    The sum is exact, so that equal counts in any order have equal entropy to the last digit.
    """
    seen = [count for count in counts if count]
    total = sum(seen)
    return fsum(count / total * log2(total / count) for count in seen)
