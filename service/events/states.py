"""Which state a dataset means: codes and names to ISO 3166, states that are gone included.

The countrycode package knows the codes and names of states; `states.yaml` adds the codes of states
that are gone, and which state a code meant on which day.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

from softbalance.schemas.mistakes import Mistake, unknown_name
from softbalance.service.datasets.reading.defects import UnusableDataset
from softbalance.service.events.event_layouts import document

_FIRST, _LAST = datetime.date(1, 1, 1), datetime.date(9999, 12, 31)
_NAME = "country.name.en"


class Meaning(NamedTuple):
    """What a code or name means between two days, both included: a state, None if no state."""

    written: str
    state: str | None
    since: datetime.date
    until: datetime.date


@cache
def _load_further() -> Any:
    return document("states.yaml")


@cache
def _load_code_list() -> dict[str, list[Any]]:
    """Return countrycode's table, by column."""
    # imports pandas where that is installed, which is slow
    from countrycode.countrycode import prepare_codelist

    table: dict[str, list[Any]] = prepare_codelist()
    return table


@cache
def alpha3() -> dict[str, str]:
    """Return every code of a state that an answer may hold, with its English name."""
    table = _load_code_list()
    today = {code: name for code, name in zip(table["iso3c"], table[_NAME], strict=True) if code}
    gone = {code: name for name, code in _load_further()["historic"].items() if code not in today}
    known: dict[str, str] = today | gone | _load_further()["names"]
    return known


def check_state(code: str) -> None:
    """Raise UnusableDataset unless `code` is one that an answer may hold."""
    if code not in alpha3():
        raise UnusableDataset(str(unknown_state(code)))


def unknown_state(written: str) -> Mistake:
    """Say that a code or name is no state's."""
    return unknown_name("state", written, alpha3())


def meanings(actors: str, written: Iterable[str]) -> list[Meaning]:
    """Return what each of the codes or names means; one that is not among them is unknown.

    `actors` is how a layout names states: `cameo`, `names` or `cow`.
    """
    found = []
    for one in written:
        known, state = _find_present_state(actors, one)
        if known:
            found += _list_meanings(one, state)
    return found


def _find_present_state(actors: str, written: str) -> tuple[bool, str | None]:
    """Return whether a code or name is known, and the state that it names, if any."""
    further = _load_further()
    if actors != "cow" and written in (*further["regions"], *further["no_state"]):
        return True, None
    if actors == "cow":
        number = int(written) if written.isdigit() else -1
        state = further["cow"].get(number) or _convert(number, "cown")
    elif actors == "cameo":
        aliased = further["aliases"].get(written, written)
        state = aliased if aliased in alpha3() else None
    else:
        state = _convert(written, "country.name")
    return state is not None, state


def _convert(written: str | int, origin: str) -> str | None:
    from countrycode import countrycode

    if written == "Soviet Union":  # countrycode has it as another name of Russia
        return "SUN"
    origin = "country.name.en.regex" if origin == "country.name" else origin
    state: str | None = countrycode(written, origin, "iso3c", custom_dict=_load_code_list())
    if state is None:
        name = countrycode(written, origin, _NAME, custom_dict=_load_code_list())
        state = _load_further()["historic"].get(name)
    return state


def _list_meanings(written: str, state: str | None) -> list[Meaning]:
    spans = _load_further()["successions"].get(state, ())
    found, day = [], _FIRST
    for span in spans:
        if day < span["from"]:
            found.append(Meaning(written, state, day, span["from"] - datetime.timedelta(1)))
        found.append(Meaning(written, span["state"], span["from"], span["until"]))
        if span["until"] == _LAST:
            return found
        day = span["until"] + datetime.timedelta(1)
    return [*found, Meaning(written, state, day, _LAST)]


def organisations() -> dict[str, str]:
    """Return what organisations are called here, by a dataset's code or name."""
    called: dict[str, str] = _load_further()["organisations"]
    return called
