"""`softbalance audit`: whether the stored classifications are what was stored."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from softbalance.service.commands.audit_checkpoints import (
    NotedCheckpoints,
    checkpoint,
    new_key,
    public_key,
)
from softbalance.service.commands.audit_erasure import erase, purge
from softbalance.service.commands.options import (
    DONE_WITH_FAILURES,
    database_option,
    know_store,
    refuse,
)

if TYPE_CHECKING:
    from softbalance.service.store import Audit


@click.group()
def command() -> None:
    """See whether the stored classifications are what was stored."""


for _command in (checkpoint, new_key, public_key, erase, purge):
    command.add_command(_command)
_file = click.Path(dir_okay=False, path_type=Path)


@command.command()
@click.option(
    "--head",
    "noted",
    metavar="DIGEST",
    help="A head that was noted elsewhere; it must be in the chain.",
)
@click.option(
    "--checkpoint",
    "checkpoints",
    type=_file,
    multiple=True,
    help="A file of signed checkpoints, all of which must be in the chains.",
)
@click.option(
    "--public-key",
    "public_keys",
    type=_file,
    multiple=True,
    help="Who may have signed them; more than once if the key was exchanged.  "
    "[default: that of checkpoint_key]",
)
@click.option(
    "--tsa-root",
    "roots",
    type=_file,
    multiple=True,
    help="Certificates of the authorities whose time stamps are trusted.",
)
@database_option
def verify(
    noted: str | None,
    checkpoints: tuple[Path, ...],
    public_keys: tuple[Path, ...],
    roots: tuple[Path, ...],
    database: str | None,
) -> None:
    """Walk the chains of records and events, and name the first that was tampered with.

    Kept rulebooks and keys are compared with their digests, too. Exits with 3 if something is
    altered, removed or inserted. `GET /v1/audit/head` gives a head to note.
    """
    from softbalance.service.checkpoints.signed_heads import FalseCheckpoint, UnusableCheckpoints
    from softbalance.service.store import StoreAway

    if noted is not None and not re.fullmatch("sha256:[0-9a-f]{64}", noted):
        refuse(f"--head is {noted!r}; write `sha256:` and 64 digits of 0 to 9 and a to f")
    given = NotedCheckpoints(checkpoints, public_keys, roots)
    try:
        found = _audit(database, noted, given)
    except FalseCheckpoint as error:
        click.echo(f"{error}.")
        sys.exit(DONE_WITH_FAILURES)
    except (StoreAway, UnusableCheckpoints) as error:
        refuse(str(error))
    _report(found)
    if found.broken is not None:
        sys.exit(DONE_WITH_FAILURES)
    given.report()


def _audit(database: str | None, noted: str | None, given: NotedCheckpoints) -> Audit:
    from softbalance.service.store import audit

    store = know_store(database)
    store.expect()
    store.check()
    # nobody watches what is not a terminal
    hidden = not (sys.stderr and sys.stderr.isatty())
    with click.progressbar(
        length=store.count(),
        label="verifying",
        file=sys.stderr,
        show_pos=True,
        hidden=hidden,
        update_min_steps=50,
    ) as bar:
        found = audit(store.database, bar.update, noted, given.heads())
    store.close()
    return found


def _report(found: Audit) -> None:
    if found.broken is None:
        records = "1 record is" if found.whole == 1 else f"{found.whole} records are"
        click.echo(f"{records} what was stored; the head is {found.head or 'none'}.")
        if found.events:
            events = "1 event is" if found.events == 1 else f"{found.events} events are"
            click.echo(f"{events} what was stored; the head is {found.events_head}.")
        if found.erased:
            parts = "1 part" if found.erased == 1 else f"{found.erased} parts"
            records = "1 record" if found.erased_of == 1 else f"{found.erased_of} records"
            were = "was" if found.erased == 1 else "were"
            click.echo(f"{parts} of {records} {were} erased, and events say by whom and why.")
        return
    kind, position, record, detail, name = found.broken
    if name is None:
        name = f"record {record}" if record else "a record"
        name = f"{name} at position {position}"
    click.echo(f"{name} was {kind}: {detail}.")
    before = "" if position is None else " before it"
    click.echo(f"{found.whole} records{before} are what was stored.")
