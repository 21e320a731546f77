"""The grammar of a rulebook as an author writes it: tests, decisions, collections, revisions.

It is translated into the core (`softbalance.schemas.grammar.RulebookSchema`), in which each rule
has premises and one conclusion.
"""

from __future__ import annotations

from typing import Any, Final

from marshmallow import ValidationError, fields, validates_schema
from softbalance.schemas.episode import Part
from softbalance.schemas.fields import Choice, StrictSchema, Token
from softbalance.schemas.formulas import FormulaField
from softbalance.schemas.grammar import (
    KINDS,
    CiteSchema,
    ClassSchema,
    Conclusion,
    FormSchema,
    GroupSchema,
    IndicatorSchema,
    Name,
    NonEmptyList,
    Sentence,
    Slug,
    Sources,
)
from softbalance.schemas.mappings import ByName
from softbalance.schemas.mistakes import Mistake

#: The edition of the language, as it stands at the head of a rulebook.
EDITION: Final = "2"
#: What a test gives where its author names no other values: where its formula is true, false, open.
OUTCOMES = ("met", "failed", "undetermined")


class Citations(fields.Field[list[Any]]):
    """A section of the default source, `{source, section}`, or a list of these."""

    default_error_messages: dict[str, Any] = {
        "null": Mistake("null", "nothing is cited; write a section, or leave `cites` out"),
    }

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> list[Any]:
        items = value if isinstance(value, list) else [value]
        if not items:
            raise self.make_error("null")
        loaded, mistakes = [], {}
        for i, item in enumerate(items):
            try:
                loaded.append(item if isinstance(item, str) and item else CiteSchema().load(item))
            except ValidationError as error:
                mistakes[i] = error.messages
        if mistakes:
            raise ValidationError(mistakes if isinstance(value, list) else mistakes[0])
        return loaded


class Outcome(fields.Field[Any]):
    """A reason; or `{id, because, cites}`; or a list of rows, the last without `when`."""

    default_error_messages: dict[str, Any] = {
        "null": Mistake("null", "the outcome is empty; write its reason"),
    }

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> list[Any]:
        if isinstance(value, str):
            if not value:
                raise self.make_error("null")
            return [{"because": value}]
        many = isinstance(value, list)
        rows = value if many else [value]
        if not rows:
            raise self.make_error("null")
        schema = OutcomeRowSchema()
        loaded, mistakes = [], {}
        for i, row in enumerate(rows):
            try:
                loaded.append(schema.load(row))
            except ValidationError as error:
                mistakes[i] = error.messages
        if mistakes:
            raise ValidationError(mistakes if many else mistakes[0])
        return loaded


class OutcomeRowSchema(StrictSchema):
    """Why a test came out so, and in which of the cases where it did."""

    id = Slug(required=False)
    when = FormulaField()
    because = Sentence()
    cites = Citations()


class RowSchema(StrictSchema):
    """A row of a decision: the first whose formula is true gives the value."""

    id = Slug(required=False)
    when = FormulaField()
    then = Name()
    because = Sentence()
    cites = Citations()


class ItemSchema(StrictSchema):
    """A row of a collection: each whose formula is true adds its value."""

    id = Slug()
    stage = Name(required=False)
    when = FormulaField(required=True)
    add = Name()
    because = Sentence()
    cites = Citations()


class _ConcludingSchema(StrictSchema):
    stage = Name(required=False)
    cites = Citations()


class DecisionSchema(_ConcludingSchema):
    """A fact that ordered rows conclude."""

    kind = Choice("kind", KINDS)
    title = Sentence(required=False)
    values = NonEmptyList(Name(), unique=True)
    undecided = NonEmptyList(Name(), unique=True)
    rows = NonEmptyList(Part(RowSchema))


class TestSchema(_ConcludingSchema):
    """A fact that one formula concludes, with a reason for each outcome."""

    kind = Choice("kind", KINDS)
    title = Sentence(required=False)
    values = NonEmptyList(Name(), unique=True)
    when = FormulaField()
    outcomes = ByName(Name(), Outcome())

    @validates_schema
    def _has_three(self, data: dict[str, Any], **_: Any) -> None:
        values = data.get("values", OUTCOMES)
        if len(values) != 3:
            raise ValidationError(
                {"values": [Mistake("length", "name three values: for true, false and undecided")]}
            )


class CollectionSchema(_ConcludingSchema):
    """A fact that gathers the value of each row whose formula is true."""

    title = Sentence(required=False)
    rows = NonEmptyList(Part(ItemSchema))


class RevisionSchema(_ConcludingSchema):
    """Another value for an indicator, by the first row whose formula is true, if any."""

    rows = NonEmptyList(Part(RowSchema))


class SingleRuleSchema(StrictSchema):
    """If the formula is true, the conclusion holds."""

    id = Slug()
    stage = Name()
    when = FormulaField(required=True)
    then = Conclusion(required=True)
    because = Sentence()
    cites = Citations()


class AddedIndicatorSchema(IndicatorSchema):
    """An indicator that a rulebook adds."""

    cites = Citations(required=True)


class AddedFormSchema(FormSchema):
    """A form that a rulebook adds."""

    cites = Citations(required=True)


class StageTextSchema(StrictSchema):
    """A stage of inference, under its id."""

    title = Sentence()
    about = Sentence()


class OneOrMore(NonEmptyList):
    """A name, or a list of names."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Name(), **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> list[Any]:
        return super()._deserialize([value] if isinstance(value, str) else value, attr, data)


class MonotoneSchema(StrictSchema):
    """Raising a coding leads from no class further on to one less far on, in this order."""

    raise_ = Name(data_key="raise")
    away_from = OneOrMore(required=True)
    towards = OneOrMore(required=True)


class PropertySchema(StrictSchema):
    """What is to be so of every coding; exactly one of `never`, `monotone` and `settled`."""

    never = FormulaField()
    monotone = Part(MonotoneSchema)
    settled = NonEmptyList(Name())
    except_ = NonEmptyList(Name(), data_key="except")

    @validates_schema
    def _is_one(self, data: dict[str, Any], **_: Any) -> None:
        if len({"never", "monotone", "settled"} & data.keys()) != 1:
            message = "write exactly one of `never:`, `monotone:` and `settled:`"
            raise ValidationError([Mistake("type", message)])
        if "except_" in data and "settled" not in data:
            raise ValidationError({"except": [Mistake("conflict", "`except` is of `settled`")]})


class SurfaceSchema(StrictSchema):
    """A rulebook in the second edition of the language."""

    language = Choice("edition", (EDITION,), required=True)
    id = Slug()
    version = Token(r"\d+\.\d+\.\d+", "a version; write e.g. 1.0.0", required=True)
    title = Sentence()
    summary = Sentence()
    extends = Slug(required=False)
    source = Slug(required=False)
    sources = Sources()
    groups = NonEmptyList(Part(GroupSchema))
    indicators = NonEmptyList(Part(AddedIndicatorSchema))
    forms = NonEmptyList(Part(AddedFormSchema))
    classes = NonEmptyList(Part(ClassSchema))
    stages = ByName(Name(), Part(StageTextSchema))
    tests = ByName(Name(), Part(TestSchema))
    decisions = ByName(Name(), Part(DecisionSchema))
    collect = ByName(Name(), Part(CollectionSchema))
    revise = ByName(Name(), Part(RevisionSchema))
    rules = NonEmptyList(Part(SingleRuleSchema))
    replace = NonEmptyList(Part(SingleRuleSchema))
    remove = NonEmptyList(Slug())
    properties = NonEmptyList(Part(PropertySchema))
