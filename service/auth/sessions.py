"""The pages' cookie: which key was entered in this browser, and what protects forms.

Flask signs the cookie. It holds the id of the key and not the key, so that nobody can read a key
from it; the key is looked up at each request, and with it the session ends when it is revoked.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta
from typing import Any

from flask import Flask, request, session
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import TimestampSigner
from softbalance.service.auth.api_keys import Key
from softbalance.service.http.problems import Problem

#: How far the clocks of nodes that share a secret may be apart, in seconds.
LEEWAY = 300
_KEY, _TOKEN = "key", "csrf"
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class _Signer(TimestampSigner):
    """Takes a cookie also from a node whose clock is a little ahead of this one."""

    def unsign(
        self, signed_value: Any, max_age: int | None = None, return_timestamp: bool = False
    ) -> Any:
        """Return what was signed, unless it is older than `max_age` seconds, or too new."""
        _, signed = super().unsign(signed_value, None, return_timestamp=True)
        ahead = signed.timestamp() - self.get_timestamp()
        # its age then is zero, which no limit excludes
        within = max_age if ahead <= 0 or ahead > LEEWAY else None
        value, signed = super().unsign(signed_value, within, return_timestamp=True)
        return (value, signed) if return_timestamp else value


class _Cookies(SecureCookieSessionInterface):
    def __init__(self, app: Flask) -> None:
        """Make once what Flask makes for each request, be there a cookie or none."""
        self._serializer = super().get_signing_serializer(app)
        if self._serializer is not None:
            self._serializer.signer = _Signer

    def get_cookie_secure(self, app: Flask) -> bool:
        """Return whether the browser may send the cookie by TLS only.

        TLS ends at a proxy, which says so. Who makes this header up bars only their own cookie.
        """
        return request.is_secure or request.headers.get("X-Forwarded-Proto") == "https"

    def get_signing_serializer(self, app: Flask) -> Any:
        """Return what signs and reads the cookie."""
        return self._serializer


def set_up(app: Flask, secret: str) -> None:
    """Let the application sign its cookies, by a secret of this process alone if none is given."""
    app.secret_key = secret or secrets.token_urlsafe(32)
    app.session_interface = _Cookies(app)
    app.config.update(
        SESSION_COOKIE_NAME="softbalance",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=timedelta(days=30),
    )
    app.jinja_env.globals["csrf_token"] = csrf_token


def enter(key: Key) -> None:
    """Remember a key in the browser that is being answered."""
    session.clear()
    session.permanent = True
    session[_KEY] = key.id
    session[_TOKEN] = secrets.token_urlsafe(32)


def leave() -> None:
    """Forget it."""
    session.clear()


def key_id() -> str | None:
    """Return the id of the key that was entered, None if none was."""
    id_ = session.get(_KEY)
    return id_ if isinstance(id_, str) else None


def csrf_token() -> str:
    """Return what a form or script has to send along; empty where no key was entered."""
    token = session.get(_TOKEN)
    return token if isinstance(token, str) else ""


def check_csrf() -> None:
    """Raise the problem of a request that no page of ours has made.

    Forms send the token as `csrf_token`, scripts as the header `X-CSRF-Token`.
    """
    sent = request.headers.get("X-CSRF-Token")
    if sent is None and request.mimetype in _FORMS:
        sent = request.form.get("csrf_token")
    expected = csrf_token()
    if not (expected and sent and hmac.compare_digest(expected.encode(), sent.encode())):
        detail = (
            "the page's token is missing or stale; load the page again and repeat. Programs send "
            "a key in place of the cookie"
        )
        raise Problem(403, "csrf", detail)
