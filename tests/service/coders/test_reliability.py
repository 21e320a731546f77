"""The coefficients come out as published, and their intervals as they should."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import product
from typing import Any, Literal

import krippendorff
import numpy as np
import pytest
from softbalance.service.coders.reliability import (
    Bootstrap,
    Reliability,
    ac1s,
    alphas,
    measure_reliability,
    ordinal_alphas,
)

from golden import GOLDEN

Units = list[list[str | None]]
YES_NO = ("yes", "no")


def _units(*coders: str) -> Units:
    """What each coder said of each unit, a letter each; a dot is nothing."""
    return [[None if v == "." else v for v in unit] for unit in zip(*coders, strict=True)]


# K. Krippendorff, Computing Krippendorff's Alpha-Reliability (Annenberg School for Communication,
# University of Pennsylvania, 2011), sections A, B and C
MEG_AND_OWEN = _units("0100000010", "1110010000")
BEN_AND_GERRY = _units("aabbdcccedda", "babbbccceddd")
FOUR_OBSERVERS = _units("123321412...", "1233224125.3", ".3332342251.", "12332441251.")


def _measured(units: Units, scale: str | tuple[str, ...] = YES_NO, **drawn: int) -> Reliability:
    return measure_reliability(units, tuple(scale), Bootstrap(**{"resamples": 200, **drawn}))


@pytest.mark.parametrize(
    ("units", "scale", "published"),
    [
        pytest.param(MEG_AND_OWEN, "01", 0.095, id="A: binary, two observers"),
        pytest.param(BEN_AND_GERRY, "abcde", 0.692, id="B: nominal, two observers"),
        pytest.param(FOUR_OBSERVERS, "12345", 0.743, id="C: nominal, four observers, missing data"),
    ],
)
def test_alpha_is_krippendorffs_own(units: Units, scale: str, published: float) -> None:
    assert _measured(units, scale).alpha.value == pytest.approx(published, abs=0.0005)


def test_ac1_is_gwets_own_with_four_raters_and_missing_ratings() -> None:
    # the same data in K. L. Gwet, Handbook of Inter-Rater Reliability (4th ed., 2014), and in the
    # documentation of his software: AC1 0.77544, agreement 0.81818
    measured = _measured(FOUR_OBSERVERS, "12345")
    assert measured.ac1.value == pytest.approx(0.77544, abs=0.000005)
    assert measured.agreement == pytest.approx(0.81818, abs=0.000005)


def test_ac1_is_gwets_own_where_kappa_is_paradoxical() -> None:
    # K. L. Gwet, Kappa Statistic Is Not Satisfactory for Assessing the Extent of Agreement Between
    # Raters (2002): 125 subjects, 118 of them positive for both raters
    units = _units("y" * 118 + "yyyyynn", "y" * 118 + "nnnnnyy")
    measured = _measured(units, "yn")
    assert measured.ac1.value == pytest.approx(0.9408, abs=0.00005)
    assert measured.alpha.value is not None
    assert measured.alpha.value < 0


KEPT = json.loads((GOLDEN / "ac1-by-irrcac.json").read_text("utf-8"))


@pytest.mark.parametrize("case", KEPT)
def test_ac1_is_as_irrcac_has_it(case: dict[str, Any]) -> None:
    measured = _measured(
        [[None if v == "." else v for v in u] for u in case["units"]], case["scale"]
    )
    assert measured.ac1.value == pytest.approx(case["ac1"], abs=1e-9)


@pytest.mark.parametrize(
    ("level", "of_samples"), [("nominal", alphas), ("ordinal", ordinal_alphas)]
)
def test_alpha_of_a_resample_is_as_krippendorff_has_it(
    level: Literal["nominal", "ordinal"], of_samples: Callable[..., Any]
) -> None:
    defined = 0
    for case in KEPT:
        tallies = np.array(
            [[unit.count(value) for value in case["scale"]] for unit in case["units"]]
        )
        found = of_samples(tallies, np.ones((1, len(tallies)), dtype=int))[0]
        with np.errstate(invalid="ignore"):
            alpha = krippendorff.alpha(value_counts=tallies, level_of_measurement=level)
        assert found == pytest.approx(alpha, abs=1e-9, nan_ok=True)
        defined += not np.isnan(alpha)
    assert defined > 80


def test_the_interval_is_that_of_all_resamples_there_are() -> None:
    units = _units("yyyynn", "yynynn")
    patterns = np.array([[unit.count(value) for value in "yn"] for unit in units])
    counts = [np.bincount(chosen, minlength=6) for chosen in product(range(6), repeat=6)]
    measured = _measured(units, "yn", resamples=100_000)
    for values, found in (
        (alphas(patterns, np.array(counts)), measured.alpha),
        (ac1s(patterns, np.array(counts)), measured.ac1),
    ):
        exact = values[~np.isnan(values)]
        low, high = np.quantile(exact, [0.025, 0.975])
        assert (found.low, found.high) == pytest.approx((low, high), abs=0.02)
        assert found.resamples / 100_000 == pytest.approx(len(exact) / 6**6, abs=0.005)


def test_the_same_seed_gives_the_same_interval() -> None:
    once, again, other = (_measured(MEG_AND_OWEN, "01", seed=seed) for seed in (7, 7, 8))
    assert once == again
    assert once.alpha.value == other.alpha.value
    assert (once.alpha.low, once.alpha.high) != (other.alpha.low, other.alpha.high)


def test_alpha_without_variation_is_explained_and_ac1_given() -> None:
    measured = _measured([["no", "no"]] * 5)
    assert measured.alpha.value is None
    assert measured.alpha.note == (
        "every coding compared is 'no': with no variation, agreement by chance would be complete "
        "too, and alpha is not defined"
    )
    assert (measured.ac1.value, measured.ac1.low, measured.ac1.high) == (1, 1, 1)
    assert "cannot show how sure" in str(measured.ac1.note)


@pytest.mark.parametrize(
    ("units", "note"),
    [
        ([], "no episode is coded by two coders; it takes two episodes"),
        ([["yes", None], [None, "no"]], "no episode is coded by two coders; it takes two episodes"),
        ([["yes", "no"], ["yes", None]], "only one episode is coded by two coders; it takes two"),
    ],
)
def test_too_few_episodes_are_explained(units: Units, note: str) -> None:
    measured = _measured(units)
    assert measured.alpha.value is measured.ac1.value is None
    assert note in str(measured.alpha.note)


def test_resamples_without_variation_are_left_out_and_counted() -> None:
    measured = _measured(_units("yyyy", "yyyn"), "yn")
    assert 0 < measured.alpha.resamples < 200
    left = 200 - measured.alpha.resamples
    assert f"{left:,} of 200 resamples had no variation" in str(measured.alpha.note)
    assert measured.ac1.resamples == 200
