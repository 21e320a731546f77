"""JSON as RFC 8259 has it, with nothing lost on the way: a key named twice is a mistake."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any, NoReturn

from softbalance.schemas.mistakes import (
    MOST_TOLD,
    LocatedMistake,
    MistakeList,
    pointer,
    quote_value,
)


class NotJSON(ValueError):
    """The text is no JSON document; the message says where reading stopped."""


class DuplicateKeys(ValueError):
    """An object names a key twice; `mistakes` holds the first of the places."""

    def __init__(self, mistakes: MistakeList) -> None:
        super().__init__("; ".join(m.detail for m in mistakes))
        self.mistakes = mistakes


class _ObjectWithDuplicates(dict[str, Any]):
    keys_twice: list[str]


def parse(body: bytes) -> Any:
    """Parse a JSON document of UTF-8 text. Raises NotJSON or DuplicateKeys."""
    found: list[_ObjectWithDuplicates] = []

    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        built = dict(pairs)
        if len(built) == len(pairs):
            return built
        counts = Counter(key for key, _ in pairs)
        duplicated = _ObjectWithDuplicates(built)
        duplicated.keys_twice = [key for key, count in counts.items() if count > 1]
        found.append(duplicated)
        return duplicated

    try:
        document = json.loads(
            body.decode("utf-8-sig"),
            object_pairs_hook=build,
            parse_constant=_refuse_constant,
            parse_int=_parse_cut_integer,
        )
    except UnicodeDecodeError as error:
        raise NotJSON(f"byte {error.start} is not UTF-8; send UTF-8 text") from error
    except RecursionError as error:
        raise NotJSON("nested too deeply; an episode is nested three levels deep") from error
    except json.JSONDecodeError as error:
        raise NotJSON(f"line {error.lineno}, column {error.colno}: {error.msg}") from error
    except ValueError as error:
        raise NotJSON(str(error)) from error
    if found:
        raise DuplicateKeys(_locate_duplicates(document))
    return document


def _parse_cut_integer(digits: str) -> int:
    """No number is a value of an Episode, however long; that it is one is all that matters."""
    return int(digits[:20])


def _refuse_constant(name: str) -> NoReturn:
    raise NotJSON(f"{name} is no JSON value")


def _locate_duplicates(document: Any) -> MistakeList:
    places = _places(document)
    told = [
        LocatedMistake(
            pointer(path), "duplicate", f"the key {quote_value(path[-1])} stands twice; keep one"
        )
        for path in islice(places, MOST_TOLD)
    ]
    return MistakeList(told, sum(1 for _ in places))


def _places(document: Any) -> Iterator[tuple[object, ...]]:
    waiting: list[tuple[Any, tuple[object, ...]]] = [(document, ())]
    while waiting:
        part, path = waiting.pop()
        if isinstance(part, list):
            waiting += [(item, (*path, i)) for i, item in enumerate(part)]
        elif isinstance(part, dict):
            waiting += [(item, (*path, key)) for key, item in part.items()]
        for key in getattr(part, "keys_twice", ()):
            yield (*path, key)
