"""`Idempotency-Key`: a request that is sent again has the effect and the answer of the first."""

from __future__ import annotations

import hashlib
import re

from flask import Request
from softbalance.schemas.episode import Episode
from softbalance.schemas.mistakes import LocatedMistake, quote_value
from softbalance.service.http.problems import Problem
from softbalance.service.observing.access_log import KEY_ID
from softbalance.service.store import Claim, canonical

HEADER, REPLAYED = "Idempotency-Key", "Idempotency-Replayed"
#: Visible ASCII, so that two keys that a proxy has joined are none.
PATTERN = "[!-~]{1,255}"


def claim_of(request: Request, rulebook: str, body: Episode) -> Claim | None:
    """Return the claim that a request makes with its key, None if it has none.

    Keys of different API keys are different. The same request has the same rulebook and the same
    body as JSON; how much of the answer is wanted is no part of it. Raises Problem.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return None
    if not re.fullmatch(PATTERN, key):
        detail = f"{HEADER} is {quote_value(key)}; send 1 to 255 visible ASCII characters, once"
        raise Problem(
            400, "invalid-idempotency-key", detail, [LocatedMistake("", "format", detail)]
        )
    content = canonical({"rulebook": rulebook, "body": body})
    fingerprint = hashlib.sha256(content.encode()).hexdigest()
    return Claim(request.environ.get(KEY_ID) or "", key, fingerprint)


def report_reused_key() -> Problem:
    """Return the problem of a key that came with another request before."""
    detail = f"this {HEADER} came with another body or rulebook before; send a new one"
    return Problem(422, "idempotency-key-reused", detail)
