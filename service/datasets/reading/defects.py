"""What ends a run before it has begun, and the codes of what is wrong with a row."""

from __future__ import annotations


class UnusableDataset(ValueError):
    """An input, an output or an engine cannot be used; the message says why and what to do.

    Nothing has been written when this is raised.
    """


#: Codes in a rejects file, beside those of `softbalance.schemas` (`unknown`, `required`, …).
RAGGED, QUOTING, ENCODING, LENGTH, JSON, DISAGREE = (
    "ragged",
    "quoting",
    "encoding",
    "length",
    "json",
    "disagree",
)
