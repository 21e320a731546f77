"""What was added, removed and changed between two rulebooks, as they are written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Generic, TypeVar

from softbalance.rules.model import Fact, Rule, Rulebook, Stage
from softbalance.rules.rulebook_json import clause_json

Part = TypeVar("Part", Rule, Fact, Stage)


@dataclass(frozen=True, slots=True)
class Change(Generic[Part]):
    """A rule, fact or stage that both rulebooks have, and which parts of it differ."""

    before: Part
    after: Part
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Changes(Generic[Part]):
    """What of one kind only the second rulebook has, only the first, or both but not alike."""

    added: tuple[Part, ...]
    removed: tuple[Part, ...]
    changed: tuple[Change[Part], ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)


@dataclass(frozen=True, slots=True)
class RulebookDifference:
    """Two rulebooks compared; `about` names what differs in how they present themselves."""

    before: Rulebook
    after: Rulebook
    about: tuple[str, ...]
    stages: Changes[Stage]
    facts: Changes[Fact]
    rules: Changes[Rule]


def diff_rulebooks(before: Rulebook, after: Rulebook) -> RulebookDifference:
    """Compare two rulebooks by the ids of their stages, facts and rules."""
    about = ("id", "version", "title", "summary", "extends", "sources")
    return RulebookDifference(
        before,
        after,
        tuple(name for name in about if getattr(before, name) != getattr(after, name)),
        _changes({s.id: s for s in before.stages}, {s.id: s for s in after.stages}),
        _changes(before.facts, after.facts),
        _changes({r.id: r for r in before.rules}, {r.id: r for r in after.rules}),
    )


def _changes(before: Mapping[str, Part], after: Mapping[str, Part]) -> Changes[Part]:
    changed = [
        Change(part, after[name], parts)
        for name, part in before.items()
        if name in after and (parts := _differing(_parts(part), _parts(after[name])))
    ]
    return Changes(
        tuple(part for name, part in after.items() if name not in before),
        tuple(part for name, part in before.items() if name not in after),
        tuple(changed),
    )


def _differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(name for name, content in before.items() if after[name] != content)


def _parts(part: Rule | Fact | Stage) -> dict[str, Any]:
    """Return the parts that a change is told by, ready for JSON."""
    if isinstance(part, Rule):
        return {
            "stage": part.stage,
            "premises": [clause_json(clause) for clause in part.when],
            "conclusion": {"fact": part.fact, "value": part.value},
            "reason": part.because,
            "citations": [asdict(cite) for cite in part.cites],
        }
    if isinstance(part, Fact):
        return {
            "kind": part.kind,
            "title": part.title,
            "values": part.values,
            "undecided": part.undecided,
        }
    # its rules are compared one by one
    return {"title": part.title, "about": part.about}


def as_json(difference: RulebookDifference) -> dict[str, Any]:
    """Return a difference as JSON: ids of what came and went, and both states of a change."""
    return {
        "before": _identity(difference.before),
        "after": _identity(difference.after),
        "about": list(difference.about),
        "stages": _changes_json(difference.stages),
        "facts": _changes_json(difference.facts),
        "rules": _changes_json(difference.rules),
    }


def _identity(rulebook: Rulebook) -> dict[str, str]:
    return {"id": rulebook.id, "version": rulebook.version, "digest": rulebook.digest}


def _changes_json(changes: Changes[Part]) -> dict[str, Any]:
    return {
        "added": [part.id for part in changes.added],
        "removed": [part.id for part in changes.removed],
        "changed": [
            {
                "id": change.before.id,
                "parts": list(change.parts),
                "before": {part: _parts(change.before)[part] for part in change.parts},
                "after": {part: _parts(change.after)[part] for part in change.parts},
            }
            for change in changes.changed
        ],
    }
