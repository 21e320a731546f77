"""The marshmallow fields and the base schema that every document here is made of."""

from __future__ import annotations

import calendar
import math
import re
from collections.abc import Iterable, KeysView, Mapping
from datetime import date
from typing import Any, NamedTuple, NoReturn, TypeGuard

from marshmallow import RAISE, Schema, ValidationError, fields, pre_load, validates_schema
from softbalance.schemas.mistakes import Mistake, UnknownName, list_unknown, quote_value

#: What an indicator may be coded as: nobody has said is unknown, disagreement is contested.
YES, NO, UNKNOWN, CONTESTED = VALUES = ("yes", "no", "unknown", "contested")

_REQUIRED = Mistake("required", "this field is required; add it")
_NULL = Mistake("null", "null is not a value here; leave the field out instead")
_NOT_TEXT = Mistake("type", "not a text; write a string")


class StrictSchema(Schema):
    """An object with no field but the declared ones; a misspelt one gets a suggestion."""

    class Meta:
        """Said here, and not left to the default, so that the API's document says it too."""

        unknown = RAISE

    error_messages: dict[str, Any] = {
        "type": Mistake("type", "not an object"),
        "unknown": Mistake("unknown", "unknown field"),
    }

    @pre_load
    def _leave_out_unknown(self, data: Any, **_: Any) -> Any:
        """Keep what `_refuse_unknown` tells of from marshmallow, which takes long with much."""
        if not isinstance(data, Mapping) or not (unknown := data.keys() - self._names):
            return data
        return {key: value for key, value in data.items() if key not in unknown}

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def _refuse_unknown(self, _: Any, original: Any, **__: Any) -> None:
        """Name the nearest field beside each one that does not exist."""
        if isinstance(original, Mapping) and (unknown := original.keys() - self._names):
            raise ValidationError(list_unknown("field", unknown, self._names))

    @property
    def _names(self) -> KeysView[str]:
        """The names of the fields, in order."""
        return {field.data_key or name: None for name, field in self.load_fields.items()}.keys()


