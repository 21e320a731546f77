"""Data frames of episodes: in by Arrow, out as Arrow, and no file in between."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any

from softbalance.rules.language.loader import DEFAULT_RULEBOOK
from softbalance.rules.vocabularies import unite_codebooks
from softbalance.service.datasets.engines.frames import ClassifiedTable, classify_frame
from softbalance.service.datasets.reading.declared_values import parse_declared
from softbalance.service.datasets.reading.defects import UnusableDataset
from softbalance.service.datasets.reading.reading_options import ReadingOptions
from softbalance.shelf import RulebookOrId, find

__all__ = ["ClassifiedTable", "UnusableDataset", "classify_table"]


def classify_table(
    frame: Any,
    rulebooks: Sequence[RulebookOrId] = (DEFAULT_RULEBOOK,),
    values: str | Iterable[str] = (),
    *,
    fired: bool = True,
) -> ClassifiedTable:
    """Classify a data frame of pandas or polars, an Arrow table, or any Arrow stream.

    A row is an episode or an observation, as in the files of `softbalance classify`. `values`
    declare spellings: "yes=1 no=2 unknown=-99". `fired` asks for the rules that fired. Raises
    UnusableDataset where the frame is none or its columns cannot be used, UnknownRulebook, and
    ForeignForm where rulebooks cannot be asked together.
    """
    books = [find(each) for each in rulebooks]
    codebook = unite_codebooks(book.codebook for book in books)
    for book, form in product(books, codebook.forms):
        book.codebook.own_form(form)
    declared = [values] if isinstance(values, str) else list(values)
    reading = ReadingOptions(values=parse_declared(declared, codebook))
    return classify_frame(frame, books, codebook, reading, fired=fired)
