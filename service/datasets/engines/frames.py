"""Tables in memory by DuckDB: data frames in, Arrow out, and no file in between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from softbalance.rules.model import Codebook, Rulebook
from softbalance.service.datasets.engines.checked_rows import CheckedRows
from softbalance.service.datasets.engines.duck_answers import answer_names, answers_sql
from softbalance.service.datasets.engines.duck_sources import OWN, source_sql
from softbalance.service.datasets.reading.dataset import Dataset, Part, combine_parts
from softbalance.service.datasets.reading.defects import UnusableDataset
from softbalance.service.datasets.reading.formats import DataFile, Format
from softbalance.service.datasets.reading.layouts import read_header
from softbalance.service.datasets.reading.opening import check_declared, check_types
from softbalance.service.datasets.reading.reading_options import ReadingOptions
from softbalance.service.datasets.reading.rejects import COLUMNS

#: What the table is called in the connection, and in messages.
_TABLE = "the frame"


@dataclass(frozen=True)
class ClassifiedTable:
    """What came of a table: an Arrow table of verdicts, one of rejects, and warnings.

    `verdicts` has the columns of `softbalance classify`, a row for each row (or, in the long
    layout, each id) and rulebook, in their order. `rejects` has a row for each mistake, with the
    `line` of its row, from 1, and the whole `row`.
    """

    verdicts: pa.Table
    rejects: pa.Table
    warnings: tuple[str, ...]


def classify_frame(
    frame: Any,
    rulebooks: Sequence[Rulebook],
    codebook: Codebook,
    reading: ReadingOptions,
    *,
    fired: bool,
) -> ClassifiedTable:
    """Classify whatever offers itself as an Arrow stream (`__arrow_c_stream__`).

    Raises UnusableDataset where it offers none, or its columns cannot be used.
    """
    table = _read_arrow(frame)
    with duckdb.connect() as connection:
        places = [f"c{place}" for place in range(table.num_columns)]
        connection.register(_TABLE, table.rename_columns(places))
        types = tuple(map(str, connection.sql(f'SELECT * FROM "{_TABLE}"').types))
        header = read_header(table.column_names, codebook, _TABLE)
        file = DataFile(Path(), Format.TABLE, False, _TABLE)
        part = Part(file, header, types=types)
        check_types(part)
        check_declared([part], codebook, reading)
        dataset = combine_parts([part], answer_names(rulebooks, fired))
        rows = CheckedRows(connection, dataset, codebook, reading.values)
        own = {f"{OWN}{i}": dataset.renamed[name] for i, name in enumerate(dataset.own)}
        answers = answers_sql("codings", own, rulebooks, codebook, fired=fired, lists=True)
        try:
            return _answer(connection, rows, dataset, answers)
        except duckdb.Error as error:
            raise UnusableDataset(str(error).splitlines()[0]) from error


def _answer(
    connection: duckdb.DuckDBPyConnection, rows: CheckedRows, dataset: Dataset, answers: str
) -> ClassifiedTable:
    warnings = list(dataset.parts[0].header.warnings)
    source = source_sql(dataset, None)
    try:
        rows.define(source, strict=True)
        verdicts = connection.sql(answers).to_arrow_table()
        rejects = _rejects_table(())
    except duckdb.Error:
        rows.define(source, strict=False)
        verdicts = connection.sql(answers).to_arrow_table()
        rejects = _rejects_table(reject[1:] for reject in rows.find_unsound())
        if rows.count_helped():
            warnings.append("passed over the sheet's row of help (#help)")
    warnings += rows.warn_of_alike_ids()
    return ClassifiedTable(verdicts, rejects, tuple(warnings))


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


def _rejects_table(rejects: Any) -> pa.Table:
    columns = list(zip(*rejects, strict=True)) or [()] * len(COLUMNS)
    types = [pa.int64(), *[pa.string()] * (len(COLUMNS) - 1)]
    arrays = [pa.array(cells, type_) for cells, type_ in zip(columns, types, strict=True)]
    return pa.Table.from_arrays(arrays, names=list(COLUMNS))
