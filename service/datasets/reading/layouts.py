"""Which of a file's columns mean something, by their names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from softbalance.rules.model import FORM, Codebook
from softbalance.schemas.mistakes import MOST_TOLD, find_nearest, quote_value
from softbalance.service.datasets.reading.defects import UnusableDataset
from softbalance.service.datasets.reading.values import BLANKS, fold_case

ID: Final = "id"
INDICATOR: Final = "indicator"
VALUE: Final = "value"
#: The id of a coding sheet's row of help: where that row can't be classified, it is passed over.
HELP = "#help"
CODER: Final = "coder"
#: What a sheet may say of an episode beside its codings; no verdict depends on it.
EPISODE_FIELDS = ("title", "hegemon", "actors", "start", "end")
#: What a long sheet may say of an observation beside its value.
OBSERVATION_FIELDS = ("source", "locator", "note", CODER)
#: How much of an indicator's name a column's has to hold before it is taken for a misspelling.
_LIKENESS = 0.6
_APOSTROPHES = str.maketrans("\u2018\u2019\u02bc\u201c\u201d", "'''\"\"")
_NOT_SEEN = str.maketrans(dict.fromkeys(BLANKS, " "))


class SheetLayout(StrEnum):
    """What a row is: an episode, be it as one coder sees it, or an observation of one."""

    WIDE = "wide"
    LONG = "long"


@dataclass(frozen=True, slots=True)
class Header:
    """A file's columns by their place, counted from 0.

    `places` has the columns with a meaning: `id`, `form`, and the indicators present, with the
    `coder` of a row where there is an id to say of what, or, in the long layout, `indicator` and
    `value`. `own` are the other columns, that pass through. `warnings` say what may not be meant
    so.
    """

    layout: SheetLayout
    names: tuple[str, ...]
    places: dict[str, int]
    own: tuple[int, ...]
    warnings: tuple[str, ...] = ()

    @property
    def grouped(self) -> bool:
        """Whether the rows of an id are put together to one episode."""
        return self.layout is SheetLayout.LONG or CODER in self.places


def read_header(names: Sequence[str], codebook: Codebook, place: str) -> Header:
    """Recognise the layout of a file with columns of these names.

    `place` is the file, for messages. Raises UnusableDataset: no `form`, a name that misspells
    an indicator, a column named twice.
    """
    meant = name_columns(names, codebook)
    known = {name: index for index, name in reversed(list(enumerate(meant)))}
    layout = SheetLayout.LONG if {INDICATOR, VALUE} <= known.keys() else SheetLayout.WIDE
    meaning: tuple[str, ...]
    silent: tuple[str, ...]
    if layout is SheetLayout.LONG:
        meaning = (ID, FORM, INDICATOR, VALUE)
        silent = (*EPISODE_FIELDS, *OBSERVATION_FIELDS)
    else:
        coder = (CODER,) if {ID, CODER} <= known.keys() else ()
        meaning = (ID, FORM, *coder, *codebook.indicators)
        silent = EPISODE_FIELDS
    _check_named_once(names, meant, meaning, place)
    _check_needed(names, known, layout, place)
    own = tuple(i for i, name in enumerate(meant) if name not in (*meaning, *silent))
    if layout is SheetLayout.WIDE:
        _check_spelling([names[i] for i in own], known, codebook, place)
    places = {name: known[name] for name in meaning if name in known}
    warnings: tuple[str, ...] = ()
    if layout is SheetLayout.WIDE:
        warnings = _warn_of_unread([names[i] for i in own], places, codebook, place)
    return Header(layout, tuple(names), places, own, warnings)


def name_columns(names: Sequence[str], codebook: Codebook) -> list[str]:
    """Return what columns are called without case and blanks, by their names or, as exports of
    surveys have it, by the question of an indicator.
    """
    asked = {_fold_question(each.question): name for name, each in codebook.indicators.items()}
    return [asked.get(_fold_question(name), fold_case(name)) for name in names]


def _fold_question(text: str) -> str:
    plain = text.translate(_APOSTROPHES).translate(_NOT_SEEN).casefold()
    return " ".join(plain.split()).rstrip("?.:* ")


def _check_named_once(
    names: Sequence[str], meant: Sequence[str], meaning: Iterable[str], place: str
) -> None:
    counts = Counter(meant)
    for twice in (name for name in meaning if counts[name] > 1):
        quoted = [quote_value(names[i]) for i, name in enumerate(meant) if name == twice]
        raise UnusableDataset(
            f"{place}: the column {twice!r} stands {len(quoted)} times in the header "
            f"({' and '.join(quoted)}); keep one, rename the others"
        )


def _warn_of_unread(
    own: Sequence[str], places: Mapping[str, int], codebook: Codebook, place: str
) -> tuple[str, ...]:
    """Warn where no column is an indicator: every verdict then rests on the form alone."""
    if any(name in places for name in codebook.indicators):
        return ()
    alike = [(name, guess) for name in own if (guess := _guess_indicator(name, codebook))]
    if alike:
        told = "; ".join(
            f"{quote_value(name)} may be meant for {guess!r}" for name, guess in alike[:3]
        )
    else:
        told = "its columns are called " + ", ".join(list(codebook.indicators)[:3]) + " and so on"
    return (
        f"{place}: no column is an indicator of the codebook, so that nothing but the form is "
        f"known of any row; {told} (`softbalance codebook --format csv` prints all)",
    )


def _guess_indicator(name: str, codebook: Codebook) -> str | None:
    """Return the indicator that a column of another name may be meant for."""
    said = fold_case(name)
    if held := [indicator for indicator in codebook.indicators if indicator in said]:
        return max(held, key=len)
    asked = {_fold_question(each.question): name for name, each in codebook.indicators.items()}
    found = find_nearest(_fold_question(name), asked)
    return asked[found] if found else find_nearest(said, codebook.indicators)


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
