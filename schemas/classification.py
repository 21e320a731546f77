"""The Classification: what an episode was decided to be, and the proof."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict, get_args

from marshmallow import Schema, fields
from softbalance.schemas.episode import Episode
from softbalance.schemas.outlook import Sensitivity, SensitivitySchema

#: How much of an answer is wanted: the verdict, its proof, or also what would change it.
VERDICT, TRACE, FULL = DETAILS = ("verdict", "trace", "full")
#: Where the value of a premise comes from.
Origin = Literal["coded", "derived", "concluded"]

_DIGEST = {"pattern": "^sha256:[0-9a-f]{64}$"}


def _text(description: str, **metadata: Any) -> fields.String:
    return fields.String(required=True, metadata={"description": description, **metadata})


def _ids(description: str) -> fields.List[str]:
    return fields.List(fields.String(), required=True, metadata={"description": description})


class RulebookRef(TypedDict):
    """The rulebook that decided, to the byte."""

    id: str
    version: str
    digest: str


class RulebookRefSchema(Schema):
    """The rulebook that decided, to the byte."""

    id = fields.String(required=True)
    version = fields.String(required=True)
    digest = _text("Hash of the rulebook, those it extends and the codebook.", **_DIGEST)


class Cite(TypedDict):
    """A place in a source."""

    source: str
    section: str


class CiteSchema(Schema):
    """A place in a source."""

    source = fields.String(required=True)
    section = fields.String(required=True)


class Premise(TypedDict):
    """A premise that held; `observations` are indices into the episode's."""

    fact: str
    value: str
    origin: Origin
    observations: list[int]


class PremiseSchema(Schema):
    """A premise that held."""

    fact = fields.String(required=True)
    value = fields.String(required=True)
    origin = _text(
        "An input, an input replaced by an earlier step, or concluded by one.",
        enum=list(get_args(Origin)),
    )
    observations = fields.List(
        fields.Integer(),
        required=True,
        metadata={"description": "Indices into the episode's observations."},
    )


class Conclusion(TypedDict):
    """What a step concludes."""

    fact: str
    value: str


class ConclusionSchema(Schema):
    """What a step concludes."""

    fact = fields.String(required=True)
    value = fields.String(required=True)


class Step(TypedDict):
    """One rule that fired."""

    step: int
    stage: str
    rule: str
    because: str
    premises: list[Premise]
    concludes: Conclusion
    cites: list[Cite]


class StepSchema(Schema):
    """One rule that fired."""

    step = fields.Integer(required=True)
    stage = fields.String(required=True)
    rule = fields.String(required=True)
    because = fields.String(required=True)
    premises = fields.List(fields.Nested(PremiseSchema), required=True)
    concludes = fields.Nested(ConclusionSchema, required=True)
    cites = fields.List(fields.Nested(CiteSchema), required=True)


class Verdict(TypedDict):
    """What the rules conclude, without the proof."""

    classification: str
    strategy: str
    tests: dict[str, str]
    explanations: dict[str, str]
    dominant_explanations: list[str]
    notes: list[str]
    contested: list[str]


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


class Answer(Verdict, Sensitivity):
    """What a classifier says of an episode: the verdict, and with detail trace or full its proof.

    Of detail `full` it has all that a `Sensitivity` may have, of any other nothing of it.
    """

    rulebook: RulebookRef
    episode: Episode
    decision_digest: str
    unread: NotRequired[list[str]]
    trace: NotRequired[list[Step]]


class Classification(Answer):
    """An answer as the service gives and stores it; its episode has an id."""

    id: str
    classified_at: str


def classification_schema(sent: Schema) -> type[Schema]:
    """Return the schema of a Classification of episodes as they are `sent`."""

    class ClassificationSchema(VerdictSchema, SensitivitySchema):
        """An episode's verdict under a rulebook, and with `detail` trace or full its proof."""

        id = fields.String(required=True)
        classified_at = _text("UTC, RFC 3339.", format="date-time")
        rulebook = fields.Nested(RulebookRefSchema, required=True)
        episode = fields.Nested(sent, required=True)
        decision_digest = _text("Hash of all that the verdict depends on.", **_DIGEST)
        unread = fields.List(
            fields.String(),
            metadata={"description": "Indicators that were coded and that no rule reads, if any."},
        )
        trace = fields.List(fields.Nested(StepSchema))

    # the class is made in a function, but is one component of the API's document
    return ClassificationSchema
