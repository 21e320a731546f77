"""Coding sheets to fill in: CSV in the wide and in the long layout, with a row of help."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping

from softbalance.rules.model import FORM, Codebook, Indicator
from softbalance.rules.wording import join_words
from softbalance.service.datasets.reading.layouts import (
    CODER,
    EPISODE_FIELDS,
    HELP,
    ID,
    INDICATOR,
    OBSERVATION_FIELDS,
    VALUE,
)
from softbalance.service.exchange.coded import CodedEpisode

_DATE = "YYYY, YYYY-MM or YYYY-MM-DD"
_ABOUT = {
    "title": "a name for people",
    "hegemon": "ISO 3166 alpha-3; USA if empty",
    "actors": "ISO 3166 alpha-3 for states, an acronym for organisations, ; between them",
    "start": _DATE,
    "end": _DATE,
    "source": "the work, as one would cite it",
    "locator": "section, page or paragraph",
    "note": "why you code it so",
    CODER: "your name or initials",
}


def wide_template(codebook: Codebook, *, helped: bool = True) -> str:
    """Return a sheet of a row an episode, empty but for its row of help."""
    names = [ID, EPISODE_FIELDS[0], FORM, *EPISODE_FIELDS[1:], *codebook.indicators]
    questions = {i.id: f"{say_values(i)}: {i.question}" for i in codebook.indicators.values()}
    return _sheet(names, [{**_help(codebook), **questions}] if helped else [])


def long_template(
    codebook: Codebook,
    episodes: Iterable[CodedEpisode] = (),
    coder: str = "",
    *,
    helped: bool = True,
) -> str:
    """Return a sheet of a row an observation, with a row for each indicator of each episode."""
    names = [ID, EPISODE_FIELDS[0], FORM, *EPISODE_FIELDS[1:], INDICATOR, VALUE]
    names += OBSERVATION_FIELDS
    rows: list[Mapping[str, str]] = [_help(codebook)] if helped else []
    rows += [
        {**each.about, ID: each.id, FORM: each.form, INDICATOR: indicator, CODER: coder}
        for each in episodes
        for indicator in codebook.indicators
    ]
    return _sheet(names, rows)


def _help(codebook: Codebook) -> dict[str, str]:
    return {
        **_ABOUT,
        ID: HELP,
        FORM: f"one of: {', '.join(codebook.forms)}",
        INDICATOR: f"one of: {', '.join(codebook.indicators)}",
        VALUE: _say_all_values(codebook),
    }


def say_values(indicator: Indicator) -> str:
    """Return in words what may stand in an indicator's cell."""
    number = ""
    if indicator.levels:
        unit = f" ({indicator.unit})" if indicator.unit else ""
        number = f"a number{unit} from {indicator.levels[0]:g} on, or "
    return f"{number}{join_words(indicator.domain, 'or')}; empty is unknown"


def _say_all_values(codebook: Codebook) -> str:
    said = dict.fromkeys(map(say_values, codebook.indicators.values()))
    return next(iter(said)) if len(said) == 1 else "as the codebook says of the indicator"


def _sheet(names: Iterable[str], rows: Iterable[Mapping[str, str]]) -> str:
    sheet = io.StringIO()
    writer = csv.DictWriter(
        sheet, list(names), restval="", extrasaction="ignore", lineterminator="\r\n"
    )
    writer.writeheader()
    writer.writerows(rows)
    return sheet.getvalue()
