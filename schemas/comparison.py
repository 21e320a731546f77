"""One episode under several rulebooks, and where these part."""

from __future__ import annotations

from typing import TypedDict

from marshmallow import Schema, fields
from softbalance.schemas.classification import Step, StepSchema, Verdict, VerdictSchema


class PartingPremise(TypedDict):
    """A premise that the rulebooks do not see alike; None where one does not ask for it."""

    fact: str
    values: dict[str, str | None]


class PartingPremiseSchema(Schema):
    """A premise that the rulebooks do not see alike; null where one does not ask for it."""

    fact = fields.String(required=True)
    values = fields.Dict(fields.String(), fields.String(allow_none=True), required=True)


class PartingConclusion(TypedDict):
    """What one rulebook concludes of the fact, and by which steps; None where it does without."""

    value: str | None
    steps: list[Step]


class PartingConclusionSchema(Schema):
    """What one rulebook concludes of the fact, and by which steps; null where it does without."""

    value = fields.String(required=True, allow_none=True)
    steps = fields.List(fields.Nested(StepSchema), required=True)


class Parting(TypedDict):
    """A fact on which rulebooks part, though on none of its premises; by rulebook."""

    fact: str
    decisive: bool
    conclusions: dict[str, PartingConclusion]
    premises: list[PartingPremise]


class PartingSchema(Schema):
    """A fact on which rulebooks part, though on none of its premises."""

    fact = fields.String(required=True)
    decisive = fields.Boolean(
        required=True, metadata={"description": "Whether the difference of class rests on it."}
    )
    conclusions = fields.Dict(
        fields.String(), fields.Nested(PartingConclusionSchema), required=True
    )
    premises = fields.List(fields.Nested(PartingPremiseSchema), required=True)


class Comparison(TypedDict):
    """The verdicts by rulebook, and the first facts on which they part."""

    agree: bool
    classifications: dict[str, Verdict]
    parting: list[Parting]


class ComparisonSchema(Schema):
    """The verdicts by rulebook, and the first facts on which they part."""

    agree = fields.Boolean(required=True)
    classifications = fields.Dict(fields.String(), fields.Nested(VerdictSchema), required=True)
    parting = fields.List(fields.Nested(PartingSchema), required=True)
