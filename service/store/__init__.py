"""Stored classifications in SQLite or PostgreSQL: kept, listed, chained, and moved to new schemas.

What others use is exported here; the modules are parts of it.
"""

from softbalance.service.store.chain import canonical
from softbalance.service.store.chain_audit import audit
from softbalance.service.store.database import Database
from softbalance.service.store.failures import CommitUnknown, StoreAway, WrongSchema
from softbalance.service.store.firings import FiringCounts, Firings
from softbalance.service.store.search import (
    ORDERS,
    TIME,
    RecordQuery,
    Row,
    Tally,
    count_classes,
    find_rows,
    read_documents,
)
from softbalance.service.store.store import (
    Claim,
    ClaimConflict,
    DamagedRecord,
    Link,
    Page,
    Store,
)
from softbalance.service.store.tables import keys

__all__ = [
    "ORDERS",
    "TIME",
    "Claim",
    "ClaimConflict",
    "CommitUnknown",
    "DamagedRecord",
    "Database",
    "FiringCounts",
    "Firings",
    "Link",
    "Page",
    "RecordQuery",
    "Row",
    "Store",
    "StoreAway",
    "Tally",
    "WrongSchema",
    "audit",
    "canonical",
    "count_classes",
    "find_rows",
    "keys",
    "read_documents",
]
