"""The grammar of the two kinds of YAML document: the codebook and the rulebook.

Documents are read with every scalar a string, so `yes` and `1.0.0` mean what they say.
What a name refers to is checked where all documents are at hand, by `softbalance.rules`.
"""

from __future__ import annotations

from typing import Any, Final

from marshmallow import ValidationError, fields, validates_schema
from softbalance.schemas.episode import Part
from softbalance.schemas.fields import Choice, StrictSchema, Text, Token, read_number
from softbalance.schemas.mappings import ByName
from softbalance.schemas.mistakes import Mistake, quote_value

NAME = r"[a-z][a-z0-9_]{0,63}"
SLUG = r"[a-z][a-z0-9-]{0,63}"

#: What a fact is to the answer: see `FactSchema`.
KINDS = ("test", "explanation", "intermediate", "answer")
#: The answers that every rulebook gives in the same place.
CLASSIFICATION: Final = "classification"
DOMINANT: Final = "dominant_explanations"
NOTES: Final = "notes"
ANSWERS = (CLASSIFICATION, DOMINANT, NOTES)


class Name(Token):
    """An id of a fact, an indicator, a value."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(NAME, "a name of a-z, 0-9 and _", **{"required": True, **kwargs})


class Slug(Token):
    """An id of a rulebook, a rule, a source."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(SLUG, "an id of a-z, 0-9 and -", **{"required": True, **kwargs})


