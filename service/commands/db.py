"""`softbalance db`: the schema of the store."""

from __future__ import annotations

import click
from softbalance.service.commands.options import database_option, know_store, refuse


@click.group()
def command() -> None:
    """See to the schema of the store."""


@command.command()
@database_option
def upgrade(database: str | None) -> None:
    """Bring the store to the schema of this version, wholly or not at all.

    A new store is made. Stop the service before, and keep a copy: there is no way back.
    """
    from softbalance.service.store import StoreAway

    try:
        store = know_store(database)
        was, now = store.upgrade()
    except (StoreAway, ValueError) as error:
        refuse(str(error))
    if was == now:
        click.echo(f"{store.name} has the newest schema, {now}, already.")
    elif was is None:
        click.echo(f"{store.name} is new and has the schema {now}.")
    else:
        click.echo(f"{store.name} had the schema {was} and has {now} now.")


@command.command()
@database_option
def current(database: str | None) -> None:
    """Print the schema that the store has."""
    from softbalance.service.store import StoreAway

    try:
        store = know_store(database)
        store.expect()
        click.echo(store.schema() or "none")
    except StoreAway as error:
        refuse(str(error))
