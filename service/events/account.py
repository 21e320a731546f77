"""Where each row of a run went."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Account:
    """Where each row went: `rows` = `behind` + `rejected` + the sum of `out_of_scope`, always.

    `behind` are the rows behind a candidate; `reasons` counts mistakes by code, `repaired` the
    rows whose code had lost its leading zero.
    """

    rows: int = 0
    candidates: int = 0
    behind: int = 0
    rejected: int = 0
    repaired: int = 0
    out_of_scope: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
