"""A rulebook as a decision graph for GoRules' zen-engine, so that both decide the same thing."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import zen
from softbalance.rules.model import SETS, Clause, Rule, Rulebook, Stage


class ZenRulebook:
    """A rulebook that zen decides, with its trace on."""

    def __init__(self, rulebook: Rulebook) -> None:
        loader = {"type": "static", "content": {"book": _graph(rulebook)}}
        self._engine = zen.ZenEngine({"loader": loader})

    def decide(self, form: str, values: dict[str, str]) -> dict[str, Any]:
        """Return what zen concludes; its trace is made and left where it is."""
        answer = self._engine.evaluate("book", {"form": form, **values}, {"trace": True})
        result: dict[str, Any] = answer["result"]
        return result


def _graph(rulebook: Rulebook) -> dict[str, Any]:
    indicators = rulebook.codebook.indicators
    # the tables of a stage run one after the other: what replaces an input comes last
    tables = [
        _table(stage, fact)
        for stage in rulebook.stages
        for fact in sorted(stage.concludes, key=lambda fact: fact in indicators)
    ]
    nodes = [
        {"id": "input", "name": "input", "type": "inputNode"},
        *tables,
        {"id": "output", "name": "output", "type": "outputNode"},
    ]
    edges = [
        {"id": f"{a['id']}-{b['id']}", "type": "edge", "sourceId": a["id"], "targetId": b["id"]}
        for a, b in pairwise(nodes)
    ]
    return {"nodes": nodes, "edges": edges}


def _table(stage: Stage, fact: str) -> dict[str, Any]:
    gathers = fact in SETS
    rules = [rule for rule in stage.rules if rule.fact == fact]
    name = f"{stage.id}-{fact}"
    content = {
        "hitPolicy": "collect" if gathers else "first",
        "inputs": [{"id": "when", "name": "when"}],
        "outputs": [{"id": "then", "name": "then", "field": "value" if gathers else fact}],
        "rules": [_row(rule) for rule in rules],
        "passThrough": True,
        "outputPath": f"{fact}_{stage.id}" if gathers else None,
    }
    return {"id": name, "name": name, "type": "decisionTableNode", "content": content}


def _row(rule: Rule) -> dict[str, str]:
    when = " and ".join(map(_clause, rule.when))
    return {"_id": rule.id, "when": when, "then": f"'{rule.value}'"}


def _clause(clause: Clause) -> str:
    """Return a clause in zen's language; only those that hold where one premise does."""
    if clause.least != 1:
        raise ValueError("zen has no counts")
    atoms = [
        f"{p.fact} == '{p.values[0]}'"
        if len(p.values) == 1
        else f"{p.fact} in [{', '.join(repr(value) for value in p.values)}]"
        for p in clause.premises()
    ]
    return f"({' or '.join(atoms)})"
