"""How far coders agree beyond chance: Krippendorff's alpha and Gwet's AC1, with intervals.

Units are episodes, values are nominal or, on a scale, ordinal for alpha; what a coder has not coded
is missing.

- alpha: K. Krippendorff, *Computing Krippendorff's Alpha-Reliability* (2011), section C; by
  `krippendorff`.
- AC1: K. L. Gwet, Computing inter-rater reliability and its variance in the presence of high
  agreement, *British Journal of Mathematical and Statistical Psychology* 61 (2008); with missing
  values as in his *Handbook of Inter-Rater Reliability* (4th ed., 2014). Computed here: the library
  for it, `irrCAC`, cannot be installed beside what reads Parquet. The tests hold it to its answers.
- intervals: percentile bootstrap over the episodes. Both coefficients depend only on how many
  coders gave each value to each episode, so a resample is a draw of how often each such pattern
  occurs, and all resamples are computed at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: The share of resamples that an interval covers.
LEVEL = 0.95
#: Fewer episodes coded by two coders say nothing of agreement beyond chance.
FEWEST = 2


class CoefficientsMissing(ImportError):
    """The library that computes alpha is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "the library 'krippendorff' is not installed, which alpha is computed with; "
            "pip install 'softbalance[coders]'"
        )


@dataclass(frozen=True, slots=True)
class Bootstrap:
    """How many resamples are drawn, and from which seed."""

    resamples: int = 1000
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Coefficient:
    """A coefficient, or None where there is none, and its interval.

    The interval rests on `resamples` resamples: those in which the coefficient is defined. `note`
    says in words why something is missing, or what the figure cannot tell.
    """

    value: float | None = None
    low: float | None = None
    high: float | None = None
    resamples: int = 0
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Reliability:
    """Agreement on one variable.

    `compared` counts the episodes that two coders or more have coded, `alike` those of them in
    which all coders gave the same value, `counts` the codings by value. `agreement` is the share
    of the pairs of codings of an episode that are alike, averaged over the episodes compared.
    """

    compared: int
    alike: int
    counts: dict[str, int]
    agreement: float | None
    alpha: Coefficient
    ac1: Coefficient


def measure_reliability(
    units: Sequence[Sequence[str | None]],
    scale: Sequence[str],
    bootstrap: Bootstrap,
    *,
    ordinal: bool = False,
) -> Reliability:
    """Measure the agreement on `units`: for each episode the value each coder gave, None if none.

    `scale` are the values that could be given; other values count as not coded. Where they are
    `ordinal`, from the lowest to the highest, alpha weighs how far apart two values are; AC1 does
    not. Raises CoefficientsMissing.
    """
    rated = [unit for unit in units if any(value in scale for value in unit)]
    tallies = [[unit.count(value) for value in scale] for unit in rated]
    compared = [tally for tally in tallies if sum(tally) > 1]
    counts = {value: sum(tally[i] for tally in tallies) for i, value in enumerate(scale)}
    alike = sum(max(tally) == sum(tally) for tally in compared)
    if len(compared) < FEWEST:
        none = Coefficient(note=_explain_too_few(len(compared)))
        return Reliability(len(compared), alike, counts, _measure_observed(compared), none, none)
    drawn = _resample(tallies, bootstrap, ordinal=ordinal)
    used = [value for i, value in enumerate(scale) if any(tally[i] for tally in compared)]
    if len(used) == 1:
        alpha = Coefficient(note=f"every coding compared is {used[0]!r}: {_NO_VARIATION}")
    else:
        alpha = _add_interval(_alpha(tallies, ordinal=ordinal), drawn[0], alike == len(compared))
    ac1 = _add_interval(_ac1(tallies), drawn[1], alike == len(compared))
    return Reliability(len(compared), alike, counts, _measure_observed(compared), alpha, ac1)


_NO_VARIATION = (
    "with no variation, agreement by chance would be complete too, and alpha is not defined"
)


def _explain_too_few(compared: int) -> str:
    episodes = "no episode is" if compared == 0 else "only one episode is"
    return f"{episodes} coded by two coders; it takes two episodes"


def _measure_observed(compared: Sequence[Sequence[int]]) -> float | None:
    shares = [
        sum(n * (n - 1) for n in tally) / (sum(tally) * (sum(tally) - 1)) for tally in compared
    ]
    return sum(shares) / len(shares) if shares else None


def _alpha(tallies: Sequence[Sequence[int]], *, ordinal: bool) -> float:
    try:
        import krippendorff  # noqa: PLC0415 - perhaps not installed
    except ImportError as error:
        raise CoefficientsMissing from error
    level: Literal["ordinal", "nominal"] = "ordinal" if ordinal else "nominal"
    return float(krippendorff.alpha(value_counts=tallies, level_of_measurement=level))


