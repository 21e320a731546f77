"""Settings: one table, read from the environment, overridden by the command line's options."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any

from softbalance.schemas.mistakes import unknown_name

PREFIX = "SOFTBALANCE_"


class UnusableSetting(ValueError):
    """A setting that does not exist or has no usable value; the message says what to do."""


def _number(default: int, low: int, high: int) -> Any:
    return field(default=default, metadata={"range": (low, high)})


@dataclass(frozen=True)
class Settings:
    """What an operator may set; each is `SOFTBALANCE_` and the name in capitals.

    `database` is an SQLAlchemy URL, `rulebooks` folders of further rulebooks (in the environment
    joined by the system's path separator), `max_body` the largest request body in bytes,
    `workers` and `threads` the processes and the threads in each.
    """

    host: str = "127.0.0.1"
    port: int = _number(8000, 0, 65535)
    workers: int = _number(2, 1, 1000)
    threads: int = _number(4, 1, 1000)
    database: str = "sqlite:///softbalance.db"
    rulebooks: tuple[Path, ...] = ()
    max_body: int = _number(2 * 1024 * 1024, 1024, 2**40)
    max_requests: int = _number(100_000, 0, 2**40)

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str] = os.environ, **given: Any
    ) -> Settings:
        """Read settings; what is `given` and not None wins. Raises UnusableSetting."""
        known = {PREFIX + field.name.upper(): field for field in fields(cls)}
        read: dict[str, Any] = {}
        for variable, text in environment.items():
            if variable in known:
                read[known[variable].name] = _parsed(variable, text, known[variable])
            elif variable.startswith(PREFIX):
                raise UnusableSetting(str(unknown_name("setting", variable, known)))
        return cls(**read | {name: value for name, value in given.items() if value is not None})


def _parsed(variable: str, text: str, setting: Field[Any]) -> Any:
    if isinstance(setting.default, tuple):
        return tuple(Path(part) for part in text.split(os.pathsep) if part)
    if isinstance(setting.default, int):
        low, high = setting.metadata["range"]
        if not (text.isascii() and text.isdigit() and low <= int(text[:20]) <= high):
            raise UnusableSetting(
                f"{variable} is {text!r}; write a whole number from {low} to {high}"
            )
        return int(text)
    if not text:
        raise UnusableSetting(f"{variable} is empty; give it a value or leave it out")
    return text
