"""What of a record can be erased, and how the chain holds it: by a digest, not by its text.

A coder's name and a note are erasable. The chain hashes a sealed record, in which each of them is
replaced by its seal: a digest of a random salt and the text. To erase one, the seal takes its place
in the record, too, and the salt is forgotten; then nobody can tell the text, or try names until one
fits, and the digest of the record stays what it was.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from typing import Any, NamedTuple, cast

import orjson
from softbalance.schemas.classification import Classification
from softbalance.schemas.mistakes import pointer

#: What stands before the digest in a seal.
ERASED = "erased:sha256:"
CODER, NOTE = ERASABLE = ("coder", "note")
#: Salts of a record's erasable parts, in the order of these; None for one that is erased.
Salts = Sequence[str | None]


class Part(NamedTuple):
    """An erasable part: the index of its observation, its kind and its text."""

    observation: int
    kind: str
    text: str

    @property
    def pointer(self) -> str:
        """Where in the record it is (RFC 6901)."""
        return pointer(("episode", "observations", self.observation, self.kind))


def erasable_parts(record: Mapping[str, Any]) -> Iterator[Part]:
    """Yield the erasable parts of a record in the order of their salts."""
    for index, observation in enumerate(record["episode"].get("observations", ())):
        for kind in ERASABLE:
            if kind in observation:
                yield Part(index, kind, observation[kind])


def draw_salts(record: Mapping[str, Any]) -> list[str | None]:
    """Return a new salt for each erasable part.

    Parts of one coder have the same one, so that who coded together can be told when the name is
    erased.
    """
    of_coders: dict[str, str] = {}
    salts: list[str | None] = []
    for part in erasable_parts(record):
        salt = secrets.token_hex(16)
        salts.append(of_coders.setdefault(part.text, salt) if part.kind == CODER else salt)
    return salts


def seal_of(salt: str, text: str) -> str:
    """Return what stands for a text: the digest of the canonical JSON of [salt, text]."""
    return ERASED + hashlib.sha256(orjson.dumps([salt, text])).hexdigest()


def seal(record: Classification, salts: Salts | None) -> Classification:
    """Return a record as the chain hashes it; one without salts is hashed as it is.

    Raises ValueError if the salts are not those of the record.
    """
    if salts is None:
        return record
    parts = list(erasable_parts(record))
    if len(parts) != len(salts):
        raise ValueError(f"it has {len(parts)} erasable parts and {len(salts)} salts")
    texts = [
        seal_of(salt, part.text) if salt is not None else _expect_seal(part.text)
        for part, salt in zip(parts, salts, strict=True)
    ]
    return replace_parts(record, dict(zip(parts, texts, strict=True)))


def replace_parts(record: Classification, texts: Mapping[Part, str]) -> Classification:
    """Return a record with other texts in some of its parts."""
    if not texts:
        return record
    changed, episode = record.copy(), record["episode"].copy()
    episode["observations"] = [copy(observation) for observation in episode["observations"]]
    for part, text in texts.items():
        cast(dict[str, str], episode["observations"][part.observation])[part.kind] = text
    changed["episode"] = episode
    return changed


def dump_salts(salts: Salts) -> str:
    """Return salts as the store keeps them."""
    return orjson.dumps(salts).decode()


def load_salts(kept: str | None) -> list[str | None] | None:
    """Return salts as they were kept, None for a record without them; or raise ValueError."""
    if kept is None:
        return None
    salts = orjson.loads(kept)
    if not isinstance(salts, list) or not all(isinstance(s, str | None) for s in salts):
        raise ValueError("its salts cannot be read")
    return salts


def _expect_seal(text: str) -> str:
    digest = text.removeprefix(ERASED)
    if digest == text or len(digest) != 64 or set(digest) - set("0123456789abcdef"):
        raise ValueError("a part has lost its salt and was not erased")
    return text
