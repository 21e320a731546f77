"""How often an address may send keys that are none: counted where rates are counted.

A valid key is let in from any address, or else one caller could shut out all that share its proxy.
Nobody can guess a key; the limit keeps those away who try, and the store from being asked for them.
"""

from __future__ import annotations

import time
from math import ceil
from typing import Any

from flask import Flask, current_app, request
from limits import parse_many
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter
from softbalance.service.http.problems import Problem
from softbalance.service.observing.client_address import Proxies, group_of
from softbalance.service.observing.metrics import Metrics
from softbalance.service.settings import NONE

_NAME = "softbalance.failed_keys"


class FailedKeys:
    """Counts keys that are none, by address; `counters` is where rates are counted."""

    def __init__(self, limit: str, counters: str, proxies: Proxies, metrics: Metrics) -> None:
        def count_failure() -> None:
            metrics.count_temporary_failure("rates")

        self._limits = [] if limit == NONE else parse_many(limit)
        self._proxies = proxies
        options: dict[str, Any] = {"on_failure": count_failure}
        storage: Any = storage_from_string(counters, **options)
        self._limiter = FixedWindowRateLimiter(storage)

    def note(self) -> None:
        """Count that the request at hand sent a key that is none.

        Raises the problem of an address that sent too many.
        """
        address = group_of(self._proxies.find_client(request.environ))
        refused = [one for one in self._limits if not self._limiter.hit(one, _NAME, address)]
        if not refused:
            return
        ends = max(self._limiter.get_window_stats(one, _NAME, address)[0] for one in refused)
        raise Problem(
            429,
            "too-many-failed-keys",
            "too many keys that are unknown, expired or revoked came from this address; a valid "
            "one is taken at any time",
            headers={"Retry-After": str(max(1, ceil(ends - time.time())))},
        )


def set_up(app: Flask, failed: FailedKeys) -> None:
    """Let an application count."""
    app.extensions[_NAME] = failed


def note_failed_key() -> None:
    """Count that the request at hand sent a key that is none; or raise its problem."""
    failed: FailedKeys = current_app.extensions[_NAME]
    failed.note()
