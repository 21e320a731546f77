"""A classification as the rows that hold it."""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson
from softbalance.schemas.classification import Classification
from softbalance.service.store.chain import canonical, digest_of, hash_text
from softbalance.service.store.sealing import load_salts, seal
from softbalance.service.store.tables import records

#: No index takes a text of any length: of a coder's name so many characters are searched for.
LONGEST_CODER = 200
#: What it takes to load a record.
WHOLE = (
    records.c.position,
    records.c.id,
    records.c.document,
    records.c.previous,
    records.c.digest,
    records.c.salts,
    records.c.resealed,
)


class DamagedRecord(Exception):
    """A stored record is not what was stored; `record` is its id."""

    def __init__(self, record: str, position: int) -> None:
        super().__init__(
            f"record {record} at position {position} is not what was stored; "
            "`softbalance audit verify` tells what happened to it"
        )
        self.record, self.position = record, position


class Link(NamedTuple):
    """A record's place in the chain: its position from 1, its digest and that of the one before."""

    position: int
    digest: str
    previous: str | None


def load_record(row: Any) -> Classification:
    """Return a record as the dictionary it was, if it is what was stored; or raise DamagedRecord.

    The row has the columns of WHOLE.
    """
    try:
        loaded: Classification = orjson.loads(row.document)
        whole = fits(row, loaded, row.position)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise DamagedRecord(row.id, row.position) from error
    if not whole:
        raise DamagedRecord(row.id, row.position)
    return loaded


def fits(row: Any, record: Classification, position: int) -> bool:
    """Return whether the digest of a row is that of its record, were it at a position.

    Of a record that was resealed, the digest is over a text that is gone: whether it is the right
    one, the event of its erasure tells. Raises LookupError, TypeError, AttributeError and
    ValueError for what is no record.
    """
    if row.resealed is not None:
        return bool(hash_text(canonical(record)) == row.resealed)
    sealed = canonical(seal(record, load_salts(row.salts)))
    return bool(digest_of(position, row.previous, sealed) == row.digest)


def pick_search_columns(answer: Classification) -> dict[str, Any]:
    """Return what of a classification has a column of its own."""
    episode = answer["episode"]
    return {
        "id": answer["id"],
        "classified_at": answer["classified_at"],
        "rulebook": answer["rulebook"]["id"],
        "classification": answer["classification"],
        "form": episode["form"],
        "episode": episode["id"],
        "title": episode.get("title"),
    }


def actors_of(answer: Classification) -> list[str]:
    """Return the actors of an episode, each once."""
    return list(dict.fromkeys(answer["episode"].get("actors", ())))


def coders_of(answer: Classification) -> list[str]:
    """Return who coded the observations of an episode, each once and none that has no name."""
    named = (said.get("coder", "") for said in answer["episode"].get("observations", ()))
    return list(dict.fromkeys(name[:LONGEST_CODER] for name in named if name))
