"""From what the command names to a dataset: every file looked at before work starts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import duckdb
from softbalance.rules.model import FORM, Codebook
from softbalance.service.datasets.reading.dataset import Dataset, Part, combine_parts
from softbalance.service.datasets.reading.defects import UnusableDataset
from softbalance.service.datasets.reading.duck_files import parquet_sql
from softbalance.service.datasets.reading.folders import (
    drop_known,
    folder_columns,
    folders_below,
)
from softbalance.service.datasets.reading.formats import DataFile, Format, header_line
from softbalance.service.datasets.reading.layouts import ID, Header, SheetLayout, read_header

_NESTED = ("[]", "STRUCT", "MAP", "BLOB", "UNION")


def open_dataset(
    files: Sequence[DataFile],
    codebook: Codebook,
    taken: Iterable[str],
    connection: duckdb.DuckDBPyConnection,
) -> Dataset:
    """Look at the files and put them together to one dataset.

    `taken` are the names of the answer's columns. Raises UnusableDataset.
    """
    parts = [_part(file, codebook, connection) for file in files]
    return combine_parts([_add_folders(part, codebook) for part in parts], taken)


def _add_folders(part: Part, codebook: Codebook) -> Part:
    """Return a part with the columns that the folders of a pattern add to it."""
    file = part.file
    if file.pattern is None:
        return part
    columns = folder_columns(folders_below(file.pattern, file.name))
    return replace(part, folders=drop_known(columns, part.header.names, codebook, file.name))


def _part(file: DataFile, codebook: Codebook, connection: duckdb.DuckDBPyConnection) -> Part:
    if file.format is Format.NDJSON:
        return Part(file, episode_header(codebook))
    if file.format is Format.PARQUET:
        names, types = _parquet_columns(file, connection)
        part = Part(file, read_header(names, codebook, file.name), types=types)
        _check_types(part)
        return part
    names, delimiter = header_line(file)
    return Part(file, read_header(names, codebook, file.name), delimiter)


def episode_header(codebook: Codebook) -> Header:
    """Return the columns that Episodes are written in, once they are read."""
    names = (ID, FORM, *codebook.indicators)
    return Header(SheetLayout.WIDE, names, {name: place for place, name in enumerate(names)}, ())


def _parquet_columns(
    file: DataFile, connection: duckdb.DuckDBPyConnection
) -> tuple[list[str], tuple[str, ...]]:
    try:
        described = connection.execute(
            f"DESCRIBE SELECT * FROM {parquet_sql(file.path)}"
        ).fetchall()
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise UnusableDataset(f"{file.name}: cannot be read as Parquet: {reason}") from error
    return [row[0] for row in described], tuple(row[1] for row in described)


def _check_types(part: Part) -> None:
    for name, place in part.header.places.items():
        type_ = part.type_of(place)
        if any(mark in type_ for mark in _NESTED):
            raise UnusableDataset(
                f"{part.file.name}: the column {name!r} is of type {type_}; it has to hold text, "
                "true and false, or 1 and 0"
            )
