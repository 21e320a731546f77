"""Coded data by episode: what all coders together say of each, reconciled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from softbalance.rules.codings import Codings
from softbalance.rules.model import FORM, Codebook
from softbalance.schemas.mistakes import Mistake, quote_value
from softbalance.service.datasets.coded_rows import CodedRow, Observation, read_rows, reconcile_rows
from softbalance.service.datasets.reading.dataset import Part
from softbalance.service.datasets.reading.defects import DISAGREE
from softbalance.service.datasets.reading.formats import Format
from softbalance.service.datasets.reading.layouts import EPISODE_FIELDS, ID
from softbalance.service.datasets.reading.reading_options import AS_IS, ReadingOptions
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
    inputs: Sequence[str],
    codebook: Codebook,
    outputs: Sequence[Path],
    reading: ReadingOptions = AS_IS,
) -> CodedData:
    """Read coded data of any layout and put the rows of an id together.

    Rows of an id that name several forms are rejected, as `softbalance classify` does; so is a row
    of a wide sheet without coders whose id stood before, since here ids have to tell episodes
    apart. Where they differ in what else they say of the episode, the first is taken, and a warning
    says so. Raises UnusableDataset, also where an input is one of the `outputs`, the files to be
    written.
    """
    alone: list[bool] = []

    def look(part: Part) -> None:
        alone.append(part.file.format is not Format.NDJSON and not part.header.grouped)

    read = read_rows(inputs, codebook, outputs, look, reading)
    by_id: dict[str, list[CodedRow]] = {}
    rejects = list(read.rejects)
    for row in read.sound:
        rows = by_id.setdefault(row.id, [])
        if rows and alone[row.file]:
            rejects.append(row.reject(ID, row.id, _report_repeated_id(rows[0])))
        else:
            rows.append(row)
    episodes = []
    for id_, rows in by_id.items():
        if len({row.form for row in rows}) > 1:
            rejects += [row.reject(FORM, row.form, disagreement(row.form)) for row in rows]
            continue
        episodes.append(_episode(codebook, id_, rows))
    warnings = [*read.warn(), *_warn_of_differing(by_id)]
    return CodedData(episodes, sorted(rejects), read.files, warnings)


def _warn_of_differing(by_id: Mapping[str, Sequence[CodedRow]]) -> list[str]:
    """Warn of what the rows of an id say differently of it, such as its actors."""
    differing = [
        (id_, name, list(said))
        for id_, rows in by_id.items()
        for name in EPISODE_FIELDS
        if len(said := {row.about[name]: None for row in rows if name in row.about}) > 1
    ]
    told = "; ".join(
        f"{quote_value(id_)} has the {name} {' and '.join(map(quote_value, said[:3]))}"
        for id_, name, said in differing[:3]
    )
    more = f"; and {len(differing) - 3:,} more" if len(differing) > 3 else ""
    return [f"rows of an id differ, and the first is taken: {told}{more}"] if told else []


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
