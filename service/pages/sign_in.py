"""`/key`: where a browser is asked for a key, once."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

import flask
from flask import Response, redirect, request, url_for
from softbalance.service.auth import sessions
from softbalance.service.auth.api_keys import Key, Keys
from softbalance.service.auth.failed_keys import note_failed_key
from softbalance.service.pages.rendering import PageBlueprint, render_page
from werkzeug.wrappers import Response as AnyResponse


@dataclass(frozen=True)
class KeyPage:
    """The form; `key` is the key that was entered before, `next` where to go with a new one."""

    key: Key | None
    next: str
    mistake: str = ""


def blueprint(keys: Keys) -> flask.Blueprint:
    """Make the routes."""
    routes = PageBlueprint("key", __name__, url_prefix="/key")

    @routes.get("", query=("next",))
    def form() -> Response:
        id_ = sessions.key_id()
        page = KeyPage(
            keys.find_by_id(id_) if id_ else None, _keep_inside(request.args.get("next", "/"))
        )
        return render_page("key.html", page)

    @routes.post("")
    def enter() -> AnyResponse:
        to = _keep_inside(request.form.get("next", "/"))
        key = keys.find_by_token(request.form.get("key", "").strip())
        if key is None:
            note_failed_key()
            mistake = (
                "This is no valid key. Copy it whole, from sb_ to its end; it may be expired or "
                "revoked."
            )
            return render_page("key.html", KeyPage(None, to, mistake), 422)
        sessions.enter(key)
        return redirect(to, 303)

    @routes.post("/leave")
    def leave() -> AnyResponse:
        if sessions.key_id():
            sessions.check_csrf()
        sessions.leave()
        return redirect(url_for("key.form"), 303)

    return routes


def _keep_inside(path: str) -> str:
    """Return a path of this service, or `/` for what a browser could take for another site."""
    try:
        parts = urlsplit(path)
    except ValueError:
        return "/"
    foreign = parts.scheme or parts.netloc or "\\" in path or not path.isprintable()
    return "/" if foreign or not path.startswith("/") or path.startswith("//") else path
