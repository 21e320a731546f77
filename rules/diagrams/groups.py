"""Things in groups that have nothing to do with each other."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from collections.abc import Set as AbstractSet
from typing import TypeVar

Item = TypeVar("Item")


def group_connected(
    items: Iterable[Item], touched: Callable[[Item], AbstractSet[Hashable]]
) -> list[list[Item]]:
    """Return the items in groups, of which no two touch anything in common.

    `touched` gives what an item touches.
    """
    groups: list[tuple[AbstractSet[Hashable], list[Item]]] = []
    for item in items:
        touches, group = touched(item), [item]
        for other in [other for other in groups if other[0] & touches]:
            groups.remove(other)
            touches, group = touches | other[0], other[1] + group
        groups.append((touches, group))
    return [group for _, group in groups]
