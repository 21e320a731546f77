"""Stored classifications in SQLite or PostgreSQL: kept, listed, chained, and moved to new schemas.

What others use is exported here; the modules are parts of it.
"""

from softbalance.service.store.audit_findings import Audit, Break, Heads
from softbalance.service.store.chain import canonical, hash_bytes
from softbalance.service.store.chain_audit import audit
from softbalance.service.store.claims import Claim, ClaimConflict, expire_claims
from softbalance.service.store.database import Database
from softbalance.service.store.erasure import Wanted, erase
from softbalance.service.store.event_chain import (
    KEY_CREATED,
    KEY_EXPIRED,
    KEY_REVOKED,
    KEY_ROTATED,
    add_event,
    digest_of_key,
    format_time,
    now,
)
from softbalance.service.store.failures import CommitUnknown, StoreAway, WrongSchema
from softbalance.service.store.firings import FiringCounts, Firings
from softbalance.service.store.head_audit import read_heads
from softbalance.service.store.links import SealedLink, find_link
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
from softbalance.service.store.store import Page, Store
from softbalance.service.store.stored_records import DamagedRecord, Link
from softbalance.service.store.tables import events, keys

__all__ = [
    "KEY_CREATED",
    "KEY_EXPIRED",
    "KEY_REVOKED",
    "KEY_ROTATED",
    "ORDERS",
    "TIME",
    "Audit",
    "Break",
    "Claim",
    "ClaimConflict",
    "CommitUnknown",
    "DamagedRecord",
    "Database",
    "FiringCounts",
    "Firings",
    "Heads",
    "Link",
    "Page",
    "RecordQuery",
    "Row",
    "SealedLink",
    "Store",
    "StoreAway",
    "Tally",
    "Wanted",
    "WrongSchema",
    "add_event",
    "audit",
    "canonical",
    "count_classes",
    "digest_of_key",
    "erase",
    "events",
    "expire_claims",
    "find_link",
    "find_rows",
    "format_time",
    "hash_bytes",
    "keys",
    "now",
    "read_documents",
    "read_heads",
]
