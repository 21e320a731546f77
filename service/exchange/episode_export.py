"""Coded data as Episodes, a line each (NDJSON): with sources and coders, ready to be posted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar, cast

import orjson
from marshmallow import ValidationError
from softbalance.rules.model import FORM, Codebook
from softbalance.schemas import episode as episodes
from softbalance.schemas.episode import Episode, Period, Source, episode_schema
from softbalance.schemas.mistakes import Mistake, locate_mistakes
from softbalance.service.datasets.coded_rows import Observation
from softbalance.service.datasets.reading.layouts import ID, INDICATOR, VALUE
from softbalance.service.datasets.reading.rejects import Reject
from softbalance.service.exchange.coded import CodedEpisode

#: A part of an Episode.
Part = TypeVar("Part", bound=Mapping[str, object])


def episode_lines(
    episodes: Iterable[CodedEpisode], codebook: Codebook
) -> tuple[list[bytes], list[Reject]]:
    """Return each episode as a line of JSON, and the rejects: what makes no valid Episode."""
    schema = episode_schema(codebook.vocabulary)
    lines, rejects = [], []
    for each in episodes:
        episode = as_episode(each)
        try:
            schema.load(episode)
        except ValidationError as error:
            rejects += [
                each.row.reject(m.pointer, "", Mistake(m.code, m.detail))
                for m in locate_mistakes(error.messages)
            ]
            continue
        lines.append(orjson.dumps(episode, option=orjson.OPT_APPEND_NEWLINE))
    return lines, rejects


def as_episode(coded: CodedEpisode) -> Episode:
    """Return a coded episode in the shape of an Episode; what says nothing is left out."""
    about = coded.about
    actors = [actor.strip() for actor in about.get("actors", "").split(";") if actor.strip()]
    period: Period = {"start": about.get("start", ""), "end": about.get("end", "")}
    episode: Episode = {
        ID: coded.id,
        "title": about.get("title", ""),
        FORM: coded.form,
        "hegemon": about.get("hegemon", ""),
        "actors": actors,
        "period": _drop_blanks(period),
        "observations": [_observation(said) for said in coded.observations],
    }
    return _drop_blanks(episode)


def _observation(said: Observation) -> episodes.Observation:
    source: Source = {"citation": said.get("source", ""), "locator": said.get("locator", "")}
    found: episodes.Observation = {
        INDICATOR: said[INDICATOR],
        VALUE: said[VALUE],
        "source": _drop_blanks(source),
        "note": said.get("note", ""),
        "coder": said.get("coder", ""),
    }
    return _drop_blanks(found)


def _drop_blanks(whole: Part) -> Part:
    """Leave out what is empty."""
    return cast(Part, {name: value for name, value in whole.items() if value})
