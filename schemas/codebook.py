"""The codebook as the API publishes it."""

from __future__ import annotations

from typing import TypedDict

from marshmallow import Schema, fields
from softbalance.schemas.classification import Cite, CiteSchema


class Group(TypedDict):
    """A group of indicators on the coding sheet."""

    id: str
    title: str


class GroupSchema(Schema):
    """A group of indicators on the coding sheet."""

    id = fields.String(required=True)
    title = fields.String(required=True)


class Indicator(TypedDict):
    """A question about an episode, and how a coder may answer it."""

    id: str
    group: str
    question: str
    help: str
    cites: list[Cite]
    values: list[str]
    levels: list[float] | None
    unit: str | None


class IndicatorSchema(Schema):
    """A question about an episode, and how a coder may answer it."""

    id = fields.String(required=True)
    group = fields.String(required=True)
    question = fields.String(required=True)
    help = fields.String(required=True)
    cites = fields.List(fields.Nested(CiteSchema), required=True)
    values = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "What it may be coded as; of a scale from the lowest on."},
    )
    levels = fields.List(
        fields.Float(),
        required=True,
        allow_none=True,
        metadata={"description": "Where it is a number, the lower bound of each value."},
    )
    unit = fields.String(required=True, allow_none=True)


class Form(TypedDict):
    """A form of action, and the strategy that it fixes."""

    id: str
    strategy: str
    label: str
    because: str
    cites: list[Cite]


class FormSchema(Schema):
    """A form of action, and the strategy that it fixes."""

    id = fields.String(required=True)
    strategy = fields.String(required=True)
    label = fields.String(required=True)
    because = fields.String(required=True)
    cites = fields.List(fields.Nested(CiteSchema), required=True)


class Class(TypedDict):
    """A verdict that a rulebook may reach."""

    id: str
    label: str
    meaning: str


class ClassSchema(Schema):
    """A verdict that a rulebook may reach."""

    id = fields.String(required=True)
    label = fields.String(required=True)
    meaning = fields.String(required=True)


class Codebook(TypedDict):
    """What may be coded and concluded."""

    id: str
    version: str
    title: str
    sources: dict[str, str]
    groups: list[Group]
    indicators: list[Indicator]
    forms: list[Form]
    classes: list[Class]


class CodebookSchema(Schema):
    """Indicators with their questions, forms with their strategies, and the classes."""

    id = fields.String(required=True)
    version = fields.String(required=True)
    title = fields.String(required=True)
    sources = fields.Dict(fields.String(), fields.String(), required=True)
    groups = fields.List(fields.Nested(GroupSchema), required=True)
    indicators = fields.List(fields.Nested(IndicatorSchema), required=True)
    forms = fields.List(fields.Nested(FormSchema), required=True)
    classes = fields.List(fields.Nested(ClassSchema), required=True)
