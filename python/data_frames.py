"""Data frames of episodes: in by Arrow, out as Arrow, and no file in between."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any

from softbalance.rules.classifier import Classifier
from softbalance.rules.language.loader import DEFAULT_RULEBOOK
from softbalance.rules.model import Codebook
from softbalance.rules.vocabularies import unite_codebooks
from softbalance.service.coders.agreement_json import Agreement
from softbalance.service.coders.coder_sheets import check_several, read_coded_table
from softbalance.service.coders.reliability import Bootstrap
from softbalance.service.coders.report import measure_agreement
from softbalance.service.datasets.engines.frames import ClassifiedTable, classify_frame
from softbalance.service.datasets.reading.declared_values import parse_declared
from softbalance.service.datasets.reading.defects import UnusableDataset
from softbalance.service.datasets.reading.reading_options import ReadingOptions
from softbalance.shelf import RulebookOrId, find

#: The most rows that cannot be used that are told one by one.
_TOLD = 10
__all__ = ["ClassifiedTable", "UnusableDataset", "agreement", "classify_table"]


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
    return classify_frame(frame, books, codebook, _reading(values, codebook), fired=fired)


def agreement(
    frame: Any,
    rulebooks: Sequence[RulebookOrId] = (DEFAULT_RULEBOOK,),
    values: str | Iterable[str] = (),
    *,
    resamples: int = 1000,
    seed: int = 1,
) -> Agreement:
    """Say how far coders of the same episodes agree, and at which rules they part.

    The frame has a column `coder`. Returns what `softbalance agreement --json` prints; intervals
    rest on `resamples` bootstrap resamples. What could not be used is told by a Python warning.
    Raises UnusableDataset, UnknownRulebook, and CoefficientsMissing without the extra `coders`.
    """
    books = [find(each) for each in rulebooks]
    codebook = unite_codebooks(book.codebook for book in books)
    coded = read_coded_table(frame, codebook, _reading(values, codebook))
    check_several(coded)
    told = [f"row {each.line}, {each.column}: {each.message}" for each in coded.rejects[:_TOLD]]
    for message in [*coded.warnings, *told]:
        warnings.warn(message, stacklevel=2)
    classifiers = [Classifier(book) for book in books]
    return measure_agreement(coded, classifiers, Bootstrap(resamples, seed))


def _reading(values: str | Iterable[str], codebook: Codebook) -> ReadingOptions:
    declared = [values] if isinstance(values, str) else list(values)
    return ReadingOptions(values=parse_declared(declared, codebook))
