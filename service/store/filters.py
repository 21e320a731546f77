"""Which stored classifications are wanted, as conditions on a query of the records."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from softbalance.service.store.stored_records import LONGEST_CODER
from softbalance.service.store.tables import FILTERS, actors, coders, records
from sqlalchemy import Select, or_, select

#: The columns of which a filter gives a part.
_PARTS = {"title": (records.c.title,), "text": (records.c.title, records.c.episode)}


def narrow(query: Select[Any], filters: Mapping[str, str]) -> Select[Any]:
    """Return a query of the records that pass every filter.

    `filters` may name classification, rulebook, form, episode, actor, coder, `title` (a part of
    it), `text` (a part of the title or of the episode's id), in both of which a to z are A to Z,
    and `since` and `until` (YYYY-MM-DD, both included).
    """
    for name in FILTERS:
        if name in filters:
            query = query.where(records.c[name] == filters[name])
    for name, columns in _PARTS.items():
        if name in filters:
            parts = (column.icontains(filters[name], autoescape=True) for column in columns)
            query = query.where(or_(*parts))
    for table, name in ((actors, "actor"), (coders, "coder")):
        if name in filters:
            # the positions first: few records are of one actor or coder
            whose = table.c[name] == filters[name][:LONGEST_CODER]
            query = query.where(records.c.position.in_(select(table.c.position).where(whose)))
    if "since" in filters:
        query = query.where(records.c.classified_at >= filters["since"])
    if "until" in filters:
        following = date.fromisoformat(filters["until"]) + timedelta(days=1)
        query = query.where(records.c.classified_at < following.isoformat())
    return query
