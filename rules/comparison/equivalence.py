"""Do two rulebooks answer alike? Proved over the whole space of codings, or refuted by an Episode.

Both are made into diagrams over the same inputs in the same order. These are canonical: a field of
the answer is the same for every coding if and only if its two diagrams are one object.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from softbalance.rules.diagrams.answer_fields import Field, answers
from softbalance.rules.diagrams.fact_diagrams import inputs_of
from softbalance.rules.diagrams.nodes import Diagram, Nodes
from softbalance.rules.diagrams.regions import ALL, NONE, Region
from softbalance.rules.diagrams.space import Space
from softbalance.rules.model import FORM, SETS, Rulebook
from softbalance.schemas.fields import CONTESTED, UNKNOWN
from softbalance.schemas.grammar import CLASSIFICATION

_SEPARATOR = " "
_MEMBER = {ALL: "yes", NONE: "no"}
#: The fields that have one of many values; the others have members.
_VALUED = (CLASSIFICATION, "tests", "explanations")
#: The field that differs where one rulebook decides and the other has a gap or a contradiction.
DECIDED: Field = ("decided", "")


def field_words(field: Field) -> str:
    """Return a field of the answer in words."""
    if field == DECIDED:
        return "whether there is a verdict"
    return " ".join(filter(None, field))


@dataclass(frozen=True, slots=True)
class DifferingField:
    """A field of the answer that differs for some codings.

    `codings` is for how many; `before` and `after` are its values for the coding of `witness`, an
    Episode (None where a rulebook has no such field; yes or no for a member of a set).
    """

    field: Field
    codings: int
    before: str | None
    after: str | None
    witness: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Cell:
    """How many codings have one class by the first rulebook and another by the second."""

    before: str
    after: str
    codings: int
    witness: Mapping[str, Any]


class Equivalence:
    """Two rulebooks compared for every coding, in the words of both codebooks."""

    def __init__(self, before: Rulebook, after: Rulebook) -> None:
        order, nodes = tuple(dict.fromkeys((*inputs_of(before), *inputs_of(after)))), Nodes()
        domains = {name: _join_domains(name, before, after) for name in order}
        self._before = Space(before, order, nodes, domains)
        self._after = Space(after, order, nodes, domains)
        ends = len(before.stages), len(after.stages)
        self._sound = self._before.select_reaching(ends[0]), self._after.select_reaching(ends[1])
        self.codings = self._before.size

    def find_differing_fields(self) -> Iterator[DifferingField]:
        """Yield each field that differs for some coding; none if the rulebooks are equivalent."""
        first, second = answers(self._before), answers(self._after)
        yield from self._field(DECIDED, *self._sound, ALL)
        sound = self._before.intersect(*self._sound)
        for field in first | second:
            absent = NONE if field[0] in SETS else None
            yield from self._field(
                field, first.get(field, absent), second.get(field, absent), sound
            )

    def as_json(self) -> dict[str, Any]:
        """Return as JSON whether the rulebooks are equivalent, and if not where they differ.

        `differing` are the fields of the answer that differ; `classes` is the cross table of
        classes. Codings are counted, and each count has a witness.
        """
        differing = [
            {
                "field": different.field[0],
                "name": different.field[1] or None,
                "codings": different.codings,
                "before": different.before,
                "after": different.after,
                "witness": different.witness,
            }
            for different in self.find_differing_fields()
        ]
        return {
            "equivalent": not differing,
            "codings": self.codings,
            "differing": differing,
            "classes": [asdict(cell) for cell in self.classes()],
        }

    def _field(
        self, field: Field, before: Diagram | None, after: Diagram | None, within: Region
    ) -> Iterator[DifferingField]:
        if before == after:
            return
        space = self._before
        where = within
        if before is not None and after is not None:
            apart = space.nodes.combine([before, after], lambda v: NONE if v[0] == v[1] else ALL)
            where = space.intersect(within, apart)
        if where != NONE:
            coding = space.pick_simplest(where)
            first, second = (_value(field, d, space, coding) for d in (before, after))
            title = f"They differ on {field_words(field)}"
            yield DifferingField(
                field, space.count(where), first, second, space.episode(where, title)
            )

    def classes(self) -> list[Cell]:
        """Return the cross table of classes; empty cells are left out.

        Codings that one of the two does not decide are in none of its cells.
        """
        space = self._before
        facts = [s.fact(CLASSIFICATION, len(s.rulebook.stages)) for s in (space, self._after)]
        joint = space.nodes.combine(facts, _SEPARATOR.join)
        cells = []
        for before in self._before.rulebook.classes:
            for after in self._after.rulebook.classes:
                where = space.select_leading_to(joint, (before + _SEPARATOR + after,))
                where = space.intersect(where, *self._sound)
                if where != NONE:
                    witness = space.episode(where, f"{before} by the one, {after} by the other")
                    cells.append(Cell(before, after, space.count(where), witness))
        return cells


def _join_domains(name: str, before: Rulebook, after: Rulebook) -> tuple[str, ...]:
    """Return the values of an input in either rulebook, unknown and contested last."""
    values = dict.fromkeys(
        value
        for book in (before, after)
        if name == FORM or name in book.codebook.indicators
        for value in book.domain(name)
    )
    settled = [value for value in values if value not in (UNKNOWN, CONTESTED)]
    return (*settled, *(value for value in values if value in (UNKNOWN, CONTESTED)))


def _value(
    field: Field, diagram: Diagram | None, space: Space, coding: Mapping[str, str]
) -> str | None:
    leaf = None if diagram is None else space.evaluate(diagram, coding)
    return leaf if field[0] in _VALUED else _MEMBER[leaf or NONE]
