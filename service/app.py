"""The Flask application: the only place where its parts are put together."""

from __future__ import annotations

import logging
from importlib.resources import files
from pathlib import Path

from flask import Flask, Response, request
from gunicorn.http.errors import ParseException
from softbalance.rules.episode.decision import UnsoundRulebook
from softbalance.rules.episode.firing import EngineFailure
from softbalance.rules.model import ForeignForm
from softbalance.schemas.mistakes import LocatedMistake
from softbalance.service.api import (
    audit_head,
    batches,
    classifications,
    comparisons,
    openapi,
    operation,
    rulebooks,
)
from softbalance.service.auth import batch_turns, failed_keys, guard, rates, sessions
from softbalance.service.auth.api_keys import Keys
from softbalance.service.auth.failed_keys import FailedKeys
from softbalance.service.context import Context, LoadedLibrary
from softbalance.service.http import caching, gate, problems
from softbalance.service.http.patience import TooSlow
from softbalance.service.http.problems import Problem
from softbalance.service.http.workers import replace_worker
from softbalance.service.observing.access_log import Access
from softbalance.service.observing.client_address import Proxies
from softbalance.service.pages import (
    batch_page,
    desk,
    record,
    record_list,
    rendering,
    rulebook_pages,
    sign_in,
)
from softbalance.service.settings import Settings
from softbalance.service.store import CommitUnknown, DamagedRecord, StoreAway

_log = logging.getLogger(__name__)
BLUEPRINTS = (
    classifications.blueprint,
    batches.blueprint,
    comparisons.blueprint,
    rulebooks.blueprint,
    audit_head.blueprint,
    operation.blueprint,
)
#: What a browser shows; no document lists it.
PAGES = (
    record_list.blueprint,
    record.blueprint,
    rulebook_pages.blueprint,
    desk.blueprint,
    batch_page.blueprint,
)


def create_app(
    settings: Settings | None = None,
    counters: str = rates.ALONE,
    turns: Path | None = None,
    *,
    loaded: LoadedLibrary | None = None,
    store_made: bool = False,
) -> Flask:
    """Make the application from settings, by default those of the environment.

    `counters` names where processes that serve together count requests (`rates.get_counts_uri`),
    and `turns` is the folder where they count batches.
    It decides by the rulebooks that are `loaded`, or else loads those of the settings.
    With `store_made` the store was made before, and the application starts also if it is away.
    Raises UnusableSetting, RulebookErrors and StoreAway: a service that cannot work does not start.
    """
    settings = settings or Settings.from_environment()
    loaded = loaded or LoadedLibrary.load(settings.rulebooks)
    context = Context.from_settings(settings, loaded=loaded, made=store_made)
    # by itself Flask would look where the module of that name is
    folder = str(files("softbalance.service"))
    app = Flask(
        "softbalance",
        static_folder=None,
        template_folder="pages/templates",
        root_path=folder,
        instance_path=folder,
    )
    app.config.update(MAX_CONTENT_LENGTH=context.settings.max_body, **openapi.CONFIG)
    app.extensions["softbalance"] = context
    proxies = Proxies(context.settings.trusted_proxies)
    access = Access(
        app.wsgi_app, context.metrics, proxies if context.settings.log_address else None
    )
    app.extensions["softbalance.access"] = access
    app.wsgi_app = access  # type: ignore[method-assign]
    keys, settings = Keys(context.store.database), context.settings
    app.extensions["softbalance.keys"] = keys
    asks = settings.asks_for_keys
    guard.set_up(app, keys, asks_for_keys=asks, local=settings.local)
    sessions.set_up(app, settings.secret)
    rates.set_up(app, settings.rate_limit, counters, context.metrics)
    limit = FailedKeys(settings.failed_keys, counters, proxies, context.metrics)
    failed_keys.set_up(app, limit)
    gate.set_up(app)
    guard.set_up_forms(app)
    batch_turns.set_up(app, settings.max_batches, turns)
    api = openapi.describe(app, asks_for_keys=asks)
    for make in BLUEPRINTS:
        api.register_blueprint(make(context))
    app.register_blueprint(operation.assets())
    rendering.set_up(app, context.library.codebook)
    problems.show_pages(app, rendering.problem_page)
    for make_pages in PAGES:
        app.register_blueprint(make_pages(context))
    if asks:
        app.register_blueprint(sign_in.blueprint(keys))
    app.url_map.merge_slashes = False
    _handle_own_errors(app, context)
    caching.set_up(app)
    app.after_request(_harden)
    return app


def _handle_own_errors(app: Flask, context: Context) -> None:
    @app.errorhandler(StoreAway)
    def answer_store_away(error: StoreAway) -> Response:
        _log.error("%s", error)
        detail = "the store does not answer; try again, or classify with store=false"
        return problems.answer(Problem(503, "store-away", detail, headers={"Retry-After": "5"}))

    @app.errorhandler(CommitUnknown)
    def answer_commit_unknown(error: CommitUnknown) -> Response:
        _log.error("%s", error)
        detail = (
            "the store fell silent while it stored this, so it may be stored or not; send it "
            "again with the same Idempotency-Key, or look for it, before you send it anew"
        )
        return problems.answer(Problem(503, "commit-unknown", detail))

    @app.errorhandler(DamagedRecord)
    def answer_damaged(error: DamagedRecord) -> Response:
        _log.error("%s", error)
        return problems.answer(Problem(500, "record-damaged", str(error)))

    @app.errorhandler(TooSlow)
    def answer_too_slow(error: TooSlow) -> Response:
        return problems.answer(Problem(408, "request-timeout", str(error)))

    @app.errorhandler(ParseException)
    def answer_cut_off(error: ParseException) -> Response:
        detail = f"the body cannot be read as it is framed: {error}; send it whole"
        return problems.answer(Problem(400, "bad-request", detail))

    @app.errorhandler(ForeignForm)
    def answer_foreign_form(error: ForeignForm) -> Response:
        mistake = LocatedMistake("/form", "unknown", str(error))
        return problems.answer(Problem(422, "invalid-episode", str(error), [mistake]))

    @app.errorhandler(UnsoundRulebook)
    def answer_unsound(error: UnsoundRulebook) -> Response:
        _log.error("%s; rulebook: %r; body: %r", error, _rulebook(), request.get_data())
        detail = f"{error}; no verdict is given: `softbalance rulebook verify` tells what to mend"
        return problems.answer(Problem(500, "unsound-rulebook", detail))

    @app.errorhandler(EngineFailure)
    def answer_engine_failed(error: EngineFailure) -> Response:
        _log.critical("%s; rulebook: %r; body: %r", error, _rulebook(), request.get_data())
        context.metrics.count_failure(error)
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
