"""Lines that hold an Episode each (NDJSON)."""

from __future__ import annotations

import codecs
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, cast

import orjson
from marshmallow import ValidationError
from softbalance.rules.codings import reconcile
from softbalance.rules.model import FORM, Codebook
from softbalance.schemas.episode import ID_PATTERN, MAX_OBSERVATIONS, Episode, episode_schema
from softbalance.schemas.mistakes import MOST_TOLD, LocatedMistake, MistakeList, locate_mistakes
from softbalance.schemas.strict_json import DuplicateKeys, NotJSON, parse
from softbalance.service.datasets.reading.dataset import Part
from softbalance.service.datasets.reading.defects import (
    JSON,
    LENGTH,
    UnusableDataset,
    find_lack_of_space,
)
from softbalance.service.datasets.reading.rejects import Reject

#: Bytes in a line.
MAX_LINE = 16 << 20
#: Code of the reject that counts the mistakes that are not told of a line.
MORE = "more"
_STRIDE = 1024
_SIMPLE = frozenset({"id", FORM, "indicators", "observations"})
_SAID = frozenset({"indicator", "value", "note", "coder"})


class InvalidEpisode(ValueError):
    """A line holds no valid Episode; `mistakes` tells why, with pointers into it."""

    def __init__(self, mistakes: Sequence[LocatedMistake], document: Any = None) -> None:
        super().__init__("; ".join(f"{m.pointer}: {m.detail}" for m in mistakes))
        self.mistakes, self.document = mistakes, document


class EpisodeReader:
    """Reads Episodes of one codebook, as strictly as the HTTP interface does."""

    def __init__(self, codebook: Codebook) -> None:
        self._schema = episode_schema(codebook.vocabulary)
        self._forms = frozenset(codebook.forms)
        self._allowed = {i.id: frozenset(i.domain) for i in codebook.indicators.values()}
        self._id = re.compile(ID_PATTERN)

    def read(self, line: bytes) -> Episode:
        """Return the Episode in a line of JSON. Raises InvalidEpisode."""
        episode = self._plain(line)
        if episode is not None:
            return episode
        if len(line) > MAX_LINE:
            raise InvalidEpisode(
                [LocatedMistake("", LENGTH, f"the line has more than {MAX_LINE:,} bytes")]
            )
        document = None
        try:
            document = parse(line)
            loaded: Episode = self._schema.load(document)
        except NotJSON as error:
            raise InvalidEpisode([LocatedMistake("", JSON, f"not JSON: {error}")]) from error
        except DuplicateKeys as error:
            raise InvalidEpisode(error.mistakes) from error
        except ValidationError as error:
            mistakes = locate_mistakes(error.messages, MOST_TOLD)
            raise InvalidEpisode(mistakes, document) from error
        return loaded

    def _plain(self, line: bytes) -> Episode | None:
        """Return the Episode of a line that is plainly valid; None leaves it to the schema.

        This is ten times as quick. A key can stand twice only if there are more quotes with a
        colon than keys; a colon anywhere else makes that count unsure.
        """
        keys = line.count(b'":')
        if line.count(b":") != keys:
            return None
        try:
            document = orjson.loads(line)
        except orjson.JSONDecodeError:
            return None
        if not (
            isinstance(document, dict)
            and document.keys() <= _SIMPLE
            and document.get(FORM) in self._forms
        ):
            return None
        indicators, said = document.get("indicators", {}), document.get("observations", [])
        if not (isinstance(indicators, dict) and isinstance(said, list)):
            return None
        plain = (
            self._is_id(document.get("id", "-"))
            and len(said) <= MAX_OBSERVATIONS
            and indicators.keys() <= self._allowed.keys()
            and all(isinstance(v, str) and v in self._allowed[i] for i, v in indicators.items())
            and all(map(self._is_plain, said))
        )
        counted = len(document) + len(indicators) + sum(map(len, said)) if plain else -1
        return cast(Episode, document) if counted == keys else None

    def _is_id(self, text: object) -> bool:
        return isinstance(text, str) and self._id.fullmatch(text) is not None

    def _is_plain(self, observation: object) -> bool:
        return (
            isinstance(observation, dict)
            and observation.keys() <= _SAID
            and all(isinstance(text, str) and "\0" not in text for text in observation.values())
            and observation.get("value") in self._allowed.get(observation.get("indicator", ""), ())
        )


def number_episodes(  # noqa: PLR0913, PLR0917 - as `number`, and a codebook
    codebook: Codebook,
    part: Part,
    index: int,
    copy: Path,
    rejected: Callable[[Reject], None],
    read: Callable[[int], None],
) -> None:
    """Write the codings of each Episode in a part to `copy`, as `numbering.number` does.

    Raises UnusableDataset if the file cannot be unpacked.
    """
    reader = EpisodeReader(codebook)
    try:
        with part.file.open() as stream, copy.open("w", encoding="ascii") as out:
            for count, (line, text) in enumerate(lines(stream), 1):
                if count % _STRIDE == 0:
                    read(_STRIDE)
                try:
                    episode = reader.read(text)
                except InvalidEpisode as error:
                    for reject in _rejects(index, line, text, error):
                        rejected(reject)
                    continue
                codings = reconcile(codebook, episode)
                cells = (str(line), episode.get("id", ""), codings.form, *codings.values.values())
                out.write(f"{count},{','.join(cells)}\n")
    except (EOFError, zlib.error, OSError) as error:
        if find_lack_of_space(error):
            raise
        raise UnusableDataset(f"{part.file.name}: cannot be read: {error}") from error


def lines(stream: BinaryIO, most: int | None = None) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that are not blank, with their numbers from 1.

    Of a line over MAX_LINE, no more than is over it is kept. After `most` lines, blank ones too,
    the next one is yielded whatever it is.
    """
    number = 0
    while line := stream.readline(MAX_LINE + 2):
        number += 1
        rest = line
        while len(rest) == MAX_LINE + 2 and not rest.endswith(b"\n"):
            rest = stream.readline(MAX_LINE + 2)
        if number == 1:
            line = line.removeprefix(codecs.BOM_UTF8)
        if (text := line.strip()) or number - 1 == most:
            yield number, text


def _rejects(file: int, line: int, text: bytes, error: InvalidEpisode) -> Iterator[Reject]:
    whole = text.decode("utf-8", "backslashreplace")
    document = error.document
    named = document.get("id") if isinstance(document, Mapping) else None
    for mistake in error.mistakes:
        value = _at(document, mistake.pointer)
        shown = value if isinstance(value, str) else orjson.dumps(value).decode()
        yield Reject(
            file,
            line,
            named if isinstance(named, str) else "",
            mistake.pointer,
            "" if value is None else shown,
            mistake.code,
            mistake.detail,
            whole,
        )
    if isinstance(error.mistakes, MistakeList) and error.mistakes.more:
        told = f"{error.mistakes.more} more mistakes are not listed"
        yield Reject(file, line, named if isinstance(named, str) else "", "", "", MORE, told, whole)


def _at(document: Any, pointer: str) -> Any:
    """Return what stands at an RFC 6901 pointer, None where nothing does."""
    if not pointer:
        return None
    for step in pointer[1:].split("/"):
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(document, Mapping):
            document = document.get(key)
        elif isinstance(document, list) and key.isdecimal() and int(key) < len(document):
            document = document[int(key)]
        else:
            return None
    return document
