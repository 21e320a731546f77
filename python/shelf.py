"""The rulebooks and codebooks at hand, and further ones from folders."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from softbalance.rules.language.loader import DEFAULT_RULEBOOK, Library, load_folder, load_library
from softbalance.rules.model import Codebook, Rulebook
from softbalance.schemas.rulebooks import Verification

#: A rulebook, or the id of one that is shipped.
RulebookOrId = Rulebook | str


def rulebooks() -> Mapping[str, Rulebook]:
    """Return the shipped rulebooks by id."""
    return MappingProxyType(_library().rulebooks)


def codebook(rulebook: RulebookOrId = DEFAULT_RULEBOOK) -> Codebook:
    """Return the codebook of a rulebook: its indicators with their questions, and its forms.

    Raises UnknownRulebook, a LookupError.
    """
    return find(rulebook).codebook


def load(folder: str | os.PathLike[str]) -> Rulebook:
    """Return the rulebook in a folder.

    Raises RulebookErrors with every mistake in it, and ValueError where there are several.
    """
    found = load_folder(Path(folder))
    if len(found) > 1:
        ids = ", ".join(book.id for book in found)
        raise ValueError(f"{folder} holds several rulebooks ({ids}); name the folder of one")
    return found[0]


def verify(rulebook: RulebookOrId, *, episodes: int = 10_000) -> Verification:
    """Prove a rulebook over all codings, and try its engines, on `episodes` drawn ones, and cases.

    Returns what `softbalance rulebook verify --json` prints. Raises UnknownRulebook.
    """
    from softbalance.rules.verification import checks

    book = find(rulebook)
    known = _library().rulebooks.get(book.id)
    return checks.as_json(checks.verify(book, known=known, engines=True, episodes=episodes))


def find(rulebook: RulebookOrId) -> Rulebook:
    """Return the rulebook of an id. Raises UnknownRulebook."""
    return _library()[rulebook] if isinstance(rulebook, str) else rulebook


@cache
def _library() -> Library:
    return load_library()
