"""`/`: the stored classifications, searched, counted, sorted, paged and exported."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import flask
import orjson
from flask import Response, request
from softbalance.schemas.classification import Classification
from softbalance.service.context import Context
from softbalance.service.datasets.reading.spreadsheets import neutralise
from softbalance.service.pages.list_query import QUERY, ListState, parse_list_query
from softbalance.service.pages.rendering import PageBlueprint, render_page
from softbalance.service.store import Row, Tally, count_classes, find_rows, read_documents

PAGE = 50


@dataclass(frozen=True)
class Bar:
    """How many of the records are of a class: a bar of the chart, and where a click leads."""

    label: str
    count: int
    share: float
    chosen: bool
    address: str


@dataclass(frozen=True)
class ClassificationsPage:
    """Some stored classifications.

    `bars` count what passes all filters but that of the class. `total` is how many pass them all,
    `next` the address of the next page, `choices` the values of the closed filters.
    """

    asked: ListState
    rows: Sequence[Row]
    bars: Sequence[Bar]
    total: int
    next: str | None
    choices: Mapping[str, Sequence[str]]


def blueprint(context: Context) -> flask.Blueprint:
    """Make the routes."""
    routes = PageBlueprint("pages", __name__)
    tally = Tally(context.store.database)

    def read() -> ListState:
        return parse_list_query(request.args, _choices(context))

    @routes.get("/", query=QUERY)
    def classifications() -> Response:
        return render_page("classifications.html", _page(context, tally, read()))

    @routes.get("/classifications.csv", query=QUERY)
    def as_csv() -> Response:
        return _export(context, read(), "csv", _csv)

    @routes.get("/classifications.ndjson", query=QUERY)
    def as_ndjson() -> Response:
        return _export(context, read(), "ndjson", _ndjson)

    return routes


def _choices(context: Context) -> dict[str, Sequence[str]]:
    library = context.library
    return {
        "classification": list(library.codebook.classes),
        "rulebook": list(dict.fromkeys([*library.rulebooks, *context.store.rulebooks()])),
        "form": list(library.codebook.forms),
    }


def _page(context: Context, tally: Tally, wanted: ListState) -> ClassificationsPage:
    choices = _choices(context)
    database = context.store.database
    found = find_rows(database, wanted.wanted, PAGE)
    others = wanted.drop("classification")
    counted = count_classes(database, others.filters) if others.filters else tally.classes()
    chosen = wanted.filters.get("classification")
    most = max(counted.values(), default=0)
    bars = [
        Bar(
            label,
            count := counted.get(label, 0),
            count / most if most else 0,
            label == chosen,
            wanted.address(classification=None if label == chosen else label),
        )
        for label in choices["classification"]
    ]
    total = counted.get(chosen, 0) if chosen else sum(counted.values())
    following = wanted.get_page_address(found.next) if found.next else None
    return ClassificationsPage(wanted, found.rows, bars, total, following, choices)


_Lines = Callable[[Iterator[Classification]], Iterator[bytes]]


def _export(context: Context, wanted: ListState, ending: str, lines: _Lines) -> Response:
    """Stream all that the list shows, page after page."""
    body = lines(read_documents(context.store.database, wanted.drop().wanted))
    saved = {"Content-Disposition": f'attachment; filename="classifications.{ending}"'}
    mimetype = {"csv": "text/csv", "ndjson": "application/x-ndjson"}[ending]
    return Response(body, headers=saved, mimetype=mimetype)


def _ndjson(found: Iterator[Classification]) -> Iterator[bytes]:
    for record in found:
        told = record.copy()
        told.pop("trace", None)
        yield orjson.dumps(told, option=orjson.OPT_APPEND_NEWLINE)


_COLUMNS = (
    "id", "classified_at", "rulebook", "version", "episode", "title", "form", "actors", "hegemon",
    "start", "end", "classification", "strategy", "dominant_explanations", "notes", "contested",
    "decision_digest",
)  # fmt: skip


def _csv(found: Iterator[Classification]) -> Iterator[bytes]:
    """Write a row a record; lists are joined by `;`."""
    yield _line(_COLUMNS)
    for record in found:
        cells = _cells(record)
        yield _line([_cell(cells[name]) for name in _COLUMNS])


def _cells(record: Classification) -> dict[str, object]:
    """Return a record by the columns of the sheet."""
    episode, rulebook = record["episode"], record["rulebook"]
    period = episode.get("period", {})
    return {
        "id": record["id"],
        "classified_at": record["classified_at"],
        "rulebook": rulebook["id"],
        "version": rulebook["version"],
        "episode": episode["id"],
        "title": episode.get("title"),
        "form": episode["form"],
        "actors": episode.get("actors"),
        "hegemon": episode.get("hegemon"),
        "start": period.get("start"),
        "end": period.get("end"),
        "classification": record["classification"],
        "strategy": record["strategy"],
        "dominant_explanations": record["dominant_explanations"],
        "notes": record["notes"],
        "contested": record["contested"],
        "decision_digest": record["decision_digest"],
    }


def _line(cells: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow(map(neutralise, cells))
    return text.getvalue().encode("utf-8", "replace")


def _cell(value: object) -> str:
    return ";".join(value) if isinstance(value, list) else "" if value is None else str(value)
