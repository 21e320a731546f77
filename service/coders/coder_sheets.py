"""What each coder has coded of each episode.

A sheet needs the column `coder`; in an Episode each observation may have one. A coder's own
observations of an episode are reconciled as those of all coders are, so that a coder who is of two
minds codes `contested`. Coders need not agree on the form: each has their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from softbalance.rules.codings import Codings
from softbalance.rules.model import FORM, Codebook
from softbalance.rules.wording import format_count
from softbalance.schemas.mistakes import Mistake
from softbalance.service.datasets.coded_rows import (
    CodedRow,
    CodedRows,
    Observation,
    places,
    read_rows,
    read_table_rows,
    reconcile_rows,
)
from softbalance.service.datasets.reading.dataset import Part
from softbalance.service.datasets.reading.defects import DISAGREE, UnusableDataset
from softbalance.service.datasets.reading.formats import Format
from softbalance.service.datasets.reading.layouts import CODER, ID, SheetLayout
from softbalance.service.datasets.reading.reading_options import AS_IS, ReadingOptions
from softbalance.service.datasets.reading.rejects import Reject
from softbalance.service.datasets.reading.values import strip_blanks


@dataclass(frozen=True)
class CodedEpisodes:
    """Codings by episode and coder, both in the order in which they first appear.

    `rejects` tell what could not be used, as `softbalance classify` does; `files` are the names of
    the inputs. `nameless` counts the observations that name no coder: they are nobody's. `warnings`
    say what may not be meant so.
    """

    episodes: dict[str, dict[str, Codings]]
    rejects: list[Reject]
    nameless: int
    files: list[str]
    warnings: list[str]

    @property
    def coders(self) -> list[str]:
        """Return the coders, in order of first appearance."""
        return list(dict.fromkeys(c for by_coder in self.episodes.values() for c in by_coder))


#: What one coder says of one episode, and in which row.
_Sheet = list[tuple[CodedRow, Observation]]


def read_coded(
    inputs: Sequence[str],
    codebook: Codebook,
    outputs: Sequence[Path],
    reading: ReadingOptions = AS_IS,
) -> CodedEpisodes:
    """Read sheets or Episodes; globs and `-` as elsewhere.

    Raises UnusableDataset, also where a file does not tell coders apart, or is one of the
    `outputs`, the files to be written.
    """
    return _gather(read_rows(inputs, codebook, outputs, _check_coders, reading))


def read_coded_table(frame: Any, codebook: Codebook, reading: ReadingOptions) -> CodedEpisodes:
    """Read a table in memory, by Arrow. Raises UnusableDataset."""
    return _gather(read_table_rows(frame, codebook, _check_coders, reading))


def check_several(coded: CodedEpisodes) -> None:
    """Raise UnusableDataset where fewer than two coders have coded something."""
    if len(coded.coders) < 2:
        found = f"only {coded.coders[0]!r} has" if coded.coders else "nobody has"
        raise UnusableDataset(
            f"agreement takes two coders, and {found} coded anything here"
            + _explain_refusal(coded)
            + "; give all coders' files at once, each row with its coder"
        )


def _explain_refusal(coded: CodedEpisodes) -> str:
    reasons = []
    if coded.nameless:
        name = "names" if coded.nameless == 1 else "name"
        reasons.append(f"{format_count(coded.nameless, 'observations')} {name} no coder")
    if coded.rejects:
        first = coded.rejects[0]
        reasons.append(f"line {first.line}: {first.message}")
    return f" ({'; '.join(reasons)})" if reasons else ""


def _gather(read: CodedRows) -> CodedEpisodes:
    sheets: dict[str, dict[str, _Sheet]] = {}
    nameless = 0
    for row in read.sound:
        for said in row.observations:
            coder = strip_blanks(said.get(CODER))
            nameless += not coder
            if coder:
                sheets.setdefault(row.id, {}).setdefault(coder, []).append((row, said))
    rejects = list(read.rejects)
    episodes: dict[str, dict[str, Codings]] = {}
    for id_, by_coder in sheets.items():
        for coder, sheet in by_coder.items():
            if len({row.form for row, _ in sheet}) > 1:
                rejects += _forms_differ(coder, sheet)
                continue
            observations = [said for _, said in sheet]
            codings = reconcile_rows(read.codebook, sheet[0][0].form, observations)
            episodes.setdefault(id_, {})[coder] = codings
    return CodedEpisodes(episodes, sorted(rejects), nameless, read.files, read.warn())


def _check_coders(part: Part) -> None:
    if part.file.format is Format.NDJSON:
        return
    if part.header.layout is SheetLayout.WIDE and ID not in part.header.places:
        raise UnusableDataset(
            f"{part.file.name}: no column 'id' in the header, so nobody can tell which rows are of "
            "one episode; add it, with the same id for an episode in each coder's rows"
        )
    if CODER not in places(part):
        raise UnusableDataset(
            f"{part.file.name}: no column 'coder' in the header, so nobody can tell who coded "
            "what; add it, with the name or initials of who coded each row"
        )


def _forms_differ(coder: str, sheet: _Sheet) -> list[Reject]:
    mistake = Mistake(
        DISAGREE, f"{coder!r} gives this episode several forms; make the rows of a coder agree"
    )
    return [row.reject(FORM, row.form, mistake) for row, _ in sheet]
