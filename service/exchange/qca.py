"""A table for Qualitative Comparative Analysis: cases by conditions, 0 and 1, and the outcomes.

As R's package QCA and others read it: the first column names the case, each further one is 0 or 1.
A value of a scale is a degree of membership, from 0 for the lowest to 1 for the highest, evenly
apart (a fuzzy set). What is `unknown` or `contested` is neither in a set nor out of it, and stays
empty; the same holds for the outcomes where the verdict is undecided. QCA takes no empty cell, so
`complete` leaves out the cases that have one.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from softbalance.rules.classifier import Classifier
from softbalance.rules.model import Indicator
from softbalance.schemas.fields import NO, YES
from softbalance.schemas.grammar import CLASSIFICATION
from softbalance.service.datasets.reading.layouts import ID
from softbalance.service.datasets.reading.spreadsheets import neutralise
from softbalance.service.exchange.coded import CodedEpisode


def _read_membership(indicator: Indicator) -> dict[str, str]:
    """Return how far each value of an indicator is in its set."""
    if indicator.values == (YES, NO):
        return {YES: "1", NO: "0"}
    highest = len(indicator.values) - 1
    return {value: f"{n / highest:.4g}" for n, value in enumerate(indicator.values)}


def qca_table(
    episodes: Iterable[CodedEpisode],
    classifier: Classifier,
    conditions: Sequence[str],
    *,
    complete: bool,
    safe: bool = False,
) -> tuple[str, int]:
    """Return the table as CSV, and how many cases were left out since a cell would be empty.

    The conditions are indicators; the outcomes are the classes that the rulebook can conclude and
    doesn't declare undecided, 1 for the verdict on the case and 0 for the others. Raises
    EngineFailure.
    """
    undecided = classifier.rulebook.list_undecided_values(CLASSIFICATION)
    outcomes = [name for name in classifier.rulebook.classes if name not in undecided]
    indicators = classifier.rulebook.codebook.indicators
    members = {name: _read_membership(indicators[name]) for name in conditions}
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\r\n")
    writer.writerow([ID, *conditions, *outcomes])
    left_out = 0
    for episode in episodes:
        verdict = classifier.decide(episode.codings).facts[CLASSIFICATION]
        cells = [members[name].get(episode.codings.values[name], "") for name in conditions]
        cells += ["" if verdict in undecided else str(int(verdict == name)) for name in outcomes]
        if complete and "" in cells:
            left_out += 1
        else:
            writer.writerow([neutralise(episode.id) if safe else episode.id, *cells])
    return sheet.getvalue(), left_out
