"""Whether the service is up and ready, and its documentation."""

from __future__ import annotations

import logging
from importlib.resources import files

import flask
from flask import Response, send_from_directory
from marshmallow import Schema, fields
from softbalance.rules.episode.firing import EngineFailure
from softbalance.rules.verification.cases import Case, CaseResult
from softbalance.schemas import json_schema
from softbalance.schemas.classification import TRACE
from softbalance.service.classifiers import classify
from softbalance.service.context import Context
from softbalance.service.http.parsing import Blueprint, as_json
from softbalance.service.http.problems import Problem
from softbalance.service.http.workers import replace_worker
from softbalance.service.observing.metrics import CONTENT_TYPE
from softbalance.service.store import StoreAway

_log = logging.getLogger(__name__)
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>softbalance API</title>
<link rel="icon" href="/docs/assets/favicon-32x32.png">
<link rel="stylesheet" href="/docs/assets/swagger-ui.css">
</head>
<body>
<div id="docs"></div>
<noscript>This page needs JavaScript; the same document is at /openapi.json.</noscript>
<script src="/docs/assets/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
_START = """\
SwaggerUIBundle({url: "/openapi.json", dom_id: "#docs", deepLinking: true, validatorUrl: null});
"""
#: Swagger UI sets style attributes, and draws with images that its style sheet holds.
_POLICY = (
    "default-src 'none'; connect-src 'self'; img-src 'self' data:; script-src 'self'; "
    "style-src 'self' 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class StatusSchema(Schema):
    """The service's state in a word."""

    status = fields.String(required=True)


def blueprint(context: Context) -> Blueprint:
    """Make the routes."""
    routes = Blueprint("operation", __name__, description="Health and documentation")
    _add_health(routes, context)
    _add_metrics(routes, context)
    _add_docs(routes)
    return routes


def _add_health(routes: Blueprint, context: Context) -> None:
    @routes.route("/healthz")
    @routes.response(200, StatusSchema)
    def healthz() -> Response:
        """Answer as long as the process runs."""
        return as_json({"status": "alive"})

    @routes.route("/readyz")
    @routes.response(200, StatusSchema)
    @routes.alt_response(503, "SERVICE_UNAVAILABLE")
    def readyz() -> Response:
        """Decide a known episode, store it and undo that; 503 if a call that stores would fail."""
        why = find_obstacle(context)
        if why is None:
            return as_json({"status": "ready"})
        _log.error("not ready: %s", why)
        # whoever asks here has shown no key, and the reason names what is behind this service
        told = "the log says why" if context.settings.asks_for_keys else why
        raise Problem(503, "not-ready", told, headers={"Retry-After": "5"})


def _add_metrics(routes: Blueprint, context: Context) -> None:
    @routes.route("/metrics")
    @routes.doc(responses={200: {"description": "The metrics", "content": {"text/plain": {}}}})
    def metrics() -> Response:
        """Tell the metrics of all workers together, in the text format of Prometheus."""
        try:
            head = context.store.head()
        except StoreAway:
            records = None
        else:
            # positions in the chain leave no gap
            records = head[0].position if head else 0
        return Response(context.metrics.exposition(records), content_type=CONTENT_TYPE)


def _add_docs(routes: Blueprint) -> None:
    @routes.route(json_schema.PATH)
    @routes.doc(responses={200: {"description": "It", "content": {"application/json": {}}}})
    def rulebook_schema() -> Response:
        """Read the JSON Schema of rulebooks and codebooks, for editors of YAML."""
        return as_json(json_schema.make_json_schema())

    @routes.route("/docs")
    @routes.doc(responses={200: {"description": "The page", "content": {"text/html": {}}}})
    def docs() -> Response:
        """Show this document as a page; nothing is loaded from other hosts."""
        return Response(_PAGE, mimetype="text/html", headers={"Content-Security-Policy": _POLICY})


def assets() -> flask.Blueprint:
    """Make the routes of the documentation page's own files, which no document lists."""
    routes = flask.Blueprint("assets", __name__, url_prefix="/docs")
    folder = str(files("flask_swagger_ui") / "dist")

    @routes.get("/assets/<path:name>")
    def asset(name: str) -> Response:
        return send_from_directory(folder, name, max_age=86_400)

    @routes.get("/start.js")
    def start() -> Response:
        return Response(_START, mimetype="text/javascript")

    return routes


def find_obstacle(context: Context) -> str | None:
    """Return why a call that classifies and stores would fail, None if it would not."""
    known = known_case(context)
    try:
        got = classify(context.classifiers[known.rulebook], known.episode, TRACE)
        context.store.rehearse(got)
    except StoreAway as error:
        return str(error)
    except EngineFailure as error:
        context.metrics.count_failure(error)
        replace_worker()
        return str(error)
    if not CaseResult(known, got).ok:
        return f"case {known.id} came out as {got['classification']}"
    return None


def known_case(context: Context) -> Case:
    """Return the case that readiness is tested on: the first of the default rulebook."""
    return context.cases_of(context.library.default)[0]
