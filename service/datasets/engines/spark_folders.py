"""Columns that folders add on Spark, by the same rule as elsewhere (see `reading.folders`).

Spark's own way replaces a column of the files by one of the same name. It is turned off where files
are read, and the columns that files lack are made here, from the path of each row's file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import reduce
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from softbalance.rules.model import Codebook
from softbalance.service.datasets.reading.folders import NULL_FOLDER, drop_known, folder_columns

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame


def add_folders(
    frame: DataFrame, roots: Sequence[str], names: Sequence[str], codebook: Codebook
) -> DataFrame:
    """Return a frame as it was read, with the columns that folders below the `roots` add.

    `roots` are paths as they stand in a URI; `names` are the columns of the files. Raises
    UnusableDataset where a folder would decide how rows are coded.
    """
    keys: dict[str, str] = {}
    for uri in frame.inputFiles():
        for folder in _below(urlsplit(uri).path, roots).split("/")[1:-1]:
            added = folder_columns([unquote(folder)])
            for name in drop_known(added, names, codebook, unquote(uri)):
                keys[name] = folder.partition("=")[0]
    path = _relative_path(roots)
    return frame.select("*", *(_value(path, key).alias(name) for name, key in keys.items()))


def _below(path: str, roots: Sequence[str]) -> str:
    """Return a file's path from the root that it is below, with a slash before it."""
    found = [root for root in roots if path.startswith(root + "/")]
    return path[len(max(found, key=len)) :] if found else ""


def _relative_path(roots: Sequence[str]) -> Column:
    from pyspark.sql.functions import col, length, lit, regexp_replace, when

    path = regexp_replace(col("_metadata.file_path"), "^[^/]*:(//[^/]*)?", "")

    def choose(others: Column, root: str) -> Column:
        below = path.substr(lit(len(root) + 1), length(path))
        return when(path.startswith(root + "/"), below).otherwise(others)

    return reduce(choose, sorted(roots, key=len), lit(""))


def _value(path: Column, key: str) -> Column:
    """Return what a folder of that name says, null where there is none."""
    from pyspark.sql.functions import regexp_extract, when

    said = _decode(regexp_extract(path, f"/{re.escape(key)}=([^/]*)/", 1))
    return when(~said.isin("", NULL_FOLDER), _decode(said))


def _decode(text: Column) -> Column:
    """Return a text without `%41` and the like; where these are none, as it is."""
    from pyspark.sql.functions import coalesce, regexp_replace, try_url_decode

    return coalesce(try_url_decode(regexp_replace(text, r"\+", "%2B")), text)