class Sentence(Text):
    """Words for a person."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(low=1, **{"required": True, **kwargs})


class NonEmptyList(fields.List[Any]):
    """A list of one item or more, each once if they are to be `unique`."""

    default_error_messages: dict[str, Any] = {
        "required": Mistake("required", "this list is required; add it"),
        "null": Mistake("null", "this list is empty; add an item or leave the key out"),
        "invalid": Mistake("type", "not a list; write items that begin with '- '"),
        "empty": Mistake("length", "this list is empty; add an item"),
        "twice": Mistake("duplicate", "{item} is listed twice; remove one"),
    }

    def __init__(self, inner: Any, *, unique: bool = False, **kwargs: Any) -> None:
        self.unique = unique
        super().__init__(inner, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> list[Any]:
        if not isinstance(value, list):  # a mapping is a collection of its keys to marshmallow
            raise self.make_error("invalid")
        if not value:
            raise self.make_error("empty")
        loaded = super()._deserialize(value, attr, data, **kwargs)
        twice = [item for i, item in enumerate(loaded) if item in loaded[:i]] if self.unique else []
        if twice:
            raise self.make_error("twice", item=quote_value(twice[0]))
        return loaded


class Sources(ByName):
    """A mapping from source id to its citation."""

    default_error_messages: dict[str, Any] = {
        "invalid": Mistake("type", "not a mapping from source id to {citation: ...}"),
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Slug(), Part(SourceEntrySchema), **kwargs)


def take_single(item: Any, explained: str) -> tuple[str, Any]:
    """Return the one entry of a mapping. Raises ValidationError, saying what to write."""
    if not isinstance(item, dict) or len(item) != 1:
        raise ValidationError([Mistake("type", f"write {explained}")])
    return next(iter(item.items()))


def _premise(item: Any) -> tuple[str, tuple[str, ...]]:
    fact, values = take_single(item, "one `fact: value` or `fact: [value, value]`")
    values = [values] if isinstance(values, str) else values
    if not isinstance(values, list) or not values or not all(isinstance(v, str) for v in values):
        raise ValidationError(
            [Mistake("type", f"{quote_value(fact)} needs a value or a list of values")]
        )
    if len(set(values)) != len(values):
        raise ValidationError(
            [Mistake("duplicate", f"a value of {quote_value(fact)} is listed twice")]
        )
    return fact, tuple(values)


class Premises(fields.Field[list[list[tuple[str, tuple[str, ...]]]]]):
    """`all:` of premises, each a fact with a set of values or `any:` of such.

    Loads to a list of clauses, all of which must hold; a clause is a list of `(fact, values)`,
    one of which must hold. There is no negation: "not yes" is the set of the other values.
    """

    default_error_messages: dict[str, Any] = {
        "required": Mistake("required", "a rule needs premises; add `when: {all: [...]}`"),
        "null": Mistake("null", "a rule needs premises; add `all: [...]`"),
    }

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> list[Any]:
        key, items = take_single(value, "`all: [...]` or `any: [...]`")
        if items == []:
            raise ValidationError([Mistake("length", f"`{key}:` is empty; add a premise")])
        if key not in ("all", "any") or not isinstance(items, list):
            raise ValidationError([Mistake("type", "write `all: [...]` or `any: [...]`")])
        if key == "any":
            items = [value]
        mistakes: dict[Any, Any] = {}
        clauses = []
        for place, item in enumerate(items):
            try:
                clauses.append(self._clause(item))
            except ValidationError as error:
                mistakes[place] = error.messages
        if mistakes:
            raise ValidationError({key: mistakes} if key == "all" else mistakes[0])
        return clauses

    @staticmethod
    def _clause(item: Any) -> list[tuple[str, tuple[str, ...]]]:
        if not (isinstance(item, dict) and item.keys() == {"any"}):
            return [_premise(item)]
        members = item["any"]
        if not isinstance(members, list) or len(members) < 2:
            raise ValidationError([Mistake("type", "`any:` needs a list of two premises or more")])
        return [_premise(member) for member in members]


class Levels(fields.Field[dict[str, float]]):
    """A mapping from value to the lowest number that it stands for; loads in rising order."""

    default_error_messages: dict[str, Any] = {
        "invalid": Mistake("type", "write two levels or more, e.g. `{low: 0, high: 0.3}`"),
        "order": Mistake("order", "two levels begin at one number; give each a bound of its own"),
    }

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> dict[str, float]:
        if not isinstance(value, dict) or len(value) < 2:
            raise self.make_error("invalid")
        levels: dict[str, float] = {}
        for name, bound in value.items():
            Name().deserialize(name)
            number = read_number(bound)
            if number is None:
                message = f"{quote_value(bound)} is no number; write e.g. 0.1"
                raise ValidationError({name: [Mistake("type", message)]})
            levels[name] = number
        if len(set(levels.values())) < len(levels):
            raise self.make_error("order")
        # not as written: what is kept of a rulebook has its keys in the order of the alphabet
        return dict(sorted(levels.items(), key=lambda level: level[1]))


class Conclusion(fields.Field[tuple[str, str]]):
    """`then: {fact: value}`, exactly one."""

    default_error_messages: dict[str, Any] = {
        "required": Mistake("required", "a rule needs a conclusion; add `then: {fact: value}`"),
        "null": Mistake("null", "a rule needs a conclusion; write `then: {fact: value}`"),
    }

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> tuple[str, str]:
        fact, concluded = take_single(value, "exactly one `fact: value`")
        if not isinstance(concluded, str):
            raise ValidationError([Mistake("type", f"{quote_value(fact)} needs exactly one value")])
        return fact, concluded


class CiteSchema(StrictSchema):
    """A place in a source."""

    source = Slug()
    section = Sentence()


class SourceEntrySchema(StrictSchema):
    """A work that rules and indicators cite by id."""

    citation = Sentence()


class _CitingSchema(StrictSchema):
    cites: fields.Field[Any] = NonEmptyList(Part(CiteSchema), required=True)


class GroupSchema(StrictSchema):
    """A group of indicators, as the coding sheet shows them."""

    id = Name()
    title = Sentence()


class IndicatorSchema(_CitingSchema):
    """A question that a coder answers yes or no, by a value of a scale, or by a number.

    `values` is a scale, lowest first; `levels` names the values of a number by their lower bounds.
    """

    id = Name()
    group = Name()
    question = Sentence()
    help = Sentence()
    values = NonEmptyList(Name())
    levels = Levels()
    unit = Sentence(required=False)

    @validates_schema
    def _is_one_scale(self, data: dict[str, Any], **_: Any) -> None:
        values = data.get("values")
        if values is not None and (len(set(values)) != len(values) or len(values) < 2):
            raise ValidationError(
                {"values": [Mistake("length", "a scale has two values or more, each once")]}
            )
        if values is not None and "levels" in data:
            raise ValidationError(
                {"values": [Mistake("conflict", "give either `values` or `levels`, not both")]}
            )
        if "unit" in data and "levels" not in data:
            raise ValidationError({"unit": [Mistake("conflict", "a unit needs `levels`")]})


class FormSchema(_CitingSchema):
    """A form of action and the strategy that it is."""

    id = Name()
    strategy = Name()
    label = Sentence()
    because = Sentence()


class ClassSchema(StrictSchema):
    """A verdict.

    `predicate` is for a class that says all by itself: "the action is" and these words are then the
    verdict in a sentence, which else has the label and how the tests and explanations stand.
    """

    id = Name()
    label = Sentence()
    meaning = Sentence()
    predicate = Sentence(required=False)


class CodebookSchema(StrictSchema):
    """What may be coded and what may be concluded, for every rulebook."""

    id = Slug()
    version = Token(r"\d+\.\d+\.\d+", "a version; write e.g. 1.0.0", required=True)
    title = Sentence()
    sources = Sources(required=True)
    groups = NonEmptyList(Part(GroupSchema), required=True)
    indicators = NonEmptyList(Part(IndicatorSchema), required=True)
    forms = NonEmptyList(Part(FormSchema), required=True)
    classes = NonEmptyList(Part(ClassSchema), required=True)


class StageSchema(StrictSchema):
    """A stage of inference; a rule reads what earlier stages concluded.

    Texts call the tests, and the explanations, by the title of the stage that concludes just these.
    """

    id = Name()
    title = Sentence()
    about = Sentence()


class FactSchema(StrictSchema):
    """A fact that rules conclude, with its values.

    `test` and `explanation` facts appear in the answer under these names; an `intermediate` one
    only in the trace; `answer` is for classification, dominant_explanations and notes.
    `undecided` are the values that stand for "not settled". Texts have phrases and marks for the
    values `met` and `failed` of a test, and `sufficient`, `contributing` and `absent` of an
    explanation; any other value is told by its name.
    """

    id = Name()
    kind = Choice("kind", KINDS, required=True)
    title = Sentence()
    values = NonEmptyList(Name(), required=True)
    undecided = NonEmptyList(Name())


class RuleSchema(_CitingSchema):
    """If the premises hold, the conclusion does."""

    id = Slug()
    stage = Name()
    when = Premises(required=True)
    then = Conclusion(required=True)
    because = Sentence()


class RulebookSchema(StrictSchema):
    """One reading of the codebook: how codings become a verdict.

    With `extends`, all is inherited from the parent but what is given: `replace` holds rules whose
    ids the parent has, `remove` names some of its rules, `rules` adds new ones.
    """

    id = Slug()
    version = Token(r"\d+\.\d+\.\d+", "a version; write e.g. 1.0.0", required=True)
    title = Sentence()
    summary = Sentence()
    extends = Slug(required=False)
    sources = Sources()
    stages = NonEmptyList(Part(StageSchema))
    facts = NonEmptyList(Part(FactSchema))
    rules = NonEmptyList(Part(RuleSchema))
    replace = NonEmptyList(Part(RuleSchema))
    remove = NonEmptyList(Slug())
