"""What an audit finds."""

from __future__ import annotations

from typing import NamedTuple

ALTERED, REMOVED, INSERTED = "altered", "removed", "inserted"


class Break(NamedTuple):
    """The first thing that is not what was stored.

    `kind` is altered, removed or inserted; `position` that of a record, None where something else
    is broken; `record` the id of the record, None where it is gone; `detail` says what is wrong.
    `name` names what is broken, if it is no record.
    """

    kind: str
    position: int | None
    record: str | None
    detail: str
    name: str | None = None


class Audit(NamedTuple):
    """What a walk found: how many records are whole, the digest of the last, the first break.

    `events` is how many events are whole and `events_head` the digest of the last of them.
    `erased` parts of `erased_of` records were erased, each with an event that says by whom.
    """

    whole: int
    head: str | None
    broken: Break | None
    events: int = 0
    events_head: str | None = None
    erased: int = 0
    erased_of: int = 0


class Heads(NamedTuple):
    """How long both chains were and what their last digests were; None of an empty one.

    `source` says where that was noted.
    """

    records: int
    digest: str | None
    events: int
    events_digest: str | None
    source: str = ""
