"""Arrow's own files (.feather)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from softbalance.rules.model import Codebook
from softbalance.service.datasets.reading.foreign_table import ForeignTable
from softbalance.service.datasets.reading.reading_options import ReadingOptions


def read(path: Path, name: str, reading: ReadingOptions, codebook: Codebook | None) -> ForeignTable:
    """Return the table in a Feather file of either version."""
    from pyarrow import feather

    return from_arrow(feather.read_table(str(path), memory_map=False), name)


def from_arrow(table: Any, name: str) -> ForeignTable:
    """Return an Arrow table with categories as text, and with types that Parquet has."""
    import pyarrow as arrow

    arrays = [_plain(column, arrow) for column in table.columns]
    return ForeignTable(table.column_names, arrays)


def _plain(column: Any, arrow: Any) -> Any:
    """Return a column in a type that Parquet has, its categories as what they say."""
    if arrow.types.is_dictionary(column.type):
        return column.cast(column.type.value_type)
    if arrow.types.is_float16(column.type):
        return column.cast(arrow.float32())
    return column.cast(arrow.string()) if arrow.types.is_null(column.type) else column
