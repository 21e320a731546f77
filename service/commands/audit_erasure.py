"""`softbalance audit erase`: coders' names and notes, for good; and `audit purge`."""

from __future__ import annotations

from typing import Any

import click
from softbalance.service.commands.options import database_option, know_store, refuse


@click.command()
@click.option("--coder", metavar="NAME", help="The coder whose name, or notes, are erased.")
@click.option("--record", metavar="ID", help="The only record that is meant.")
@click.option("--notes", is_flag=True, help="Erase notes, and not the coder's name.")
@click.option(
    "--observation",
    type=click.IntRange(0),
    help="The only observation of the record that is meant, counted from 0.",
)
@click.option("--by", required=True, metavar="WHO", help="Who erases it; kept for good.")
@click.option("--reason", required=True, metavar="WHY", help="Why it is erased; kept for good.")
@database_option
def erase(by: str, reason: str, database: str | None, **given: Any) -> None:
    """Erase a coder's name or notes from stored records, so that the chain stays whole.

    There is no way back. WHO and WHY stand in the chain of events: leave out what is erased.
    """
    from softbalance.service.store import DamagedRecord, StoreAway, Wanted, erase

    wanted = Wanted(**given)
    if wanted.coder is None and (wanted.record is None or not wanted.notes):
        refuse("name the coder by --coder, or the record whose --notes are erased by --record")
    if wanted.observation is not None and wanted.record is None:
        refuse("--observation is one of a record; name that by --record")
    if wanted.coder and any(wanted.coder in text for text in (by, reason)):
        refuse("--by and --reason are kept for good; leave the coder's name out")
    try:
        store = know_store(database)
        store.expect()
        store.check()
        if wanted.record is not None and store.position(wanted.record) is None:
            refuse(f"there is no record {wanted.record!r}")
        done = erase(store.database, wanted, by, reason)
        parts = "1 part" if done.parts == 1 else f"{done.parts} parts"
        records = "1 record" if done.records == 1 else f"{done.records} records"
        were = "was" if done.parts == 1 else "were"
        click.echo(f"{parts} of {records} {were} erased.")
        if done.parts:
            store.database.purge()
        store.close()
    except DamagedRecord as error:
        refuse(f"nothing is erased from what is not what was stored: {error}")
    except StoreAway as error:
        refuse(f"{error}; once it answers, `softbalance audit purge` clears its files")


@click.command()
@database_option
def purge(database: str | None) -> None:
    """Rewrite the store's files, so that nothing that was erased is left in them.

    Others wait meanwhile. `erase` does so by itself, unless the store is busy for too long.
    """
    from softbalance.service.store import StoreAway

    try:
        store = know_store(database)
        store.expect()
        store.check()
        store.database.purge()
        store.close()
    except StoreAway as error:
        refuse(str(error))
    click.echo("The files of the store hold nothing more that was erased.")
