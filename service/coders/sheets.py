"""What each coder has coded of each episode, read from long files or from Episodes.

A long file needs the column `coder`; in an Episode each observation may have one. A coder's own
observations of an episode are reconciled as the codebook says (step 0), so that a coder who is of
two minds codes `contested`. Coders need not agree on the form: each has their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import duckdb
from softbalance.rules.model import FORM, Codebook
from softbalance.rules.reconcile import Codings, reconcile
from softbalance.schemas.mistakes import Mistake
from softbalance.service.datasets.dataset import Part
from softbalance.service.datasets.episodes import EpisodeReader, InvalidEpisode, lines
from softbalance.service.datasets.formats import Format, open_inputs
from softbalance.service.datasets.layouts import HELP, ID, INDICATOR, VALUE, Layout
from softbalance.service.datasets.mistakes import DISAGREE, UnusableDataset
from softbalance.service.datasets.opening import open_dataset
from softbalance.service.datasets.outputs import workspace
from softbalance.service.datasets.records import records
from softbalance.service.datasets.rejects import Reject, joined, mistakes_in
from softbalance.service.datasets.sources import literal
from softbalance.service.datasets.values import folded, value_said

CODER = "coder"


@dataclass(frozen=True)
class CodedEpisodes:
    """Codings by episode and coder, both in the order in which they first appear.

    `rejects` tell what could not be used, as `softbalance classify` does; `files` are the names of
    the inputs. `nameless` counts the observations that name no coder: they are nobody's.
    """

    episodes: dict[str, dict[str, Codings]]
    rejects: list[Reject]
    nameless: int
    files: list[str]

    @property
    def coders(self) -> list[str]:
        """Return the coders, in order of first appearance."""
        return list(dict.fromkeys(c for by_coder in self.episodes.values() for c in by_coder))


class _Observation(NamedTuple):
    """A sound observation and where it stands."""

    file: int
    line: int
    id: str
    coder: str
    form: str
    indicator: str
    value: str
    row: str


@dataclass
class _Reading:
    """What has been read so far."""

    codebook: Codebook
    observations: list[_Observation] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    nameless: int = 0

    def row(self, file: int, line: int, said: Mapping[str, str | None], row: str) -> None:
        """Take a row of a long file by what its cells say, `coder` among them."""
        if said[ID] == HELP:
            return
        cells = {name: cell for name, cell in said.items() if name != CODER}
        mistakes = list(mistakes_in(cells, Layout.LONG, self.codebook))
        for column, value, mistake in mistakes:
            self.reject(file, line, said[ID] or "", (column, value), mistake, row)
        coder = (said[CODER] or "").strip()
        if mistakes or not coder:
            self.nameless += not mistakes
            return
        form, indicator = folded(said[FORM]), folded(said[INDICATOR])
        value = value_said(said[VALUE]) or ""
        self.observations.append(
            _Observation(file, line, said[ID] or "", coder, form, indicator, value, row)
        )

    def episode(self, file: int, line: int, episode: Mapping[str, Any], row: str) -> None:
        """Take an Episode, each of its observations for the coder whom it names."""
        if ID not in episode:
            mistake = Mistake("required", "has no id; episodes of several coders need one")
            self.reject(file, line, "", (f"/{ID}", ""), mistake, row)
            return
        self.nameless += len(episode.get("indicators", ()))
        for said in episode.get("observations", ()):
            coder = said.get(CODER, "").strip()
            self.nameless += not coder
            if coder:
                coded = (episode[FORM], said[INDICATOR], said[VALUE])
                self.observations.append(_Observation(file, line, episode[ID], coder, *coded, row))

    def reject(  # noqa: PLR0913, PLR0917 - as `Reject`
        self, file: int, line: int, id_: str, cell: tuple[str, str], mistake: Mistake, row: str
    ) -> None:
        self.rejects.append(Reject(file, line, id_, *cell, mistake.code, str(mistake), row))


def read_coded(inputs: Sequence[str], codebook: Codebook, streamed: Format | None) -> CodedEpisodes:
    """Read long files (.csv, .tsv, .parquet) or Episodes (.ndjson); globs and `-` as elsewhere.

    Raises UnusableDataset, also where a file does not tell coders apart.
    """
    reading = _Reading(codebook)
    with workspace(None) as folder, duckdb.connect() as connection:
        files = open_inputs(inputs, folder, streamed)
        dataset = open_dataset(files, codebook, (), connection)
        for index, part in enumerate(dataset.parts):
            if part.file.format is Format.NDJSON:
                _read_episodes(reading, index, part)
                continue
            _check_coders(part)
            for line, cells in _rows(reading, index, part, connection):
                said = {name: cells[place] for name, place in _places(part).items()}
                reading.row(index, line, said, joined(cells, part.delimiter))
    return _gathered(reading, [file.name for file in files])


def _check_coders(part: Part) -> None:
    if part.header.layout is Layout.WIDE:
        raise UnusableDataset(
            f"{part.file.name}: is a wide sheet, a row an episode; agreement needs the long "
            "layout, a row an observation with the columns id, form, indicator, value and coder "
            "(`softbalance codebook --format csv --layout long` prints a template)"
        )
    if CODER not in _places(part):
        raise UnusableDataset(
            f"{part.file.name}: no column 'coder' in the header, so nobody can tell who coded "
            "what; add it, with the name or initials of who coded each row"
        )


def _places(part: Part) -> dict[str, int]:
    names = [folded(name) for name in part.header.names]
    return part.header.places | ({CODER: names.index(CODER)} if CODER in names else {})


def _rows(
    reading: _Reading, index: int, part: Part, connection: duckdb.DuckDBPyConnection
) -> Iterator[tuple[int, list[str | None]]]:
    """Yield the cells of each row that can be read, with its line (in Parquet its number)."""
    if part.file.format is Format.PARQUET:
        found = connection.execute(f"FROM read_parquet({literal(str(part.file.path))})")
        for line, row in enumerate(found.fetchall(), 1):
            yield line, [None if cell is None else str(cell) for cell in row]
        return
    separator = part.delimiter.encode()
    with part.file.open() as stream:
        rows = records(stream, part.delimiter, len(part.header.names))
        next(rows, None)
        for record in rows:
            if record.mistake is not None:
                whole = record.raw.decode("utf-8", "backslashreplace")
                reading.reject(index, record.line, "", ("", whole), record.mistake, whole)
                continue
            fields = record.raw.split(separator) if record.fields is None else record.fields
            yield record.line, [cell.decode() for cell in fields]


def _read_episodes(reading: _Reading, index: int, part: Part) -> None:
    reader = EpisodeReader(reading.codebook)
    with part.file.open() as stream:
        for line, text in lines(stream):
            row = text.decode("utf-8", "backslashreplace")
            try:
                episode = reader.read(text)
            except InvalidEpisode as error:
                for mistake in error.mistakes:
                    told = Mistake(mistake.code, mistake.detail)
                    reading.reject(index, line, "", (mistake.pointer, ""), told, row)
                continue
            reading.episode(index, line, episode, row)


def _gathered(reading: _Reading, files: list[str]) -> CodedEpisodes:
    """Put the observations of each coder of each episode together."""
    sheets: dict[str, dict[str, list[_Observation]]] = {}
    for observation in reading.observations:
        by_coder = sheets.setdefault(observation.id, {})
        by_coder.setdefault(observation.coder, []).append(observation)
    episodes: dict[str, dict[str, Codings]] = {}
    for id_, by_coder in sheets.items():
        for coder, said in by_coder.items():
            if len({observation.form for observation in said}) > 1:
                _reject_forms(reading, coder, said)
                continue
            episodes.setdefault(id_, {})[coder] = _reconciled(reading.codebook, said)
    reading.rejects.sort(key=lambda reject: reject[:2])
    return CodedEpisodes(episodes, reading.rejects, reading.nameless, files)


def _reconciled(codebook: Codebook, said: Iterable[_Observation]) -> Codings:
    said = list(said)
    observations = [{INDICATOR: each.indicator, VALUE: each.value} for each in said]
    return reconcile(codebook, {FORM: said[0].form, "observations": observations})


def _reject_forms(reading: _Reading, coder: str, said: Iterable[_Observation]) -> None:
    for each in said:
        mistake = Mistake(
            DISAGREE, f"{coder!r} gives this episode several forms; make the rows of a coder agree"
        )
        reading.reject(each.file, each.line, each.id, (FORM, each.form), mistake, each.row)
