"""Stored classifications in SQLite or PostgreSQL: kept, listed, chained, and moved to new schemas.

Callers use `Store` and its exceptions; the other modules are its parts.
"""

from softbalance.service.store.failures import CommitUnknown, StoreAway, WrongSchema
from softbalance.service.store.store import (
    Claim,
    ClaimConflict,
    DamagedRecord,
    Link,
    Page,
    Store,
)

__all__ = [
    "Claim",
    "ClaimConflict",
    "CommitUnknown",
    "DamagedRecord",
    "Link",
    "Page",
    "Store",
    "StoreAway",
    "WrongSchema",
]
