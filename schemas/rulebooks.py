"""Rulebooks as the API publishes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

from marshmallow import Schema, fields
from softbalance.schemas.classification import (
    Cite,
    CiteSchema,
    Conclusion,
    ConclusionSchema,
    RulebookRef,
    RulebookRefSchema,
)


class RulebookSummary(TypedDict):
    """A rulebook without its rules."""

    id: str
    version: str
    digest: str
    title: str
    summary: str
    extends: str | None
    classes: list[str]


class RulebookSummarySchema(Schema):
    """A rulebook without its rules."""

    id = fields.String(required=True)
    version = fields.String(required=True)
    digest = fields.String(required=True)
    title = fields.String(required=True)
    summary = fields.String(required=True)
    extends = fields.String(required=True, allow_none=True)
    classes = fields.List(fields.String(), required=True)


class RulebookListSchema(Schema):
    """The rulebooks of this service, the default first."""

    items = fields.List(fields.Nested(RulebookSummarySchema), required=True)


class CountedClause(TypedDict):
    """A clause that holds if at least so many of its members do."""

    at_least: int
    of: list[Any]


#: A list holds if one of its members does.
Clause = list[Any] | CountedClause

_MEMBERS: dict[str, Any] = {
    "type": "array",
    "items": {"description": "A premise `{fact, values}`, or a clause."},
}


class ClauseField(fields.Raw):
    """A clause: a list of members of which one must hold, or how many of which members must."""

    def __init__(self, **kwargs: Any) -> None:
        counted = {
            "type": "object",
            "required": ["at_least", "of"],
            "properties": {"at_least": {"type": "integer", "minimum": 2}, "of": _MEMBERS},
        }
        super().__init__(metadata={"oneOf": [_MEMBERS, counted]}, **kwargs)


class Rule(TypedDict):
    """A rule: if each clause of `when` holds, the conclusion does."""

    id: str
    when: list[Clause]
    then: Conclusion
    because: str
    cites: list[Cite]


class RuleSchema(Schema):
    """A rule: if each clause of `when` holds, the conclusion does."""

    id = fields.String(required=True)
    when = fields.List(ClauseField(), required=True)
    then = fields.Nested(ConclusionSchema, required=True)
    because = fields.String(required=True)
    cites = fields.List(fields.Nested(CiteSchema), required=True)


class Stage(TypedDict):
    """A stage of inference and its rules."""

    id: str
    title: str
    about: str
    rules: list[Rule]


class StageSchema(Schema):
    """A stage of inference and its rules."""

    id = fields.String(required=True)
    title = fields.String(required=True)
    about = fields.String(required=True)
    rules = fields.List(fields.Nested(RuleSchema), required=True)


class Fact(TypedDict):
    """A fact that the rules conclude."""

    id: str
    kind: str
    title: str
    values: list[str]


class FactSchema(Schema):
    """A fact that the rules conclude."""

    id = fields.String(required=True)
    kind = fields.String(required=True)
    title = fields.String(required=True)
    values = fields.List(fields.String(), required=True)


class Finding(TypedDict):
    """What refutes a claim, or is worth a remark."""

    rule: str | None
    file: str
    line: int
    message: str
    remark: bool
    witness: Mapping[str, Any] | None


class FindingSchema(Schema):
    """What refutes a claim: the rule, its place, and an Episode that shows it, if any can.

    A `remark` is worth knowing and refutes nothing.
    """

    rule = fields.String(required=True, allow_none=True)
    file = fields.String(required=True)
    line = fields.Integer(required=True)
    message = fields.String(required=True)
    remark = fields.Boolean(required=True)
    witness = fields.Dict(required=True, allow_none=True)


class Check(TypedDict):
    """A claim, how much was examined, and what refutes it."""

    check: str
    claim: str
    ok: bool
    examined: dict[str, int]
    findings: list[Finding]


class CheckSchema(Schema):
    """A claim, how much was examined, and what refutes it."""

    check = fields.String(required=True)
    claim = fields.String(required=True)
    ok = fields.Boolean(required=True)
    examined = fields.Dict(fields.String(), fields.Integer(), required=True)
    findings = fields.List(fields.Nested(FindingSchema), required=True)


class Verification(TypedDict):
    """A rulebook proved over all codings."""

    rulebook: RulebookRef
    ok: bool
    codings: int
    states: dict[str, int]
    checks: list[Check]


class VerificationSchema(Schema):
    """A rulebook proved over all codings, of which there are `codings`."""

    rulebook = fields.Nested(RulebookRefSchema, required=True)
    ok = fields.Boolean(required=True)
    codings = fields.Integer(required=True)
    states = fields.Dict(fields.String(), fields.Integer(), required=True)
    checks = fields.List(fields.Nested(CheckSchema), required=True)


class WholeRulebook(RulebookSummary):
    """A rulebook with its rules, not verified."""

    sources: dict[str, str]
    facts: list[Fact]
    stages: list[Stage]


class Rulebook(WholeRulebook):
    """A rulebook with its rules and their verification."""

    verification: NotRequired[Verification]


class RulebookSchema(RulebookSummarySchema):
    """A rulebook: rules in order of inference, facts, works it cites, and its verification."""

    sources = fields.Dict(fields.String(), fields.String(), required=True)
    facts = fields.List(fields.Nested(FactSchema), required=True)
    stages = fields.List(fields.Nested(StageSchema), required=True)
    verification = fields.Nested(
        VerificationSchema,
        metadata={"description": "Left out of a rulebook by its digest: it also rests on cases."},
    )
