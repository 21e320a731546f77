"""The embedded engine: files in, files out, all in DuckDB.

A clean dataset is read, classified and written in one pass. At the first defect that pass gives up
and a thorough one begins: text is copied without its bad lines and numbered (see `numbering`), what
is sound is classified, and what is not is told.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

import duckdb
from softbalance.rules.table.sql import quote_name, quote_text
from softbalance.service.datasets.engines.checked_rows import CheckedRows
from softbalance.service.datasets.engines.duck_answers import answer_names, answers_sql
from softbalance.service.datasets.engines.duck_sources import OWN, count_lost_sql, source_sql
from softbalance.service.datasets.outputs import Output
from softbalance.service.datasets.progress import Progress
from softbalance.service.datasets.reading.defects import UnusableDataset, find_lack_of_space
from softbalance.service.datasets.reading.duck_files import parquet_sql, scan_sql
from softbalance.service.datasets.reading.episode_lines import number_episodes
from softbalance.service.datasets.reading.formats import DataFile, Format
from softbalance.service.datasets.reading.numbering import misleads_duckdb, number, warn_of_spanning
from softbalance.service.datasets.reading.opening import open_dataset
from softbalance.service.datasets.reading.rejects import (
    RejectsSpool,
    write_rejects,
)
from softbalance.service.datasets.reading.spreadsheets import neutralise, neutralise_sql
from softbalance.service.datasets.reading.text_lines import MAX_RECORD
from softbalance.service.datasets.run import ClassifyRequest, Outcome

#: Bytes that DuckDB may use for each of its threads while rows are classified one by one. It keeps
#: rows back, in memory or else on disk, until those before them are written: the more it may, the
#: more it does, for no gain.
MEMORY = 256 << 20
_WRITING = {
    Format.CSV: "FORMAT csv, HEADER",
    Format.TSV: "FORMAT csv, HEADER, DELIMITER '\t'",
    Format.NDJSON: "FORMAT json",
    Format.PARQUET: "FORMAT parquet",
}


class DuckRun:
    """One run on files; everything it makes is in `folder`."""

    def __init__(
        self,
        request: ClassifyRequest,
        files: Sequence[DataFile],
        output: Output,
        folder: Path,
        progress: Progress,
    ) -> None:
        self.request, self.output = request, output
        self.folder, self.progress = folder, progress
        self.answer, self.rejects = folder / "answer", folder / "rejects"
        self._damaged = 0
        self._connection = duckdb.connect(config={"temp_directory": str(folder / "spilled")})
        taken = answer_names(request.rulebooks, request.fired)
        self.dataset = open_dataset(
            files, request.codebook, taken, self._connection, request.reading
        )
        self._rows = CheckedRows(
            self._connection, self.dataset, request.codebook, request.reading.values
        )
        if not self.dataset.grouped:
            (threads,) = self._rows.query("SELECT current_setting('threads')").fetchone() or (1,)
            self._rows.query(f"SET memory_limit = '{threads * MEMORY}B'")

    def run(self) -> Outcome:
        """Write the answer and, if there are any, the rejects to their files in the folder.

        Raises UnusableDataset if a file turns out to be unreadable, KeyboardInterrupt.
        """
        outcome = self._run_at_once() or self._run_thoroughly()
        outcome.blank += sum(part.file.blank for part in self.dataset.parts)
        if outcome.classified or outcome.rejected:
            outcome.warnings[:0] = [w for part in self.dataset.parts for w in part.header.warnings]
        outcome.warnings += self._rows.warn_of_alike_ids() + self._warn_of_lost()
        return outcome

    def _run_at_once(self) -> Outcome | None:
        """Do it in one pass; None where something has to be looked at row by row."""
        parts = self.dataset.parts
        if any(part.file.format is Format.NDJSON or misleads_duckdb(part) for part in parts):
            return None
        try:
            return Outcome(self._classify(None, "classifying"))
        except duckdb.Error as error:
            if find_lack_of_space(error):
                raise
            self.answer.unlink(missing_ok=True)
            return None

    def _run_thoroughly(self) -> Outcome:
        with contextlib.closing(RejectsSpool(self.folder / "spool")) as spool:
            return self._read_line_by_line(spool)

    def _read_line_by_line(self, spool: RejectsSpool) -> Outcome:
        blank, warnings = 0, list[str]()
        copies = [self.folder / f"rows-{index}" for index in range(len(self.dataset.parts))]
        for index, part in enumerate(self.dataset.parts):
            if part.file.format is not Format.PARQUET:
                with self.progress.track_reading(part.file) as read:
                    if part.file.format is Format.NDJSON:
                        number_episodes(
                            self.request.codebook, part, index, copies[index], spool.add, read
                        )
                        continue
                    rows = number(part, index, copies[index], spool.add, read)
                blank += rows.blank
                warnings += warn_of_spanning(part, rows)
        self._damaged = spool.rows
        try:
            classified = self._classify(copies, "classifying")
            names = [part.file.name for part in self.dataset.parts]
            rejected, reasons = write_rejects(
                self.rejects,
                (spool, self._rows.find_unsound()),
                names,
                bom=self.request.bom,
                safe=self.request.safe_cells,
            )
            helped = self._rows.count_helped()
        except duckdb.Error as error:
            if find_lack_of_space(error):
                raise
            raise UnusableDataset(str(error).splitlines()[0]) from error
        return Outcome(classified, rejected, reasons, helped, blank, warnings)

    def _classify(self, copies: Sequence[Path] | None, label: str) -> int:
        """Write the answer; return how many rows or, if grouped, ids were classified.

        Without copies raises duckdb.Error at the first row that cannot be classified.
        """
        output = self.output
        finite = output.format is Format.NDJSON
        self._rows.define(source_sql(self.dataset, copies, finite=finite), strict=copies is None)
        answers = answers_sql(
            "codings",
            {f"{OWN}{i}": self.dataset.renamed[name] for i, name in enumerate(self.dataset.own)},
            self.request.rulebooks,
            self.request.codebook,
            fired=self.request.fired,
            lists=output.format in (Format.PARQUET, Format.NDJSON),
        )
        if self.request.safe_cells:
            answers = self._neutralise(answers)
        how = _WRITING[output.format] + (", COMPRESSION gzip" if output.gzipped else "")
        files = [part.file for part in self.dataset.parts]
        with self.progress.track_query(label, self._connection, files):
            copy = f"COPY ({answers}) TO {quote_text(str(self.answer))} ({how})"
            try:
                (written,) = self._rows.query(copy).fetchone() or (0,)
            except duckdb.OutOfMemoryException as error:  # rows may be that large
                if find_lack_of_space(error):
                    raise
                self._rows.query("RESET memory_limit")
                (written,) = self._rows.query(copy).fetchone() or (0,)
        return int(written) // len(self.request.rulebooks)

    def _neutralise(self, answers: str) -> str:
        """Return the query for an answer without names and cells that a spreadsheet runs."""
        found = self._connection.sql(f"SELECT * FROM ({answers}) LIMIT 0")
        columns = [
            f"{neutralise_sql(quote_name(name)) if str(type_) == 'VARCHAR' else quote_name(name)} "
            f"AS {quote_name(neutralise(name))}"
            for name, type_ in zip(found.columns, found.types, strict=True)
        ]
        return f"SELECT {', '.join(columns)} FROM ({answers})"

    def count_rows(self, outcome: Outcome) -> int:
        """Return how many rows were read, those that could not be included.

        Raises UnusableDataset where they cannot be counted.
        """
        if not self.dataset.grouped:
            return outcome.classified + outcome.rejected + outcome.passed_over
        try:
            (sound,) = self._rows.query("SELECT count(*) FROM checked").fetchone() or (0,)
        except duckdb.Error as error:
            raise UnusableDataset(str(error).splitlines()[0]) from error
        return int(sound) + self._damaged + outcome.blank

    def _warn_of_lost(self) -> list[str]:
        query = count_lost_sql(self.dataset) if self.output.format is Format.NDJSON else None
        (lost,) = (self._rows.query(query).fetchone() if query else None) or (0,)
        if not lost:
            return []
        rows = "1 row has" if lost == 1 else f"{lost:,} rows have"
        return [f"{rows} NaN or an infinite number, which JSON lacks; null is written for it"]

    def tally(self, answer: Path) -> list[tuple[str, str, int]]:
        """Return how many rows the answer has by rulebook and class; `answer` is where it is now.

        Raises UnusableDataset where it cannot be read.
        """
        try:
            rows = self._rows.query(
                f"SELECT rulebook, classification, count(*) FROM {self._scan(answer)} "
                "GROUP BY ALL ORDER BY 1, 3 DESC"
            ).fetchall()
        except duckdb.Error as error:
            raise UnusableDataset(str(error).splitlines()[0]) from error
        return [(rulebook, classification, count) for rulebook, classification, count in rows]

    def _scan(self, answer: Path) -> str:
        if self.output.format is Format.PARQUET:
            return parquet_sql(answer)
        compression = f"compression = {quote_text('gzip' if self.output.gzipped else 'none')}"
        if self.output.format is Format.NDJSON:
            columns = "columns = {rulebook: 'VARCHAR', classification: 'VARCHAR'}"
            return scan_sql(
                "read_json", answer, "format = 'newline_delimited'", columns, compression
            )
        names = [
            *answer_names(self.request.rulebooks, self.request.fired),
            *self.dataset.renamed.values(),
        ]
        columns = ", ".join(f"{quote_text(name)}: 'VARCHAR'" for name in names)
        delimiter = "\t" if self.output.format is Format.TSV else ","
        return scan_sql(
            "read_csv",
            answer,
            f"columns = {{{columns}}}, auto_detect = false, header = true, {compression}",
            f"""delim = {quote_text(delimiter)}, quote = '"', escape = '"'""",
            f"max_line_size = {2 * MAX_RECORD}",
        )
