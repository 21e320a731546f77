"""Mistakes in what a caller sent: a code, a place and a remedy for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, Self

from marshmallow.exceptions import SCHEMA
from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein


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
        """Fill in the text and keep the code."""
        return Mistake(self.code, super().format(*args, **kwargs))


class LocatedMistake(NamedTuple):
    """A mistake and its place: an RFC 6901 pointer into the document that was sent."""

    pointer: str
    code: str
    detail: str


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


def locate_mistakes(messages: Mapping[Any, Any] | list[Any]) -> list[LocatedMistake]:
    """Flatten marshmallow's nested messages to mistakes with pointers, in a stable order."""
    found = [
        LocatedMistake(pointer(path), getattr(text, "code", "invalid"), str(text))
        for path, text in _walk(messages, ())
    ]
    return sorted(set(found), key=lambda mistake: (_make_sort_key(mistake.pointer), mistake))


def _make_sort_key(pointer: str) -> list[tuple[int, str]]:
    """Sort indices as numbers: a longer one is larger."""
    return [(len(part) if part.isdigit() else 0, part) for part in pointer.split("/")]


def _is_of_whole(key: object, inner: Any) -> bool:
    """Tell marshmallow's key for mistakes of an object as a whole from a field that is named so."""
    return key == SCHEMA and not any(getattr(m, "code", "") == "unknown" for m in inner)


def _walk(messages: Any, path: tuple[object, ...]) -> Iterator[tuple[tuple[object, ...], str]]:
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            yield from _walk(inner, path if _is_of_whole(key, inner) else (*path, key))
    elif isinstance(messages, list):
        for inner in messages:
            yield from _walk(inner, path)
    else:
        yield path, messages
