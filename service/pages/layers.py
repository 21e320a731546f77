"""A graph in columns, with few crossings: which row each vertex stands in, and where lines bend.

The layered layout of Sugiyama, Tagawa and Toda (1981): a line that passes columns gets a bend in
each, columns are sorted by the mean row of their neighbours, forth and back, and networkx places
them. The columns are given: they are the stages of inference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any

Line = tuple[str, str]
Vertex = str | tuple[str, str, int]
#: How often the columns are sorted anew; more changes nothing in graphs of this size.
_SWEEPS = 12


def place_vertices(
    columns: Mapping[str, int], lines: Iterable[Line]
) -> tuple[dict[str, float], dict[Line, list[tuple[int, float]]]]:
    """Return the row of each vertex, from 0, and for each line its bends as (column, row).

    `columns` gives each vertex its column; every line leads to a later column.
    """
    import networkx as nx  # noqa: PLC0415 - slow to load, and only proofs need it

    graph: nx.DiGraph[Vertex] = nx.DiGraph()
    bends: dict[Line, list[Vertex]] = {}
    for name, column in columns.items():
        graph.add_node(name, column=column)
    for source, target in lines:
        between = [(source, target, c) for c in range(columns[source] + 1, columns[target])]
        bends[source, target] = list(between)
        for bend in between:
            graph.add_node(bend, column=bend[2])
        nx.add_path(graph, [source, *between, target])
    rows = _rows(graph)
    return (
        {name: rows[name] for name in columns},
        {line: [(b[2], rows[b]) for b in bent] for line, bent in bends.items()},  # type: ignore[misc]
    )


def find_behind(vertex: str, lines: Iterable[Line]) -> set[str]:
    """Return all vertices from which lines lead to a vertex."""
    import networkx as nx  # noqa: PLC0415

    graph = nx.DiGraph(list(lines))
    return set(nx.ancestors(graph, vertex)) if vertex in graph else set()


def _rows(graph: Any) -> dict[Vertex, float]:
    """Return the row of each vertex of a graph whose vertices have a `column`."""
    columns: dict[int, list[Vertex]] = {}
    for vertex, column in graph.nodes(data="column"):
        columns.setdefault(column, []).append(vertex)
    order = [columns[column] for column in sorted(columns)]
    sides = (graph.predecessors, graph.successors)
    for sweep in range(_SWEEPS):
        _sort(order if sweep % 2 == 0 else order[::-1], sides[sweep % 2])
    rows: dict[Vertex, float] = {v: n for column in order for n, v in enumerate(column)}
    for _ in range(_SWEEPS):
        for column in order:
            wanted = [
                _mean([rows[n] for n in (*graph.predecessors(v), *graph.successors(v))], rows[v])
                for v in column
            ]
            for vertex, row in zip(column, _space_out(wanted, column), strict=True):
                rows[vertex] = row
    top = min(rows.values(), default=0)
    return {vertex: row - top for vertex, row in rows.items()}


def _sort(order: Iterable[list[Vertex]], neighbours: Callable[[Vertex], Iterable[Vertex]]) -> None:
    """Sort each column by the mean place of the neighbours in the column before."""
    before: dict[Vertex, int] = {}
    for column in order:
        place = {
            v: _mean([before[n] for n in neighbours(v) if n in before], at)
            for at, v in enumerate(column)
        }
        column.sort(key=place.__getitem__)
        before = {vertex: at for at, vertex in enumerate(column)}


def _space_out(wanted: Sequence[float], column: Sequence[Vertex]) -> list[float]:
    """Return the rows nearest to those wanted (least squares) that keep order and distance.

    Vertices that would come too near move together, about the mean of what they want.
    """
    room = [1.0 if isinstance(vertex, str) else 0.5 for vertex in column]
    offsets = [0.0, *accumulate((a + b) / 2 for a, b in pairwise(room))]
    blocks: list[tuple[float, int]] = []
    for want, offset in zip(wanted, offsets, strict=True):
        total, count = want - offset, 1
        while blocks and blocks[-1][0] / blocks[-1][1] > total / count:
            more, others = blocks.pop()
            total, count = total + more, count + others
        blocks.append((total, count))
    level = [total / count for total, count in blocks for _ in range(count)]
    return [base + offset for base, offset in zip(level, offsets, strict=True)]


def _mean(values: Sequence[float], without: float) -> float:
    return sum(values) / len(values) if values else without
