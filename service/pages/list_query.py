"""What a list of classifications was asked for: the query of its address, read and written."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

import orjson
from softbalance.rules.wording import join_words
from softbalance.schemas.mistakes import unknown_name
from softbalance.service.http.problems import Problem
from softbalance.service.store import ORDERS, TIME, RecordQuery

#: Name in the query → the longest that it may be.
_TEXTS = {"text": 300, "actor": 64, "coder": 200}
_DATES = ("since", "until")
_DIRECTIONS = ("falling", "rising")
#: What the query of a list may name.
QUERY = ("classification", "rulebook", "form", *_TEXTS, *_DATES, "sort", "direction", "cursor")


@dataclass(frozen=True, slots=True)
class ListState:
    """Filters, order and cursor of a list, and the addresses that differ in one of them."""

    wanted: RecordQuery

    @property
    def filters(self) -> Mapping[str, str]:
        """The filters that were given."""
        return self.wanted.filters

    def address(self, path: str = "/", **changed: str | None) -> str:
        """Return an address of the same list with parts changed, or left out where None.

        It leads to the first page.
        """
        order, falling = self.wanted.order, self.wanted.falling
        parts = {**self.filters, "sort": order, "direction": _DIRECTIONS[not falling], **changed}
        if parts["sort"] == TIME and parts["direction"] == "falling":
            parts["sort"] = parts["direction"] = None
        query = urlencode({name: value for name, value in parts.items() if value is not None})
        return f"{path}?{query}" if query else path

    def get_sorted_address(self, order: str) -> str:
        """Return the address of the list sorted so, or the other way round if it is already."""
        falling = not self.wanted.falling if order == self.wanted.order else order == TIME
        return self.address(sort=order, direction=_DIRECTIONS[not falling])

    def get_page_address(self, after: tuple[Any, int]) -> str:
        """Return the address of the next page."""
        return self.address(cursor=base64.urlsafe_b64encode(orjson.dumps(after)).decode())

    def drop(self, *names: str) -> ListState:
        """Return the same with fewer filters."""
        left = {name: value for name, value in self.filters.items() if name not in names}
        return ListState(replace(self.wanted, filters=left, after=None))


def parse_list_query(query: Mapping[str, str], known: Mapping[str, Iterable[str]]) -> ListState:
    """Read a query; `known` has the values that a closed filter may take.

    An empty field of a form is no filter. Raises the problem of a value that cannot be meant.
    """
    given = {name: value.strip() for name, value in query.items() if value.strip()}
    filters: dict[str, str] = {}
    for name, values in known.items():
        if name in given:
            filters[name] = _check_choice(name, given[name], values)
    for name, longest in _TEXTS.items():
        if name in given:
            if len(given[name]) > longest or "\0" in given[name]:
                raise _refuse(f"{name} is at most {longest} characters of text")
            filters[name] = given[name]
    for name in _DATES:
        if name in given:
            filters[name] = _day(name, given[name])
    order = _check_choice("sort", given.get("sort", TIME), ORDERS)
    usual = _DIRECTIONS[order != TIME]
    falling = _check_choice("direction", given.get("direction", usual), _DIRECTIONS) == "falling"
    after = _cursor(given["cursor"], order) if "cursor" in given else None
    return ListState(RecordQuery(filters, order, falling, after))


def _check_choice(name: str, value: str, known: Iterable[str]) -> str:
    if value not in (values := list(known)):
        raise _refuse(f"{unknown_name(name, value, values)}; known are {join_words(values)}")
    return value


def _day(name: str, value: str) -> str:
    try:
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value) or value == "9999-12-31":
            raise ValueError
        return date.fromisoformat(value).isoformat()
    except ValueError as error:
        raise _refuse(f"{name} is {value[:40]!r}; write a day as YYYY-MM-DD") from error


def _cursor(value: str, order: str) -> tuple[Any, int]:
    try:
        key, position = orjson.loads(base64.urlsafe_b64decode(value))
        number = 0 <= position < 2**62 and type(position) is int
        if not (number and type(key) is (int if order == TIME else str)) or "\0" in str(key):
            raise ValueError
    except (ValueError, TypeError, binascii.Error) as error:
        raise _refuse("the cursor is none of this service; start at the first page") from error
    return (position if order == TIME else key), position


def _refuse(detail: str) -> Problem:
    return Problem(422, "invalid-query", detail)
