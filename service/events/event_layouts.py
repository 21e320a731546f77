"""The layouts of event datasets, as `layouts.yaml` declares them, and how a file shows its own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from softbalance.schemas.mistakes import unknown_name
from softbalance.service.datasets.reading.defects import UnusableDataset

#: What may stand between the fields of a text file.
_DELIMITERS = ("\t", ",", ";")


@dataclass(frozen=True)
class EventLayout:
    """One way of writing events down; `layouts.yaml` says what each part means."""

    id: str
    title: str
    coding: str
    actors: str
    min_events: int
    required: tuple[str, ...]
    cites: tuple[Mapping[str, str], ...]
    widths: tuple[int, ...] = ()
    marks: tuple[str, ...] = ()
    places: Mapping[str, int] = field(default_factory=dict)
    shapes: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, Sequence[str]] = field(default_factory=dict)
    json: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """How one text file is laid out: `places` are those of the fields, from 0, in each row."""

    layout: EventLayout
    delimiter: str
    header: bool
    places: Mapping[str, int]
    widths: tuple[int, ...]


def document(name: str) -> Any:
    """Return a YAML document that stands beside this module."""
    return yaml.safe_load(files(__package__).joinpath(name).read_text("utf-8"))


@cache
def layouts() -> dict[str, EventLayout]:
    """Return the layouts by their ids, in the order in which they are tried."""
    return {
        name: EventLayout(id=name, **{key: _freeze(value) for key, value in parts.items()})
        for name, parts in document("layouts.yaml").items()
    }


def _freeze(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def find_layout(name: str) -> EventLayout:
    """Return the layout with this id. Raises UnusableDataset."""
    try:
        return layouts()[name]
    except KeyError:
        raise UnusableDataset(str(unknown_name("layout", name, layouts()))) from None


def shape_of(line: str, place: str, wanted: EventLayout | None) -> Shape:
    """Recognise the layout of a text file by its first line.

    `place` is what to call the file, `wanted` the layout that the command names, if it does.
    Raises UnusableDataset where no layout fits.
    """
    known = [wanted] if wanted else [one for one in layouts().values() if not one.json]
    for delimiter in _DELIMITERS:
        cells = [cell.strip().strip('"') for cell in line.rstrip("\r\n").split(delimiter)]
        for layout in known:
            shape = _match_header(layout, cells, delimiter) or _match_bare(layout, cells, delimiter)
            if shape:
                return shape
    width = max(line.count(delimiter) + 1 for delimiter in _DELIMITERS)
    if wanted:
        raise UnusableDataset(
            f"{place}: is not laid out as {wanted.id} ({wanted.title}); its first line has "
            f"{width} fields, and {_describe_columns(wanted)}"
        )
    raise UnusableDataset(
        f"{place}: no known layout has a first line like this, of {width} fields; name one with "
        f"--layout: {', '.join(layouts())}"
    )


def _match_header(layout: EventLayout, cells: Sequence[str], delimiter: str) -> Shape | None:
    known = {cell.lower(): place for place, cell in reversed(list(enumerate(cells)))}
    marked = all(mark.lower() in known for mark in layout.marks)
    if not marked and len(cells) not in layout.widths:
        return None
    places = {
        name: known[written.lower()]
        for name, written in layout.names.items()
        if written.lower() in known
    }
    if any(name not in places for name in layout.required):
        return None
    return Shape(layout, delimiter, True, places, (len(cells),))


def _match_bare(layout: EventLayout, cells: Sequence[str], delimiter: str) -> Shape | None:
    if len(cells) not in layout.widths:
        return None
    for name, pattern in layout.shapes.items():
        if not re.fullmatch(pattern, cells[layout.places[name] - 1]):
            return None
    places = {name: place - 1 for name, place in layout.places.items()}
    return Shape(layout, delimiter, False, places, layout.widths)


def _describe_columns(layout: EventLayout) -> str:
    if layout.widths:
        return f"it has {' or '.join(map(str, layout.widths))} without a header"
    return "its header has to name " + ", ".join(layout.names[name] for name in layout.required)
