"""Writes `golden/ac1-by-irrcac.json`: datasets drawn at random, and their AC1 as irrCAC has it.

irrCAC pins scipy 1.12 and so numpy below 2, with which pyarrow cannot be imported. So it is asked
once, in an environment of its own, and its answers are kept:

    uv run --no-project --with irrCAC python tests/helpers/ac1_by_irrcac.py
"""

import json
import random
import warnings

import pandas  # type: ignore[import-not-found, import-untyped, unused-ignore]
from irrCAC.raw import CAC  # type: ignore[import-not-found, import-untyped, unused-ignore]

from places import TESTS

KEPT = TESTS / "golden" / "ac1-by-irrcac.json"


def main() -> None:
    chance = random.Random(5)
    kept = [case for case in map(_drawn, [chance] * 120) if _pairable(case) > 1]
    for case in kept:
        numbers = {value: float(i) for i, value in enumerate(case["scale"])}
        ratings = pandas.DataFrame(
            [[numbers.get(value, float("nan")) for value in unit] for unit in case["units"]]
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = CAC(ratings, categories=list(numbers.values()), digits=12).gwet()
        case["ac1"] = float(found["est"]["coefficient_value"])
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in kept)
    KEPT.write_text(f"[\n{lines}\n]\n", "utf-8")


def _drawn(chance: random.Random) -> dict:  # type: ignore[type-arg]
    """From two to five coders and values, up to thirty units, a third of the codings missing."""
    scale = "abcde"[: chance.randint(2, 5)]
    coders = chance.randint(2, 5)
    weights = [chance.random() for _ in scale]
    units = [
        "".join(
            "." if chance.random() < 0.3 else chance.choices(scale, weights)[0]
            for _ in range(coders)
        )
        for _ in range(chance.randint(2, 30))
    ]
    return {"scale": scale, "units": [unit for unit in units if unit.strip(".")]}


def _pairable(case: dict) -> int:  # type: ignore[type-arg]
    return sum(len(unit.replace(".", "")) > 1 for unit in case["units"])


if __name__ == "__main__":
    main()
