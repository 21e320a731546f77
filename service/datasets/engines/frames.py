"""Tables in memory by DuckDB: data frames in, Arrow out, and no file in between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa
from softbalance.rules.model import Codebook, Rulebook
from softbalance.service.datasets.engines.checked_rows import CheckedRows
from softbalance.service.datasets.engines.duck_answers import answer_names, answers_sql
from softbalance.service.datasets.engines.duck_sources import OWN, source_sql
from softbalance.service.datasets.reading.arrow_tables import open_table
from softbalance.service.datasets.reading.dataset import Dataset
from softbalance.service.datasets.reading.defects import UnusableDataset
from softbalance.service.datasets.reading.reading_options import ReadingOptions
from softbalance.service.datasets.reading.rejects import COLUMNS


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
    with duckdb.connect() as connection:
        dataset = open_table(frame, codebook, answer_names(rulebooks, fired), connection, reading)
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


def _rejects_table(rejects: Any) -> pa.Table:
    columns = list(zip(*rejects, strict=True)) or [()] * len(COLUMNS)
    types = [pa.int64(), *[pa.string()] * (len(COLUMNS) - 1)]
    arrays = [pa.array(cells, type_) for cells, type_ in zip(columns, types, strict=True)]
    return pa.Table.from_arrays(arrays, names=list(COLUMNS))
