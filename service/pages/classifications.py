"""`/`: the stored classifications."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import flask
from flask import Response
from softbalance.service.context import Context
from softbalance.service.pages.rendering import shown


@dataclass(frozen=True)
class ClassificationsPage:
    """Some stored classifications, newest first."""

    items: Sequence[Mapping[str, Any]]


def blueprint(context: Context) -> flask.Blueprint:
    """Make the routes."""
    routes = flask.Blueprint("pages", __name__)

    @routes.get("/")
    def classifications() -> Response:
        page = context.store.page({}, 50)
        return shown("classifications.html", ClassificationsPage(page.items))

    return routes
