"""Excel workbooks (.xlsx): one sheet, its cells as the text that is seen there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from softbalance.rules.model import Codebook
from softbalance.schemas.mistakes import quote_value
from softbalance.service.datasets.reading.defects import UnusableDataset
from softbalance.service.datasets.reading.foreign_table import ForeignTable, cell_text, text_cells
from softbalance.service.datasets.reading.libraries import import_library
from softbalance.service.datasets.reading.reading_options import ReadingOptions
from softbalance.service.datasets.reading.survey_rows import SURVEY_ROWS, count_survey_rows

#: The most names of sheets that are told.
_SHOWN = 10


def read(path: Path, name: str, reading: ReadingOptions, codebook: Codebook | None) -> ForeignTable:
    """Return the sheet of a workbook. Raises UnusableDataset where it is not clear which."""
    calamine = import_library("python_calamine", name)
    import pyarrow as arrow

    try:
        workbook = calamine.CalamineWorkbook.from_path(str(path))
    except calamine.PasswordError as error:
        raise UnusableDataset(
            f"{name}: is under a password; save it without one and name that file"
        ) from error
    with workbook:
        sheet = _choose_sheet(workbook, name, reading.sheet)
        rows = sheet.to_python(skip_empty_area=False)
        merged = sheet.merged_cell_ranges or []
    at = reading.skip
    names = text_cells(rows[at]) if at < len(rows) else []
    if not any(names):
        raise UnusableDataset(
            f"{name}: line {at + 1} of its sheet is blank; it has to name the columns; --skip N "
            "passes over lines before it"
        )
    first = [text_cells(row) for row in rows[at + 1 : at + 1 + SURVEY_ROWS]]
    start = at + 1 + count_survey_rows(first)
    lines = [n for n, row in enumerate(rows[start:], start + 1) if _is_filled(row)]
    last = rows[lines[-1] - 1 :] if lines else []
    kept = [rows[n - 1] for n in lines]
    columns = [text_cells(cells) for cells in zip(*kept, strict=True)] or [[] for _ in names]
    shown = [i for i, said in enumerate(names) if said or any(columns[i])]
    return ForeignTable(
        [names[i] or "" for i in shown],
        [arrow.array(columns[i], arrow.string()) for i in shown],
        lines,
        len(rows) - start - len(lines) - max(len(last) - 1, 0),
        _warn_of_merged(merged, at, name),
    )


def _choose_sheet(workbook: Any, name: str, wanted: str | None) -> Any:
    known = workbook.sheet_names
    if wanted is not None:
        if wanted not in known:
            raise UnusableDataset(
                f"{name}: has no sheet {quote_value(wanted)}; it has {_list(known)}"
            )
        return workbook.get_sheet_by_name(wanted)
    filled = [sheet for sheet in map(workbook.get_sheet_by_name, known) if sheet.end is not None]
    if len(filled) > 1:
        named = [sheet.name for sheet in filled]
        raise UnusableDataset(
            f"{name}: has {len(named)} sheets ({_list(named)}); say which with --sheet NAME"
        )
    if not filled:
        raise UnusableDataset(f"{name}: is empty; its first line has to name the columns")
    return filled[0]


def _list(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(map(quote_value, names[:_SHOWN])) + more


def _is_filled(row: list[Any]) -> bool:
    return any(cell != "" and (cell_text(cell) or "").strip() for cell in row)


def _warn_of_merged(merged: list[Any], header: int, name: str) -> tuple[str, ...]:
    lines = [start[0] + 1 for start, _ in merged if start[0] > header]
    if not lines:
        return ()
    return (
        f"{name}: cells are merged in line {min(lines)}"
        + (f" and {len(lines) - 1} more places" if len(lines) > 1 else "")
        + "; what they say is said of the first of them only, the others are read as empty",
    )
