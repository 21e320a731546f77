"""What ends a run before it has begun, and the codes of what is wrong with a row."""

from __future__ import annotations


class UnusableDataset(ValueError):
    """An input, an output or an engine cannot be used; the message says why and what to do.

    Nothing has been written when this is raised.
    """


def count_lines(most: int) -> str:
    """Say that there are more lines than are taken."""
    return f"the batch has more than {most} lines"


#: Codes in a rejects file, beside those of `softbalance.schemas` (`unknown`, `required`, …).
RAGGED, QUOTING, ENCODING, LENGTH, JSON, DISAGREE, TOO_MANY = (
    "ragged",
    "quoting",
    "encoding",
    "length",
    "json",
    "disagree",
    "too-many-lines",
)
