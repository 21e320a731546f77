"""Tables in memory, as a dataset of a connection: whatever offers itself as an Arrow stream."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from softbalance.rules.model import Codebook
from softbalance.service.datasets.reading.dataset import Dataset, Part, combine_parts
from softbalance.service.datasets.reading.defects import UnusableDataset
from softbalance.service.datasets.reading.formats import DataFile, Format
from softbalance.service.datasets.reading.layouts import read_header
from softbalance.service.datasets.reading.opening import check_declared, check_types
from softbalance.service.datasets.reading.reading_options import ReadingOptions

#: What the table is called in the connection, and in messages.
_TABLE = "the frame"


def open_table(
    frame: Any,
    codebook: Codebook,
    taken: Iterable[str],
    connection: duckdb.DuckDBPyConnection,
    reading: ReadingOptions,
) -> Dataset:
    """Make a frame known to a connection, and return it as a dataset of one part.

    `taken` are the names of the answer's columns. Raises UnusableDataset where it offers no Arrow
    stream (`__arrow_c_stream__`), or its columns cannot be used.
    """
    table = _read_arrow(frame)
    places = [f"c{place}" for place in range(table.num_columns)]
    connection.register(_TABLE, table.rename_columns(places))
    types = tuple(map(str, connection.sql(f'SELECT * FROM "{_TABLE}"').types))
    header = read_header(table.column_names, codebook, _TABLE)
    part = Part(DataFile(Path(), Format.TABLE, False, _TABLE), header, types=types)
    check_types(part)
    check_declared([part], codebook, reading)
    return combine_parts([part], taken)


def _read_arrow(frame: Any) -> pa.Table:
    """Return a frame as an Arrow table whose columns DuckDB reads as text or numbers."""
    if not hasattr(frame, "__arrow_c_stream__"):
        raise UnusableDataset(
            f"a {type(frame).__name__} is no table; give a data frame of pandas or polars, an "
            "Arrow table, or whatever else has __arrow_c_stream__"
        )
    table = pa.table(frame)
    columns = [_decode(column) for column in table.columns]
    return pa.Table.from_arrays(columns, names=table.column_names)


def _decode(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column with the texts of its categories, and nulls of no type as text."""
    if pa.types.is_dictionary(column.type):
        return column.cast(column.type.value_type)
    return column.cast(pa.string()) if pa.types.is_null(column.type) else column
