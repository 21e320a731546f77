"""The process that serves, as one of gunicorn's workers."""

from __future__ import annotations

import os
import signal


def replace_worker() -> None:
    """Have gunicorn put a fresh process in place of this one, whose engine may be left dirty.

    The request at hand is still answered. Where no gunicorn is, nothing is done.
    """
    if "gunicorn" in os.environ.get("SERVER_SOFTWARE", ""):
        os.kill(os.getpid(), signal.SIGTERM)
