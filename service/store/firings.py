"""How often each rule fired, counted from the traces of the stored classifications.

Records are only ever added, so what was counted stays counted: each process counts what came since
it last did, a part at a time, and is right after any upgrade of the store or of a rulebook.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass

import orjson
from softbalance.schemas.classification import Classification
from softbalance.service.store.database import Database
from softbalance.service.store.tables import records
from sqlalchemy import func, select

_AT_A_TIME = 500


@dataclass(frozen=True, slots=True)
class FiringCounts:
    """How often the rules of one rulebook fired: rule → number of records.

    `decided` records were decided by it; `upto` of all `stored` records have been looked at.
    """

    rules: Counter[str]
    decided: int
    upto: int
    stored: int

    @property
    def whole(self) -> bool:
        """Whether all records have been looked at."""
        return self.upto >= self.stored


class Firings:
    """Counts firings by the digest of the rulebook. Safe for threads; make one a process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._rules: dict[str, Counter[str]] = {}
        self._decided: Counter[str] = Counter()
        self._upto = 0

    def count(self, digest: str, seconds: float) -> FiringCounts:
        """Count on for about so many seconds, and return what is known then. Raises StoreAway."""
        deadline = time.monotonic() + seconds
        with self._lock:
            stored = self._find_newest()
            while self._upto < stored and time.monotonic() < deadline:
                self._count_some()
            rules = Counter(self._rules.get(digest, {}))
            return FiringCounts(rules, self._decided[digest], self._upto, max(stored, self._upto))

    def _find_newest(self) -> int:
        """Return the highest position, which is the number of records: they count from 1."""
        with self._database.begin_read() as connection:
            return connection.execute(select(func.max(records.c.position))).scalar() or 0

    def _count_some(self) -> None:
        query = select(records.c.position, records.c.document)
        query = query.where(records.c.position > self._upto).order_by(records.c.position)
        with self._database.begin_read() as connection:
            rows = connection.execute(query.limit(_AT_A_TIME)).all()
        for position, document in rows:
            record: Classification = orjson.loads(document)
            digest = record["rulebook"]["digest"]
            fired = {step["rule"] for step in record["trace"]}
            self._rules.setdefault(digest, Counter()).update(fired)
            self._decided[digest] += 1
            self._upto = position
