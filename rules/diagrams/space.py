"""The whole space of codings of a rulebook: what each fact is in it and where each rule holds.

It is exact and yet quick since facts factor by stage. Where a rule holds is made from the diagrams
of the few facts that it reads, as they stand when its stage begins. All of these ask for the
inputs in one order, so what is joint about facts is kept: no rule is taken to hold for values that
no coding brings about together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

from softbalance.rules.diagrams.fact_diagrams import FactDiagrams, inputs_of
from softbalance.rules.diagrams.groups import group_connected
from softbalance.rules.diagrams.nodes import UNDEFINED, Diagram, Node, Nodes, descend
from softbalance.rules.diagrams.regions import ALL, NONE, Region, Regions
from softbalance.rules.model import FORM, SETS, Clause, Rule, Rulebook, Stage
from softbalance.schemas.episode import Episode
from softbalance.schemas.fields import UNKNOWN

#: Between values in a leaf that stands for several; no id holds it.
_SEPARATOR = " "
#: What of a coding brings a combination of values about.
Way = dict[str, str]


class Space(Regions):
    """The codings of a rulebook.

    Spaces to be compared are made with the same `order` of inputs, the same `nodes` and, where the
    rulebooks have different codebooks, `domains` that hold the values of both.
    """

    def __init__(
        self,
        rulebook: Rulebook,
        order: Sequence[str] = (),
        nodes: Nodes | None = None,
        domains: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        order = tuple(order) or inputs_of(rulebook)
        of = domains or {name: rulebook.domain(name) for name in order}
        super().__init__(order, [of[name] for name in order], nodes or Nodes())
        self.rulebook = rulebook
        self._facts = FactDiagrams(rulebook, self)
        self._number = {stage.id: number for number, stage in enumerate(rulebook.stages)}
        self._rules: dict[Rule, Region] = {}
        self._reached: list[Region] = [ALL]

    def fact(self, name: str, number: int) -> Diagram:
        """Return the diagram of a fact or an input as it stands when stage `number` begins.

        `number` may be one past the last stage. The leaf is `UNDEFINED` where rules conclude no
        value or several.
        """
        return self._facts.fact(name, number)

    def select_matching(self, clauses: Iterable[Clause], number: int) -> Region:
        """Return where each clause holds when stage `number` begins."""
        return self._facts.select_matching(clauses, number)

    def select_holding(self, rule: Rule) -> Region:
        """Return where a rule of the rulebook holds."""
        if rule not in self._rules:
            self._rules[rule] = self.select_matching(rule.when, self._number[rule.stage])
        return self._rules[rule]

    def select_firing(self, rule: Rule) -> Region:
        """Return where a rule holds and its stage is reached."""
        return self.intersect(
            self.select_holding(rule), self.select_reaching(self._number[rule.stage])
        )

    def select_reaching(self, number: int) -> Region:
        """Return where each fact of the stages before stage `number` is concluded exactly once.

        No decision comes to a later stage otherwise. `number` may be one past the last stage.
        """
        while len(self._reached) <= number:
            stage = self.rulebook.stages[len(self._reached) - 1]
            sound = (
                self._select_concluded_once(stage, fact)
                for fact in stage.concludes
                if fact not in SETS
            )
            self._reached.append(self.intersect(self._reached[-1], *sound))
        return self._reached[number]

    def _select_concluded_once(self, stage: Stage, fact: str) -> Region:
        """Return where the stage concludes one value of a fact, or at most one of an input."""
        values: dict[str, list[Region]] = {}
        for rule in stage.rules:
            if rule.fact == fact:
                values.setdefault(rule.value, []).append(self.select_holding(rule))
        regions = [self.unite(*where) for where in values.values()]
        clashes = [self.intersect(a, b) for i, a in enumerate(regions) for b in regions[:i]]
        gap = self.complement(self.unite(*regions)) if fact in self.rulebook.facts else NONE
        return self.complement(self.unite(gap, *clashes))

    def share(self, region: Region) -> str:
        """Return in words how much of the space a region is."""
        return f"{100 * self.count(region) / self.size:.2g}% of all codings"

    def episode(self, region: Region, title: str) -> Episode:
        """Return an Episode whose coding is in a region, with as little coded as can be.

        Raises ValueError if the region is empty.
        """
        return self.episode_of(self.pick_simplest(region), title)

    def episode_of(self, coding: Mapping[str, str], title: str) -> Episode:
        """Return a coding as an Episode."""
        return episode_of(self.rulebook, coding, title)

    def facts(self, number: int, coding: Mapping[str, str]) -> dict[str, str]:
        """Return what the facts that stage `number` reads are for a coding."""
        reads = self.rulebook.stages[number].reads
        return {name: self.evaluate(self.fact(name, number), coding) for name in reads}

    def states(self, names: Sequence[str], number: int) -> Iterator[Way]:
        """Yield a way to every combination of values that facts have when stage `number` begins.

        Facts that share no input are independent, so that all their combinations come about; the
        others are followed through their diagrams together.
        """
        groups = group_connected(names, lambda name: self._inputs(name, number))
        for ways in product(*(self._join_states(group, number) for group in groups)):
            yield {name: value for way in ways for name, value in way.items()}

    def _inputs(self, name: str, number: int) -> set[int]:
        """Return the levels of the inputs that a fact depends on when stage `number` begins."""
        return {n.level for n in descend(self.fact(name, number)) if isinstance(n, Node)}

    def _join_states(self, names: Sequence[str], number: int) -> list[Way]:
        root = self.nodes.combine([self.fact(name, number) for name in names], _SEPARATOR.join)
        ways: dict[Diagram, Way] = {root: {}}
        found: list[Way] = []
        for part in descend(root):
            if isinstance(part, Node):
                domain = self.domains[part.level]
                for value, branch in zip(domain, part.branches, strict=True):
                    ways.setdefault(branch, {**ways[part], self.order[part.level]: value})
            elif UNDEFINED not in part.split(_SEPARATOR):
                found.append(ways[part])
        return found


def episode_of(rulebook: Rulebook, coding: Mapping[str, str], title: str) -> Episode:
    """Return a coding as an Episode."""
    indicators: dict[str, str | float] = {
        name: value for name, value in coding.items() if name != FORM and value != UNKNOWN
    }
    places = {name: i for i, name in enumerate(rulebook.codebook.indicators)}
    ordered = sorted(indicators, key=lambda name: places.get(name, len(places)))
    return {
        "title": title,
        "form": coding[FORM],
        "indicators": {name: indicators[name] for name in ordered},
    }
