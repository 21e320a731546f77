"""Settings: one table, read from the environment, overridden by the command line's options."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from softbalance.schemas.mistakes import unknown_name

PREFIX = "SOFTBALANCE_"
LEVELS = ("debug", "info", "warning", "error")
FORMATS = ("auto", "json", "text")
AUTO, REQUIRED, NONE = AUTH = ("auto", "required", "none")
_WORDS = {"true": True, "false": False}
#: What stands in a list of proxies for whoever connects by a Unix socket, which has no address.
UNIX = "unix"
#: `SOFTBALANCE_DATABASE_FILE` names a file that holds what `SOFTBALANCE_DATABASE` would.
IN_FILE = "_FILE"
_LONGEST_FILE = 64 * 1024


class UnusableSetting(ValueError):
    """A setting that does not exist or has no usable value; the message says what to do."""


def _setting(default: Any, about: str, **limits: Any) -> Any:
    """Declare a setting; `limits` may hold the `range` of a number or the `choices` of a word.

    A text may have a `check`, called with it: it raises ValueError with what is to be written.
    """
    return field(default=default, metadata={"about": about, **limits})


def _check_secret(secret: str) -> None:
    if len(secret) < 32:
        raise ValueError("write at least 32 characters that nobody can guess")


def _check_rate(limit: str) -> None:
    from limits import parse_many  # noqa: PLC0415 - most commands need it not

    try:
        if limit != NONE:
            parse_many(limit)
    except ValueError as error:
        raise ValueError(f"{limit!r} is no rate; write 6000/minute or none") from error


def read_networks(listed: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """Return the networks of a list of proxies; raise ValueError for what is none."""
    names = [name for part in listed.split(",") if (name := part.strip())]
    try:
        return [ipaddress.ip_network(name) for name in names if name != UNIX]
    except ValueError as error:
        raise ValueError(f"{error}; write addresses and networks joined by commas") from error


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{url!r} is no address to post to; write https://HOST/PATH")


@dataclass(frozen=True)
class Settings:
    """What an operator may set.

    Each field is a variable of the environment (`SOFTBALANCE_` and the name in capitals), an
    option of `softbalance serve` and a row of the README's table, which says `about` what it is.
    """

    host: str = _setting("127.0.0.1", "the address to listen on")
    port: int = _setting(8000, "the port", range=(0, 65535))
    workers: int = _setting(2, "how many processes", range=(1, 1000))
    threads: int = _setting(4, "how many threads in each", range=(1, 1000))
    database: str = _setting("sqlite:///softbalance.db", "the store, as an SQLAlchemy URL")
    store_deadline: int = _setting(
        10,
        "seconds that the store may take for a read or a write, and as many for its commit",
        range=(1, 3600),
    )
    auth: str = _setting(
        AUTO,
        "who is asked for a key: required everyone, none nobody, auto everyone unless `host` is "
        "a loopback address",
        choices=AUTH,
    )
    insecure: bool = _setting(False, "let `auth` be none on an address that others can reach")
    secret: str = _setting(
        "",
        "what signs the cookies of pages, at least 32 characters; without it pages ask for the key "
        "again when the service was restarted",
        check=_check_secret,
    )
    rulebooks: tuple[Path, ...] = _setting((), "folders of further rulebooks, joined by `:`")
    max_body: int = _setting(
        2 * 1024 * 1024, "the largest request body, in bytes", range=(1024, 2**40)
    )
    max_bodies: int = _setting(
        64 * 1024 * 1024,
        "the most bytes of bodies over 64 KiB that a process holds at a time; no less than "
        "`max_body`",
        range=(1024, 2**50),
    )
    max_batch: int = _setting(2**30, "the largest body of a batch, in bytes", range=(1024, 2**50))
    max_batch_lines: int = _setting(1_000_000, "the most lines of a batch", range=(1, 2**50))
    max_batches: int = _setting(4, "batches of a key that are answered at a time", range=(1, 1000))
    patience: int = _setting(
        30, "seconds that a client may keep the service waiting", range=(1, 3600)
    )
    rate_limit: str = _setting(
        "6000/minute",
        "requests that a key may make, as `10/second;6000/hour`, or none",
        check=_check_rate,
    )
    failed_keys: str = _setting(
        "30/minute",
        "keys that are none that an address may send, as `10/minute;60/hour`, or none",
        check=_check_rate,
    )
    trusted_proxies: str = _setting(
        "",
        "proxies whose X-Forwarded-For is believed: addresses and networks joined by commas, and "
        "`unix` for a socket",
        check=read_networks,
    )
    idempotency_hours: int = _setting(
        720,
        "hours that an `Idempotency-Key` counts, 0 for ever",
        range=(0, 1_000_000),
    )
    max_requests: int = _setting(
        100_000, "requests after which a process is replaced", range=(0, 2**40)
    )

    grace: int = _setting(
        30, "seconds that running requests may take when a process is stopped", range=(1, 3600)
    )
    checkpoint_key: str = _setting(
        "", "the file of the private key that signs checkpoints of the audit chains"
    )
    checkpoint_file: str = _setting("", "the file that checkpoints are added to")
    checkpoint_webhook: str = _setting(
        "", "the address that checkpoints are posted to as JSON", check=_check_url
    )
    checkpoint_tsa: str = _setting(
        "",
        "the address of a time stamping authority (RFC 3161) that stamps them",
        check=_check_url,
    )
    checkpoint_interval: int = _setting(
        3600, "seconds between two checkpoints", range=(1, 31_536_000)
    )
    log_level: str = _setting(
        "info", "the least that is logged: debug, info, warning or error", choices=LEVELS
    )
    log_address: bool = _setting(False, "log the address of each request's client")
    log_format: str = _setting(
        "auto", "json, text, or auto: text on a terminal and else json", choices=FORMATS
    )

    @property
    def local(self) -> bool:
        """Whether only this machine reaches the service: the address is a loopback one."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def asks_for_keys(self) -> bool:
        """Whether calls need a key."""
        return self.auth == REQUIRED or (self.auth == AUTO and not self.local)

    @classmethod
    def from_environment(
        cls, environment: Mapping[str, str] = os.environ, **given: Any
    ) -> Settings:
        """Read settings; what is `given` and not None wins. Raises UnusableSetting."""
        known = {PREFIX + field.name.upper(): field for field in fields(cls)}
        read: dict[str, Any] = {}
        for variable, text in environment.items():
            name = variable if variable in known else variable.removesuffix(IN_FILE)
            if name in known:
                if name != variable and name in environment:
                    raise UnusableSetting(f"both {name} and {variable} are set; leave one out")
                value = text if name == variable else _contents(variable, text)
                read[known[name].name] = _parse(variable, value, known[name])
            elif variable.startswith(PREFIX):
                raise UnusableSetting(str(unknown_name("setting", variable, known)))
        made = cls(**read | {name: value for name, value in given.items() if value is not None})
        made.check()
        return made

    def check(self) -> None:
        """Raise UnusableSetting for texts that mean nothing, or what must not be together."""
        for setting in fields(self):
            value = getattr(self, setting.name)
            if "check" in setting.metadata and value != setting.default:
                try:
                    setting.metadata["check"](value)
                except ValueError as error:
                    raise UnusableSetting(f"{setting.name} cannot be used: {error}") from error
        targets = self.checkpoint_file or self.checkpoint_webhook
        if targets and not self.checkpoint_key:
            raise UnusableSetting(
                "checkpoints are to be written and nothing signs them; make a key by `softbalance "
                "audit new-key FILE`, and name it as checkpoint_key"
            )
        if self.checkpoint_tsa and not targets:
            raise UnusableSetting(
                "checkpoints are to be stamped and written nowhere; set checkpoint_file or "
                "checkpoint_webhook"
            )
        if self.auth == NONE and not (self.local or self.insecure):
            raise UnusableSetting(
                f"without keys, anybody who reaches {self.host} could use the service; leave "
                "`--auth none` out, listen on 127.0.0.1, or add --insecure if that is meant"
            )


def _contents(variable: str, path: str) -> str:
    """Read a setting's value from its file, which may end in a line break."""
    try:
        with Path(path).open(encoding="utf-8") as file:
            return file.read(_LONGEST_FILE).removesuffix("\n")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UnusableSetting(f"{variable} is {path!r}, which cannot be read: {reason}") from error


def _parse(variable: str, text: str, setting: Field[Any]) -> Any:
    if isinstance(setting.default, tuple):
        return tuple(Path(part) for part in text.split(os.pathsep) if part)
    if isinstance(setting.default, bool):
        if text not in _WORDS:
            raise UnusableSetting(f"{variable} is {text!r}; write true or false")
        return _WORDS[text]
    if isinstance(setting.default, int):
        low, high = setting.metadata["range"]
        if not (text.isascii() and text.isdigit() and low <= int(text[:20]) <= high):
            raise UnusableSetting(
                f"{variable} is {text!r}; write a whole number from {low} to {high}"
            )
        return int(text)
    if not text:
        raise UnusableSetting(f"{variable} is empty; give it a value or leave it out")
    choices = setting.metadata.get("choices")
    if choices and text not in choices:
        raise UnusableSetting(f"{variable} is {text!r}; write one of {', '.join(choices)}")
    return text
