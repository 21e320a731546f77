"""R's own files (.rds): a data frame, its factors and labelled columns as what they say."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from softbalance.rules.model import Codebook
from softbalance.service.datasets.reading.arrow_files import from_arrow
from softbalance.service.datasets.reading.defects import UnusableDataset
from softbalance.service.datasets.reading.foreign_table import ForeignTable, cell_text
from softbalance.service.datasets.reading.libraries import import_library
from softbalance.service.datasets.reading.reading_options import ReadingOptions


def read(path: Path, name: str, reading: ReadingOptions, codebook: Codebook | None) -> ForeignTable:
    """Return the data frame in a file. Raises UnusableDataset where it holds something else."""
    rdata = import_library("rdata", name)
    import pyarrow as arrow

    classes = {
        **rdata.conversion.DEFAULT_CLASS_MAP,
        "Date": lambda cells, _: _days(cells),
        "POSIXct": lambda cells, _: _seconds(cells),
        "haven_labelled": lambda cells, about: _labelled(cells, about, name),
        "labelled": lambda cells, about: _labelled(cells, about, name),
    }
    with warnings.catch_warnings():
        # what is only said of classes that it does not know, such as that of a tibble
        warnings.simplefilter("ignore")
        found = rdata.read_rds(path, constructor_dict=classes, default_encoding="utf-8")
    frame = import_library("pandas", name).DataFrame
    if not isinstance(found, frame):
        raise UnusableDataset(
            f"{name}: holds no data frame; in R, save one: saveRDS(as.data.frame(x), {path.name!r})"
        )
    found.columns = [str(column) for column in found.columns]
    table = arrow.Table.from_pandas(found.reset_index(drop=True), preserve_index=False)
    return from_arrow(table.replace_schema_metadata(None), name)


def _days(cells: Any) -> Any:
    """Return R's days since 1970 as dates."""
    pandas = import_library("pandas", "")
    days = pandas.to_datetime(pandas.Series(cells, dtype="float64"), unit="D")
    return pandas.array([None if pandas.isna(day) else day.date() for day in days], dtype=object)


def _seconds(cells: Any) -> Any:
    pandas = import_library("pandas", "")
    return pandas.to_datetime(pandas.Series(cells, dtype="float64"), unit="s").array


def _labelled(cells: Any, about: Mapping[str, Any], name: str) -> Any:
    """Return what the labels of a column say; a number without one stays a number."""
    pandas = import_library("pandas", name)
    labels = about.get("labels")
    if labels is None:
        return cells
    known = dict(_pairs(labels))
    if len(set(known.values())) < len(known):
        raise UnusableDataset(
            f"{name}: in a labelled column several numbers have the same label; correct it in R"
        )
    read = pandas.Series(cells).astype(object)
    said = [None if pandas.isna(cell) else known.get(cell, cell_text(cell)) for cell in read]
    return pandas.array(said, dtype="string")


def _pairs(labels: Any) -> Any:
    """Yield the code and the label of each value that has one."""
    if isinstance(labels, Mapping):
        return ((code, label) for label, code in labels.items())
    index = getattr(labels, "coords", {}).get("dim_0", ())
    return ((code, str(label)) for code, label in zip(labels, index, strict=False))
