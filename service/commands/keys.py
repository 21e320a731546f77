"""`softbalance keys`: who may use the service, and for what."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

import click
from softbalance.service.auth.api_keys import SCOPES, Keys, UnusableKey
from softbalance.service.commands.options import database_option, know_store, refuse


@click.group()
def command() -> None:
    """Make, list and revoke API keys."""


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
@database_option
def create(name: str, scopes: tuple[str, ...], database: str | None) -> None:
    """Make a key called NAME and print its token, which is not shown again."""
    with _keys(database) as keys:
        key, token = keys.create(name, scopes)
    click.echo(token)
    allowed = " and ".join(key.scopes)
    click.echo(f"Key {key.id} ({key.name}) is for {allowed}. Keep the token now.", err=True)


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
    rows = [("ID", "NAME", "SCOPES", "CREATED", "REVOKED")]
    rows += [(k.id, k.name, ",".join(k.scopes), k.created_at, k.revoked_at or "-") for k in found]
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
