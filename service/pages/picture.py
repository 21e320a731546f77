"""The proof as a picture: evidence at the left, then indicators, tests, and the verdict.

The facts are placed here and a template draws them as SVG. So the picture needs no script, prints,
and is the file that can be downloaded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from softbalance.rules.model import SETS, Codebook
from softbalance.schemas.classification import Answer, Premise, Step
from softbalance.schemas.grammar import CLASSIFICATION
from softbalance.service.pages.layers import find_behind, place_vertices
from softbalance.service.text.argument import (
    coded_anchor,
    explain_unsourced,
    format_cites,
    step_anchor,
)
from softbalance.service.text.phrases import to_words

Fact = tuple[str, str]

#: Units of the picture are CSS pixels.
_ROW, _BOX, _GAP, _MARGIN = 60, 48, 36, 6
_LETTER, _PADDING = 6.2, 34
_CHIP, _CHIPS = 26, 4


@dataclass(slots=True)
class Box:
    """A fact with its value. `step` is its step of the trace, None for what was coded.

    `carries` is whether the verdict rests on it.
    """

    name: str
    fact: str
    value: str
    column: int
    step: Step | None = None
    observations: Sequence[int] = ()
    question: str = ""
    unsourced: str = ""
    carries: bool = False
    x: float = 0
    y: float = 0
    width: float = 0
    height: float = _BOX

    @property
    def is_verdict(self) -> bool:
        """Whether this is what it is all about."""
        return self.fact == CLASSIFICATION

    @property
    def reason(self) -> str:
        """Why it holds, or what was asked."""
        return self.step["because"] if self.step else self.question

    @property
    def citation(self) -> str:
        """Where the reason comes from."""
        return format_cites(self.step["cites"]) if self.step else ""


@dataclass(slots=True)
class Chip:
    """One observation, or the rest of them where there are many."""

    name: str
    label: str
    observations: Sequence[int]
    x: float
    y: float
    size: float = _CHIP


@dataclass(slots=True)
class Edge:
    """From what is rested on to what rests on it."""

    source: str
    target: str
    path: str
    carries: bool


@dataclass(slots=True)
class Picture:
    """All that is drawn."""

    width: float = 0
    height: float = 0
    boxes: list[Box] = field(default_factory=list)
    chips: list[Chip] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)


def picture_of(classified: Answer, codebook: Codebook) -> Picture:
    """Lay out the proof of a classification; what is recorded and not weighed is left out."""
    boxes, edges = _facts([s for s in classified["trace"] if _is_weighed(s)], codebook)
    rows, bends = place_vertices({name: box.column for name, box in boxes.items()}, edges)
    columns = _columns(boxes.values())
    for name, box in boxes.items():
        box.x, box.width = columns[box.column]
        box.y = _MARGIN + rows[name] * _ROW
    picture = Picture(boxes=list(boxes.values()))
    picture.edges = [_edge(boxes[a], boxes[b], bends[a, b], columns) for a, b in edges]
    for box in picture.boxes:
        _add_chips(picture, box)
    picture.width = max((b.x + b.width for b in picture.boxes), default=0) + _MARGIN
    picture.height = max(rows.values(), default=0) * _ROW + _BOX + 2 * _MARGIN
    return picture


def _is_weighed(step: Step) -> bool:
    return step["concludes"]["fact"] not in (*SETS, "strategy")


def _facts(
    steps: Sequence[Step], codebook: Codebook
) -> tuple[dict[str, Box], list[tuple[str, str]]]:
    """Return the facts of a proof by name, in columns by stage, and what rests on what."""
    stages = {stage: n for n, stage in enumerate(dict.fromkeys(s["stage"] for s in steps), 1)}
    boxes: dict[Fact, Box] = {}
    edges: dict[tuple[str, str], None] = {}
    for step in steps:
        concluded = step["concludes"]["fact"], step["concludes"]["value"]
        box = Box(step_anchor(step), *concluded, stages[step["stage"]], step=step)
        target = boxes.setdefault(concluded, box)
        for premise in step["premises"]:
            source = boxes.setdefault(
                (premise["fact"], premise["value"]), _make_coded_box(premise, codebook)
            )
            if source is not target:
                edges[source.name, target.name] = None
    _mark_carrying(boxes.values(), edges)
    return {box.name: box for box in boxes.values()}, list(edges)


def _make_coded_box(premise: Premise, codebook: Codebook) -> Box:
    fact, value = premise["fact"], premise["value"]
    box = Box(coded_anchor(fact), fact, value, 0, observations=premise["observations"])
    if fact in codebook.indicators:
        box.question = codebook.indicators[fact].question
        box.unsourced = "" if box.observations else explain_unsourced(value)
    return box


def _mark_carrying(boxes: Iterable[Box], edges: Iterable[tuple[str, str]]) -> None:
    """Mark the verdict and all that it rests on."""
    boxes = list(boxes)
    for verdict in [box.name for box in boxes if box.is_verdict]:
        below = find_behind(verdict, edges)
        for box in boxes:
            box.carries |= box.name in below or box.name == verdict


def _columns(boxes: Iterable[Box]) -> list[tuple[float, float]]:
    """Return the left side and the width of each column; the first leaves room for the chips."""
    letters: dict[int, int] = {}
    chips = 0
    for box in boxes:
        longest = max(len(to_words(box.fact)), len(to_words(box.value)) + 2)
        letters[box.column] = max(letters.get(box.column, 0), longest)
        chips = max(chips, min(len(box.observations), _CHIPS + 1))
    left: float = _MARGIN + (chips * (_CHIP + 4) + 18 if chips else 0)
    columns = []
    for column in range(max(letters, default=0) + 1):
        width = letters.get(column, 0) * _LETTER + _PADDING
        columns.append((left, width))
        left += width + _GAP
    return columns


def _edge(
    source: Box,
    target: Box,
    bends: Sequence[tuple[int, float]],
    columns: Sequence[tuple[float, float]],
) -> Edge:
    """Draw a line that leaves at the right, passes the columns between, and enters at the left."""
    x, y = source.x + source.width, source.y + _BOX / 2
    path = [f"M{x:.1f} {y:.1f}"]
    for column, row in bends:
        left, width = columns[column]
        level = _MARGIN + row * _ROW + _BOX / 2
        path += [_curve(x, y, left, level), f"H{left + width:.1f}"]
        x, y = left + width, level
    path.append(_curve(x, y, target.x, target.y + _BOX / 2))
    return Edge(source.name, target.name, " ".join(path), target.carries)


def _curve(x: float, y: float, to_x: float, to_y: float) -> str:
    middle = (x + to_x) / 2
    return f"C{middle:.1f} {y:.1f} {middle:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}"


def _add_chips(picture: Picture, box: Box) -> None:
    """Put the observations behind a coded value at its left."""
    for place, (label, observations) in enumerate(_chip_labels(box.observations)):
        x = box.x - 18 - (place + 1) * (_CHIP + 4) + 4
        y = box.y + (_BOX - _CHIP) / 2
        chip = Chip(f"evidence-{observations[0]}", label, observations, x, y)
        picture.chips.append(chip)
        if place == 0:
            middle = y + _CHIP / 2
            path = f"M{x + _CHIP:.1f} {middle:.1f}H{box.x:.1f}"
            picture.edges.append(Edge(chip.name, box.name, path, box.carries))
        else:
            picture.edges.append(Edge(chip.name, box.name, "", box.carries))


def _chip_labels(observations: Sequence[int]) -> Iterator[tuple[str, Sequence[int]]]:
    shown, rest = observations[:_CHIPS], observations[_CHIPS:]
    for index in shown:
        yield str(index + 1), [index]
    if rest:
        yield f"+{len(rest)}", rest