class Text(fields.String):
    """Unicode text that every store and every protocol can carry: no NUL, no lone surrogate."""

    default_error_messages: dict[str, Any] = {
        "required": _REQUIRED,
        "null": _NULL,
        "invalid": _NOT_TEXT,
        "nul": Mistake("character", "holds a NUL character; remove it"),
        "surrogate": Mistake(
            "character", "holds a lone surrogate, which is no character; remove it"
        ),
        "length": Mistake("length", "is {size} characters long; allowed are {low} to {high}"),
        "empty": Mistake("length", "this text is empty; write one"),
    }

    def __init__(self, *, low: int = 0, high: int | None = None, **kwargs: Any) -> None:
        self._low, self._high = low, high
        limits = {"minLength": low} if low else {}
        limits |= {"maxLength": high} if high is not None else {}
        metadata = {"pattern": r"^[^\u0000]*$", **limits, **kwargs.pop("metadata", {})}
        super().__init__(metadata=metadata, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        if "\x00" in value:
            raise self.make_error("nul")
        if not value.isascii() and any("\ud800" <= c <= "\udfff" for c in value):
            raise self.make_error("surrogate")
        if not value and self._low and self._high is None:
            raise self.make_error("empty")
        if len(value) < self._low or (self._high is not None and len(value) > self._high):
            raise self.make_error("length", size=len(value), low=self._low, high=self._high)
        return value


class Token(Text):
    """A text that is wholly of one pattern (an id, a date)."""

    def __init__(self, pattern: str, explained: str, **kwargs: Any) -> None:
        self._explained = explained
        metadata = {"pattern": f"^{pattern}$", **kwargs.pop("metadata", {})}
        self._pattern = re.compile(pattern)
        super().__init__(metadata=metadata, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if not self._pattern.fullmatch(text):
            raise ValidationError(
                [Mistake("format", f"{quote_value(text)} is not {self._explained}")]
            )
        return text


class Choice(fields.String):
    """One of a closed list of ids; a misspelt one gets a suggestion."""

    default_error_messages: dict[str, Any] = {"required": _REQUIRED, "null": _NULL}

    def __init__(self, kind: str, known: Iterable[str], **kwargs: Any) -> None:
        self._kind = kind
        self.known = tuple(known)
        self._set = frozenset(self.known)
        super().__init__(
            metadata={"enum": list(self.known), **kwargs.pop("metadata", {})}, **kwargs
        )

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or value not in self._set:
            refuse_choice(self._kind, value, self.known)
        return value


def refuse_choice(kind: str, value: object, known: Iterable[str]) -> NoReturn:
    """Raise the ValidationError for a value outside a closed list."""
    if isinstance(value, bool) and kind == "value":
        meant = YES if value else NO
        raise ValidationError([Mistake("type", f'a JSON boolean is not a value; write "{meant}"')])
    if value is None:
        raise ValidationError([_NULL])
    if not isinstance(value, str):
        raise ValidationError([_NOT_TEXT])
    raise ValidationError([UnknownName(kind, value, tuple(known))])


class Scale(NamedTuple):
    """What an indicator may be coded as beside unknown and contested.

    `lowest` is the least number that may stand for a value, None where no number may.
    """

    values: tuple[str, ...] = (YES, NO)
    lowest: float | None = None

    @property
    def allowed(self) -> frozenset[str]:
        """Its values, unknown and contested."""
        return frozenset((*self.values, UNKNOWN, CONTESTED))

    def refuse(self, coded: object) -> None:
        """Raise the ValidationError for what is no value of it; return if it is one."""
        if self.lowest is not None and is_number(coded):
            if coded < self.lowest:
                message = f"{coded} is below the lowest level, which begins at {self.lowest:g}"
                raise ValidationError([Mistake("range", message)])
            return
        if not isinstance(coded, str) or coded not in self.allowed:
            refuse_choice("value", coded, (*self.values, UNKNOWN, CONTESTED))


def is_number(coded: object) -> TypeGuard[float]:
    """Tell whether JSON has a finite number there."""
    return isinstance(coded, int | float) and not isinstance(coded, bool) and math.isfinite(coded)


class CodingsField(fields.Field[dict[str, Any]]):
    """An object from indicator to value, checked in one pass: it is the hot part of an episode."""

    default_error_messages: dict[str, Any] = {
        "required": _REQUIRED,
        "null": _NULL,
        "type": Mistake("type", "not an object from indicator to value"),
    }

    def __init__(self, scales: Mapping[str, Scale], **kwargs: Any) -> None:
        self.scales = dict(scales)
        self._allowed = {name: scale.allowed for name, scale in scales.items()}
        super().__init__(**kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self.make_error("type")
        unknown = value.keys() - self._allowed.keys()
        mistakes = list_unknown("indicator", unknown, self.scales) if unknown else {}
        for indicator, coded in value.items():
            if indicator in unknown:
                continue
            if not isinstance(coded, str) or coded not in self._allowed[indicator]:
                try:
                    self.scales[indicator].refuse(coded)
                except ValidationError as error:
                    mistakes[indicator] = error.messages
        if mistakes:
            raise ValidationError(mistakes)
        return value


#: A number as text has it, in a pattern that Python, DuckDB and others read alike.
NUMBER_PATTERN = r"[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?"
_NUMBER = re.compile(NUMBER_PATTERN)


def read_number(text: object) -> float | None:
    """Return the finite number that a text is, or None if it is none."""
    if not isinstance(text, str) or not _NUMBER.fullmatch(text):
        return None
    number = float(text)
    return number if math.isfinite(number) else None


_YEAR = r"(000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})"
_FOURTH = r"(0[48]|[2468][048]|[13579][26])"
_DAY = (
    r"((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])"
    r"|(0[469]|11)-(0[1-9]|[12][0-9]|30)"
    r"|02-(0[1-9]|1[0-9]|2[0-8]))"
)
#: A year, month or day that is in the proleptic Gregorian calendar (ISO 8601-1, reduced precision);
#: one pattern, so that the API's document says it whole.
DATE_PATTERN = (
    rf"({_YEAR}(-(0[1-9]|1[0-2]))?|{_YEAR}-{_DAY}|([0-9]{{2}}{_FOURTH}|{_FOURTH}00)-02-29)"
)


class CalendarDate(Token):
    """A date of year, month or day precision, kept as sent."""

    def __init__(self, **kwargs: Any) -> None:
        explained = "a date of the calendar; write YYYY, YYYY-MM or YYYY-MM-DD"
        super().__init__(DATE_PATTERN, explained, **kwargs)


def first_day(text: str) -> date:
    """Return the first day of a `YYYY`, `YYYY-MM` or `YYYY-MM-DD`."""
    year, month, day = (*map(int, text.split("-")), 1, 1)[:3]
    return date(year, month, day)


def last_day(text: str) -> date:
    """Return the last day of a `YYYY`, `YYYY-MM` or `YYYY-MM-DD`."""
    parts = [int(part) for part in text.split("-")]
    year, month = (*parts, 12)[:2]
    day = parts[2] if len(parts) == 3 else calendar.monthrange(year, month)[1]
    return date(year, month, day)
