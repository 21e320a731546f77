"""Mistakes in what a caller sent: a code, a place and a remedy for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from heapq import nsmallest
from typing import Any, NamedTuple, Self

from marshmallow.exceptions import SCHEMA
from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

#: Of more mistakes in one document, so many are told and the others counted.
MOST_TOLD = 100


class Mistake(str):
    """A message for people that carries a code for programs.

    marshmallow keeps and formats messages as strings; a string of our own lets the code travel
    with the text to the place where the answer is made.
    """

    code: str

    def __new__(cls, code: str, text: str) -> Self:
        """Make a message `text` with the stable identifier `code`."""
        self = super().__new__(cls, text)
        self.code = code
        return self

    def __reduce__(self) -> tuple[type[Mistake], tuple[str, str]]:
        """Let copies and pickles keep the code."""
        return Mistake, (self.code, str(self))

    def format(self, *args: object, **kwargs: object) -> Mistake:
        """Fill in the text and keep the code; a text may show braces where nothing is filled in."""
        if not args and not kwargs:
            return self
        return Mistake(self.code, super().format(*args, **kwargs))


class LocatedMistake(NamedTuple):
    """A mistake and its place: an RFC 6901 pointer into the document that was sent."""

    pointer: str
    code: str
    detail: str


class UnknownName(NamedTuple):
    """A mistake whose words are not looked for unless it is told: the search takes a while.

    Stands among marshmallow's messages in the place of a `Mistake`.
    """

    kind: str
    name: object
    known: tuple[str, ...]


class Unlisted(NamedTuple):
    """So many further mistakes, which are only counted; stands among marshmallow's messages."""

    number: int


class MistakeList(list[LocatedMistake]):
    """Mistakes that are told, in a stable order; `more` counts those that are not."""

    def __init__(self, told: Iterable[LocatedMistake] = (), more: int = 0) -> None:
        super().__init__(told)
        self.more = more


def find_nearest(name: object, known: Iterable[str]) -> str | None:
    """Return the known name that `name` most likely misspells, or None if none is near."""
    if not isinstance(name, str):
        return None
    folded = {_fold(candidate): candidate for candidate in known}
    wanted = _fold(name[:128])
    match = process.extractOne(
        wanted, list(folded), scorer=DamerauLevenshtein.normalized_similarity, score_cutoff=0.6
    )
    if match is not None:
        return folded[match[0]]
    begun = [candidate for key, candidate in folded.items() if wanted and key.startswith(wanted)]
    return begun[0] if len(begun) == 1 else None


def _fold(name: str) -> str:
    return name.strip().lower().replace("-", "_").replace(" ", "_")


def unknown_name(kind: str, name: object, known: Iterable[str]) -> Mistake:
    """Say that `name` is no known `kind`, and which name was perhaps meant."""
    known = list(known)
    guess = find_nearest(name, known)
    if guess is not None:
        remedy = f"did you mean {guess!r}?"
    elif len(known) <= 12:
        remedy = "known: " + ", ".join(known)
    else:
        remedy = f"none of the {len(known)} known is near"
    return Mistake("unknown", f"unknown {kind} {quote_value(name)}; {remedy}")


def quote_value(value: object) -> str:
    """Quote a value for a message, cut where it is long and safe to print."""
    if isinstance(value, str):
        text = repr(value[:100])
    else:
        text = str(value) if value is None or isinstance(value, int | float) else "this"
    text = text.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= 80 else text[:77] + "..."


def pointer(path: Iterable[object]) -> str:
    """Return the RFC 6901 pointer of a path of keys and indices."""
    return "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in path)


def locate_mistakes(
    messages: Mapping[Any, Any] | list[Any], most: int | None = None
) -> MistakeList:
    """Flatten marshmallow's nested messages to mistakes with pointers, in a stable order.

    Of more than `most`, the first are told and the others counted.
    """
    places, more = set(), 0
    for path, text in _walk(messages, ()):
        if isinstance(text, Unlisted):
            more += text.number
        else:
            places.add((pointer(path), text))
    told = nsmallest(len(places) if most is None else most, places, key=_make_sort_key)
    return MistakeList((_locate(*place) for place in told), more + len(places) - len(told))


def count_mistakes(messages: Any) -> int:
    """Return how many mistakes stand in marshmallow's nested messages."""
    if isinstance(messages, Mapping):
        return sum(map(count_mistakes, messages.values()))
    if isinstance(messages, list):
        return sum(map(count_mistakes, messages))
    return messages.number if isinstance(messages, Unlisted) else 1


def list_unknown(kind: str, names: Iterable[object], known: Iterable[str]) -> dict[object, Any]:
    """Return marshmallow's messages for names that are not known: the first, and a count."""
    unknown, known = list(names), tuple(known)
    told = nsmallest(MOST_TOLD, unknown, key=lambda name: _make_path_key(pointer((name,))))
    messages: dict[object, Any] = {name: [UnknownName(kind, name, known)] for name in told}
    if len(unknown) > len(told):
        messages[SCHEMA] = [*messages.get(SCHEMA, ()), Unlisted(len(unknown) - len(told))]
    return messages


def _locate(place: str, text: str | UnknownName) -> LocatedMistake:
    if isinstance(text, UnknownName):
        text = unknown_name(*text)
    return LocatedMistake(place, getattr(text, "code", "invalid"), str(text))


def _make_path_key(pointer: str) -> list[tuple[int, str]]:
    """Sort indices as numbers: a longer one is larger."""
    return [(len(part) if part.isdigit() else 0, part) for part in pointer.split("/")]


def _make_sort_key(place: tuple[str, str | UnknownName]) -> tuple[list[tuple[int, str]], str, str]:
    path, text = _make_path_key(place[0]), place[1]
    if isinstance(text, UnknownName):
        return path, "unknown", str(text.name)
    return path, getattr(text, "code", "invalid"), text


def _is_of_whole(key: object, inner: Any) -> bool:
    """Tell marshmallow's key for mistakes of an object as a whole from a field that is named so."""
    return key == SCHEMA and not any(isinstance(message, UnknownName) for message in inner)


def _walk(
    messages: Any, path: tuple[object, ...]
) -> Iterator[tuple[tuple[object, ...], str | UnknownName | Unlisted]]:
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            yield from _walk(inner, path if _is_of_whole(key, inner) else (*path, key))
    elif isinstance(messages, list):
        for inner in messages:
            yield from _walk(inner, path)
    else:
        yield path, messages
