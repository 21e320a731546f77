"""The proof as a graph in the DOT language of Graphviz."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from softbalance.rules.model import Codebook
from softbalance.schemas.classification import Answer, Conclusion, Premise, Step

_STAGE_FILL = "#e8eef7"
_INPUT_FILL = "#f6f1e3"
_VERDICT_FILL = "#dfeee2"


def proof_graph(classified: Answer, codebook: Codebook) -> str:
    """Return a classification's trace as DOT: facts are nodes, each step's premises edges.

    Evidence stands at the left, the verdict at the right; an edge's tooltip is the step's reason.
    """
    title = f"{classified['episode']['id']}: {classified['classification']}"
    lines = [
        "digraph proof {",
        "  rankdir=LR;",
        f"  label={_quote(title)};",
        '  node [shape=box, style="rounded,filled", fontname="Helvetica", fillcolor="white"];',
        '  edge [fontname="Helvetica", color="#667085"];',
        *_nodes_and_edges(classified["trace"]),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _nodes_and_edges(trace: Sequence[Step]) -> Iterator[str]:
    drawn: set[str] = set()
    for step in trace:
        concluded = step["concludes"]
        node = _quote(f"{concluded['fact']}={concluded['value']}")
        fill = _VERDICT_FILL if concluded["fact"] == "classification" else _STAGE_FILL
        reason = _quote(f"{step['rule']}: {step['because']}")
        yield f"  {node} [label={_label(concluded)}, fillcolor={_quote(fill)}, tooltip={reason}];"
        drawn.add(node)
        for premise in step["premises"]:
            source = _quote(f"{premise['fact']}={premise['value']}")
            if premise["origin"] == "coded" and source not in drawn:
                drawn.add(source)
                yield f"  {source} [label={_label(premise)}, fillcolor={_quote(_INPUT_FILL)}];"
            yield f"  {source} -> {node} [tooltip={reason}];"


def _label(part: Conclusion | Premise) -> str:
    return _quote(f"{part['fact']}\n{part['value']}")


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
