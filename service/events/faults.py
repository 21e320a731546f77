"""Rows that cannot be read as events: what is wrong with each, and the row whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from softbalance.schemas.mistakes import Mistake, quote_value
from softbalance.service.datasets.reading.rejects import Reject
from softbalance.service.datasets.reading.text_rows import Records
from softbalance.service.events.files import EventFile
from softbalance.service.events.plover import report_no_day
from softbalance.service.events.states import unknown_state

if TYPE_CHECKING:
    import duckdb

_ACTORS = ("source", "target", "ccode")
_TOLD = {
    "ambiguous": "may be a root code, or a code of three digits that lost its leading zero, and "
    "nothing in the row tells which; write event codes as text, with their zeros",
    "disagree": "does not begin with the root code of its row; one of them is wrong",
    "no_dispute": "is the number of no dispute in MIDA; give the file that has it",
    "no_participants": "is the number of a dispute that has no participants in MIDB",
}


def faults(connection: duckdb.DuckDBPyConnection, files: Sequence[EventFile]) -> Iterator[Reject]:
    """Yield the rejects among the acts (see `acts`), in order of file and line."""
    found = connection.execute(
        "SELECT file, line, id, wrong, wrong_column, wrong_value FROM acts "
        "WHERE wrong IS NOT NULL ORDER BY file, line"
    )
    at = -1
    rows: Iterator[tuple[int, str]] = iter(())
    while fault := found.fetchone():
        file, line, id_, code, column, value = fault
        if file != at:
            at, rows = file, _lines(files[file])
        raw = next((raw for number, raw in rows if number == line), "")
        name = files[file].layout.names.get(column, column)
        said = value or ""
        yield Reject(
            file, line, id_ or "", name, said, code, _make_mistake(code, column, said), raw
        )


def _lines(file: EventFile) -> Iterator[tuple[int, str]]:
    """Yield the rows of a text file with the lines where they begin."""
    assert file.shape is not None  # noqa: S101 - the records of JSON are told when they are read
    with file.file.open() as stream:
        for record in Records(
            stream, file.shape.delimiter, max(file.shape.widths), skip_blank=False
        ):
            yield record.line, record.raw.decode("utf-8", "backslashreplace")


def _make_mistake(code: str, column: str, value: str) -> Mistake:
    if code in _TOLD:
        return Mistake(code, f"{quote_value(value)} {_TOLD[code]}")
    if code == "date":
        return report_no_day(value)
    if column in _ACTORS:
        return unknown_state(value)
    if column == "code":
        return Mistake(code, f"{quote_value(value)} is no event code of CAMEO")
    return Mistake(code, f"{quote_value(value)} is no value of {column}")
