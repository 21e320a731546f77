"""What follows from a verdict, as an answer of detail `full` tells it."""

from __future__ import annotations

from typing import Literal, TypedDict, get_args

from marshmallow import Schema, fields

#: How a premise of a rule that did not fire stands.
State = Literal["holds", "fails", "undecided"]


class Question(TypedDict):
    """An open indicator on which the class depends."""

    indicator: str
    question: str
    information_gain: float


class QuestionSchema(Schema):
    """An open indicator on which the class depends."""

    indicator = fields.String(required=True)
    question = fields.String(required=True)
    information_gain = fields.Float(
        required=True,
        metadata={
            "description": "Bits that the answer tells of the class, on average over completions."
        },
    )


# `from` is a word of Python's own
Change = TypedDict("Change", {"indicator": str, "from": str, "to": str})


class ChangeSchema(Schema):
    """An indicator given another value."""

    class Meta:
        """`from` is a word of Python's own."""

        include = {"from": fields.String(required=True)}

    indicator = fields.String(required=True)
    to = fields.String(required=True)


class Flip(TypedDict):
    """Changes that together change the class, and the class they lead to."""

    changes: list[Change]
    classification: str


class FlipSchema(Schema):
    """Changes that together change the class, and the class they lead to."""

    changes = fields.List(fields.Nested(ChangeSchema), required=True)
    classification = fields.String(required=True)


class Flips(TypedDict):
    """All smallest sets of changes that change the class; `size` is None where there is none."""

    size: int | None
    sets: list[Flip]


class FlipsSchema(Schema):
    """All smallest sets of changes that change the class."""

    size = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "Changes in each set; null where no three changes are enough."},
    )
    sets = fields.List(fields.Nested(FlipSchema), required=True)


class Expectation(TypedDict):
    """A premise of a rule that did not fire."""

    fact: str
    expected: list[str]
    actual: str
    state: State


class ExpectationSchema(Schema):
    """A premise of a rule that did not fire."""

    fact = fields.String(required=True)
    expected = fields.List(
        fields.String(), required=True, metadata={"description": "Values for which it holds."}
    )
    actual = fields.String(required=True)
    state = fields.String(required=True, metadata={"enum": list(get_args(State))})


class UnmetRule(TypedDict):
    """A rule that concludes the class, with the state of each premise."""

    rule: str
    premises: list[Expectation]


class UnmetRuleSchema(Schema):
    """A rule that concludes the class, with the state of each premise."""

    rule = fields.String(required=True)
    premises = fields.List(fields.Nested(ExpectationSchema), required=True)


class Sensitivity(TypedDict, total=False):
    """What an answer of detail `full` has and no other."""

    possible_classifications: list[str]
    next_questions: list[Question]
    flips: Flips
    why_not: dict[str, list[UnmetRule]]


class SensitivitySchema(Schema):
    """What else the verdict could be, what to ask, what would flip it, and why not another."""

    possible_classifications = fields.List(
        fields.String(),
        metadata={"description": "Classes over all completions, in codebook order."},
    )
    next_questions = fields.List(
        fields.Nested(QuestionSchema), metadata={"description": "Most informative first."}
    )
    flips = fields.Nested(FlipsSchema)
    why_not = fields.Dict(
        fields.String(),
        fields.List(fields.Nested(UnmetRuleSchema)),
        metadata={"description": "Each other class of the codebook → the rules that conclude it."},
    )
