"""Step 0 of the codebook: many observations become one value an indicator."""

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
    """Reconcile a valid Episode's observations and shorthand (codebook, step 0).

    No yes, no or contested → unknown; one distinct value → that value; more → contested.
    """
    values = dict.fromkeys(codebook.indicators, UNKNOWN)
    values.update(episode.get("indicators", ()))
    evidence: dict[str, list[int]] = {}
    doubts: dict[str, list[int]] = {}
    for index, observation in enumerate(episode.get("observations", ())):
        indicator, value = observation["indicator"], observation["value"]
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
    return Codings(episode["form"], values, evidence)
