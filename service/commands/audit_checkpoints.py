"""`softbalance audit checkpoint`, and the keys that sign checkpoints."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
from softbalance.service.commands.options import (
    DONE_WITH_FAILURES,
    database_option,
    know_store,
    refuse,
    settings_for,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.x509 import Certificate
    from softbalance.service.checkpoints.signed_heads import ReadCheckpoint
    from softbalance.service.store import Heads

_file = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.option("--key", metavar="FILE", help="The private key.  [default: checkpoint_key]")
@click.option("--file", metavar="FILE", help="The file to add it to.  [default: checkpoint_file]")
@click.option(
    "--webhook", metavar="URL", help="The address to post it to.  [default: checkpoint_webhook]"
)
@click.option("--tsa", metavar="URL", help="The authority to stamp it.  [default: checkpoint_tsa]")
@database_option
def checkpoint(
    key: str | None, file: str | None, webhook: str | None, tsa: str | None, database: str | None
) -> None:
    """Sign the heads of both chains, deliver that as the settings say, and print it.

    Exits with 3 if it did not get everywhere.
    """
    from softbalance.service.checkpoints.signed_heads import dump_line
    from softbalance.service.checkpoints.signing import UnusableSigningKey
    from softbalance.service.checkpoints.writing import write_checkpoint
    from softbalance.service.store import StoreAway

    settings = settings_for(
        database=database,
        checkpoint_key=key,
        checkpoint_file=file,
        checkpoint_webhook=webhook,
        checkpoint_tsa=tsa,
    )
    if not settings.checkpoint_key:
        refuse("nothing signs it; make a key by `softbalance audit new-key FILE`, and name it")
    try:
        store = know_store(database)
        store.expect()
        store.check()
        written = write_checkpoint(settings, store.database)
        store.close()
    except (StoreAway, UnusableSigningKey) as error:
        refuse(str(error))
    click.echo(dump_line(written.checkpoint).decode(), nl=False)
    for failure in written.failures:
        click.echo(f"softbalance: {failure}", err=True)
    if written.failures:
        sys.exit(DONE_WITH_FAILURES)


@click.command("new-key")
@click.argument("file", type=_file)
def new_key(file: Path) -> None:
    """Make a private key in FILE, for its owner only, and print its public part."""
    from softbalance.service.checkpoints.signing import (
        UnusableSigningKey,
        dump_public_key,
        make_key,
    )

    try:
        key = make_key(file)
    except UnusableSigningKey as error:
        refuse(str(error))
    click.echo(dump_public_key(key.public_key()), nl=False)


@click.command("public-key")
@click.argument("file", type=_file)
def public_key(file: Path) -> None:
    """Print the public part of the private key in FILE."""
    from softbalance.service.checkpoints.signing import (
        UnusableSigningKey,
        dump_public_key,
        load_key,
    )

    try:
        key = load_key(file)
    except UnusableSigningKey as error:
        refuse(str(error))
    click.echo(dump_public_key(key.public_key()), nl=False)


class NotedCheckpoints:
    """The checkpoints that an audit is to find in the store, and what is trusted of them."""

    def __init__(
        self, files: tuple[Path, ...], public_keys: tuple[Path, ...], roots: tuple[Path, ...]
    ) -> None:
        """Read the keys and certificates, or refuse with the reason."""
        self._files, self.count, self.stamped = files, 0, 0
        self.newest = ""
        self._keys = _load_public_keys(public_keys) if files else []
        self._roots = _load_roots(roots) if roots else []
        if (public_keys or roots) and not files:
            refuse("--public-key and --tsa-root are for checkpoints; name them by --checkpoint")

    def heads(self) -> Iterator[Heads]:
        """Yield what they say. Raises FalseCheckpoint and UnusableCheckpoints."""
        from softbalance.service.checkpoints.signed_heads import read_checkpoints

        for path in self._files:
            for read in read_checkpoints(path, self._keys):
                self._check_stamp(read)
                self.count += 1
                self.newest = max(self.newest, read.document["at"])
                yield read.heads

    def _check_stamp(self, read: ReadCheckpoint) -> None:
        if not self._roots:
            return
        from softbalance.service.checkpoints.stamps import check_stamp

        if check_stamp(read.document, self._roots, read.heads.source) is not None:
            self.stamped += 1

    def report(self) -> None:
        """Say how many there were."""
        if not self.count:
            return
        told = "1 checkpoint is" if self.count == 1 else f"{self.count} checkpoints are"
        click.echo(f"{told} in the chains; the newest is of {self.newest}.")
        if self._roots:
            click.echo(f"{self.stamped} of {self.count} have a time stamp that is to be trusted.")


def _load_public_keys(paths: tuple[Path, ...]) -> list[Ed25519PublicKey]:
    from softbalance.service.checkpoints.signing import (
        UnusableSigningKey,
        load_key,
        load_public_key,
    )

    try:
        if paths:
            return [load_public_key(path) for path in paths]
        own = settings_for().checkpoint_key
        if not own:
            refuse("name the public key of the checkpoints by --public-key")
        return [load_key(Path(own)).public_key()]
    except UnusableSigningKey as error:
        refuse(str(error))


def _load_roots(paths: tuple[Path, ...]) -> list[Certificate]:
    from softbalance.service.checkpoints.signed_heads import UnusableCheckpoints
    from softbalance.service.checkpoints.stamps import load_roots

    try:
        return [certificate for path in paths for certificate in load_roots(path)]
    except UnusableCheckpoints as error:
        refuse(str(error))
