"""Coded data and results as a Data Package (https://datapackage.org, version 2.0).

A folder, or a zip, with `datapackage.json` and a CSV each for the episodes, the observations behind
them and the results. The schemas of the tables come from the codebook and the rulebooks: what each
column means, which values it can have, and which rows belong together.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from typing import Any

import orjson
from softbalance.rules.classifier import Classifier
from softbalance.rules.model import FORM, Codebook
from softbalance.rules.table.columns import as_columns, output_columns
from softbalance.rules.vocabularies import unite_codebooks
from softbalance.service.datasets.reading.layouts import (
    EPISODE_FIELDS,
    ID,
    INDICATOR,
    OBSERVATION_FIELDS,
    VALUE,
)
from softbalance.service.datasets.reading.rejects import COLUMNS, Reject
from softbalance.service.exchange.coded import CodedData
from softbalance.service.exchange.table_schemas import (
    episodes_schema,
    observations_schema,
    rejects_schema,
    results_schema,
)

Row = Mapping[str, Any]


def package(
    data: CodedData, classifiers: Sequence[Classifier], about: Mapping[str, Any]
) -> dict[str, bytes]:
    """Return the files of a package by name; `about` are further properties of the package.

    Raises EngineFailure.
    """
    books = [classifier.rulebook for classifier in classifiers]
    codebook = unite_codebooks(book.codebook for book in books)
    tables = {
        "episodes": (episodes_schema(codebook), _episodes(data)),
        "observations": (observations_schema(codebook), _observations(data)),
        "results": (results_schema(codebook, books), _results(data, classifiers)),
        "rejects": (rejects_schema(), _rejects(data.rejects, data.files)),
    }
    files: dict[str, bytes] = {}
    resources = []
    for name, (schema, rows) in tables.items():
        text = _csv([field["name"] for field in schema["fields"]], rows)
        if name == "rejects" and not data.rejects:
            continue
        files[f"{name}.csv"] = text
        resources.append(_resource(name, schema, text))
    described = _describe_package(codebook, classifiers, about) | {"resources": resources}
    described_json = orjson.dumps(described, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    return {"datapackage.json": described_json, **files}


def _describe_package(
    codebook: Codebook, classifiers: Sequence[Classifier], about: Mapping[str, Any]
) -> dict[str, Any]:
    books = [classifier.rulebook for classifier in classifiers]
    sources = {**codebook.sources, **{k: v for book in books for k, v in book.sources.items()}}
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "softbalance-coded-episodes",
        "title": codebook.title,
        "description": "Coded episodes, the observations behind them, and what softbalance "
        "concludes from them. Each row of results follows from the codings by the rulebook of that "
        "digest alone.",
        **about,
        "sources": [{"title": citation} for citation in sources.values()],
        "softbalance": {
            "version": version("softbalance"),
            "codebook": {"id": codebook.id, "version": codebook.version},
            "rulebooks": [
                {
                    "id": book.id,
                    "version": book.version,
                    "digest": book.digest,
                    "title": book.title,
                    "cites": list(book.sources.values()),
                }
                for book in books
            ],
        },
    }


def _resource(name: str, schema: Mapping[str, Any], text: bytes) -> dict[str, Any]:
    return {
        "name": name,
        "type": "table",
        "path": f"{name}.csv",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": len(text),
        "hash": f"sha256:{hashlib.sha256(text).hexdigest()}",
        "schema": schema,
    }


def _episodes(data: CodedData) -> Iterable[Row]:
    for episode in data.episodes:
        about = {name: episode.about.get(name, "") for name in EPISODE_FIELDS}
        yield {ID: episode.id, FORM: episode.form, **about, **episode.codings.values}


def _observations(data: CodedData) -> Iterable[Row]:
    number = 0
    for episode in data.episodes:
        for said in episode.observations:
            number += 1
            known = {name: said.get(name, "") for name in (INDICATOR, VALUE, *OBSERVATION_FIELDS)}
            yield {"observation": number, ID: episode.id, **known}


def _results(data: CodedData, classifiers: Sequence[Classifier]) -> Iterable[Row]:
    names = output_columns([classifier.rulebook for classifier in classifiers])
    for episode in data.episodes:
        for classifier in classifiers:
            decision = classifier.decide(episode.codings)
            columns = as_columns(classifier.verdict(decision), decision.fired)
            row = {ID: episode.id, "rulebook": classifier.rulebook.id, **columns}
            yield {name: row.get(name) for name in names}


def _rejects(rejects: Iterable[Reject], files: Sequence[str]) -> Iterable[Row]:
    for reject in rejects:
        cells = reject._asdict()
        yield {name: cells[name] for name in COLUMNS} | {"file": files[reject.file]}


def _csv(names: Sequence[str], rows: Iterable[Row]) -> bytes:
    sheet = io.StringIO()
    writer = csv.writer(sheet, lineterminator="\r\n")
    writer.writerow(names)
    writer.writerows([_cell(row[name]) for name in names] for row in rows)
    return sheet.getvalue().encode("utf-8", "backslashreplace")


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        return ";".join(value)
    return "" if value is None else value
