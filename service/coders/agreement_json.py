"""The agreement of coders in the shape that its JSON has; docs/agreement.md tells its fields."""

from __future__ import annotations

from typing import TypedDict

from softbalance.schemas.classification import RulebookRef, Verdict


class CodebookRef(TypedDict):
    """The codebook that the coders used."""

    id: str
    version: str


class Coder(TypedDict):
    """A coder, and how much was coded."""

    coder: str
    episodes: int
    codings: int
    contested: int


class Resampling(TypedDict):
    """How the intervals were computed."""

    method: str
    level: float
    resamples: int
    seed: int


class Coefficient(TypedDict):
    """A coefficient with its interval, None where there is none, and why."""

    value: float | None
    low: float | None
    high: float | None
    resamples: int
    note: str | None


class Measured(TypedDict):
    """How far coders agree on one variable."""

    compared: int
    alike: int
    agreement: float | None
    alpha: Coefficient
    ac1: Coefficient


class CodedVariable(Measured):
    """The same of one that is coded: codings by value, and the episodes on which coders part."""

    codings: dict[str, int]
    parted: list[str]


class CodedIndicator(CodedVariable):
    """The same of an indicator."""

    indicator: str
    group: str


class CoderVerdict(Verdict):
    """The verdict that a coder alone reaches, and the form that the coder gave."""

    form: str


class CoderConclusion(TypedDict):
    """What a coder's codings conclude of a fact, and the rule; None where no rule concludes it."""

    value: str
    rule: str | None


class DifferentCoding(TypedDict):
    """An indicator that was coded differently: coder → value."""

    indicator: str
    values: dict[str, str]


class Parting(TypedDict):
    """A fact on which coders part."""

    fact: str
    decisive: bool
    conclusions: dict[str, CoderConclusion]
    codings: list[DifferentCoding]


class EpisodeVerdicts(TypedDict):
    """The coders' verdicts on an episode; `agree` is None where only one coded it."""

    id: str
    agree: bool | None
    verdicts: dict[str, CoderVerdict]
    parting: list[Parting]


class IndicatorCount(TypedDict):
    """In how many episodes an indicator was coded differently."""

    indicator: str
    episodes: int


class PartingRules(TypedDict):
    """Rules that part coders on a fact, and the episodes in which they do."""

    fact: str
    rules: list[str]
    episodes: int
    decisive: int
    codings: list[IndicatorCount]
    ids: list[str]


class RulebookAgreement(TypedDict):
    """How far the verdicts of one rulebook agree."""

    rulebook: RulebookRef
    verdicts: Measured
    rules: list[PartingRules]
    train_on: list[IndicatorCount]
    episodes: list[EpisodeVerdicts]


class Agreement(TypedDict):
    """The whole."""

    codebook: CodebookRef
    coders: list[Coder]
    episodes: int
    compared: int
    nameless: int
    rejected: int
    bootstrap: Resampling
    form: CodedVariable
    indicators: list[CodedIndicator]
    rulebooks: list[RulebookAgreement]
