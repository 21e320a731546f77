"""Which of a file's columns mean something, by their names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from softbalance.rules.model import FORM, Codebook
from softbalance.schemas.mistakes import MOST_TOLD, find_nearest, quote_value
from softbalance.service.datasets.reading.defects import UnusableDataset
from softbalance.service.datasets.reading.values import fold_case

ID: Final = "id"
INDICATOR: Final = "indicator"
VALUE: Final = "value"
#: The id of a coding sheet's row of help: where that row can't be classified, it is passed over.
HELP = "#help"
#: What a wide sheet may say of an episode beside its codings; no verdict depends on it.
EPISODE_FIELDS = ("title", "hegemon", "actors", "start", "end")
#: What a long sheet may say of an observation beside its value.
OBSERVATION_FIELDS = ("source", "locator", "note", "coder")
#: How much of an indicator's name a column's has to hold before it is taken for a misspelling.
_LIKENESS = 0.6


class SheetLayout(StrEnum):
    """What a row is: an episode, or an observation of one."""

    WIDE = "wide"
    LONG = "long"


@dataclass(frozen=True, slots=True)
class Header:
    """A file's columns by their place, counted from 0.

    `places` has the columns with a meaning: `id`, `form`, and the indicators present, or, in the
    long layout, `indicator` and `value`. `own` are the other columns, that pass through.
    """

    layout: SheetLayout
    names: tuple[str, ...]
    places: dict[str, int]
    own: tuple[int, ...]


def read_header(names: Sequence[str], codebook: Codebook, place: str) -> Header:
    """Recognise the layout of a file with columns of these names.

    `place` is the file, for messages. Raises UnusableDataset: no `form`, a name that misspells
    an indicator, a column named twice.
    """
    known = {fold_case(name): index for index, name in reversed(list(enumerate(names)))}
    layout = SheetLayout.LONG if {INDICATOR, VALUE} <= known.keys() else SheetLayout.WIDE
    meaning: tuple[str, ...]
    silent: tuple[str, ...]
    if layout is SheetLayout.LONG:
        meaning = (ID, FORM, INDICATOR, VALUE)
        silent = OBSERVATION_FIELDS
    else:
        meaning = (ID, FORM, *codebook.indicators)
        silent = EPISODE_FIELDS
    _check_named_once(names, meaning, place)
    _check_needed(names, known, layout, place)
    own = tuple(i for i, name in enumerate(names) if fold_case(name) not in (*meaning, *silent))
    if layout is SheetLayout.WIDE:
        _check_spelling([names[i] for i in own], known, codebook, place)
    return Header(
        layout, tuple(names), {name: known[name] for name in meaning if name in known}, own
    )


def _check_named_once(names: Sequence[str], meaning: Iterable[str], place: str) -> None:
    counts = Counter(map(fold_case, names))
    twice = [name for name in meaning if counts[name] > 1]
    if twice:
        raise UnusableDataset(
            f"{place}: the column {twice[0]!r} stands {counts[twice[0]]} times in the header; "
            "keep one, rename the others"
        )


def _check_needed(
    names: Sequence[str], known: dict[str, int], layout: SheetLayout, place: str
) -> None:
    needed = (FORM,) if layout is SheetLayout.WIDE else (ID, FORM)
    for column in needed:
        if column in known:
            continue
        guess = find_nearest(column, [fold_case(name) for name in names if name])
        remedy = f"is {guess!r} meant to be it?" if guess else f"it has {_quote_names(names)}"
        raise UnusableDataset(f"{place}: no column {column!r} in the header; {remedy}")


def _check_spelling(
    own: Iterable[str], known: dict[str, int], codebook: Codebook, place: str
) -> None:
    """Refuse a column that misspells an indicator, since its codings would be passed over.

    Not one that has an indicator's name in it as words (`INDICATOR_note`), nor one whose
    indicator has its own column too.
    """
    wrong = []
    for name in own:
        guess = find_nearest(name, codebook.indicators)
        parts = f"_{fold_case(name)}_"
        if guess is None or guess in known or len(name) < _LIKENESS * len(guess):
            continue
        if f"_{guess}_" in parts.removeprefix("_") or f"_{guess}_" in parts.removesuffix("_"):
            continue
        wrong.append(f"{quote_value(name)} (did you mean {guess!r}?)")
    if wrong:
        what = (
            "column is no indicator but looks like one"
            if len(wrong) == 1
            else ("columns are no indicators but look like some")
        )
        shown = ", ".join(wrong[:MOST_TOLD])
        more = f", and {len(wrong) - MOST_TOLD} more" if len(wrong) > MOST_TOLD else ""
        raise UnusableDataset(
            f"{place}: {len(wrong)} {what}; correct the spelling, or rename a column that is your "
            f"own: {shown}{more}"
        )


def _quote_names(names: Sequence[str]) -> str:
    shown_names = ", ".join(quote_value(name) for name in names[:8])
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return f"{shown_names}{more}" if names else "none"