def _ac1(tallies: Sequence[Sequence[int]]) -> float:
    import numpy as np  # noqa: PLC0415 - slow to import

    return float(ac1s(np.asarray(tallies), np.ones((1, len(tallies)), dtype=int))[0])


def _add_interval(value: float, drawn: Floats, alike: bool) -> Coefficient:
    import numpy as np  # noqa: PLC0415

    defined = drawn[~np.isnan(drawn)]
    tail = (1 - LEVEL) / 2
    low, high = (float(bound) for bound in np.quantile(defined, [tail, 1 - tail]))
    note = None
    if alike:
        note = (
            "no disagreement in the sample, so none in a resample: the interval cannot show how "
            "sure this is"
        )
    elif len(defined) < len(drawn):
        note = (
            f"{len(drawn) - len(defined):,} of {len(drawn):,} resamples had no variation and "
            "are left out of the interval"
        )
    return Coefficient(value, low, high, len(defined), note)


def _resample(
    tallies: Sequence[Sequence[int]], bootstrap: Bootstrap, *, ordinal: bool
) -> tuple[Floats, Floats]:
    """Return alpha and AC1 of each resample, not a number where one is not defined."""
    import numpy as np  # noqa: PLC0415

    patterns, often = np.unique(np.asarray(tallies), axis=0, return_counts=True)
    # the legacy generator: its stream is the one that numpy keeps the same for good (NEP 19), and
    # a published interval should come out again
    chance = np.random.RandomState(bootstrap.seed)
    drawn = chance.multinomial(len(tallies), often / len(tallies), size=bootstrap.resamples)
    of_samples = ordinal_alphas if ordinal else alphas
    return of_samples(patterns, drawn), ac1s(patterns, drawn)


def alphas(patterns: Any, drawn: Any) -> Floats:
    """Return alpha of samples: `drawn` (samples × patterns) says how often each pattern occurs.

    A pattern (patterns × values) is how many coders gave each value to an episode.
    """
    import numpy as np  # noqa: PLC0415

    coders = patterns.sum(axis=1)
    pairable = drawn * (coders > 1)
    agreeing = (patterns * (patterns - 1)).sum(axis=1) / np.maximum(coders - 1, 1)
    by_value = pairable @ patterns
    codings = by_value.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        observed = 1 - (pairable @ agreeing) / codings
        expected = 1 - (by_value * (by_value - 1)).sum(axis=1) / (codings * (codings - 1))
        found = 1 - observed / expected
    return cast("Floats", np.where(expected > 0, found, np.nan))


def ordinal_alphas(patterns: Any, drawn: Any) -> Floats:
    """Return alpha of samples as `alphas` does, for values from the lowest to the highest."""
    import numpy as np  # noqa: PLC0415

    coders = patterns.sum(axis=1)
    same = np.eye(patterns.shape[1])
    others = np.maximum(coders - 1, 1)[:, None, None]
    pairs = patterns[:, :, None] * (patterns[:, None, :] - same) / others
    pairable = drawn * (coders > 1)
    observed = np.tensordot(pairable, pairs, axes=1)
    by_value = pairable @ patterns
    codings = by_value.sum(axis=1)
    # how many codings lie between two values, half of those of the two themselves
    below = np.cumsum(by_value, axis=1) - by_value / 2
    apart = (below[:, :, None] - below[:, None, :]) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        chance = by_value[:, :, None] * (by_value[:, None, :] - same) / (codings - 1)[:, None, None]
        expected = (chance * apart).sum(axis=(1, 2))
        found = 1 - (observed * apart).sum(axis=(1, 2)) / expected
    return cast("Floats", np.where(expected > 0, found, np.nan))


def ac1s(patterns: Any, drawn: Any) -> Floats:
    """Return AC1 of samples; see `alphas`. The scale has as many values as a pattern."""
    import numpy as np  # noqa: PLC0415

    coders = patterns.sum(axis=1)
    pairable = drawn * (coders > 1)
    agreeing = (patterns * (patterns - 1)).sum(axis=1) / np.maximum(coders * (coders - 1), 1)
    shares = (drawn @ (patterns / coders[:, None])) / drawn.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        observed = (pairable @ agreeing) / pairable.sum(axis=1)
        expected = (shares * (1 - shares)).sum(axis=1) / (patterns.shape[1] - 1)
        return cast("Floats", (observed - expected) / (1 - expected))
