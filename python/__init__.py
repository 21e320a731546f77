"""softbalance in Python: episodes and tables classified in this process, without a service.

>>> import softbalance as sb
>>> answer = sb.classify({"form": "other", "indicators": {"constrains_hegemon": "no"}})
>>> answer.classification
'not_a_constraint'

What is asked for is imported then, so that importing this takes next to no time.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from softbalance.answers import Answer, InvalidEpisode, classify
    from softbalance.data_frames import ClassifiedTable, UnusableDataset, agreement, classify_table
    from softbalance.shelf import codebook, load, rulebooks, verify

__all__ = [
    "Answer",
    "ClassifiedTable",
    "InvalidEpisode",
    "UnusableDataset",
    "agreement",
    "classify",
    "classify_table",
    "codebook",
    "load",
    "rulebooks",
    "verify",
]
_HOMES = {
    "softbalance.answers": ("Answer", "InvalidEpisode", "classify"),
    "softbalance.shelf": ("codebook", "load", "rulebooks", "verify"),
    "softbalance.data_frames": (
        "ClassifiedTable",
        "UnusableDataset",
        "agreement",
        "classify_table",
    ),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            found = getattr(importlib.import_module(home), name)
            globals()[name] = found
            return found
    raise AttributeError(f"module 'softbalance' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
