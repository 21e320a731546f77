"""Decision diagrams of many values: nodes that ask, leaves that answer, equal parts made once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

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
