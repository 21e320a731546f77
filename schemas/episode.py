"""The Episode: what a caller says of one case, before any rule looks at it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple, NotRequired, TypedDict

from marshmallow import ValidationError, fields, validates_schema
from marshmallow.exceptions import SCHEMA
from softbalance.schemas.fields import (
    CONTESTED,
    UNKNOWN,
    VALUES,
    CalendarDate,
    Choice,
    CodingsField,
    Scale,
    StrictSchema,
    Text,
    Token,
    first_day,
    is_number,
    last_day,
)
from softbalance.schemas.mistakes import MOST_TOLD, Mistake, Unlisted, count_mistakes

#: What an Episode's `id` and a stored classification's id look like.
ID_PATTERN = r"[A-Za-z0-9._:-]{1,128}"
#: How many actors an episode may name.
MAX_ACTORS = 1000
#: How many observations an episode may carry.
MAX_OBSERVATIONS = 1000


class Vocabulary(NamedTuple):
    """The names an episode may use: a codebook's indicators and forms, in codebook order.

    `scales` are what the indicators may be coded as, one for each.
    """

    indicators: tuple[str, ...]
    forms: tuple[str, ...]
    scales: tuple[Scale, ...]


class Items(fields.List[Any]):
    """A JSON array of at most `high` items."""

    default_error_messages: dict[str, Any] = {
        "null": Mistake("null", "null is not a value here; leave the field out instead"),
        "invalid": Mistake("type", "not an array"),
        "length": Mistake("length", "has {size} items; at most {high} are allowed"),
    }

    def __init__(self, inner: Any, *, high: int, **kwargs: Any) -> None:
        self._high = high
        super().__init__(inner, metadata={"maxItems": high}, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> list[Any]:
        if isinstance(value, list) and len(value) > self._high:
            raise self.make_error("length", size=len(value), high=self._high)
        if not isinstance(value, list):
            raise self.make_error("invalid")
        return self._load_items(value, **kwargs)

    def _load_items(self, items: list[Any], **kwargs: Any) -> list[Any]:
        """Load each item; when enough mistakes are told, those of the others are only counted."""
        loaded: list[Any] = []
        mistakes: dict[int | str, Any] = {}
        told = more = 0
        for index, item in enumerate(items):
            try:
                loaded.append(self.inner.deserialize(item, **kwargs))
            except ValidationError as error:
                if told < MOST_TOLD:
                    mistakes[index] = error.messages
                    told += count_mistakes(error.messages)
                else:
                    more += count_mistakes(error.messages)
        if more:
            mistakes[SCHEMA] = [Unlisted(more)]
        if mistakes:
            raise ValidationError(mistakes)
        return loaded


class Part(fields.Nested):
    """A JSON object inside another."""

    default_error_messages: dict[str, Any] = {
        "null": Mistake("null", "null is not a value here; leave the field out instead"),
        "type": Mistake("type", "not an object"),
    }


class Period(TypedDict, total=False):
    """When an episode took place, to the year, the month or the day."""

    start: str
    end: str


class PeriodSchema(StrictSchema):
    """When an episode took place; the end is not before the start."""

    start = CalendarDate(metadata={"example": "1992"})
    end = CalendarDate(metadata={"example": "2003-05"})

    @validates_schema
    def _in_order(self, data: Mapping[str, str], **_: Any) -> None:
        start, end = data.get("start"), data.get("end")
        if start and end and last_day(end) < first_day(start):
            raise ValidationError(
                {"end": [Mistake("order", f"{end} is before the start, {start}")]}
            )


class Source(TypedDict, total=False):
    """Where a claim stands."""

    citation: str
    locator: str
    url: str
    excerpt: str


class SourceSchema(StrictSchema):
    """Where a claim stands."""

    citation = Text(metadata={"description": "The work, as one would cite it."})
    locator = Text(metadata={"description": "Section, page or paragraph."})
    url = Text(metadata={"description": "An address where it can be read."})
    excerpt = Text(metadata={"description": "The words relied on."})


class Observation(TypedDict):
    """One claim about one indicator, and who made it."""

    indicator: str
    value: str | float
    source: NotRequired[Source]
    note: NotRequired[str]
    coder: NotRequired[str]
    date: NotRequired[str]


class Episode(TypedDict):
    """A valid Episode. One that was sent has its hegemon, one that was answered its id too."""

    id: NotRequired[str]
    title: NotRequired[str]
    summary: NotRequired[str]
    form: str
    hegemon: NotRequired[str]
    actors: NotRequired[list[str]]
    period: NotRequired[Period]
    indicators: NotRequired[Mapping[str, str | float]]
    observations: NotRequired[list[Observation]]


class CodedValue(Choice):
    """What an observation says: a value of some indicator, or a number where one may stand."""

    def __init__(self, scales: Iterable[Scale], **kwargs: Any) -> None:
        scales = list(scales)
        values = [*VALUES[:2], *(value for scale in scales for value in scale.values)]
        self._numbers = any(scale.lowest is not None for scale in scales)
        meaning = "yes, no, unknown (nobody has said) or contested (sources disagree)"
        known = (*dict.fromkeys(values), UNKNOWN, CONTESTED)
        super().__init__("value", known, metadata={"description": meaning}, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        if self._numbers and is_number(value):
            return value
        return super()._deserialize(value, attr, data, **kwargs)


@cache
def episode_schema(vocabulary: Vocabulary) -> StrictSchema:
    """Return the schema of an Episode coded with `vocabulary`.

    `load` gives the episode back as it was sent, with the default hegemon, or raises marshmallow's
    ValidationError whose messages `softbalance.schemas.mistakes.locate_mistakes` turns into
    pointers.
    """
    scales = dict(zip(vocabulary.indicators, vocabulary.scales, strict=True))
    others = {name: scale for name, scale in scales.items() if scale != Scale()}

    class ObservationSchema(StrictSchema):
        """One claim about one indicator, and who made it."""

        indicator = Choice("indicator", vocabulary.indicators, required=True)
        value = CodedValue(others.values(), required=True)
        source = Part(SourceSchema)
        note = Text()
        coder = Text(metadata={"description": "Who coded it."})
        date = CalendarDate(metadata={"description": "When it was coded, or observed."})

        @validates_schema
        def _is_of_scale(self, data: Mapping[str, Any], **_: Any) -> None:
            """Check a value that another indicator may have: it is wrong for this one."""
            if others:
                try:
                    scales[data["indicator"]].refuse(data["value"])
                except ValidationError as error:
                    raise ValidationError({"value": error.messages}) from error

    class EpisodeSchema(StrictSchema):
        """A case of states acting together with regard to a hegemon."""

        id = Token(
            ID_PATTERN,
            "1 to 128 of A-Z, a-z, 0-9 and ._:-",
            metadata={"description": "Made by the service where absent."},
        )
        title = Text(high=300)
        summary = Text(high=10_000)
        form = Choice(
            "form",
            vocabulary.forms,
            required=True,
            metadata={"description": "The form of the action; it fixes the strategy."},
        )
        hegemon = Text(
            low=1,
            high=64,
            load_default="USA",
            metadata={
                "description": "ISO 3166 alpha-3 (3166-3 for states that are gone), or an acronym."
            },
        )
        actors = Items(Text(low=1, high=64), high=MAX_ACTORS)
        period = Part(PeriodSchema)
        indicators = CodingsField(
            scales,
            metadata={"description": "Shorthand: each entry is one observation without a source."},
        )
        observations = Items(Part(ObservationSchema), high=MAX_OBSERVATIONS)

    return EpisodeSchema()
