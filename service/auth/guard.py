"""Who may call what: one check before every view, of the API and of the pages alike.

A view needs a key unless it is listed here: a new one is never open by mistake.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

from flask import Flask, g, redirect, request, url_for
from softbalance.service.auth import sessions
from softbalance.service.auth.api_keys import CLASSIFY, METRICS, READ, Key, Keys
from softbalance.service.auth.failed_keys import note_failed_key
from softbalance.service.http import problems
from softbalance.service.http.problems import Problem
from softbalance.service.observing.access_log import KEY_ID
from werkzeug.wrappers import Response

#: Views that need no key: they hold no record and no episode.
OPEN = frozenset(
    {
        "operation.healthz",
        "operation.readyz",
        "operation.docs",
        "operation.rulebook_schema",
        "api-docs.openapi_json",
        "assets.asset",
        "assets.start",
        "static.file",
        "key.form",
        "key.enter",
        "key.leave",
    }
)
#: Views that need another scope than `scope_of` would say.
_SCOPES = {"operation.metrics": METRICS}
#: Bytes that a view takes which needs no key, where others need one.
_LONGEST_FORM = 16 * 1024
_SAFE = ("GET", "HEAD", "OPTIONS")
_REALM = 'Bearer realm="softbalance"'


def set_up(app: Flask, keys: Keys, *, asks_for_keys: bool, local: bool) -> None:
    """Check every request of an application.

    Where no keys are asked for, whoever reaches the service may use it. On a `local` one that
    must not be a page of another site, which the browser of somebody on this machine shows.
    """

    @app.before_request
    def check() -> Response | None:
        if local and not asks_for_keys:
            _refuse_other_names()
        if request.endpoint is None or request.routing_exception:
            return None
        if not asks_for_keys or request.endpoint in OPEN:
            _refuse_other_sites()
            if asks_for_keys:
                request.max_content_length = _LONGEST_FORM
            return None
        scope = scope_of(request.endpoint, request.method)
        key = _key(keys)
        if key is None and request.method in _SAFE and problems.wants_html():
            return redirect(url_for("key.form", next=_get_current_address()), 303)
        _let_in(key, scope)
        return None


def set_up_forms(app: Flask) -> None:
    """Check the token of forms, which stands in the body; set up after what reads that."""

    @app.before_request
    def check() -> None:
        if g.get("by_cookie") and request.method not in _SAFE:
            sessions.check_csrf()


def scope_of(endpoint: str, method: str) -> str:
    """Return the scope that a call of a view needs."""
    return _SCOPES.get(endpoint, READ if method in _SAFE else CLASSIFY)


def _key(keys: Keys) -> Key | None:
    """Return the caller's valid key: that of the header, or else that of the pages' cookie."""
    sent = request.authorization
    if sent is not None and sent.type == "bearer":
        return keys.find_by_token(sent.token or "")
    id_ = sessions.key_id()
    key = keys.find_by_id(id_) if id_ else None
    if key is not None and request.method not in _SAFE:
        _refuse_other_sites()
    g.by_cookie = key is not None
    return key


def _let_in(key: Key | None, scope: str) -> None:
    if key is None:
        raise _make_unauthorized()
    request.environ[KEY_ID] = key.id
    g.key = key
    if scope not in key.scopes:
        raise Problem(
            403,
            "insufficient-scope",
            f"the key {key.name!r} is for {_join_scopes(key.scopes)}, and this call needs "
            f"{scope!r}; "
            f"`softbalance keys create NAME --scope {scope}` makes one that may",
            headers={"WWW-Authenticate": f'{_REALM}, error="insufficient_scope", scope="{scope}"'},
        )


def _make_unauthorized() -> Problem:
    """Return the problem of a request without a valid key; or raise that of too many of them."""
    if "Authorization" in request.headers or sessions.key_id():
        if "Authorization" in request.headers:
            note_failed_key()
        detail = "the key is unknown, expired or revoked; send another one"
        challenge = f'{_REALM}, error="invalid_token"'
    else:
        detail = (
            "this service asks for a key: send it as 'Authorization: Bearer KEY'; "
            "`softbalance keys create` makes one"
        )
        challenge = _REALM
    headers = {"WWW-Authenticate": challenge}
    if "HX-Request" in request.headers:
        headers["HX-Redirect"] = url_for("key.form")
    return Problem(401, "unauthorized", detail, headers=headers)


def _refuse_other_names() -> None:
    """Refuse a request for another name than this machine's own (DNS rebinding).

    A site may let its name lead to 127.0.0.1; to a browser this service then is a part of it.
    """
    try:
        name = (urlsplit(f"//{request.host}").hostname or "").rstrip(".")
        loopback = name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        raise Problem(
            403,
            "other-host",
            "this service is open to its own machine alone, under the names localhost, 127.0.0.1 "
            "and [::1]; to offer it under another name, start it with --auth required",
        )


def _refuse_other_sites() -> None:
    """Refuse what a page of another site makes a browser send.

    Browsers say where a request comes from in Sec-Fetch-Site, older ones and those that reach us
    by plain HTTP in Origin. Programs send neither.
    """
    if request.method in _SAFE:
        return
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site in ("same-origin", "none"):
        return
    if site is None and (origin is None or _read_host(origin) == request.host):
        return
    raise Problem(
        403,
        "other-site",
        "a page of another site sent this; send it from a page of this service, or with a key",
    )


def _read_host(origin: str) -> str | None:
    """Return the host and port of an Origin, None if it is none."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


def _get_current_address() -> str:
    return request.full_path if request.query_string else request.path


def _join_scopes(scopes: Iterable[str]) -> str:
    return " and ".join(map(repr, scopes))
