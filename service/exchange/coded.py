"""Coded data by episode: what all coders together say of each, reconciled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from softbalance.rules.codings import Codings
from softbalance.rules.model import FORM, Codebook
from softbalance.schemas.mistakes import Mistake
from softbalance.service.datasets.coded_rows import CodedRow, Observation, read_rows, reconcile_rows
from softbalance.service.datasets.reading.dataset import Part
from softbalance.service.datasets.reading.defects import DISAGREE
from softbalance.service.datasets.reading.formats import Format
from softbalance.service.datasets.reading.layouts import ID, SheetLayout
from softbalance.service.datasets.reading.rejects import Reject
from softbalance.service.datasets.reading.values import disagreement


@dataclass(frozen=True, slots=True)
class CodedEpisode:
    """An episode with every observation of it, and the codings that these come to."""

    id: str
    about: dict[str, str]
    observations: list[Observation]
    codings: Codings
    row: CodedRow

    @property
    def form(self) -> str:
        """Return the form of the action."""
        return self.codings.form


@dataclass(frozen=True)
class CodedData:
    """Episodes in order of first appearance, the rows left out, and the names of the inputs.

    `warnings` say what may not be meant so.
    """

    episodes: list[CodedEpisode]
    rejects: list[Reject]
    files: list[str]
    warnings: list[str]


def read_data(
    inputs: Sequence[str], codebook: Codebook, outputs: Sequence[Path], *, quoting: bool = True
) -> CodedData:
    """Read coded data of any layout and put the rows of an id together.

    Rows of an id that name several forms are rejected, as `softbalance classify` does; so is a row
    of a wide sheet whose id stood before, since here ids have to tell episodes apart. Raises
    UnusableDataset, also where an input is one of the `outputs`, the files to be written.
    """
    wide: list[bool] = []

    def look(part: Part) -> None:
        sheet = part.file.format is not Format.NDJSON
        wide.append(sheet and part.header.layout is SheetLayout.WIDE)

    read = read_rows(inputs, codebook, outputs, look, quoting=quoting)
    by_id: dict[str, list[CodedRow]] = {}
    rejects = list(read.rejects)
    for row in read.sound:
        rows = by_id.setdefault(row.id, [])
        if rows and wide[row.file]:
            rejects.append(row.reject(ID, row.id, _report_repeated_id(rows[0])))
        else:
            rows.append(row)
    episodes = []
    for id_, rows in by_id.items():
        if len({row.form for row in rows}) > 1:
            rejects += [row.reject(FORM, row.form, disagreement(row.form)) for row in rows]
            continue
        episodes.append(_episode(codebook, id_, rows))
    return CodedData(episodes, sorted(rejects), read.files, read.warn())


def _report_repeated_id(first: CodedRow) -> Mistake:
    return Mistake(
        DISAGREE,
        f"line {first.line} has this id already; here ids have to tell episodes apart",
    )


def _episode(codebook: Codebook, id_: str, rows: Sequence[CodedRow]) -> CodedEpisode:
    observations = [said for row in rows for said in row.observations]
    about: dict[str, str] = {}
    for row in rows:
        about = row.about | about
    codings = reconcile_rows(codebook, rows[0].form, observations)
    return CodedEpisode(id_, about, observations, codings, rows[0])
