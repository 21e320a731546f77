"""Properties that a rulebook's author states: proved over all codings, or refuted by Episodes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from softbalance.rules.diagrams.nodes import Node
from softbalance.rules.diagrams.regions import ALL, NONE, Region
from softbalance.rules.diagrams.space import Space
from softbalance.rules.findings import Flaw
from softbalance.rules.model import FORM, Monotone, Never, Property, Settled
from softbalance.rules.wording import join_words, premises_words
from softbalance.schemas.fields import CONTESTED, NO, UNKNOWN, YES
from softbalance.schemas.grammar import CLASSIFICATION

_OPEN = (UNKNOWN, CONTESTED)


def broken_properties(space: Space) -> Iterator[Flaw]:
    """Find properties that some coding breaks, and those that no coding could."""
    for said in space.rulebook.properties:
        if isinstance(said, Never):
            yield from _never(space, said)
        elif isinstance(said, Monotone):
            yield from _monotone(space, said)
        else:
            yield from _settled(space, said)


def _decided(space: Space) -> Region:
    return space.select_reaching(len(space.rulebook.stages))


def _select_class(space: Space, *classes: str) -> Region:
    diagram = space.fact(CLASSIFICATION, len(space.rulebook.stages))
    return space.intersect(_decided(space), space.select_leading_to(diagram, classes))


def _flaw(said: Property, message: str, witness: Mapping[str, object] | None) -> Flaw:
    return Flaw(None, said.place, message, witness, remark=witness is None)


def _never(space: Space, said: Never) -> Iterator[Flaw]:
    end = len(space.rulebook.stages)
    where = space.intersect(_decided(space), space.select_matching(said.clauses, end))
    words = premises_words(said.clauses)
    if where != NONE:
        yield _flaw(
            said,
            f"is to be never so, but {words} for {space.share(where)}, the witness among them",
            space.episode(where, "What is never to be so"),
        )


def _monotone(space: Space, said: Monotone) -> Iterator[Flaw]:
    name, level = said.raised, space.order.index(said.raised)
    values = [v for v in space.domains[level] if v not in _OPEN]
    rising = [NO, YES] if values == [YES, NO] else values
    where = {cls: _select_class(space, cls) for cls in said.order}
    if all(region == NONE for region in where.values()):
        yield _flaw(said, "says nothing: no coding leads to any of its classes", None)
        return
    for low, lower in enumerate(rising):
        for higher in rising[low + 1 :]:
            for place, further in enumerate(said.order):
                before = _fix(space, where[further], level, lower)
                for back in said.order[:place]:
                    both = space.intersect(before, _fix(space, where[back], level, higher))
                    if both != NONE:
                        coding = {**space.pick_simplest(both), name: lower}
                        yield _flaw(
                            said,
                            f"does not hold: {name} raised from {lower} to {higher}, all else as "
                            f"in the witness, leads from {further} back to {back}",
                            space.episode_of(coding, f"{name} is to be raised"),
                        )
                        return


def _fix(space: Space, region: Region, level: int, value: str) -> Region:
    """Return a region as it is where an input has a value, whatever that input is."""
    known: dict[Region, Region] = {}

    def cut(part: Region) -> Region:
        if not isinstance(part, Node) or part.level > level:
            return part
        if part not in known:
            if part.level == level:
                known[part] = part.branches[space.domains[level].index(value)]
            else:
                known[part] = space.nodes.node(part.level, tuple(map(cut, part.branches)))
        return known[part]

    return cut(region)


def _settled(space: Space, said: Settled) -> Iterator[Flaw]:
    consistent = space.complement(
        space.unite(
            *(
                space.select_firing(rule)
                for rule in space.rulebook.rules
                if rule.fact not in space.rulebook.facts and rule.value == CONTESTED
            )
        )
    )
    for cls in said.classes:
        given = _select_class(space, cls)
        others = [other for other in space.rulebook.classes if other != cls]
        ends = space.intersect(
            _complete(space, given, said.excepted), consistent, _select_class(space, *others)
        )
        if given == NONE:
            yield _flaw(said, f"says nothing of {cls}, to which no coding leads", None)
        elif ends != NONE:
            end = space.pick_simplest(ends)
            start = space.pick_simplest(space.intersect(given, _reach(space, end, said.excepted)))
            became = space.evaluate(space.fact(CLASSIFICATION, len(space.rulebook.stages)), end)
            answers = [f"{n} {end[n]}" for n in space.order if end[n] != start[n]]
            yield _flaw(
                said,
                f"does not hold: {cls}, as the witness has it, becomes {became} once "
                f"{join_words(answers)}",
                space.episode_of(start, f"{cls} is to be settled"),
            )
            return


def _complete(space: Space, region: Region, excepted: tuple[str, ...]) -> Region:
    """Return the completions of the codings in a region; the excepted inputs stay as they are."""
    left = [
        level for level, name in enumerate(space.order) if name != FORM and name not in excepted
    ]
    settled = set(left)
    known: dict[Region, Region] = {}

    def image(part: Region) -> Region:
        if not isinstance(part, Node):
            return part
        if part not in known:
            domain, branches = space.domains[part.level], part.branches
            if part.level in settled:
                open_ = [b for v, b in zip(domain, branches, strict=True) if v in _OPEN]
                branches = tuple(
                    NONE if v in _OPEN else space.unite(b, *open_)
                    for v, b in zip(domain, branches, strict=True)
                )
            known[part] = space.nodes.node(part.level, tuple(map(image, branches)))
        return known[part]

    return space.intersect(image(region), *(_select_settled(space, level) for level in left))


def _select_settled(space: Space, level: int) -> Region:
    domain = space.domains[level]
    return space.nodes.node(level, tuple(NONE if value in _OPEN else ALL for value in domain))


def _reach(space: Space, end: Mapping[str, str], excepted: tuple[str, ...]) -> Region:
    """Return the codings that a completion may have come from."""
    regions = []
    for level, name in enumerate(space.order):
        open_ = _OPEN if name != FORM and name not in excepted else ()
        wanted = (end[name], *open_)
        branches = tuple(ALL if v in wanted else NONE for v in space.domains[level])
        regions.append(space.nodes.node(level, branches))
    return space.intersect(*regions)
