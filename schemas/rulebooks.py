"""Rulebooks and the codebook as the API publishes them."""

from __future__ import annotations

from marshmallow import Schema, fields
from softbalance.schemas.classification import CiteSchema, ConclusionSchema, RulebookRefSchema


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


class PremiseFormSchema(Schema):
    """A premise as the rule states it: the fact is one of the values."""

    fact = fields.String(required=True)
    values = fields.List(fields.String(), required=True)


class RuleSchema(Schema):
    """A rule: if each clause of `when` has a premise that holds, the conclusion does."""

    id = fields.String(required=True)
    when = fields.List(fields.List(fields.Nested(PremiseFormSchema)), required=True)
    then = fields.Nested(ConclusionSchema, required=True)
    because = fields.String(required=True)
    cites = fields.List(fields.Nested(CiteSchema), required=True)


class StageSchema(Schema):
    """A stage of inference and its rules."""

    id = fields.String(required=True)
    title = fields.String(required=True)
    about = fields.String(required=True)
    rules = fields.List(fields.Nested(RuleSchema), required=True)


class FactSchema(Schema):
    """A fact that the rules conclude."""

    id = fields.String(required=True)
    kind = fields.String(required=True)
    title = fields.String(required=True)
    values = fields.List(fields.String(), required=True)


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


class CheckSchema(Schema):
    """A claim, how much was examined, and what refutes it."""

    check = fields.String(required=True)
    claim = fields.String(required=True)
    ok = fields.Boolean(required=True)
    examined = fields.Dict(fields.String(), fields.Integer(), required=True)
    findings = fields.List(fields.Nested(FindingSchema), required=True)


class VerificationSchema(Schema):
    """A rulebook proved over all codings, of which there are `codings`."""

    rulebook = fields.Nested(RulebookRefSchema, required=True)
    ok = fields.Boolean(required=True)
    codings = fields.Integer(required=True)
    states = fields.Dict(fields.String(), fields.Integer(), required=True)
    checks = fields.List(fields.Nested(CheckSchema), required=True)


class RulebookSchema(RulebookSummarySchema):
    """A rulebook: rules in order of inference, facts, works it cites, and its verification."""

    sources = fields.Dict(fields.String(), fields.String(), required=True)
    facts = fields.List(fields.Nested(FactSchema), required=True)
    stages = fields.List(fields.Nested(StageSchema), required=True)
    verification = fields.Nested(VerificationSchema, required=True)


class GroupSchema(Schema):
    """A group of indicators on the coding sheet."""

    id = fields.String(required=True)
    title = fields.String(required=True)


class IndicatorSchema(Schema):
    """A question about an episode that a coder answers yes or no."""

    id = fields.String(required=True)
    group = fields.String(required=True)
    question = fields.String(required=True)
    help = fields.String(required=True)
    cites = fields.List(fields.Nested(CiteSchema), required=True)


class FormSchema(Schema):
    """A form of action, and the strategy that it fixes."""

    id = fields.String(required=True)
    strategy = fields.String(required=True)
    label = fields.String(required=True)
    because = fields.String(required=True)
    cites = fields.List(fields.Nested(CiteSchema), required=True)


class ClassSchema(Schema):
    """A verdict that a rulebook may reach."""

    id = fields.String(required=True)
    label = fields.String(required=True)
    meaning = fields.String(required=True)


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
