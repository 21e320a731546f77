"""Episodes that arrive as a stream, answered in order, a chunk at a time.

Each chunk is decided whole by the relational engine, which tells the rules that fired; the answer
is made of these as if the episode had come alone. No more than a chunk is held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from softbalance.rules.classifier import Classifier
from softbalance.rules.codings import reconcile
from softbalance.rules.episode.decision import Decision
from softbalance.rules.model import FORM, Codebook, ForeignForm
from softbalance.rules.table.chunks import ChunkDecider
from softbalance.schemas.classification import Answer
from softbalance.schemas.episode import Episode
from softbalance.schemas.mistakes import LocatedMistake, pointer
from softbalance.service.datasets.reading.defects import TOO_MANY, UnusableDataset, count_lines
from softbalance.service.datasets.reading.episode_lines import EpisodeReader, InvalidEpisode, lines
from softbalance.service.datasets.reading.formats import Format
from softbalance.service.datasets.reading.layouts import CODER, HELP, ID, SheetLayout, read_header
from softbalance.service.datasets.reading.rejects import mistakes_in
from softbalance.service.datasets.reading.sheets import read_sheet
from softbalance.service.datasets.reading.text_lines import Lines
from softbalance.service.datasets.reading.text_rows import Record, Records
from softbalance.service.datasets.reading.values import DEFAULT_SPELLINGS, fold_case, strip_blanks

#: Lines decided together.
CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a batch: its number from 1 and either an Episode or what is wrong with it.

    Pointers of mistakes lead into the line's JSON; for CSV they name a column.
    """

    number: int
    episode: Episode | None
    mistakes: Sequence[LocatedMistake] = ()


#: A line and its answer, None for a line of mistakes.
Answered = tuple[Line, Answer | None]


def episode_lines(stream: BinaryIO, codebook: Codebook, most: int | None = None) -> Iterator[Line]:
    """Yield the lines of NDJSON that are not blank.

    After `most` lines, blank ones too, a line whose mistake is TOO_MANY is the last.
    """
    reader = EpisodeReader(codebook)
    for number, text in lines(stream, most):
        if most is not None and number > most:
            yield Line(number, None, [LocatedMistake("", TOO_MANY, count_lines(most))])
            return
        try:
            yield Line(number, reader.read(text))
        except InvalidEpisode as error:
            yield Line(number, None, error.mistakes)


def sheet_lines(stream: BinaryIO, codebook: Codebook, most: int | None = None) -> Iterator[Line]:
    """Read the header of a wide CSV and return its rows, each as an Episode of its codings.

    `line` is where a row begins. After `most` lines below the header, blank ones too, a line whose
    mistake is TOO_MANY is the last. Raises UnusableDataset for a header that cannot be used.
    """
    lines = Lines(stream)
    names, sheet = read_sheet(lines, Format.CSV, "the body")
    header = read_header(names, codebook, "the body")
    if header.layout is SheetLayout.LONG:
        raise UnusableDataset("the body: is in the long layout; send a row an episode")
    rows = Records(lines, sheet.delimiter, len(names), most=most)
    read = (_sheet_line(row, sheet.delimiter, header.places, codebook) for row in rows)
    return (line for line in read if line is not None)


def _sheet_line(
    row: Record, delimiter: str, places: Mapping[str, int], codebook: Codebook
) -> Line | None:
    """Return a row as a line, or None for a row of help."""
    number = row.line
    if row.mistake is not None:
        return Line(number, None, [LocatedMistake("", row.mistake.code, str(row.mistake))])
    cells = row.raw.split(delimiter.encode()) if row.fields is None else row.fields
    said = {name: cells[place].decode() for name, place in places.items()}
    wrong = list(mistakes_in(said, codebook, grouped=False))
    id_ = strip_blanks(said.get(ID))
    if wrong and id_ == HELP:
        return None
    if wrong:
        mistakes = [LocatedMistake(pointer((column,)), m.code, str(m)) for column, _, m in wrong]
        return Line(number, None, mistakes)
    values = {
        name: value
        for name, indicator in codebook.indicators.items()
        if name in said and (value := DEFAULT_SPELLINGS.parse(name, said[name], indicator))
    }
    episode: Episode = {FORM: fold_case(said[FORM])}
    if coder := strip_blanks(said.get(CODER)):
        episode["observations"] = [
            {"indicator": name, "value": value, "coder": coder} for name, value in values.items()
        ]
    else:
        episode["indicators"] = values
    return Line(number, {ID: id_, **episode} if id_ else episode)


def classify_lines(
    read: Iterable[Line],
    classifier: Classifier,
    detail: str,
    decided: Callable[..., None] | None = None,
) -> Iterator[Answered]:
    """Yield each line with its answer (see `Classifier.classify`), None for a line of mistakes.

    In order; no line of a chunk is read before the chunk before it is answered. `decided` is
    told of the decisions of each chunk. Raises EngineFailure, and what reading raises after the
    lines that were read before it.
    """
    remaining = Remaining(read)
    with ChunkDecider(classifier.rulebook) as decider:
        while chunk := remaining.take(CHUNK):
            codebook = classifier.rulebook.codebook
            chunk = [_refuse_foreign_form(line, codebook) for line in chunk]
            codings = [reconcile(codebook, line.episode) for line in chunk if line.episode]
            fired = iter(zip(codings, decider.find_fired(codings), strict=True))
            made: list[Decision] = []
            try:
                for line in chunk:
                    if line.episode is None:
                        yield line, None
                        continue
                    coded, rules = next(fired)
                    made.append(
                        classifier.decider.decide_from_fired(coded.form, coded.values, rules)
                    )
                    yield line, classifier.answer(line.episode, coded, made[-1], detail)
            finally:
                if made and decided:
                    decided(*made)


def _refuse_foreign_form(line: Line, codebook: Codebook) -> Line:
    """Return a line, as one of mistakes where its form is none for the rulebook's codebook."""
    if line.episode is not None:
        try:
            codebook.own_form(line.episode["form"])
        except ForeignForm as error:
            return Line(line.number, None, [LocatedMistake("/form", "unknown", str(error))])
    return line


class Remaining:
    """Lines that are still to be read, in chunks."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._lines = iter(lines)
        self._error: Exception | None = None

    def take(self, most: int) -> list[Line]:
        """Return so many lines, or fewer at the end; raise what ended them when none is left."""
        chunk: list[Line] = []
        if self._error is None:
            try:
                # keeps what came before an error
                chunk.extend(islice(self._lines, most))
            except Exception as error:
                self._error = error
        if self._error is not None and not chunk:
            raise self._error
        return chunk
