"""A stored classification, decided again with the very rulebook that decided it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from softbalance.schemas.classification import Answer, Classification
from softbalance.schemas.mistakes import pointer
from softbalance.service.classifiers import Classifiers

#: What is of the record and not of the verdict.
_OF_THE_RECORD = ("id", "classified_at")


def decide_again(classifiers: Classifiers, stored: Classification, detail: str) -> Answer:
    """Decide a stored episode with the rulebook that decided it then.

    Raises NotKept, StoreAway and EngineFailure.
    """
    classifier = classifiers.find_by_digest(stored["rulebook"]["digest"])
    return classifier.classify(stored["episode"], detail)


def in_full(stored: Classification, again: Answer) -> Classification:
    """Return a stored classification with all that deciding it again in detail `full` tells."""
    return {"id": stored["id"], "classified_at": stored["classified_at"], **again}


class Difference(NamedTuple):
    """A field of the answer that came out otherwise: an RFC 6901 pointer and both values.

    A field that one of the two lacks has None there.
    """

    pointer: str
    stored: Any
    replayed: Any


def differences(stored: Classification, replayed: Answer) -> list[Difference]:
    """Return how a classification decided again differs from what was stored, field by field."""
    was = {key: value for key, value in stored.items() if key not in _OF_THE_RECORD}
    now = {key: value for key, value in replayed.items() if key not in _OF_THE_RECORD}
    return list(_compare_values(was, now, ()))


def _compare_values(was: Any, now: Any, path: tuple[object, ...]) -> Iterator[Difference]:
    if isinstance(was, dict) and isinstance(now, dict):
        for key in dict.fromkeys((*was, *now)):
            yield from _compare_values(was.get(key), now.get(key), (*path, key))
    elif isinstance(was, list) and isinstance(now, list) and len(was) == len(now):
        for index, (a, b) in enumerate(zip(was, now, strict=True)):
            yield from _compare_values(a, b, (*path, index))
    elif was != now:
        yield Difference(pointer(path), was, now)
