"""The diagrams of a rulebook's facts, each made from those of the facts that its rules read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from softbalance.rules.diagrams.nodes import UNDEFINED, Diagram
from softbalance.rules.diagrams.regions import ALL, Region, Regions
from softbalance.rules.model import FORM, OTHER_FORM, Clause, Premise, Rule, Rulebook
from softbalance.schemas.grammar import CLASSIFICATION


def _find_concluding_rules(rulebook: Rulebook, fact: str, before: int) -> tuple[int, list[Rule]]:
    """Return the stage before stage number `before` that concludes a fact, and its rules there.

    A fact is concluded in one stage only. No rules, and stage -1, if it is in none of these: then
    it is an input as it was coded.
    """
    for number in range(before):
        rules = [rule for rule in rulebook.stages[number].rules if rule.fact == fact]
        if rules:
            return number, rules
    return -1, []


def _reads(rules: Sequence[Rule]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(p.fact for rule in rules for p in rule.premises()))


def inputs_of(rulebook: Rulebook) -> tuple[str, ...]:
    """Return the form and every indicator, first those that the classification depends on."""
    needed = collect_needed_inputs(rulebook, CLASSIFICATION)
    return tuple(dict.fromkeys((FORM, *needed, *rulebook.codebook.indicators)))


def collect_needed_inputs(rulebook: Rulebook, fact: str) -> list[str]:
    """Return the inputs that a fact depends on in the order of first need, depth first."""
    inputs: dict[str, None] = {}
    seen: set[tuple[str, int]] = set()

    def visit(name: str, before: int) -> None:
        stage, rules = _find_concluding_rules(rulebook, name, before)
        if (name, stage) in seen:
            return
        seen.add((name, stage))
        for read in _reads(rules):
            visit(read, stage)
        if name not in rulebook.facts:
            inputs[name] = None

    visit(fact, len(rulebook.stages))
    return list(inputs)


class FactDiagrams:
    """The diagrams of a rulebook's facts over the inputs of regions, each made at its first use."""

    def __init__(self, rulebook: Rulebook, regions: Regions) -> None:
        self._rulebook, self._regions = rulebook, regions
        self._level = {name: level for level, name in enumerate(regions.order)}
        self._made: dict[tuple[str, int], Diagram] = {}

    def fact(self, name: str, before: int) -> Diagram:
        """Return the diagram of a fact, or of an input, as it stands when a stage begins.

        The leaf is `UNDEFINED` where rules conclude no value or several.
        """
        stage, rules = _find_concluding_rules(self._rulebook, name, before)
        key = name, stage
        if key not in self._made:
            self._made[key] = (
                self._combine_rules(name, stage, rules) if rules else self._input(name)
            )
        return self._made[key]

    def select_matching(self, clauses: Iterable[Clause], before: int) -> Region:
        """Return where each clause holds when a stage begins."""
        return self._regions.intersect(*(self._select(clause, before) for clause in clauses))

    def _select(self, part: Clause | Premise, before: int) -> Region:
        if isinstance(part, Premise):
            diagram = self.fact(part.fact, before)
            return self._regions.select_leading_to(diagram, part.values)
        members = [self._select(member, before) for member in part.members]
        return self._regions.select_enough(members, part.least)

    def _input(self, name: str) -> Diagram:
        level = self._level[name]
        own = self._rulebook.domain(name)
        # a form of another codebook is read as the one that stands for it
        values = self._regions.domains[level]
        foreign = OTHER_FORM if name == FORM and OTHER_FORM in own else UNDEFINED
        return self._regions.nodes.node(
            level, tuple(value if value in own else foreign for value in values)
        )

    def _combine_rules(self, name: str, stage: int, rules: list[Rule]) -> Diagram:
        """Return where which value is concluded; an input keeps its own where no rule gives one."""
        regions, nodes = self._regions, self._regions.nodes
        where: dict[str, list[Region]] = {}
        for rule in rules:
            where.setdefault(rule.value, []).append(self.select_matching(rule.when, stage))
        values = tuple(where)
        read = [self.fact(fact, stage) for fact in _reads(rules)]
        undefined = regions.unite(*(regions.select_leading_to(d, (UNDEFINED,)) for d in read))
        parts = [undefined, *(regions.unite(*each) for each in where.values())]
        if name not in self._rulebook.facts:
            parts.append(self.fact(name, stage))

        def conclude(leaves: tuple[str, ...]) -> str:
            concluded = [v for v, leaf in zip(values, leaves[1:], strict=False) if leaf == ALL]
            if leaves[0] == ALL or len(concluded) > 1:
                return UNDEFINED
            if concluded:
                return concluded[0]
            return leaves[-1] if name not in self._rulebook.facts else UNDEFINED

        return nodes.combine(parts, conclude)
