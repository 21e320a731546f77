"""`softbalance keys`: who may use the service, and for what."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import click
from softbalance.service.auth.api_keys import SCOPES, Key, Keys, UnusableKey
from softbalance.service.commands.options import database_option, know_store, refuse


@click.group()
def command() -> None:
    """Make, list, rotate and revoke API keys."""


class Moment(click.ParamType[datetime]):
    """A time to come: a span from now, as 90d or 12h, or a date or time, as 2027-01-31."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Return the time, in UTC if the text names no zone."""
        if (span := read_span(value)) is not None:
            return datetime.now(UTC) + span
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r}; write 90d, 12h, or a date as 2027-01-31", param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class Span(click.ParamType[timedelta]):
    """A span of time: 90d, 12h, 30m or 45s."""

    name = "span"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """Return the span."""
        span = read_span(value)
        if span is None:
            self.fail(f"{value!r}; write 90d, 12h, 30m or 45s", param, ctx)
        return span


def read_span(text: Any) -> timedelta | None:
    """Return a span of time as it is written, None if it is none."""
    found = re.fullmatch(r"([0-9]{1,5})([dhms])", text)
    return timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else None


_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
expires_option = click.option(
    "--expires",
    type=Moment(),
    help="When it ends: after a span, as 90d or 12h, or at a date, as 2027-01-31.",
)


@command.command()
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice(SCOPES),
    help="What the key is for; may be given more than once.",
)
@expires_option
@database_option
def create(
    name: str, scopes: tuple[str, ...], expires: datetime | None, database: str | None
) -> None:
    """Make a key called NAME and print its token, which is not shown again."""
    with _keys(database) as keys:
        key, token = keys.create(name, scopes, expires)
    _show_token(key, token)


@command.command()
@click.argument("key")
@click.option(
    "--overlap",
    type=Span(),
    default="0s",
    show_default=True,
    help="How long the old token goes on, as 24h.",
)
@expires_option
@database_option
def rotate(key: str, overlap: timedelta, expires: datetime | None, database: str | None) -> None:
    """Make another token in place of KEY, a name or an id, with the same name and scopes.

    It has an id of its own, and what counts by id, as rates, starts anew.
    """
    with _keys(database, must_exist=True) as keys:
        old, new, token = keys.rotate(key, overlap, expires)
    _show_token(new, token)
    click.echo(f"The old key {old.id} ends at {old.expires_at}.", err=True)


def _show_token(key: Key, token: str) -> None:
    click.echo(token)
    allowed = " and ".join(key.scopes)
    ends = f" until {key.expires_at}" if key.expires_at else ""
    click.echo(f"Key {key.id} ({key.name}) is for {allowed}{ends}. Keep the token now.", err=True)


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@database_option
def list_(as_json: bool, database: str | None) -> None:
    """Print all keys, the oldest first; their tokens are not kept."""
    with _keys(database, must_exist=True) as keys:
        found = keys.list_()
    if as_json:
        click.echo(json.dumps([asdict(key) for key in found], indent=2))
        return
    if not found:
        click.echo("There are no keys; `softbalance keys create` makes one.")
        return
    rows = [["ID", "NAME", "SCOPES", "CREATED", "EXPIRES", "LAST USED", "REVOKED"]]
    for key in found:
        later = [time or "-" for time in (key.expires_at, key.last_used_at, key.revoked_at)]
        rows.append([key.id, key.name, ",".join(key.scopes), key.created_at, *later])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo("  ".join(map(str.ljust, row, widths)).rstrip())


@command.command()
@click.argument("key")
@database_option
def revoke(key: str, database: str | None) -> None:
    """Revoke KEY, a name or an id: from the next request on nobody can use it."""
    with _keys(database, must_exist=True) as keys:
        revoked = keys.revoke(key)
    click.echo(f"Key {revoked.id} ({revoked.name}) is revoked.")


@contextmanager
def _keys(database: str | None, *, must_exist: bool = False) -> Iterator[Keys]:
    """Open the keys of a store, or refuse with the reason."""
    from softbalance.service.store import StoreAway

    try:
        store = know_store(database)
        if must_exist:
            store.expect()
        store.create()
        yield Keys(store.database)
        store.close()
    except (StoreAway, UnusableKey) as error:
        refuse(str(error))
