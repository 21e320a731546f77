"""A rulebook as one decision diagram: from the form and every coding to the class.

The diagram is a reduced, ordered, multi-valued decision diagram. A node asks for one input and has
a branch for each value that the input can take; a leaf is a class; equal parts are one node, and a
node whose branches all lead to one place is left out. So, for the given order of inputs, there is
exactly one diagram of a rulebook (Bryant 1986, "Graph-Based Algorithms for Boolean Function
Manipulation", IEEE Transactions on Computers 35 (8); for many values Srinivasan et al. 1990,
"Algorithms for Discrete Function Manipulation", ICCAD), and it has every completion of every
episode as a path: what is counted or searched on it is exact.

It stays small since facts factor by stage. What a rule of a late stage can tell of the indicators
behind an early one is only the value of a fact, so after the nine indicators of the rivals a node
need not remember more of them than which rivals are still possible. The diagram of a fact is made
from those of the facts that its rules read, never from the indicators, and inputs are asked in the
order in which the rules first need them, depth first from the classification (the order of Malik
et al. 1988, "Logic Verification Using Binary Decision Diagrams", ICCAD). Only what the
classification depends on is in it: context indicators are not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from softbalance.rules.model import FORM, Rule, Rulebook
from softbalance.schemas.grammar import CLASSIFICATION

#: The leaf where rules conclude no value of a fact or several: the rulebook is unsound.
UNDEFINED = ""


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """Asks for the input at `level` of the order; a branch for each value of its domain."""

    level: int
    branches: tuple[Diagram, ...]


#: A node or a leaf: a value of the fact that the diagram is of, or UNDEFINED.
Diagram = Node | str


class Nodes:
    """Makes nodes such that equal diagrams are the same object."""

    def __init__(self) -> None:
        self._made: dict[tuple[int, tuple[Diagram, ...]], Node] = {}

    def node(self, level: int, branches: tuple[Diagram, ...]) -> Diagram:
        """Return the node with these branches, or where they all lead if that is one place."""
        first = branches[0]
        if all(branch == first for branch in branches):
            return first
        key = level, branches
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = Node(level, branches)
        return made

    def combine(
        self, parts: Sequence[Diagram], conclude: Callable[[tuple[str, ...]], str]
    ) -> Diagram:
        """Return the diagram of `conclude` of the leaves that `parts` lead to."""
        known: dict[tuple[Diagram, ...], Diagram] = {}

        def join(state: tuple[Diagram, ...]) -> Diagram:
            if state not in known:
                asking = [part for part in state if isinstance(part, Node)]
                if not asking:
                    known[state] = conclude(tuple(map(str, state)))
                else:
                    top = min(asking, key=lambda node: node.level)
                    branches = range(len(top.branches))
                    known[state] = self.node(
                        top.level,
                        tuple(join(_follow_branch(state, top.level, i)) for i in branches),
                    )
            return known[state]

        return join(tuple(parts))


def _follow_branch(state: tuple[Diagram, ...], level: int, branch: int) -> tuple[Diagram, ...]:
    return tuple(
        part.branches[branch] if isinstance(part, Node) and part.level == level else part
        for part in state
    )


class DecisionDiagram:
    """The diagram of a rulebook's classification.

    `root` is the diagram, `order` names the input at each level, and `domains` the value of each
    branch there. The form comes first. `places` numbers the indicators in codebook order.
    Nothing of it changes once it is made: safe for threads.
    """

    def __init__(self, rulebook: Rulebook) -> None:
        self.order = tuple(dict.fromkeys((FORM, *_collect_needed_inputs(rulebook, CLASSIFICATION))))
        self.domains = tuple(rulebook.domain(name) for name in self.order)
        self.places = {name: i for i, name in enumerate(rulebook.codebook.indicators)}
        diagrams = FactDiagrams(rulebook, self.order, Nodes())
        self.root = diagrams.fact(CLASSIFICATION, len(rulebook.stages))

    def of_form(self, form: str) -> Diagram:
        """Return the part below a form; it asks for indicators only."""
        root = self.root
        return self.branch(root, form) if isinstance(root, Node) and root.level == 0 else root

    def branch(self, node: Node, value: str) -> Diagram:
        """Return where a node leads for a value of its input."""
        return node.branches[self.domains[node.level].index(value)]

    def classify(self, coded: Mapping[str, str]) -> str:
        """Return the class of a form and codings, or UNDEFINED."""
        at = self.root
        while isinstance(at, Node):
            at = self.branch(at, coded[self.order[at.level]])
        return at

    @property
    def size(self) -> int:
        """How many nodes it has, leaves not counted."""
        return sum(isinstance(part, Node) for part in descend(self.root))


def descend(root: Diagram) -> list[Diagram]:
    """Return every node and leaf once, each after all that leads to it."""
    levels: dict[int, dict[Node, None]] = {}
    leaves: dict[str, None] = {}
    waiting, seen = [root], {root}
    while waiting:
        part = waiting.pop()
        if isinstance(part, Node):
            levels.setdefault(part.level, {})[part] = None
            waiting += [branch for branch in part.branches if branch not in seen]
            seen.update(part.branches)
        else:
            leaves[part] = None
    return [node for level in sorted(levels) for node in levels[level]] + list(leaves)


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
    needed = _collect_needed_inputs(rulebook, CLASSIFICATION)
    return tuple(dict.fromkeys((FORM, *needed, *rulebook.codebook.indicators)))


def _collect_needed_inputs(rulebook: Rulebook, fact: str) -> list[str]:
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
    """The diagrams of a rulebook's facts over an `order` of inputs, each made at its first use."""

    def __init__(self, rulebook: Rulebook, order: tuple[str, ...], nodes: Nodes) -> None:
        self._rulebook = rulebook
        self._level = {name: level for level, name in enumerate(order)}
        self._nodes = nodes
        self._made: dict[tuple[str, int], Diagram] = {}

    def fact(self, name: str, before: int) -> Diagram:
        """Return the diagram of a fact, or of an input, as it stands when a stage begins."""
        stage, rules = _find_concluding_rules(self._rulebook, name, before)
        key = name, stage
        if key not in self._made:
            self._made[key] = (
                self._combine_rules(name, stage, rules) if rules else self._input(name)
            )
        return self._made[key]

    def _input(self, name: str) -> Diagram:
        return self._nodes.node(self._level[name], self._rulebook.domain(name))

    def _combine_rules(self, name: str, stage: int, rules: list[Rule]) -> Diagram:
        reads = _reads(rules)
        parts = [
            self._merge_equivalent_values(read, rules, self.fact(read, stage)) for read in reads
        ]
        if name in self._rulebook.facts:
            return self._nodes.combine(parts, lambda values: _value(rules, reads, values))
        # an input keeps its value where no rule gives it another
        before = self.fact(name, stage)
        return self._nodes.combine(
            [*parts, before], lambda values: _value(rules, reads, values, kept=values[-1])
        )

    def _merge_equivalent_values(self, read: str, rules: list[Rule], diagram: Diagram) -> Diagram:
        """Make one value of those that no premise of the rules tells apart."""
        told = [set(p.values) for rule in rules for p in rule.premises() if p.fact == read]
        first: dict[tuple[bool, ...], str] = {}
        stands = {UNDEFINED: UNDEFINED}
        for value in self._rulebook.domain(read):
            stands[value] = first.setdefault(tuple(value in values for values in told), value)
        return self._nodes.combine([diagram], lambda values: stands[values[0]])


def _value(
    rules: Sequence[Rule], reads: tuple[str, ...], values: tuple[str, ...], kept: str = UNDEFINED
) -> str:
    """Return what the rules conclude of the values of the facts that they read."""
    if UNDEFINED in values:
        return UNDEFINED
    facts = dict(zip(reads, values, strict=False))
    concluded = {rule.value for rule in rules if rule.holds(facts)}
    if not concluded:
        return kept
    return concluded.pop() if len(concluded) == 1 else UNDEFINED
