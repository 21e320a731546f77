"""`softbalance replay`: stored classifications, decided again."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click
from softbalance.service.commands.options import (
    DONE_WITH_FAILURES,
    database_option,
    open_context,
    refuse,
    settings_for,
)

if TYPE_CHECKING:
    from softbalance.schemas.classification import Classification
    from softbalance.service.context import Context
    from softbalance.service.store import Store

#: How many records are read from the store at a time.
_PAGE = 200


@click.command()
@click.argument("records", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Replay every record of the store.")
@database_option
def command(records: tuple[str, ...], every: bool, database: str | None) -> None:
    """Decide stored RECORDS again, each with the rulebook that decided it.

    Exits with 3 if one comes out otherwise, or cannot be decided again.
    """
    from softbalance.service.store import StoreAway

    if every == bool(records):
        refuse("name the records to replay, or --all of them")
    context = open_context(settings_for(database=database), must_exist=True)
    try:
        chosen = _read_all(context.store) if every else _read_named(context.store, records)
        total = context.store.count() if every else len(records)
        with click.progressbar(chosen, length=total, label="replaying", file=sys.stderr) as bar:
            failed = [told for stored in bar for told in _replay(context, stored)]
    except StoreAway as error:
        refuse(str(error))
    for told in failed:
        click.echo(told)
    wrong = len({told.split(" ", 1)[0] for told in failed})
    click.echo(f"{total - wrong} of {total} records come out as stored.")
    if failed:
        sys.exit(DONE_WITH_FAILURES)


def _read_all(store: Store) -> Iterator[Classification | str]:
    """Yield every record, and the id of each that is damaged."""
    before = None
    while True:
        page = store.page({}, _PAGE, before)
        yield from page.items
        yield from page.damaged
        if page.next is None:
            return
        before = page.next


def _read_named(store: Store, records: tuple[str, ...]) -> Iterator[Classification | str]:
    from softbalance.service.store import DamagedRecord

    found: dict[str, Classification | str | None] = {}
    for record in records:
        try:
            found[record] = store.get(record)
        except DamagedRecord:
            found[record] = record
    missing = [record for record, stored in found.items() if stored is None]
    if missing:
        refuse(f"no classification {missing[0]!r} is stored; give the id of one that is")
    yield from (stored for stored in found.values() if stored is not None)


def _replay(context: Context, stored: Classification | str) -> Iterator[str]:
    """Yield a line for each field that differs, or one for a record that is damaged."""
    from softbalance.rules.episode.firing import EngineFailure
    from softbalance.schemas.classification import TRACE
    from softbalance.service.classifiers import RulebookNotKept
    from softbalance.service.replay import decide_again, differences

    if isinstance(stored, str):
        yield f"{stored} is not what was stored: `softbalance audit verify` tells more"
        return
    try:
        again = decide_again(context.classifiers, stored, TRACE)
    except (RulebookNotKept, EngineFailure) as error:
        yield f"{stored['id']} cannot be decided again: {error}"
        return
    for pointer, was, now in differences(stored, again):
        yield f"{stored['id']} {pointer}: {was!r} was stored, {now!r} comes out"
