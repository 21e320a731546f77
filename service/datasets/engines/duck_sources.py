"""A dataset's files as one DuckDB query, in the columns that `ibis_codings` describes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from duckdb import sqltype
from softbalance.rules.table.sql import quote_name, quote_text
from softbalance.service.datasets.reading.cells import finite_sql, holds_floats, text_sql
from softbalance.service.datasets.reading.dataset import Dataset, Part, own_places
from softbalance.service.datasets.reading.duck_files import parquet_sql, scan_sql
from softbalance.service.datasets.reading.formats import Format
from softbalance.service.datasets.reading.layouts import ID
from softbalance.service.datasets.reading.text_lines import MAX_RECORD

SAID, OWN = "said_", "own_"


def source_sql(dataset: Dataset, numbered: Sequence[Path] | None, *, finite: bool = False) -> str:
    """Return the query for a dataset's rows.

    With `numbered`, text is read from these copies, one a part, that begin each row with its
    number and line (see `numbering`); else from the files themselves, and rows are numbered only
    where that is needed. Columns: `file` (from 0), `row` and `line` (from 1), `ordinal`
    (ascending), `said_…`, `own_…` and `cells`, the whole row. With `finite`, NaN and infinity are
    null in `own_…`, as they are in `cells`, which is JSON where there are types.
    """
    counted = dataset.grouped or any(ID not in p.header.places for p in dataset.parts)
    selects = []
    for index, part in enumerate(dataset.parts):
        rows = _rows(part, numbered[index] if numbered else None, counted)
        columns = _columns(dataset, index, part, finite)
        selects.append(f"SELECT {', '.join(columns)} FROM {rows}")
    return " UNION ALL ".join(selects)


def _rows(part: Part, numbered: Path | None, counted: bool) -> str:
    if part.file.format in (Format.PARQUET, Format.TABLE):
        return _typed(part)
    if numbered is not None:
        return f"(SELECT * FROM {_csv(part, numbered, ('__row', '__line'))})"
    number = "row_number() OVER ()" if counted else "NULL::BIGINT"
    return (
        f"(SELECT {number} AS __row, NULL::BIGINT AS __line, * FROM {_csv(part, part.file.path)})"
    )


def _typed(part: Part) -> str:
    """Return the rows of a Parquet file or a table, columns called by their places as in text.

    Whatever they are called there, so they do not get in the way of ours.
    """
    number = "file_row_number"
    if part.file.format is Format.TABLE:
        rows = f"SELECT *, row_number() OVER () - 1 FROM {quote_name(part.file.name)}"
    elif any(name.lower() == number for name in part.header.names):
        rows = f"SELECT *, row_number() OVER () - 1 FROM {parquet_sql(part.file.path)}"
    else:
        scanned = parquet_sql(part.file.path, f"{number} = true")
        rows = f"SELECT * EXCLUDE ({number}), {number} FROM {scanned}"
    names = [f"c{place}" for place in range(len(part.header.names))]
    named = [*names, "__at"] if part.file.numbered else names
    line = "__at" if part.file.numbered else "__number + 1"
    return (
        f"(SELECT __number + 1 AS __row, {line} AS __line, {', '.join(names)} "
        f"FROM ({rows}) AS named({', '.join(named)}, __number))"
    )


def _csv(part: Part, path: Path, before: tuple[str, ...] = ()) -> str:
    width = len(part.header.names)
    types = [f"{name}: 'BIGINT'" for name in before]
    types += [f"c{place}: 'VARCHAR'" for place in range(width)]
    gzipped = part.file.gzipped and not before
    quote = quote_text('"' if before or part.sheet.quoting else "")
    return scan_sql(
        "read_csv",
        path,
        f"columns = {{{', '.join(types)}}}, auto_detect = false",
        f"header = {'false' if before else 'true'}, delim = {quote_text(part.delimiter)}",
        f"skip = {0 if before else part.sheet.named}, quote = {quote}, escape = {quote}",
        """strict_mode = true, null_padding = false""",
        *([r"new_line = '\n'"] if before else ()),
        f"max_line_size = {MAX_RECORD + (100 if before else 0)}",
        f"compression = {quote_text('gzip' if gzipped else 'none')}",
    )


def _columns(dataset: Dataset, index: int, part: Part, finite: bool) -> list[str]:
    own = own_places(part.header)
    columns = [
        f"{index}::BIGINT AS file",
        "__row AS row",
        "__line AS line",
        f"({index}::BIGINT << 44) + __row AS ordinal",
    ]
    for name in dict.fromkeys((ID, *dataset.meaning)):
        place = part.header.places.get(name)
        said = "NULL::VARCHAR" if place is None else text_sql(f"c{place}", part.type_of(place))
        columns.append(f"{said} AS {quote_name(SAID + name)}")
    for number, name in enumerate(dataset.own):
        folder = part.folders.get(name)
        cell = "NULL" if folder is None else f"{quote_text(folder)}::VARCHAR"
        if name in own:
            cell = _own(dataset, part, own[name], name, finite)
        columns.append(f"{cell} AS {OWN}{number}")
    columns.append(f"{_cells(part)} AS cells")
    return columns


def _own(dataset: Dataset, part: Part, place: int, name: str, finite: bool) -> str:
    types = {
        other.type_of(places[name])
        for other in dataset.parts
        if name in (places := own_places(other.header))
    }
    if any(name in other.folders for other in dataset.parts):
        types.add("VARCHAR")
    cell = _finite(part, place) if finite else f"c{place}"
    return cell if len(types) == 1 else f"{cell}::VARCHAR"


def _finite(part: Part, place: int) -> str:
    cell, type_ = f"c{place}", part.type_of(place)
    return finite_sql(cell, sqltype(type_)) if holds_floats(type_) else cell


def _cells(part: Part) -> str:
    places = range(len(part.header.names))
    if not part.types:
        return f"[{', '.join(f'c{place}' for place in places)}]"
    pairs = (f"{quote_text(part.header.names[i])}, {_finite(part, i)}" for i in places)
    return f"[json_object({', '.join(pairs)})::VARCHAR]"


def count_lost_sql(dataset: Dataset) -> str | None:
    """Return the query for how many rows have a number that JSON lacks; None if none can."""
    selects = []
    for part in dataset.parts:
        places = own_places(part.header).values()
        floats = [i for i in places if part.types and holds_floats(part.type_of(i))]
        if floats:
            lost = " OR ".join(f"c{i} IS DISTINCT FROM {_finite(part, i)}" for i in floats)
            selects.append(f"SELECT count(*) AS n FROM {_typed(part)} WHERE {lost}")
    return f"SELECT sum(n) FROM ({' UNION ALL '.join(selects)})" if selects else None
