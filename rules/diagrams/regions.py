"""Sets of codings, combined and looked into without a walk through them.

A *coding* gives the form and a value for every indicator: for nine forms and 23 indicators there
are 9 x 4^23 of them. A *region* is a set of codings, kept as a decision diagram
(`softbalance.rules.diagrams.nodes`) with the leaves `ALL` and `NONE`. Diagrams are canonical: a
region is empty if and only if it is the leaf `NONE`, and two regions hold the same codings if and
only if they are one object. So what is said of a region is exact for every coding in it.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence

from softbalance.rules.diagrams.nodes import Diagram, Node, Nodes, descend
from softbalance.rules.model import FORM
from softbalance.schemas.fields import UNKNOWN

#: The leaves of a region.
ALL, NONE = "all", "none"
Region = Diagram


class Regions:
    """Regions over the inputs of an `order`, each with the values of its domain."""

    def __init__(
        self, order: Sequence[str], domains: Sequence[tuple[str, ...]], nodes: Nodes
    ) -> None:
        self.order, self.domains, self.nodes = tuple(order), tuple(domains), nodes
        self._met: dict[frozenset[Node], Region] = {}
        self._outside: dict[Region, Region] = {ALL: NONE, NONE: ALL}

    @property
    def size(self) -> int:
        """How many codings there are in all."""
        return math.prod(map(len, self.domains))

    def intersect(self, *regions: Region) -> Region:
        """Return the codings that are in every one of the regions."""
        if NONE in regions:
            return NONE
        nodes = frozenset(region for region in regions if isinstance(region, Node))
        if len(nodes) < 2:
            return next(iter(nodes), ALL)
        if nodes not in self._met:
            top = min(node.level for node in nodes)
            self._met[nodes] = self.nodes.node(
                top,
                tuple(
                    self.intersect(*(n.branches[i] if n.level == top else n for n in nodes))
                    for i in range(len(self.domains[top]))
                ),
            )
        return self._met[nodes]

    def unite(self, *regions: Region) -> Region:
        """Return the codings that are in any of the regions."""
        return self.complement(self.intersect(*map(self.complement, regions)))

    def select_enough(self, regions: Sequence[Region], least: int) -> Region:
        """Return the codings that are in at least so many of the regions."""
        if least == 1:
            return self.unite(*regions)
        if least == len(regions):
            return self.intersect(*regions)
        # in at least j of the regions looked at so far, for each j
        enough: list[Region] = [ALL, *[NONE] * least]
        for region in regions:
            for j in range(least, 0, -1):
                enough[j] = self.unite(enough[j], self.intersect(region, enough[j - 1]))
        return enough[least]

    def complement(self, region: Region) -> Region:
        """Return the codings that are not in the region."""
        if region not in self._outside and isinstance(region, Node):
            branches = tuple(map(self.complement, region.branches))
            self._outside[region] = self.nodes.node(region.level, branches)
        return self._outside[region]

    def select_leading_to(self, diagram: Diagram, leaves: Sequence[str]) -> Region:
        """Return the codings for which a diagram ends in one of the leaves."""
        return self.nodes.combine([diagram], lambda ends: ALL if ends[0] in leaves else NONE)

    def evaluate(self, diagram: Diagram, coding: Mapping[str, str]) -> str:
        """Return the leaf that a coding leads to."""
        while isinstance(diagram, Node):
            value = coding[self.order[diagram.level]]
            diagram = diagram.branches[self.domains[diagram.level].index(value)]
        return diagram

    def count(self, region: Region) -> int:
        """Return how many codings a region holds."""
        counts: dict[Diagram, int] = {ALL: self.size, NONE: 0}
        for part in reversed(descend(region)):
            if isinstance(part, Node):
                branches = sum(counts[branch] for branch in part.branches)
                counts[part] = branches // len(part.branches)
        return counts[region]

    def pick_simplest(self, region: Region) -> dict[str, str]:
        """Return a coding in a region that leaves as much unknown as can be.

        Of equals the one whose values come first in their domains. Raises ValueError if the region
        is empty.
        """
        paths: dict[Diagram, dict[str, str] | None] = {ALL: {}, NONE: None}
        for part in reversed(descend(region)):
            if isinstance(part, Node):
                paths[part] = min(
                    (
                        {self.order[part.level]: value, **path}
                        for value, branch in zip(
                            self.domains[part.level], part.branches, strict=True
                        )
                        if (path := paths[branch]) is not None
                    ),
                    key=_count_coded,
                )
        path = paths[region]
        if path is None:
            raise ValueError("an empty region holds no coding")
        unasked = {
            name: UNKNOWN if UNKNOWN in domain else domain[0]
            for name, domain in zip(self.order, self.domains, strict=True)
        }
        return {**unasked, **path}

    def draw(self, region: Region, chance: random.Random) -> dict[str, str]:
        """Return a random coding in a region, which must not be empty.

        Each branch on the way is as likely as any other that can lead there, so that rare parts of
        a region come up too; what the way leaves open is drawn evenly.
        """
        coding = {
            name: chance.choice(domain)
            for name, domain in zip(self.order, self.domains, strict=True)
        }
        while isinstance(region, Node):
            domain = self.domains[region.level]
            # a node of a reduced diagram leads to ALL by any branch that is not NONE
            open_to = [i for i, branch in enumerate(region.branches) if branch != NONE]
            chosen = chance.choice(open_to)
            coding[self.order[region.level]] = domain[chosen]
            region = region.branches[chosen]
        return coding


def _count_coded(coding: Mapping[str, str]) -> int:
    return sum(value != UNKNOWN for name, value in coding.items() if name != FORM)
