"""Settings: one table, read from the environment, overridden by the command line's options."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from softbalance.schemas.mistakes import unknown_name

PREFIX = "SOFTBALANCE_"


class UnusableSetting(ValueError):
    """A setting that does not exist or has no usable value; the message says what to do."""


@dataclass(frozen=True)
class Settings:
    """What an operator may set; each is `SOFTBALANCE_` and the name in capitals.

    `database` is an SQLAlchemy URL, `rulebooks` folders of further rulebooks (in the environment
    joined by the system's path separator), `max_body` the largest request body in bytes,
    `workers` and `threads` the processes and the threads in each.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 2
    threads: int = 4
    database: str = "sqlite:///softbalance.db"
    rulebooks: tuple[Path, ...] = ()
    max_body: int = 2 * 1024 * 1024
    max_requests: int = 100_000

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str] = os.environ, **given: Any
    ) -> Settings:
        """Read settings; what is `given` and not None wins. Raises UnusableSetting."""
        known = {PREFIX + field.name.upper(): field.name for field in fields(cls)}
        read: dict[str, Any] = {}
        for variable, text in environment.items():
            if variable in known:
                read[known[variable]] = _parsed(variable, text, getattr(cls, known[variable]))
            elif variable.startswith(PREFIX):
                raise UnusableSetting(str(unknown_name("setting", variable, known)))
        return cls(**read | {name: value for name, value in given.items() if value is not None})


def _parsed(variable: str, text: str, default: object) -> Any:
    if isinstance(default, tuple):
        return tuple(Path(part) for part in text.split(os.pathsep) if part)
    if isinstance(default, int):
        try:
            return int(text)
        except ValueError:
            raise UnusableSetting(f"{variable} is {text!r}; write a whole number") from None
    return text
