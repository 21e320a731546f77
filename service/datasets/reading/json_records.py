"""JSON (.json): a list of flat records, which is a table, or of Episodes, which is NDJSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from softbalance.rules.model import Codebook
from softbalance.schemas.strict_json import DuplicateKeys, NotJSON, parse
from softbalance.service.datasets.reading.defects import UnusableDataset
from softbalance.service.datasets.reading.foreign_table import ForeignTable, text_cells
from softbalance.service.datasets.reading.reading_options import ReadingOptions

#: What only an Episode has; a record with one of them is none of a flat table.
_NESTED = ("indicators", "observations", "period")
_BLANKS = " \t\n\r"


def copy_episodes(path: Path, name: str, to: Path) -> bool:
    """Write Episodes to `to`, one a line, and return True; False where the records are flat.

    Raises UnusableDataset where the file holds neither.
    """
    texts = _split(_read_text(path, name), name)
    if not any(f'"{key}"' in text for text in texts for key in _NESTED):
        return False
    with to.open("w", encoding="utf-8", newline="") as out:
        for text in texts:
            # in JSON, a line ends only between what it says
            out.write(text.replace("\r", " ").replace("\n", " ") + "\n")
    return True


def read(path: Path, name: str, reading: ReadingOptions, codebook: Codebook | None) -> ForeignTable:
    """Return flat records as a table. Raises UnusableDataset."""
    import pyarrow as arrow

    records = []
    for number, text in enumerate(_split(_read_text(path, name), name), 1):
        try:
            record = parse(text.encode())
        except NotJSON as error:
            raise UnusableDataset(f"{name}: record {number} is not JSON: {error}") from error
        except DuplicateKeys as error:
            (told, *_) = error.mistakes
            raise UnusableDataset(
                f"{name}: record {number}: {told.pointer}: {told.detail}"
            ) from error
        for key, cell in record.items():
            if isinstance(cell, dict | list):
                raise UnusableDataset(
                    f"{name}: record {number}: {key!r} holds neither text nor a number; in a table "
                    "each field holds one value"
                )
        records.append(record)
    names = list(dict.fromkeys(key for record in records for key in record))
    if not names:
        raise UnusableDataset(f"{name}: is empty; it has to hold a list of records")
    columns = [text_cells(record.get(key) for record in records) for key in names]
    return ForeignTable(names, [arrow.array(cells, arrow.string()) for cells in columns])


def _read_text(path: Path, name: str) -> str:
    try:
        return path.read_bytes().removeprefix(b"\xef\xbb\xbf").decode()
    except UnicodeDecodeError as error:
        raise UnusableDataset(
            f"{name}: is not UTF-8, as JSON has to be (byte {error.start + 1:,}); save it as UTF-8"
        ) from error


def _split(text: str, name: str) -> list[str]:
    """Return the text of each record in a list, of a record alone, or of those one after another.

    As it stands, so that a key that stands twice in a record can be found.
    """
    at = _skip(text, 0)
    listed = text.startswith("[", at)
    found = list(_records(text, at + listed, listed, name))
    if not found and not listed:
        raise UnusableDataset(f"{name}: is empty; it has to hold a list of records")
    return found


def _records(text: str, at: int, listed: bool, name: str) -> Iterator[str]:
    decoder = json.JSONDecoder()
    at = _skip(text, at)
    number = 0
    while at < len(text) and not (listed and text[at] == "]"):
        number += 1
        try:
            value, end = decoder.raw_decode(text, at)
        except (json.JSONDecodeError, RecursionError) as error:
            line = text.count("\n", 0, getattr(error, "pos", at)) + 1
            told = getattr(error, "msg", "it is nested too deeply")
            raise UnusableDataset(
                f"{name}: is not JSON: line {line}, record {number}: {told}"
            ) from error
        if not isinstance(value, dict):
            raise UnusableDataset(
                f"{name}: record {number} is no record; write a list of them, each with its "
                'fields: [{"id": …, "form": …}, …]'
            )
        _check_shape(value, number, listed, name)
        yield text[at:end]
        at = _skip(text, end)
        if listed:
            at = _pass_comma(text, at, number, name)
    if listed and not text.startswith("]", at):
        raise UnusableDataset(f"{name}: is not JSON: the list is not closed; fetch it whole")
    if listed and _skip(text, at + 1) < len(text):
        raise UnusableDataset(f"{name}: is not JSON: something follows the list; keep one list")


def _check_shape(value: dict[str, Any], number: int, listed: bool, name: str) -> None:
    """Refuse a table written another way round, as pandas does by default."""
    if not listed and number == 1 and isinstance(value.get("form"), dict | list):
        raise UnusableDataset(
            f"{name}: is a table by columns; write a list of records: in pandas, "
            "to_json(orient='records')"
        )


def _pass_comma(text: str, at: int, number: int, name: str) -> int:
    if text.startswith(",", at):
        at = _skip(text, at + 1)
        if not text.startswith("]", at):
            return at
    elif text.startswith("]", at) or at >= len(text):
        return at
    line = text.count("\n", 0, at) + 1
    raise UnusableDataset(f"{name}: is not JSON: line {line}, after record {number}")


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in _BLANKS:
        at += 1
    return at
