"""Formulas of the rulebook language: what a person writes under `when`, and as a tree.

A formula is true, false or undecided of an episode, after Kleene's strong three-valued logic
(Kleene 1952, "Introduction to Metamathematics", section 64).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from marshmallow import ValidationError, fields
from softbalance.schemas.grammar import take_single
from softbalance.schemas.mistakes import Mistake, quote_value
from softbalance.schemas.mistakes import pointer as pointer_of

#: The words that no fact or indicator may have as its name.
RESERVED_WORDS: Final = ("all", "any", "not", "at_least", "at_most", "open", "unless")


@dataclass(frozen=True, slots=True)
class Named:
    """A name with the values for which it is true.

    `values` is None where the name stands alone: then it is true of "yes", or of a test that is
    met. `bound` is `at_least` or `at_most` where `values` is the one value of a scale that is the
    bound. `pointer` is the place within the formula (RFC 6901).
    """

    name: str
    values: tuple[str, ...] | None
    bound: str | None
    pointer: str


@dataclass(frozen=True, slots=True)
class Count:
    """True if at least `least` members are; undecided while that is open.

    "Any" is at least one, "all" as many as there are members.
    """

    members: tuple[Formula, ...]
    least: int


@dataclass(frozen=True, slots=True)
class Not:
    """True where the formula is false."""

    of: Formula


@dataclass(frozen=True, slots=True)
class Open:
    """True where the formula is undecided, false else."""

    of: Formula


@dataclass(frozen=True, slots=True)
class Unless:
    """True where the formula is not true, false else."""

    of: Formula


Formula = Named | Count | Not | Open | Unless


_WORDS: Final[dict[str, Callable[[Formula], Formula]]] = {
    "not": Not,
    "open": Open,
    "unless": Unless,
}


def parse_formula(item: Any, pointer: str = "") -> Formula:
    """Return the tree of a formula as it was written.

    A list, and the entries of a mapping, must all hold. Raises ValidationError, with every mistake
    at its place.
    """
    if isinstance(item, str):
        return Named(item, None, None, pointer)
    if isinstance(item, list):
        return _count(item, pointer, None)
    if not isinstance(item, dict) or not item:
        raise _mistake("write a name, `name: value`, or a list of such")
    return _join([(pointer + pointer_of((key,)), key, value) for key, value in item.items()])


def _join(entries: list[tuple[str, str, Any]]) -> Formula:
    members, mistakes = [], {}
    for place, key, value in entries:
        try:
            members.append(_parse_entry(key, value, place))
        except ValidationError as error:
            mistakes[key] = error.messages
    if mistakes:
        raise ValidationError(mistakes)
    return members[0] if len(members) == 1 else Count(tuple(members), len(members))


def _parse_entry(key: str, value: Any, pointer: str) -> Formula:
    if key in _WORDS:
        return _WORDS[key](parse_formula(value, pointer))
    match key:
        case "all":
            return _count(value, pointer, None)
        case "any":
            return _count(value, pointer, 1)
        case "at_least" | "at_most":
            return _parse_count(key, value, pointer)
    return _parse_values(key, value, pointer)


def _count(items: Any, pointer: str, least: int | None) -> Count:
    if not isinstance(items, list) or not items:
        raise _mistake("write a list of one formula or more")
    members, mistakes = [], {}
    for i, item in enumerate(items):
        try:
            members.append(parse_formula(item, f"{pointer}/{i}"))
        except ValidationError as error:
            mistakes[i] = error.messages
    if mistakes:
        raise ValidationError(mistakes)
    return Count(tuple(members), len(members) if least is None else least)


def _parse_count(key: str, value: Any, pointer: str) -> Formula:
    if not isinstance(value, dict) or value.keys() != {"count", "of"}:
        raise _mistake(f"write `{key}: {{count: 2, of: [...]}}`")
    try:
        whole = _count(value["of"], f"{pointer}/of", 1)
    except ValidationError as error:
        raise ValidationError({"of": error.messages}) from error
    number, size = value["count"], len(whole.members)
    lowest = 1 if key == "at_least" else 0
    highest = size if key == "at_least" else size - 1
    if not (isinstance(number, str) and number.isascii() and number.isdigit()) or not (
        lowest <= int(number) <= highest
    ):
        raise ValidationError(
            {
                "count": [
                    Mistake(
                        "range",
                        f"{quote_value(number)} is no count of {size} members; "
                        f"write a whole number from {lowest} to {highest}",
                    )
                ]
            }
        )
    if key == "at_least":
        return Count(whole.members, int(number))
    # at most n are true: not so many as n + 1 are
    return Not(Count(whole.members, int(number) + 1))


def _parse_values(name: str, value: Any, pointer: str) -> Named:
    if isinstance(value, dict):
        bound, limit = take_single(value, "`at_least: value` or `at_most: value`")
        if bound not in ("at_least", "at_most") or not isinstance(limit, str):
            raise _mistake(f"write `{name}: {{at_least: value}}` or `{name}: {{at_most: value}}`")
        return Named(name, (limit,), bound, pointer)
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not values or not all(isinstance(v, str) for v in values):
        raise _mistake(f"{quote_value(name)} needs a value or a list of values")
    if len(set(values)) != len(values):
        raise ValidationError(
            [Mistake("duplicate", f"a value of {quote_value(name)} is listed twice")]
        )
    return Named(name, tuple(values), None, pointer)


def _mistake(remedy: str) -> ValidationError:
    return ValidationError([Mistake("type", remedy)])


class FormulaField(fields.Field[Formula]):
    """A formula; loads to its tree."""

    default_error_messages: dict[str, Any] = {
        "required": Mistake("required", "a formula is required; add it"),
        "null": Mistake("null", "the formula is empty; write a name, `name: value` or a list"),
    }

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Formula:
        return parse_formula(value)
