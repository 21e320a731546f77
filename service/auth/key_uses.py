"""When keys were last used: remembered by each process, and stored now and then.

A request waits for no write of its own. After a process was killed, up to a minute is forgotten.
"""

from __future__ import annotations

import threading

from softbalance.service.store import Database, StoreAway, keys, now
from sqlalchemy import or_, update


class KeyUses:
    """The last uses of keys that are not stored yet. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: dict[str, str] = {}

    def note(self, id_: str) -> None:
        """Remember that a key is used now."""
        moment = now()
        with self._lock:
            self._last[id_] = moment

    def store(self, database: Database) -> None:
        """Store what is remembered. Raises StoreAway; then it is remembered for the next time."""
        with self._lock:
            noted, self._last = self._last, {}
        if not noted:
            return
        try:
            with database.begin_write() as connection:
                for id_, moment in noted.items():
                    earlier = or_(keys.c.last_used_at.is_(None), keys.c.last_used_at < moment)
                    change = update(keys).where(keys.c.id == id_, earlier)
                    connection.execute(change.values(last_used_at=moment))
        except StoreAway:
            with self._lock:
                self._last = noted | self._last
            raise
