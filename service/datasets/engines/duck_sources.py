"""A dataset's files as one DuckDB query, in the columns that `ibis_codings` describes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from softbalance.rules.table.sql import quote_name, quote_text
from softbalance.service.datasets.reading.dataset import Dataset, Part, own_places
from softbalance.service.datasets.reading.duck_files import parquet_sql, scan_sql
from softbalance.service.datasets.reading.formats import Format
from softbalance.service.datasets.reading.layouts import ID, SheetLayout
from softbalance.service.datasets.reading.text_rows import MAX_RECORD

SAID, OWN = "said_", "own_"
_DECIMALS = ("FLOAT", "DOUBLE", "DECIMAL")


def source_sql(dataset: Dataset, numbered: Sequence[Path] | None) -> str:
    """Return the query for a dataset's rows.

    With `numbered`, text is read from these copies, one a part, that begin each row with its
    number and line (see `numbering`); else from the files themselves, and rows are numbered only
    where that is needed. Columns: `file` (from 0), `row` and `line` (from 1), `ordinal`
    (ascending), `said_…`, `own_…` and `cells`, the whole row.
    """
    counted = dataset.layout is SheetLayout.LONG or any(
        ID not in p.header.places for p in dataset.parts
    )
    selects = []
    for index, part in enumerate(dataset.parts):
        rows = _rows(part, numbered[index] if numbered else None, counted)
        selects.append(f"SELECT {', '.join(_columns(dataset, index, part))} FROM {rows}")
    return " UNION ALL ".join(selects)


def _rows(part: Part, numbered: Path | None, counted: bool) -> str:
    if part.file.format is Format.PARQUET:
        rows = parquet_sql(part.file.path, "file_row_number = true")
        return (
            f"(SELECT file_row_number + 1 AS __row, file_row_number + 1 AS __line, * FROM {rows})"
        )
    if numbered is not None:
        return f"(SELECT * FROM {_csv(part, numbered, ('__row', '__line'))})"
    number = "row_number() OVER ()" if counted else "NULL::BIGINT"
    return (
        f"(SELECT {number} AS __row, NULL::BIGINT AS __line, * FROM {_csv(part, part.file.path)})"
    )


def _csv(part: Part, path: Path, before: tuple[str, ...] = ()) -> str:
    width = len(part.header.names)
    types = [f"{name}: 'BIGINT'" for name in before]
    types += [f"c{place}: 'VARCHAR'" for place in range(width)]
    gzipped = part.file.gzipped and not before
    return scan_sql(
        "read_csv",
        path,
        f"columns = {{{', '.join(types)}}}, auto_detect = false",
        f"header = {'false' if before else 'true'}, delim = {quote_text(part.delimiter)}",
        """quote = '"', escape = '"', strict_mode = true, null_padding = false""",
        *([r"new_line = '\n'"] if before else ()),
        f"max_line_size = {MAX_RECORD + (100 if before else 0)}",
        f"compression = {quote_text('gzip' if gzipped else 'none')}",
    )


def _columns(dataset: Dataset, index: int, part: Part) -> list[str]:
    own = own_places(part.header)
    columns = [
        f"{index}::BIGINT AS file",
        "__row AS row",
        "__line AS line",
        f"({index}::BIGINT << 44) + __row AS ordinal",
    ]
    for name in dict.fromkeys((ID, *dataset.meaning)):
        place = part.header.places.get(name)
        said = "NULL::VARCHAR" if place is None else _text(part, place)
        columns.append(f"{said} AS {quote_name(SAID + name)}")
    for number, name in enumerate(dataset.own):
        folder = part.folders.get(name)
        cell = "NULL" if folder is None else f"{quote_text(folder)}::VARCHAR"
        if name in own:
            cell = _own(dataset, part, own[name], name)
        columns.append(f"{cell} AS {OWN}{number}")
    columns.append(f"{_cells(part)} AS cells")
    return columns


def _cell(part: Part, place: int) -> str:
    return quote_name(part.header.names[place]) if part.types else f"c{place}"


def _text(part: Part, place: int) -> str:
    """Return a cell as the text a sheet would have for it: no decimals on a whole number."""
    cell, type_ = _cell(part, place), part.type_of(place)
    if type_.startswith(_DECIMALS):
        whole = f"TRY_CAST({cell} AS BIGINT)"
        text = f"CASE WHEN {cell} = {whole} THEN {whole}::VARCHAR ELSE {cell}::VARCHAR END"
        return f"nullif({text}, 'nan')"
    return cell if type_ == "VARCHAR" else f"{cell}::VARCHAR"


def _own(dataset: Dataset, part: Part, place: int, name: str) -> str:
    types = {
        other.type_of(places[name])
        for other in dataset.parts
        if name in (places := own_places(other.header))
    }
    if any(name in other.folders for other in dataset.parts):
        types.add("VARCHAR")
    cell = _cell(part, place)
    return cell if len(types) == 1 else f"{cell}::VARCHAR"


def _cells(part: Part) -> str:
    places = range(len(part.header.names))
    if not part.types:
        return f"[{', '.join(f'c{place}' for place in places)}]"
    pairs = (f"{quote_text(part.header.names[i])}, {_cell(part, i)}" for i in places)
    return f"[json_object({', '.join(pairs)})::VARCHAR]"
