"""`/batch`: a file of episodes is sent, and its verdicts come back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO

import flask
from flask import Response, request
from softbalance.rules.model import Rulebook, VerdictClass
from softbalance.service.context import Context
from softbalance.service.http.parsing import as_json, body_of
from softbalance.service.pages.rendering import PageBlueprint, render_page

#: Bytes up to which the page takes a file; larger ones are for the command line.
MOST_BYTES = 200 * 1024 * 1024


@dataclass(frozen=True)
class BatchPage:
    """What a file is decided by, and how large it may be."""

    rulebooks: Sequence[Rulebook]
    default: str
    classes: Mapping[str, VerdictClass]
    most_bytes: int


def blueprint(context: Context) -> flask.Blueprint:
    """Make the routes."""
    routes = PageBlueprint("batch", __name__, url_prefix="/batch")
    codebook = context.library.codebook

    @routes.get("")
    def batch() -> Response:
        rulebooks = list(context.library.rulebooks.values())
        page = BatchPage(rulebooks, context.library.default, codebook.classes, MOST_BYTES)
        return render_page("batch.html", page)

    @routes.post("/header")
    def header() -> Response:
        """Tell from the first line of a sheet how it is read; a mistake is an answer here."""
        # DuckDB takes a while to import, and most workers never see a batch
        from softbalance.service.datasets.reading.defects import UnusableDataset  # noqa: PLC0415
        from softbalance.service.datasets.reading.formats import Format  # noqa: PLC0415
        from softbalance.service.datasets.reading.layouts import SheetLayout, read_header  # noqa: PLC0415
        from softbalance.service.datasets.reading.sheets import read_sheet  # noqa: PLC0415
        from softbalance.service.datasets.reading.text_lines import Lines  # noqa: PLC0415

        try:
            names, sheet = read_sheet(Lines(BytesIO(body_of(request))), Format.CSV, "the file")
            found = read_header(names, codebook, "the file")
        except UnusableDataset as error:
            return as_json({"mistake": str(error)})
        if found.layout is SheetLayout.LONG:
            return as_json({"mistake": "the file: is in the long layout, a row an observation"})
        read = {
            "names": names,
            "delimiter": sheet.delimiter,
            "indicators": sum(name in found.places for name in codebook.indicators),
            "own": found.own,
        }
        return as_json({"mistake": None, **read})

    return routes
