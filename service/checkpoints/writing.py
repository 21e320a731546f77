"""Writing checkpoints to where the settings say."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from softbalance.service.checkpoints.posting import NotDelivered, post
from softbalance.service.checkpoints.signed_heads import Checkpoint, dump_line, make_checkpoint
from softbalance.service.checkpoints.signing import load_key
from softbalance.service.settings import Settings
from softbalance.service.store import Database, read_heads


class Written(NamedTuple):
    """A checkpoint, and why it did not get where it should, if so."""

    checkpoint: Checkpoint
    failures: list[str]


def is_asked_for(settings: Settings) -> bool:
    """Return whether the service is to write checkpoints."""
    return bool(settings.checkpoint_file or settings.checkpoint_webhook)


def write_checkpoint(settings: Settings, database: Database) -> Written:
    """Sign both heads and deliver that to the file and the webhook of the settings.

    What fails keeps nothing else from being tried. Raises UnusableSigningKey and StoreAway.
    """
    key, failures = load_key(Path(settings.checkpoint_key)), []
    document = make_checkpoint(read_heads(database), key)
    if settings.checkpoint_tsa:
        from softbalance.service.checkpoints.stamps import add_stamp  # noqa: PLC0415 - slow to load

        try:
            document = add_stamp(document, settings.checkpoint_tsa)
        except NotDelivered as error:
            failures.append(str(error))
    line = dump_line(document)
    if settings.checkpoint_file:
        try:
            _append(Path(settings.checkpoint_file), line)
        except OSError as error:
            failures.append(f"{settings.checkpoint_file} cannot be written: {error.strerror}")
    if settings.checkpoint_webhook:
        try:
            post(settings.checkpoint_webhook, line, "application/json")
        except NotDelivered as error:
            failures.append(str(error))
    return Written(document, failures)


def _append(path: Path, line: bytes) -> None:
    """Add a line to a file, on the disk when this returns."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    with open(descriptor, "ab") as file:
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            line = b"\n" + line  # the disk was full in the middle of the line before
        file.write(line)
        file.flush()
        os.fsync(descriptor)
