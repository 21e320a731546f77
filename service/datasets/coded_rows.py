"""Coded rows, whatever the layout: a row of a wide or a long sheet, or an Episode.

For people's codings, that fit in memory and are looked at one by one; `softbalance classify` is for
datasets of any size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
from softbalance.rules.codings import Codings, reconcile
from softbalance.rules.model import FORM, Codebook
from softbalance.rules.table.sql import quote_name
from softbalance.schemas import episode as episodes
from softbalance.schemas.episode import Episode
from softbalance.schemas.fields import UNKNOWN
from softbalance.schemas.mistakes import Mistake
from softbalance.service.datasets.outputs import check_apart, workspace
from softbalance.service.datasets.reading.cells import text_sql
from softbalance.service.datasets.reading.dataset import Dataset, Part
from softbalance.service.datasets.reading.defects import UnusableDataset
from softbalance.service.datasets.reading.duck_files import parquet_sql
from softbalance.service.datasets.reading.episode_lines import EpisodeReader, InvalidEpisode, lines
from softbalance.service.datasets.reading.formats import Format
from softbalance.service.datasets.reading.inputs import open_inputs
from softbalance.service.datasets.reading.layouts import (
    EPISODE_FIELDS,
    HELP,
    ID,
    INDICATOR,
    OBSERVATION_FIELDS,
    VALUE,
    SheetLayout,
)
from softbalance.service.datasets.reading.numbering import warn_of_spanning
from softbalance.service.datasets.reading.opening import open_dataset
from softbalance.service.datasets.reading.reading_options import AS_IS, ReadingOptions
from softbalance.service.datasets.reading.rejects import Reject, join_cells, mistakes_in
from softbalance.service.datasets.reading.text_rows import Records
from softbalance.service.datasets.reading.values import (
    DEFAULT_SPELLINGS,
    Spellings,
    find_indicator,
    fold_case,
    list_alike,
    strip_blanks,
    warn_of_alike,
)

#: An observation: `indicator` and `value`, and where present `source`, `locator`, `note`, `coder`.
Observation = dict[str, str]


@dataclass(frozen=True, slots=True)
class CodedRow:
    """A sound row: where it is, the episode it is about, and the observations it holds.

    `about` is what it says of the episode beside id and form: `title`, `hegemon`, `actors` (joined
    by `;`), `start`, `end`. `text` is the row whole. Whether it is `named`: else its id is made of
    its number.
    """

    file: int
    line: int
    id: str
    form: str
    about: dict[str, str]
    observations: list[Observation]
    text: str
    named: bool = True

    def reject(self, column: str, value: str, mistake: Mistake) -> Reject:
        """Return what a rejects file says of the row for one mistake."""
        return Reject(
            self.file, self.line, self.id, column, value, mistake.code, str(mistake), self.text
        )


@dataclass
class CodedRows:
    """The rows of all inputs in order, those that cannot be used, and the names of the files.

    `blank` counts the rows in which all fields are blank; `warnings` say what may not be meant so.
    """

    codebook: Codebook
    values: Spellings = DEFAULT_SPELLINGS
    files: list[str] = field(default_factory=list)
    sound: list[CodedRow] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    blank: int = 0
    warnings: list[str] = field(default_factory=list)

    def warn(self) -> list[str]:
        """Return all warnings: those too of ids and coders that are easily taken for one."""
        coders = (said.get("coder", "") for row in self.sound for said in row.observations)
        passed = f"passed over {self.blank:,} blank row{'s' if self.blank > 1 else ''}"
        return [
            *self.warnings,
            *warn_of_alike("ids", list_alike(row.id for row in self.sound)),
            *warn_of_alike("coders", list_alike(coders)),
            *([passed] if self.blank else []),
        ]


def read_rows(
    inputs: Sequence[str],
    codebook: Codebook,
    outputs: Sequence[Path],
    check: Callable[[Part], None],
    reading: ReadingOptions = AS_IS,
) -> CodedRows:
    """Read files of any format, globs and the stream `-`.

    `check` looks at each file before it is read. Raises UnusableDataset, as `check` may, and where
    an input is one of the `outputs`, the files to be written.
    """
    with workspace(None) as folder, duckdb.connect() as connection:
        files = open_inputs(inputs, folder, None, reading, codebook)
        check_apart(files, outputs)
        dataset = open_dataset(files, codebook, (), connection, reading)
        return _read_dataset(dataset, codebook, connection, check, reading)


def read_table_rows(
    frame: Any, codebook: Codebook, check: Callable[[Part], None], reading: ReadingOptions
) -> CodedRows:
    """Read a table in memory, by Arrow. Raises UnusableDataset, as `check` may."""
    from softbalance.service.datasets.reading.arrow_tables import open_table

    with duckdb.connect() as connection:
        dataset = open_table(frame, codebook, (), connection, reading)
        return _read_dataset(dataset, codebook, connection, check, reading)


def _read_dataset(
    dataset: Dataset,
    codebook: Codebook,
    connection: duckdb.DuckDBPyConnection,
    check: Callable[[Part], None],
    reading: ReadingOptions,
) -> CodedRows:
    read = CodedRows(codebook, reading.values, [part.file.name for part in dataset.parts])
    for index, part in enumerate(dataset.parts):
        check(part)
        read.warnings += part.header.warnings
        if part.file.format is Format.NDJSON:
            _read_episodes(read, index, part)
            continue
        several, meaning = len(dataset.parts) > 1, places(part)
        for number, line, cells in _cells(read, index, part, connection):
            said = {name: cells[place] for name, place in meaning.items()}
            made = f"{index + 1}-{number}" if several else f"row-{number}"
            _take(read, part, (index, line, join_cells(cells, part.delimiter)), said, made)
    return read


def places(part: Part) -> dict[str, int]:
    """Return the places of the columns that mean something, those passed over elsewhere too.

    Raises UnusableDataset where one of these stands twice.
    """
    long = part.header.layout is SheetLayout.LONG
    silent = (*EPISODE_FIELDS, *(OBSERVATION_FIELDS if long else ()))
    names = [fold_case(name) for name in part.header.names]
    for name in silent:
        if names.count(name) > 1:  # one of them would be passed over
            raise UnusableDataset(
                f"{part.file.name}: the column {name!r} stands {names.count(name)} times in the "
                "header; keep one, rename the others"
            )
    return part.header.places | {name: names.index(name) for name in silent if name in names}


def _cells(
    read: CodedRows, index: int, part: Part, connection: duckdb.DuckDBPyConnection
) -> Iterator[tuple[int, int, list[str | None]]]:
    """Yield the number, the line and the cells of each row that can be read."""
    if part.types:
        names = [f"c{place}" for place in range(len(part.types))]
        cells = ", ".join(map(text_sql, names, part.types))
        named = [*names, "__at"] if part.file.numbered else names
        line = "__at" if part.file.numbered else "NULL"
        in_memory = part.file.format is Format.TABLE
        table = quote_name(part.file.name) if in_memory else parquet_sql(part.file.path)
        query = f"SELECT {line}, {cells} FROM {table} AS named({', '.join(named)})"
        found = connection.execute(query).fetchall()
        for number, (at, *row) in enumerate(found, 1):
            yield number, at or number, row
        read.blank += part.file.blank
        return
    separator = part.delimiter.encode()
    with part.file.open() as stream:
        rows = part.read_rows(stream)
        yield from _read_text(read, index, rows, separator)
    read.blank += rows.blank
    read.warnings += warn_of_spanning(part, rows)


def _read_text(
    read: CodedRows, index: int, rows: Records, separator: bytes
) -> Iterator[tuple[int, int, list[str | None]]]:
    """Yield the rows of text that can be read; the others become rejects."""
    for number, record in enumerate(rows, 1):
        if record.mistake is not None:
            text = record.raw.decode("utf-8", "backslashreplace")
            code, told = record.mistake.code, str(record.mistake)
            read.rejects.append(Reject(index, record.line, "", "", text, code, told, text))
            continue
        fields = record.raw.split(separator) if record.fields is None else record.fields
        yield number, record.line, [cell.decode() for cell in fields]


def _take(
    read: CodedRows,
    part: Part,
    place: tuple[int, int, str],
    said: Mapping[str, str | None],
    made: str,
) -> None:
    """Take a row of a sheet by what its cells say; `made` is its id if it has none."""
    silent = (*EPISODE_FIELDS, *OBSERVATION_FIELDS)
    coded = {name: cell for name, cell in said.items() if name not in silent}
    id_ = strip_blanks(said.get(ID))
    grouped, values = part.header.grouped, read.values
    mistakes = list(mistakes_in(coded, read.codebook, grouped=grouped, values=values))
    if mistakes and id_ == HELP:
        return
    file, line, text = place
    for column, value, mistake in mistakes:
        read.rejects.append(
            Reject(file, line, id_, column, value, mistake.code, str(mistake), text)
        )
    if mistakes:
        return
    about = _pick_filled(said, EPISODE_FIELDS)
    known = _pick_filled(said, OBSERVATION_FIELDS)
    if part.header.layout is SheetLayout.LONG:
        indicator = find_indicator(said[INDICATOR], read.codebook)
        value = values.parse(VALUE, said[VALUE], indicator) or UNKNOWN
        observations = [{INDICATOR: fold_case(said[INDICATOR]), VALUE: value, **known}]
    else:
        found = {
            name: values.parse(name, said[name], indicator) or UNKNOWN
            for name, indicator in read.codebook.indicators.items()
            if name in said
        }
        # a coder who found nothing has looked: that is told of, as in the long layout
        observations = [
            {INDICATOR: n, VALUE: v, **known} for n, v in found.items() if grouped or v != UNKNOWN
        ]
    read.sound.append(
        CodedRow(
            file,
            line,
            id_ or made,
            fold_case(said[FORM]),
            about,
            observations,
            text,
            bool(id_),
        )
    )


def _pick_filled(said: Mapping[str, str | None], names: Iterable[str]) -> dict[str, str]:
    return {name: cell for name in names if (cell := strip_blanks(said.get(name)))}


def _read_episodes(read: CodedRows, index: int, part: Part) -> None:
    reader = EpisodeReader(read.codebook)
    with part.file.open() as stream:
        for number, (line, text) in enumerate(lines(stream), 1):
            row = text.decode("utf-8", "backslashreplace")
            try:
                episode = reader.read(text)
            except InvalidEpisode as error:
                read.rejects += [
                    Reject(index, line, "", m.pointer, "", m.code, m.detail, row)
                    for m in error.mistakes
                ]
                continue
            id_, form = episode.get(ID, f"row-{number}"), episode[FORM]
            about, said = _pick_about(episode), list(_observations(episode, read.codebook))
            read.sound.append(CodedRow(index, line, id_, form, about, said, row, ID in episode))


def reconcile_rows(codebook: Codebook, form: str, observations: Iterable[Observation]) -> Codings:
    """Reconcile what rows say of one episode."""
    said: list[episodes.Observation] = [
        {"indicator": each[INDICATOR], "value": each[VALUE]} for each in observations
    ]
    return reconcile(codebook, {"form": form, "observations": said})


def _pick_about(episode: Episode) -> dict[str, str]:
    said: dict[str, Any] = {**episode, **episode.get("period", {})}
    said["actors"] = ";".join(episode.get("actors", ()))
    return {name: said[name] for name in EPISODE_FIELDS if said.get(name)}


def _observations(episode: Episode, codebook: Codebook) -> Iterator[Observation]:
    indicators = codebook.indicators
    for indicator, value in episode.get("indicators", {}).items():
        yield {INDICATOR: indicator, VALUE: indicators[indicator].read(value)}
    for said in episode.get("observations", ()):
        source = said.get("source", {})
        found: dict[str, Any] = {
            **said,
            VALUE: indicators[said["indicator"]].read(said["value"]),
            "source": source.get("citation", source.get("url", "")),
            "locator": source.get("locator", ""),
        }
        names = (INDICATOR, VALUE, *OBSERVATION_FIELDS)
        yield {name: found[name] for name in names if found.get(name)}
