"""The rows of a dataset in DuckDB, each looked at: what of them is sound, and what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import duckdb
from softbalance.rules.model import FORM, Codebook
from softbalance.rules.table.bits import assign_coding_bits
from softbalance.rules.table.sql import quote_text
from softbalance.service.datasets.engines.duck_codings import (
    episodes_sql,
    gathered_sql,
    observations_sql,
    wide_sql,
)
from softbalance.service.datasets.engines.duck_sources import OWN, SAID
from softbalance.service.datasets.reading.dataset import Dataset
from softbalance.service.datasets.reading.layouts import HELP, ID, SheetLayout
from softbalance.service.datasets.reading.rejects import Reject, join_cells, rejects_of
from softbalance.service.datasets.reading.values import BLANKS, Spellings, warn_of_alike

_FETCHED = 1024
#: Whether a row is a coding sheet's row of help.
_OF_HELP = f"{ID} IS NOT DISTINCT FROM {quote_text(HELP)} AND NOT sound"


class CheckedRows:
    """Views of a connection over one dataset; `values` are the spellings of values."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        dataset: Dataset,
        codebook: Codebook,
        values: Spellings,
    ) -> None:
        self._connection, self._dataset = connection, dataset
        self._codebook, self._values = codebook, values

    def define(self, source: str, strict: bool) -> None:
        """Define the views `source`, `checked` and `codings`; if grouped, `episodes` too."""
        codebook, values, dataset = self._codebook, self._values, self._dataset
        first = assign_coding_bits(codebook).bitsets[0]
        self._view("source", source)
        if dataset.layout is SheetLayout.WIDE:
            several = len(dataset.parts) > 1
            meaning, grouped = dataset.meaning, dataset.grouped
            checked = wide_sql(
                "source", meaning, codebook, values, several=several, grouped=grouped
            )
            self._view("checked", checked)
            if not grouped:
                self._view("codings", _guard_sql("checked", first, strict))
                return
            rows, gather_sql = first, gathered_sql
        else:
            self._view("checked", observations_sql("source", codebook, values))
            rows, gather_sql = FORM, episodes_sql
        self._view("sound_rows", _guard_sql("checked", rows, strict))
        own = [f"{OWN}{i}" for i in range(len(dataset.own))]
        self._view("episodes", gather_sql("sound_rows", codebook, own))
        self._view("codings", _guard_sql("episodes", first, strict))

    def _view(self, name: str, query: str) -> None:
        self.query(f"CREATE OR REPLACE TEMP VIEW {name} AS {query}")

    def find_unsound(self) -> Iterator[Reject]:
        """Yield the rejects among the rows that the views hold, in order."""
        said = list(dict.fromkeys((ID, *self._dataset.meaning)))
        unsound = "NOT sound"
        if self._dataset.grouped:
            unsound += " OR id IN (SELECT id FROM episodes WHERE NOT sound)"
        columns = ", ".join(["file", "line", "cells", *(SAID + name for name in said)])
        found = self.query(f"SELECT {columns} FROM checked WHERE ({unsound}) AND NOT ({_OF_HELP})")
        while rows := found.fetchmany(_FETCHED):
            for file, line, cells, *values in rows:
                yield from self._rejects(file, line, cells, dict(zip(said, values, strict=True)))

    def _rejects(
        self, file: int, line: int, cells: list[str], said: Mapping[str, str | None]
    ) -> Iterator[Reject]:
        part = self._dataset.parts[file]
        row = cells[0] if part.types else join_cells(cells, part.delimiter)
        here = {name: cell for name, cell in said.items() if name in (ID, *part.header.places)}
        grouped = self._dataset.grouped
        return rejects_of(
            file, line, here, row, self._codebook, grouped=grouped, values=self._values
        )

    def count_helped(self) -> int:
        """Return how many rows are a coding sheet's help."""
        (helped,) = self.query(f"SELECT count(*) FROM checked WHERE {_OF_HELP}").fetchone() or (0,)
        return int(helped)

    def warn_of_alike_ids(self) -> list[str]:
        """Warn of ids that differ only in case or blanks; where a row is an episode, none may."""
        if not self._dataset.grouped:
            return []
        folded = f"lower(regexp_replace({ID}, {quote_text(f'[{BLANKS}]')}, '', 'g'))"
        alike = self.query(
            f"SELECT list(id ORDER BY ordinal) FROM (SELECT {ID}, min(ordinal) AS ordinal "
            f"FROM sound_rows GROUP BY {ID}) GROUP BY {folded} "
            "HAVING count(*) > 1 ORDER BY min(ordinal)"
        ).fetchall()
        return warn_of_alike("ids", [ids for (ids,) in alike])

    def query(self, sql: str) -> duckdb.DuckDBPyConnection:
        """Run SQL. Raises duckdb.Error, and KeyboardInterrupt at a signal."""
        try:
            return self._connection.execute(sql)
        except RuntimeError as error:
            if type(error) is RuntimeError:  # how DuckDB tells of a signal
                raise KeyboardInterrupt from error
            raise


def _guard_sql(view: str, column: str, strict: bool) -> str:
    """Return the query for the sound rows of a view; if `strict`, one that fails at another row.

    It fails where it reads the column named.
    """
    if strict:
        cell = f"CASE WHEN sound THEN {column} ELSE error('a row cannot be classified') END"
        return f"SELECT * REPLACE ({cell} AS {column}) FROM {view}"
    return f"SELECT * FROM {view} WHERE sound"
