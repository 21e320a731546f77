"""Logs: a line an event on standard error, as JSON or as text, ours and gunicorn's alike.

What is logged of a request is never its query, its headers or a cookie: these may hold secrets.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from typing import Any

import orjson
import structlog
from gunicorn import glogging
from structlog.contextvars import merge_contextvars
from structlog.typing import EventDict, Processor, WrappedLogger


def configure(level: str, form: str) -> None:
    """Write logs of this level and above, as the settings `log_level` and `log_format` say.

    To be called once a process, before its threads start; `form` is `auto`, `json` or `text`.
    """
    stream = sys.stderr or open(os.devnull, "w")  # noqa: SIM115 - as long as the process
    as_text = form == "text" or (form == "auto" and stream.isatty())
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Processor] = [
        merge_contextvars,
        structlog.stdlib.add_log_level,
        _add_process,
        structlog.processors.TimeStamper("iso"),
    ]
    rendered: Processor = structlog.dev.ConsoleRenderer(colors=stream.isatty())
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(number),
        processors=[*shared, _escape_controls, rendered] if as_text else [*shared, _json_bytes],
        logger_factory=structlog.WriteLoggerFactory(stream)
        if as_text
        else structlog.BytesLoggerFactory(stream.buffer),
        cache_logger_on_first_use=True,
    )
    final = (
        [_escape_controls, rendered] if as_text else [structlog.processors.format_exc_info, _json]
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *final],
        )
    )
    logging.basicConfig(handlers=[handler], level=number, force=True)
    logging.captureWarnings(True)


class GunicornLogger(glogging.Logger):  # type: ignore[misc]
    """Hands gunicorn's own messages over; its access log is not used, see `access.py`."""

    def __init__(self, cfg: Any) -> None:
        super().__init__(cfg)
        self.error_log.propagate = True


def _add_process(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    event["process"] = os.getpid()
    return event


def _escape_controls(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Escape what could steer a terminal; a message may quote what a stranger sent."""
    return {
        key: value.encode("unicode_escape").decode()
        if isinstance(value, str) and not value.isprintable()
        else value
        for key, value in event.items()
    }


def _json_bytes(_: WrappedLogger, __: str, event: EventDict) -> bytes:
    try:
        return orjson.dumps(event, default=repr)
    except TypeError:  # lone surrogates
        return json.dumps(event, default=repr).encode()


def _json(logger: WrappedLogger, name: str, event: EventDict) -> str:
    return _json_bytes(logger, name, event).decode()
