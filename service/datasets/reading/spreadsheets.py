"""CSV for programs that open it as a spreadsheet: what they would run, and how they tell UTF-8."""

from __future__ import annotations

import codecs
import gzip
import os
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from softbalance.rules.table.sql import quote_text

#: How text begins that spreadsheets take for a formula or a command, also in full width. Source:
#: OWASP, "CSV Injection".
_BEGINS = "^(?:[\\s\u00a0\ufeff]*[=+@\uff1d\uff0b\uff0d\uff20-]|[\t\r\n])"
#: Numbers begin so too, and are what they look like.
_NUMBER = r"[+-]?[0-9]+([.,][0-9]+)*([eE][+-]?[0-9]+)?"
_FORMULA, _PLAIN = re.compile(_BEGINS), re.compile(_NUMBER)
_QUOTE = "'"


def neutralise(cell: str) -> str:
    """Return a cell with a quote before it if a spreadsheet would run it as a formula."""
    if not _FORMULA.match(cell) or _PLAIN.fullmatch(cell.strip(" ")):
        return cell
    return _QUOTE + cell


def neutralise_all(cells: Iterable[Any]) -> list[Any]:
    """Return cells, those that are text neutralised."""
    return [neutralise(cell) if isinstance(cell, str) else cell for cell in cells]


def neutralise_sql(cell: str) -> str:
    """Return SQL for DuckDB that does so."""
    begins = f"regexp_matches({cell}, {quote_text(_BEGINS)})"
    number = f"regexp_full_match(trim({cell}), {quote_text(_NUMBER)})"
    safe = f"{quote_text(_QUOTE)} || {cell}"
    return f"CASE WHEN {begins} AND NOT {number} THEN {safe} ELSE {cell} END"


def add_mark(path: Path, *, gzipped: bool = False) -> None:
    """Put a byte order mark before a finished file, by which spreadsheets tell UTF-8."""
    marked = path.with_name(f"{path.name}-marked")
    with path.open("rb") as read, marked.open("wb") as out:
        out.write(gzip.compress(codecs.BOM_UTF8) if gzipped else codecs.BOM_UTF8)
        shutil.copyfileobj(read, out, 1 << 20)
    os.replace(marked, path)
