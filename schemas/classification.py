"""The Classification: what an episode was decided to be, and the proof."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields
from softbalance.schemas.outlook import SensitivitySchema

#: How much of an answer is wanted: the verdict, its proof, or also what would change it.
VERDICT, TRACE, FULL = DETAILS = ("verdict", "trace", "full")

_DIGEST = {"pattern": "^sha256:[0-9a-f]{64}$"}


def _text(description: str, **metadata: Any) -> fields.String:
    return fields.String(required=True, metadata={"description": description, **metadata})


def _ids(description: str) -> fields.List[str]:
    return fields.List(fields.String(), required=True, metadata={"description": description})


class RulebookRefSchema(Schema):
    """The rulebook that decided, to the byte."""

    id = fields.String(required=True)
    version = fields.String(required=True)
    digest = _text("Hash of the rulebook, those it extends and the codebook.", **_DIGEST)


class CiteSchema(Schema):
    """A place in a source."""

    source = fields.String(required=True)
    section = fields.String(required=True)


class PremiseSchema(Schema):
    """A premise that held."""

    fact = fields.String(required=True)
    value = fields.String(required=True)
    origin = _text(
        "An input, an input replaced by an earlier step, or concluded by one.",
        enum=["coded", "derived", "concluded"],
    )
    observations = fields.List(
        fields.Integer(),
        required=True,
        metadata={"description": "Indices into the episode's observations."},
    )


class ConclusionSchema(Schema):
    """What a step concludes."""

    fact = fields.String(required=True)
    value = fields.String(required=True)


class StepSchema(Schema):
    """One rule that fired."""

    step = fields.Integer(required=True)
    stage = fields.String(required=True)
    rule = fields.String(required=True)
    because = fields.String(required=True)
    premises = fields.List(fields.Nested(PremiseSchema), required=True)
    concludes = fields.Nested(ConclusionSchema, required=True)
    cites = fields.List(fields.Nested(CiteSchema), required=True)


class VerdictSchema(Schema):
    """What the rules conclude, without the proof."""

    classification = fields.String(required=True)
    strategy = _text("Fixed by the form.")
    tests = fields.Dict(fields.String(), fields.String(), required=True)
    explanations = fields.Dict(fields.String(), fields.String(), required=True)
    dominant_explanations = _ids("In alphabetical order.")
    notes = _ids("In alphabetical order.")
    contested = _ids("Indicators whose value is contested, in codebook order.")


class DifferenceSchema(Schema):
    """A field that came out otherwise; null where one of the two lacks it."""

    pointer = fields.String(required=True)
    stored = fields.Raw(required=True, allow_none=True)
    replayed = fields.Raw(required=True, allow_none=True)


class ReplaySchema(Schema):
    """A stored classification beside the same episode decided again."""

    identical = fields.Boolean(required=True)
    differences = fields.List(fields.Nested(DifferenceSchema), required=True)


def classification_schema(sent: Schema) -> type[Schema]:
    """Return the schema of a Classification of episodes as they are `sent`."""

    class ClassificationSchema(VerdictSchema, SensitivitySchema):
        """An episode's verdict under a rulebook, and with `detail` trace or full its proof."""

        id = fields.String(required=True)
        classified_at = _text("UTC, RFC 3339.", format="date-time")
        rulebook = fields.Nested(RulebookRefSchema, required=True)
        episode = fields.Nested(sent, required=True)
        decision_digest = _text("Hash of all that the verdict depends on.", **_DIGEST)
        trace = fields.List(fields.Nested(StepSchema))

    # the class is made in a function, but is one component of the API's document
    return ClassificationSchema
