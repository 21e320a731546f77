"""The Flask application: the only place where its parts are put together."""

from __future__ import annotations

import logging
from http import HTTPStatus
from importlib.resources import files
from typing import Any

from apispec import BasePlugin
from flask import Flask, Response, request
from flask_smorest import Api
from flask_smorest.utils import prepare_response
from gunicorn.http.errors import ParseException
from softbalance.rules.episode.decision import UnsoundRulebook
from softbalance.rules.episode.firing import EngineFailure
from softbalance.schemas.fields import VALUES, Codings
from softbalance.schemas.problem import ProblemSchema
from softbalance.service.api import audit_head as audit
from softbalance.service.api import batches, classifications, comparisons, operation, rulebooks
from softbalance.service.auth import guard, rates, sessions
from softbalance.service.auth.api_keys import Keys
from softbalance.service.context import Context
from softbalance.service.http import problems
from softbalance.service.http.patience import TooSlow
from softbalance.service.http.problems import MIMETYPE, Problem
from softbalance.service.http.workers import replace_worker
from softbalance.service.observing.access_log import Access
from softbalance.service.pages import batch_page as batch
from softbalance.service.pages import desk, rendering, rulebook_pages
from softbalance.service.pages import record as record_page
from softbalance.service.pages import record_list as classifications_page
from softbalance.service.pages import sign_in as key_page
from softbalance.service.settings import Settings
from softbalance.service.store import DamagedRecord, StoreAway

_log = logging.getLogger(__name__)
_ABOUT = (
    "Tells soft balancing from unipolar politics as usual: an Episode goes in, a classification "
    "with its proof comes out. Errors are RFC 9457 problems."
)
BLUEPRINTS = (
    classifications.blueprint,
    batches.blueprint,
    comparisons.blueprint,
    rulebooks.blueprint,
    audit.blueprint,
    operation.blueprint,
)
#: What a browser shows; no document lists it.
PAGES = (
    classifications_page.blueprint,
    record_page.blueprint,
    rulebook_pages.blueprint,
    desk.blueprint,
    batch.blueprint,
)


_REFUSALS = {
    str(status.value): status.name
    for status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS)
}


class Operations(BasePlugin):
    """Names every operation after its view, for clients that are generated from the document.

    Where keys are asked for, it also says which operations need one, and of which scope.
    """

    def __init__(self, *, asks_for_keys: bool) -> None:
        self._asks = asks_for_keys

    def operation_helper(
        self, path: str | None = None, operations: dict[Any, Any] | None = None, **spec: Any
    ) -> None:
        """Give the operations of a path their id and what they ask of a caller."""
        endpoint = spec["rule"].endpoint
        for method, told in (operations or {}).items():
            told.setdefault("operationId", endpoint.replace(".", "_").rstrip("_"))
            if self._asks and endpoint not in guard.OPEN:
                told["security"] = [{"key": [guard.scope_of(endpoint, method.upper())]}]
                told["responses"] |= _REFUSALS


class ProblemApi(Api):
    """An API whose errors are all RFC 9457 problems, in its document as in its answers."""

    ERROR_SCHEMA = ProblemSchema

    def _register_error_handlers(self) -> None:
        problems.register(self._app)

    def _register_pagination_header(self) -> None:
        """Pages are told in bodies here, not in a header."""

    def _register_responses(self) -> None:
        for status in HTTPStatus:
            response: dict[str, Any] = {"description": status.phrase}
            if status >= HTTPStatus.BAD_REQUEST:
                response["schema"] = ProblemSchema
            prepare_response(response, self.spec, MIMETYPE)
            self.spec.components.response(status.name, response, lazy=True)
        default = {"description": "Any other error", "schema": ProblemSchema}
        prepare_response(default, self.spec, MIMETYPE)
        self.spec.components.response("DEFAULT_ERROR", default, lazy=True)


