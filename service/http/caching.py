"""What caches may keep of answers: nothing, unless the view says otherwise (RFC 9111)."""

from __future__ import annotations

from flask import Flask, Response, request

#: Neither browsers nor proxies keep it: pages, exports, and whatever is not named here.
NOTHING = "private, no-store"
#: A record: a browser may keep it, and asks each time whether that is the one.
RECORD = "private, no-cache"
#: What has its digest in its address, and so never changes.
FOREVER = f"public, max-age={365 * 24 * 3600}, immutable"


def set_up(app: Flask) -> None:
    """Give every answer of an application its Cache-Control.

    An answer that may be kept gets an ETag, and is 304 to a caller that has it (If-None-Match).
    """

    @app.after_request
    def limit_caches(response: Response) -> Response:
        if response.status_code >= 400:
            response.headers["Cache-Control"] = NOTHING
        response.headers.setdefault("Cache-Control", NOTHING)
        kept = response.headers["Cache-Control"] != NOTHING and not response.is_streamed
        if kept and response.status_code == 200 and request.method in ("GET", "HEAD"):
            response.add_etag()
            response.make_conditional(request)
        return response


def is_record(response: Response) -> Response:
    """Let a browser keep an answer that holds records, if it is none of an error."""
    if response.status_code < 400:
        response.headers["Cache-Control"] = RECORD
    return response
