"""Reconciliation: many observations become one value for each indicator."""

from __future__ import annotations

from typing import NamedTuple

from softbalance.rules.model import Codebook
from softbalance.schemas.episode import Episode
from softbalance.schemas.fields import CONTESTED, UNKNOWN


class Codings(NamedTuple):
    """What an episode says, indicator by indicator, and which observations say it.

    `values` holds every indicator of the codebook, in its order. `evidence` holds, for an indicator
    with observations, the indices into the episode's `observations` that its value rests on: those
    that say yes, no or contested, or, where none does, those that say unknown.
    """

    form: str
    values: dict[str, str]
    evidence: dict[str, list[int]]


def reconcile(codebook: Codebook, episode: Episode) -> Codings:
    """Reconcile a valid Episode's observations and shorthand to one value each.

    No value but unknown → unknown; one distinct value → that value; more → contested. A number
    counts as its level. Indicators that are not of the codebook are left out, and a form that is
    not of it counts as `other`. Raises ForeignForm where there is none.
    """
    indicators = codebook.indicators
    values = dict.fromkeys(indicators, UNKNOWN)
    for indicator, coded in episode.get("indicators", {}).items():
        if indicator in values:
            values[indicator] = indicators[indicator].read(coded)
    evidence: dict[str, list[int]] = {}
    doubts: dict[str, list[int]] = {}
    for index, observation in enumerate(episode.get("observations", ())):
        indicator = observation["indicator"]
        if indicator not in values:
            continue
        value = indicators[indicator].read(observation["value"])
        if value == UNKNOWN:
            doubts.setdefault(indicator, []).append(index)
            continue
        evidence.setdefault(indicator, []).append(index)
        known = values[indicator]
        if known == UNKNOWN:
            values[indicator] = value
        elif known != value:
            values[indicator] = CONTESTED
    for indicator, indices in doubts.items():
        if values[indicator] == UNKNOWN:
            evidence[indicator] = indices
    return Codings(codebook.own_form(episode["form"]), values, evidence)
