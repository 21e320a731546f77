"""Checkpoints as JSON: the heads of both chains at a time, signed.

`docs/audit.md` shows one. They stand in a file a line each.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from softbalance.service.checkpoints.signing import is_signed, name_key
from softbalance.service.store import Heads, now

#: What a checkpoint says of the form it has.
VERSION = 1
#: Added after the signature was made.
SIGNATURE, STAMP = "signature", "timestamp"
#: Bytes of a line, at most; one with a time stamp has some thousands.
_LONGEST = 256 * 1024
Checkpoint = dict[str, Any]


class UnusableCheckpoints(Exception):
    """A file that cannot be read, or holds no checkpoint."""


class FalseCheckpoint(Exception):
    """A line that is no checkpoint, or one that no known key has signed."""


class ReadCheckpoint(NamedTuple):
    """A checkpoint that one of the keys has signed: the heads, and the whole document."""

    heads: Heads
    document: Checkpoint


def make_checkpoint(heads: Heads, key: Ed25519PrivateKey) -> Checkpoint:
    """Return a signed checkpoint of heads."""
    document: Checkpoint = {
        "checkpoint": VERSION,
        "at": now(),
        "records": {"position": heads.records, "digest": heads.digest},
        "events": {"position": heads.events, "digest": heads.events_digest},
        "key": name_key(key.public_key()),
    }
    signature = base64.b64encode(key.sign(_dump(document))).decode()
    return {**document, SIGNATURE: signature}


def signed_bytes(document: Checkpoint) -> bytes:
    """Return what is signed: the canonical JSON (RFC 8785) without what was added to it."""
    return _dump({name: document[name] for name in document if name not in (SIGNATURE, STAMP)})


def stamped_bytes(document: Checkpoint) -> bytes:
    """Return what a time stamp is of: the canonical JSON with the signature."""
    return _dump({name: document[name] for name in document if name != STAMP})


def dump_line(document: Checkpoint) -> bytes:
    """Return a checkpoint as a line of a file."""
    return _dump(document) + b"\n"


def read_checkpoints(path: Path, keys: Sequence[Ed25519PublicKey]) -> Iterator[ReadCheckpoint]:
    """Yield the checkpoints of a file, each signed by one of the keys.

    Raises UnusableCheckpoints and FalseCheckpoint.
    """
    found = False
    try:
        with path.open("rb") as file:
            for number, line in enumerate(iter(lambda: file.readline(_LONGEST), b""), 1):
                if line.strip():
                    yield _read(line, f"line {number} of {path}", keys)
                    found = True
    except OSError as error:
        raise UnusableCheckpoints(f"{path} cannot be read: {error.strerror}") from error
    if not found:
        raise UnusableCheckpoints(f"{path} holds no checkpoint")


def _read(line: bytes, place: str, keys: Sequence[Ed25519PublicKey]) -> ReadCheckpoint:
    try:
        document = orjson.loads(line)
        if document["checkpoint"] != VERSION:
            raise FalseCheckpoint(f"{place} is of a form that this version does not know")
        heads = Heads(
            *_read_head(document["records"]),
            *_read_head(document["events"]),
            f"the checkpoint of {document['at']} ({place})",
        )
        signature = base64.b64decode(document[SIGNATURE], validate=True)
        message = signed_bytes(document)
    except (ValueError, LookupError, TypeError, AttributeError, binascii.Error) as error:
        raise FalseCheckpoint(f"{place} is no checkpoint") from error
    if not is_signed(message, signature, keys):
        raise FalseCheckpoint(
            f"{place} is signed by none of the keys given: it was made up or changed, or its key "
            f"{str(document.get('key'))[:80]} is missing"
        )
    return ReadCheckpoint(heads, document)


def _read_head(head: dict[str, Any]) -> tuple[int, str | None]:
    position, digest = head["position"], head["digest"]
    if type(position) is not int or position < 0 or (digest is None) != (position == 0):
        raise ValueError
    return position, digest


def _dump(document: Checkpoint) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