def create_app(
    settings: Settings | None = None, counters: str = rates.ALONE, *, store_made: bool = False
) -> Flask:
    """Make the application from settings, by default those of the environment.

    `counters` names where processes that serve together count requests (`rates.shared`).
    With `store_made` the store was made before, and the application starts also if it is away.
    Raises UnusableSetting, RulebookErrors and StoreAway: a service that cannot work does not start.
    """
    settings = settings or Settings.from_environment()
    context = Context.from_settings(settings, made=store_made)
    # a namespace package has no folder that Flask could find by itself
    folder = str(files("softbalance.service"))
    app = Flask(
        "softbalance",
        static_folder=None,
        template_folder="pages/templates",
        root_path=folder,
        instance_path=folder,
    )
    app.config.update(
        API_TITLE="softbalance",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/",
        MAX_CONTENT_LENGTH=context.settings.max_body,
        API_SPEC_OPTIONS={"info": {"description": _ABOUT, "license": {"name": "Apache-2.0"}}},
    )
    app.extensions["softbalance"] = context
    app.wsgi_app = Access(app.wsgi_app, context.metrics)  # type: ignore[method-assign]
    keys, settings = Keys(context.store.database), context.settings
    asks = settings.asks_for_keys
    guard.set_up(app, keys, asks_for_keys=asks, local=settings.local)
    sessions.set_up(app, settings.secret)
    rates.set_up(app, settings.rate_limit, counters)
    api = ProblemApi(app, spec_kwargs={"extra_plugins": [Operations(asks_for_keys=asks)]})
    if asks:
        api.spec.components.security_scheme("key", {"type": "http", "scheme": "bearer"})
    api.ma_plugin.converter.add_attribute_function(_codings_properties)
    for make in BLUEPRINTS:
        api.register_blueprint(make(context))
    app.register_blueprint(operation.assets())
    rendering.set_up(app, context.library.codebook)
    problems.show_pages(app, rendering.problem_page)
    for make_pages in PAGES:
        app.register_blueprint(make_pages(context))
    if asks:
        app.register_blueprint(key_page.blueprint(keys))
    app.url_map.merge_slashes = False
    _handle_own_errors(app, context)
    app.after_request(_harden)
    return app


def _codings_properties(_: Any, field: Any, **__: Any) -> dict[str, Any]:
    """Describe the indicators object: each known indicator, and no other."""
    if not isinstance(field, Codings):
        return {}
    value = {"type": "string", "enum": list(VALUES)}
    return {
        "type": "object",
        "properties": dict.fromkeys(field.indicators, value),
        "additionalProperties": False,
    }


def _handle_own_errors(app: Flask, context: Context) -> None:
    @app.errorhandler(StoreAway)
    def store_away(error: StoreAway) -> Response:
        _log.error("%s", error)
        detail = "the store does not answer; try again, or classify with store=false"
        return problems.answer(Problem(503, "store-away", detail, headers={"Retry-After": "5"}))

    @app.errorhandler(DamagedRecord)
    def damaged(error: DamagedRecord) -> Response:
        _log.error("%s", error)
        return problems.answer(Problem(500, "record-damaged", str(error)))

    @app.errorhandler(TooSlow)
    def too_slow(error: TooSlow) -> Response:
        return problems.answer(Problem(408, "request-timeout", str(error)))

    @app.errorhandler(ParseException)
    def cut_off(error: ParseException) -> Response:
        detail = f"the body cannot be read as it is framed: {error}; send it whole"
        return problems.answer(Problem(400, "bad-request", detail))

    @app.errorhandler(UnsoundRulebook)
    def unsound(error: UnsoundRulebook) -> Response:
        _log.error("%s; rulebook: %r; body: %r", error, _rulebook(), request.get_data())
        detail = f"{error}; no verdict is given: `softbalance rulebook verify` tells what to mend"
        return problems.answer(Problem(500, "unsound-rulebook", detail))

    @app.errorhandler(EngineFailure)
    def engine_failed(error: EngineFailure) -> Response:
        _log.critical("%s; rulebook: %r; body: %r", error, _rulebook(), request.get_data())
        context.metrics.failed(error)
        replace_worker()
        detail = "the engine's answer could not be confirmed, so none is given; it is logged"
        return problems.answer(Problem(500, "engine-failure", detail))


def _rulebook() -> str | None:
    """Return what the query names; the rest of a query may hold what is not to be logged."""
    return request.args.get("rulebook")


def _harden(response: Response) -> Response:
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Content-Security-Policy", "default-src 'none'")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    return response
