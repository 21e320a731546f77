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

from collections.abc import Mapping

from softbalance.rules.diagrams.fact_diagrams import FactDiagrams, collect_needed_inputs
from softbalance.rules.diagrams.nodes import Diagram, Node, Nodes, descend
from softbalance.rules.diagrams.regions import Regions
from softbalance.rules.model import FORM, Rulebook
from softbalance.schemas.fields import CONTESTED, UNKNOWN
from softbalance.schemas.grammar import CLASSIFICATION


class DecisionDiagram:
    """The diagram of a rulebook's classification.

    `root` is the diagram, `order` names the input at each level, and `domains` the value of each
    branch there; `answers` are the values that settle it. The form comes first. `places` numbers
    the indicators in codebook order. Nothing of it changes once it is made: safe for threads.
    """

    def __init__(self, rulebook: Rulebook) -> None:
        self.order = tuple(dict.fromkeys((FORM, *collect_needed_inputs(rulebook, CLASSIFICATION))))
        self.domains = tuple(rulebook.domain(name) for name in self.order)
        self.answers = tuple(
            tuple(value for value in domain if value not in (UNKNOWN, CONTESTED))
            for domain in self.domains
        )
        self.places = {name: i for i, name in enumerate(rulebook.codebook.indicators)}
        diagrams = FactDiagrams(rulebook, Regions(self.order, self.domains, Nodes()))
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
