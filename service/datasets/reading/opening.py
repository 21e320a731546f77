"""From what the command names to a dataset: every file looked at before work starts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import duckdb
from softbalance.rules.model import FORM, Codebook
from softbalance.service.datasets.reading.dataset import Dataset, Part, combine_parts
from softbalance.service.datasets.reading.defects import UnusableDataset
from softbalance.service.datasets.reading.duck_files import file_text, parquet_sql
from softbalance.service.datasets.reading.folders import (
    drop_known,
    folder_columns,
    folders_below,
)
from softbalance.service.datasets.reading.formats import DataFile, Format, first_bytes
from softbalance.service.datasets.reading.layouts import ID, Header, SheetLayout, read_header
from softbalance.service.datasets.reading.reading_options import AS_IS, ReadingOptions
from softbalance.service.datasets.reading.sheets import PLAIN, open_sheet

_NESTED = ("[]", "STRUCT", "MAP", "BLOB", "UNION")


def open_dataset(
    files: Sequence[DataFile],
    codebook: Codebook,
    taken: Iterable[str],
    connection: duckdb.DuckDBPyConnection,
    reading: ReadingOptions = AS_IS,
) -> Dataset:
    """Look at the files and put them together to one dataset.

    `taken` are the names of the answer's columns. Raises UnusableDataset.
    """
    parts = [_part(file, codebook, connection, reading) for file in files]
    check_declared(parts, codebook, reading)
    return combine_parts([_add_folders(part, codebook) for part in parts], taken)


def check_declared(parts: Sequence[Part], codebook: Codebook, reading: ReadingOptions) -> None:
    """Raise UnusableDataset where values are declared for a column that no file has."""
    for column in reading.values.columns:
        if not any(
            column in part.header.places
            or (part.header.layout is SheetLayout.LONG and column in codebook.indicators)
            for part in parts
        ):
            raise UnusableDataset(
                f"--values: no input has a column {column!r}; correct its name, or leave it out"
            )


def _add_folders(part: Part, codebook: Codebook) -> Part:
    """Return a part with the columns that the folders of a pattern add to it."""
    file = part.file
    if file.pattern is None:
        return part
    columns = folder_columns(folders_below(file.pattern, file.name))
    return replace(part, folders=drop_known(columns, part.header.names, codebook, file.name))


def _part(
    file: DataFile,
    codebook: Codebook,
    connection: duckdb.DuckDBPyConnection,
    reading: ReadingOptions,
) -> Part:
    if file.format is Format.NDJSON:
        first_bytes(file)
        return Part(file, episode_header(codebook))
    sheet, types = PLAIN, tuple[str, ...]()
    if file.format is Format.PARQUET:
        names, types = _parquet_columns(file, connection)
    else:
        names, sheet = open_sheet(file, reading)
    header = read_header(names, codebook, file.name)
    header = replace(header, warnings=(*file.warnings, *header.warnings))
    part = Part(file, header, sheet, types)
    check_types(part)
    return part


def episode_header(codebook: Codebook) -> Header:
    """Return the columns that Episodes are written in, once they are read."""
    names = (ID, FORM, *codebook.indicators)
    return Header(SheetLayout.WIDE, names, {name: place for place, name in enumerate(names)}, ())


def _parquet_columns(
    file: DataFile, connection: duckdb.DuckDBPyConnection
) -> tuple[list[str], tuple[str, ...]]:
    try:
        types = connection.sql(f"SELECT * FROM {parquet_sql(file.path)}").types
        nodes = connection.sql(
            f"SELECT name, num_children FROM parquet_schema({file_text(file.path)})"
        ).fetchall()
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise UnusableDataset(f"{file.name}: cannot be read as Parquet: {reason}") from error
    columns = len(types) - file.numbered
    return _find_columns(nodes)[:columns], tuple(map(str, types[:columns]))


def _find_columns(nodes: list[tuple[str, int | None]]) -> list[str]:
    """Return the names of a schema's columns as they are in the file, its nodes in order.

    DuckDB renames one of two that differ only by case.
    """
    names = []
    inside = 0  # how many nodes are still to come of the column before
    for name, children in nodes[1:]:
        if not inside:
            names.append(name)
        inside = max(inside - 1, 0) + (children or 0)
    return names


def check_types(part: Part) -> None:
    """Raise UnusableDataset for a column with a meaning whose type can say no value."""
    for name, place in part.header.places.items():
        type_ = part.type_of(place)
        if any(mark in type_ for mark in _NESTED):
            raise UnusableDataset(
                f"{part.file.name}: the column {name!r} is of type {type_}; it has to hold text, "
                "true and false, or 1 and 0"
            )
