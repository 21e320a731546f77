"""What a run of `softbalance classify` is asked for, what it came to, and where its rejects go."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from softbalance.rules.model import Codebook, Rulebook
from softbalance.rules.wording import format_count
from softbalance.service.datasets.outputs import REJECTS, name_beside
from softbalance.service.datasets.reading.reading_options import AS_IS, ReadingOptions


@dataclass(frozen=True, slots=True)
class ClassifyRequest:
    """What the command line asks for.

    `fired` asks for the rules that fired. The formats are those of all inputs and of the output,
    None where their endings tell. With `bom` CSV begins with a byte order mark; with
    `safe_cells` it has no cell that a spreadsheet runs as a formula.
    """

    inputs: tuple[str, ...]
    output: str
    rulebooks: Sequence[Rulebook]
    codebook: Codebook
    engine: str = "duckdb"
    master: str = "local[*]"
    fired: bool = True
    rejects: str | None = None
    input_format: str | None = None
    output_format: str | None = None
    reading: ReadingOptions = AS_IS
    bom: bool = False
    safe_cells: bool = False


@dataclass
class Outcome:
    """What a run came to: rows (or, if long, ids) classified, rows rejected, mistakes by code.

    `helped` counts the rows of help that were passed over, `blank` those in which all fields are
    blank. `warnings` say what may not be meant so.
    """

    classified: int = 0
    rejected: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    helped: int = 0
    blank: int = 0
    warnings: list[str] = field(default_factory=list)

    @property
    def passed_over(self) -> int:
        """How many rows are neither classified nor rejected."""
        return self.helped + self.blank


def rejects_path(request: ClassifyRequest) -> Path:
    """Return where the rejects of a run go."""
    return Path(request.rejects) if request.rejects else name_beside(request.output, REJECTS)


def report_passed_over(outcome: Outcome) -> None:
    """Say on standard error what a run passed over and what may not be meant so."""
    told = list(outcome.warnings)
    if outcome.helped:
        told.append("passed over the sheet's row of help (#help)")
    if outcome.blank:
        rows = "row" if outcome.blank == 1 else "rows"
        told.append(f"passed over {outcome.blank:,} blank {rows}")
    for line in told:
        print(f"softbalance: {line}", file=sys.stderr)


def report_rejected(outcome: Outcome, rejects: Path) -> None:
    """Say on standard error how many rows were rejected, and where they are."""
    rows = format_count(outcome.rejected, "rows")
    print(f"softbalance: {rows} rejected, see {rejects}", file=sys.stderr)
