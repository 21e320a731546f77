"""Files as DuckDB is to read them: those that are named, and of each what is in it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from softbalance.rules.table.sql import quote_text


def scan_sql(function: str, paths: Path | Iterable[Path], *options: str) -> str:
    """Return a call of a DuckDB function (`read_csv`, `read_json`, `read_parquet`) on files.

    `options` are written as `name = value`. A folder named `form=x` is only a folder: by itself,
    DuckDB reads a column off it, in place of the file's own.
    """
    listed = [paths] if isinstance(paths, Path) else paths
    files = f"[{', '.join(map(file_text, listed))}]"
    return f"{function}({', '.join((files, *options, 'hive_partitioning = false'))})"


def file_text(path: Path) -> str:
    """Return an SQL literal that DuckDB reads as the name of this one file.

    It takes `*`, `?` and `[` for patterns, and a `~` in front for the home folder.
    """
    return quote_text(re.sub(r"[*?[]", r"[\g<0>]", str(path.absolute())))
