"""How pages are made: templates with their words, static files by content hash, the policy.

A page is a template and the dataclass that it shows as `page`. Everything in it is escaped, and
its policy lets a browser run, load and send nothing but what this service itself holds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache, partial, wraps
from importlib.resources import files
from pathlib import Path
from typing import Any

import flask
from flask import Flask, Response, render_template, request, send_from_directory, url_for
from softbalance.rules.model import Codebook
from softbalance.rules.wording import clause_words, format_count
from softbalance.service.http.caching import FOREVER
from softbalance.service.http.parsing import expect_query
from softbalance.service.http.problems import Problem, payload
from softbalance.service.text.argument import format_cites
from softbalance.service.text.comparison_text import premise_words
from softbalance.service.text.difference_text import content_words, differing_words, share
from softbalance.service.text.outlook_text import change_words, expectation_words, gain_words
from softbalance.service.text.phrases import label, to_words
from softbalance.service.text.states_text import state_name
from softbalance.service.text.verification_text import examined_words, has_witness, witness_words
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import RequestRedirect

#: Nothing comes from other hosts, nothing stands in the page itself, and no page frames ours.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
#: What the header leads to; a page that the application does not have is left out.
NAVIGATION = (
    ("/", "Classifications"),
    ("/rulebooks", "Rulebooks"),
    ("/code", "Coding desk"),
    ("/batch", "Batch"),
    ("/docs", "API"),
    ("/key", "Key"),
)
_STATIC = Path(str(files("softbalance.service.pages") / "static"))


def render_page(template: str, page: object, status: int = 200) -> Response:
    """Return a page: the template, with `page` holding all that it shows."""
    body = render_template(template, page=page)
    headers = {"Content-Security-Policy": POLICY}
    return Response(body, status, headers, mimetype="text/html")


def problem_page(problem: Problem) -> Response:
    """Return a problem as a page."""
    body = render_template("problem.html", problem=payload(problem, request.path))
    headers = {"Content-Security-Policy": POLICY, "Vary": "Accept", **problem.headers}
    return Response(body, problem.status, headers, mimetype="text/html")


def set_up(app: Flask, codebook: Codebook) -> None:
    """Give the application's templates their words, and serve the static files."""
    environment = app.jinja_env
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.filters |= {
        "words": to_words,
        "counted": format_count,
        "change": change_words,
        "cited": format_cites,
        "clause": lambda clause: to_words(clause_words(clause)),
        "examined": examined_words,
        "expectation": expectation_words,
        "gain": gain_words,
        "premise": premise_words,
        "state": state_name,
    }
    environment.globals |= {
        "static": _static,
        "codebook": codebook,
        "class_label": partial(label, codebook=codebook),
        "class_place": partial(_class_place, codebook),
        "content_words": content_words,
        "differing_words": differing_words,
        "has_witness": has_witness,
        "share": lambda count, total: share(count, total).strip(),
        "witness_words": witness_words,
        "navigation": _navigation,
        "is_here": _is_here,
    }
    app.register_blueprint(_assets())


def _class_place(codebook: Codebook, name: str) -> int:
    """Return the place of a class in the codebook, from 1, which gives it its look; or 0."""
    return [*codebook.classes].index(name) + 1 if name in codebook.classes else 0


def _assets() -> flask.Blueprint:
    """Make the route of the static files; their address changes whenever one of them does."""
    routes = flask.Blueprint("static", __name__)

    @routes.get("/static/<digest>/<path:name>")
    def file(digest: str, name: str) -> Response:
        response = send_from_directory(_STATIC, name)
        if digest == static_digest():
            response.headers["Cache-Control"] = FOREVER
        return response

    return routes


@cache
def static_digest() -> str:
    """Return a hash of all static files and their names, in 12 hex digits."""
    digest = hashlib.sha256()
    for path in sorted(_STATIC.rglob("*")):
        if path.is_file():
            digest.update(f"{path.relative_to(_STATIC)}\0{path.stat().st_size}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _static(name: str) -> str:
    return url_for("static.file", digest=static_digest(), name=name)


def _navigation() -> list[tuple[str, str]]:
    return [(path, name) for path, name in NAVIGATION if _leads_somewhere(path)]


def _leads_somewhere(path: str) -> bool:
    try:
        flask.current_app.url_map.bind("").match(path)
    except (NotFound, MethodNotAllowed, RequestRedirect):
        return False
    return True


def _is_here(path: str) -> bool:
    """Return whether the page at hand belongs to an entry of the navigation."""
    here = request.path
    if path == "/":
        return here == "/" or here.startswith("/classifications")
    return here == path or here.startswith(f"{path}/")


class PageBlueprint(flask.Blueprint):
    """A blueprint of pages, which refuse query parameters other than those of their route."""

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Any = None,
        provide_automatic_options: bool | None = None,
        *,
        query: Sequence[str] = (),
        **options: Any,
    ) -> None:
        """Register a view that takes the parameters named in `query`."""

        @wraps(view_func)
        def view(*args: Any, **given: Any) -> Any:
            expect_query(*query)
            return view_func(*args, **given)

        super().add_url_rule(rule, endpoint, view, provide_automatic_options, **options)
