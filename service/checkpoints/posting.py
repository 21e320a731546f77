"""Posting to an address and reading the answer."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request

#: Seconds that the other end may be silent.
PATIENCE = 10
#: Bytes of an answer that are read, at most.
_LONGEST = 256 * 1024


class NotDelivered(Exception):
    """Something could not be delivered; the message says where and why."""


class _StayHere(urllib.request.HTTPRedirectHandler):
    """Follows no redirection: it would make a GET of a POST."""

    def redirect_request(self, *_: object) -> None:
        """Do not follow."""


def post(url: str, body: bytes, content_type: str) -> bytes:
    """Post a body, and return that of the answer, which must be 2xx. Raises NotDelivered."""
    request = urllib.request.Request(url, body, {"Content-Type": content_type})  # noqa: S310 - settings take http and https alone
    try:
        with urllib.request.build_opener(_StayHere).open(request, timeout=PATIENCE) as answer:
            content: bytes = answer.read(_LONGEST)
    except urllib.error.HTTPError as error:
        with error:
            raise NotDelivered(f"{url} answered {error.code}") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise NotDelivered(f"{url} cannot be reached: {reason}") from error
    return content
