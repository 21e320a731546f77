"""The work itself, in DuckDB: rows to acts, acts to groups, groups to candidates, ranked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import duckdb
from softbalance.rules.model import Codebook
from softbalance.rules.table.sql import quote_text
from softbalance.service.datasets.outputs import Output
from softbalance.service.datasets.progress import Progress
from softbalance.service.datasets.reading.defects import UnusableDataset
from softbalance.service.datasets.reading.duck_files import scan_sql
from softbalance.service.datasets.reading.rejects import RejectsSpool, write_rejects
from softbalance.service.events import acts, disputes, grouping, kinds, scoring, states
from softbalance.service.events import candidate_sheets as sheets
from softbalance.service.events.account import Account
from softbalance.service.events.event_rows import load_copy, read_clean, read_damaged
from softbalance.service.events.evidence import gather
from softbalance.service.events.faults import faults
from softbalance.service.events.files import EventFile
from softbalance.service.events.plover import read_records

#: What DuckDB may hold in memory; beyond it, it works on disk.
MEMORY = "512MB"
_DISPUTES = "mid-disputes"
#: Why an act is out of scope though it is of use in itself: no candidate came of it.
_UNUSED = {
    acts.COOPERATES: "below_minimum",
    acts.QUARRELS: "without_candidate",
    acts.MEMBER: "without_candidate",
    acts.AGAINST: "without_candidate",
    acts.WITH: "without_candidate",
    acts.FROM: "without_candidate",
    acts.DISPUTE: "without_candidate",
}


class Pipeline:
    """One run; everything it makes is in `folder`.

    `min_events` is how many acts of cooperation a candidate needs, None for the layout's own.
    """

    def __init__(  # noqa: PLR0913, PLR0917
        self,
        files: tuple[EventFile, ...],
        folder: Path,
        progress: Progress,
        hegemon: str,
        window: str,
        min_events: int | None,
    ) -> None:
        self.files, self.folder, self.progress = files, folder, progress
        self.hegemon, self.window = hegemon, window
        self.layout = next(f.layout for f in files if f.layout.id != _DISPUTES)
        self.min_events = self.layout.min_events if min_events is None else min_events
        self.answer, self.rejects, self.rows = (
            folder / "answer", folder / "rejects", folder / "rows",
        )  # fmt: skip
        self._connection = duckdb.connect(
            config={"temp_directory": str(folder / "spilled"), "memory_limit": MEMORY}
        )

    def run(self, codebook: Codebook, output: Output) -> Account:
        """Write the answer, the rows behind it and the rejects to their files in the folder.

        Raises UnusableDataset if a file turns out to be unreadable, KeyboardInterrupt.
        """
        spool = RejectsSpool(self.folder / "spool")
        account = Account()
        try:
            for index, file in enumerate(self.files):
                account.rows += self._read(index, file, spool)
            with self._track("looking for candidates"):
                self._make_acts()
                self._make_candidates()
                sheets.write_candidates(self._connection, codebook, output, self.answer)
                names = [file.file.name for file in self.files]
                sheets.write_rows(self._connection, names, output, self.rows)
                self._count(account)
            streams = (spool, faults(self._connection, self.files))
            account.rejected, account.reasons = write_rejects(self.rejects, streams, names)
        except (duckdb.OperationalError, duckdb.DataError) as error:  # the others are ours
            raise UnusableDataset(str(error).splitlines()[0]) from error
        except RuntimeError as error:
            if type(error) is RuntimeError:  # how DuckDB tells of a signal
                raise KeyboardInterrupt from error
            raise
        finally:
            spool.close()
        return account

    def fetch_best(self) -> list[dict[str, Any]]:
        """Return the first candidates."""
        query = "SELECT * FROM found LIMIT 10"
        return list(sheets.fetch_rows(self._connection, query))

    def _track(self, label: str) -> AbstractContextManager[None]:
        return self.progress.track_query(label, self._connection, [f.file for f in self.files])

    def _read(self, index: int, file: EventFile, spool: RejectsSpool) -> int:
        part = self.folder / f"part-{index}"
        label = f"reading {file.file.name}"
        with self.progress.track_query(label, self._connection, [file.file]):
            rows = read_clean(file, index, part, self._connection)
        if rows is not None:
            return rows
        copy = self.folder / f"copy-{index}"
        read = read_damaged if file.shape else read_records
        with self.progress.track_reading(file.file) as told:
            rows = read(file, index, copy, spool.add, told)
        load_copy(copy, index, file.layout.coding, part, self._connection)
        copy.unlink()
        return rows

    def _make_acts(self) -> None:
        first = [i for i, file in enumerate(self.files) if file.layout.id != _DISPUTES]
        self._make_view("rows", self._parts(first))
        columns = ("state",) if self.layout.coding == "cow" else ("source", "target")
        named = " UNION ".join(f"SELECT DISTINCT {c} FROM rows WHERE {c} <> ''" for c in columns)
        found = (row[0] for row in self._connection.execute(named).fetchall())
        means = states.meanings(self.layout.actors, found)
        self._fill_table(
            "meanings", "written VARCHAR, state VARCHAR, since DATE, until DATE", means
        )
        self._connection.execute(
            f"COPY ({self._acts()}) TO {quote_text(str(self.folder / 'acts'))} (FORMAT parquet)"
        )
        self._make_view("acts", f"SELECT * FROM {scan_sql('read_parquet', self.folder / 'acts')}")

    def _parts(self, indexes: Iterable[int]) -> str:
        paths = [self.folder / f"part-{index}" for index in indexes]
        return f"SELECT * FROM {scan_sql('read_parquet', paths)}"

    def _acts(self) -> str:
        if self.layout.coding == "plover":
            return acts.plover_acts("rows", self.hegemon, self.window)
        if self.layout.coding == "cow":
            others = [i for i, file in enumerate(self.files) if file.layout.id == _DISPUTES]
            if others:
                self._make_view("disputes", self._parts(others))
            given = "disputes" if others else None
            self._make_table("sides", disputes.sides_sql("rows", given))
            self._make_table("opposed", disputes.hegemon_disputes_sql(self.hegemon, self.window))
            return disputes.dispute_acts(self.hegemon, given, self.window)
        written = kinds.list_cameo_spellings()
        self._fill_table("written", "written VARCHAR, plain VARCHAR, restored VARCHAR", written)
        self._fill_table("coded", "code VARCHAR, kind VARCHAR", kinds.cameo_kinds().items())
        self._fill_table(
            "called", "written VARCHAR, called VARCHAR", states.organisations().items()
        )
        return acts.cameo_acts("rows", self.layout.actors, self.hegemon, self.window)

    def _make_candidates(self) -> None:
        self._make_table("windows", grouping.windows_sql())
        self._make_table("counts", grouping.counts_sql())
        self._make_table("hegemon", grouping.hegemon_sql(self.hegemon))
        self._make_table(
            "groups",
            disputes.coalitions_sql(self.hegemon, self.min_events)
            if self.layout.coding == "cow"
            else grouping.groups_sql(self.min_events),
        )
        self._make_table("scored", scoring.candidates_sql(self.hegemon, self.window))
        self._make_table("used", "SELECT DISTINCT unnest(dossiers) AS dossier FROM scored")
        self._fill_table("names", "code VARCHAR, name VARCHAR", states.alpha3().items())
        compound = self.layout.coding == "plover"
        gather(self._connection, self.layout.title, compound=compound)

    def _count(self, account: Account) -> None:
        """Count the rows: behind a candidate, out of scope by reason, their codes repaired."""
        unused = " ".join(f"WHEN '{role}' THEN '{why}'" for role, why in _UNUSED.items())
        fate = (
            f"CASE WHEN scope IS NOT NULL THEN scope WHEN dossier IN (SELECT dossier FROM used) "
            f"THEN '' ELSE CASE role {unused} END END"
        )
        acts_ = f"SELECT file, line, {fate} AS fate, repaired FROM acts WHERE wrong IS NULL"
        if self.layout.coding == "plover":  # several acts to a row: what it is good for counts
            least = "min(fate) AS fate, false AS repaired"
            acts_ = f"SELECT file, line, {least} FROM ({acts_}) GROUP BY ALL"
        counted = self._connection.execute(
            f"SELECT fate, count(*), count(*) FILTER (repaired) FROM ({acts_}) GROUP BY fate "
            "ORDER BY fate"
        ).fetchall()
        account.out_of_scope = Counter({fate: rows for fate, rows, _ in counted if fate})
        account.behind = sum(rows for fate, rows, _ in counted if not fate)
        account.repaired = sum(repaired for _, _, repaired in counted)
        (account.candidates,) = self._connection.execute(
            "SELECT count(*) FROM found"
        ).fetchone() or (0,)

    def _make_view(self, name: str, query: str) -> None:
        self._connection.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS {query}")

    def _make_table(self, name: str, query: str) -> None:
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {query}")

    def _fill_table(self, name: str, columns: str, rows: Iterable[Sequence[Any]]) -> None:
        self._connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} ({columns})")
        if rows := list(rows):
            values = ", ".join(["unnest(?)"] * len(rows[0]))
            by_column = [list(column) for column in zip(*rows, strict=True)]
            self._connection.execute(f"INSERT INTO {name} SELECT {values}", by_column)
