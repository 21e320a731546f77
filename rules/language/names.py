"""The names that formulas may use, and what each means with its values."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from typing import NamedTuple

from softbalance.rules.findings import Finding
from softbalance.rules.language.conditions import Atom, Conditions
from softbalance.rules.language.entries import Entry
from softbalance.rules.language.lost import Lost
from softbalance.rules.language.written import Part, Surface
from softbalance.rules.model import FORM, SETS, STRATEGY, Codebook
from softbalance.schemas.fields import CONTESTED, UNKNOWN, YES
from softbalance.schemas.formulas import RESERVED_WORDS, Count, Formula, Named, Open
from softbalance.schemas.mistakes import unknown_name


class Meaning(NamedTuple):
    """The values of a name, those that are undecided, what it is true of when it stands alone.

    `ordered` are the values that have an order, lowest first, if they do.
    """

    values: tuple[str, ...]
    undecided: tuple[str, ...]
    alone: str | None
    ordered: tuple[str, ...] = ()


class LostName(LookupError):
    """A formula has a name of which nothing is known, for a mistake that was told elsewhere."""


class NameReader:
    """Checks the names in formulas and makes conditions of them."""

    def __init__(self, meanings: Mapping[str, Meaning], lost: Lost, facts: Container[str]) -> None:
        self._meanings, self.lost, self._facts = meanings, lost, facts
        self.conditions = Conditions(lambda name: meanings[name].values, self._read)

    def is_fact(self, name: str) -> bool:
        """Return whether rules conclude it, and no one codes it."""
        return name in self._facts

    def find_mistakes(self, formula: Formula, place: Part) -> Iterator[Finding]:
        """Yield what is wrong with the names and values in a formula."""
        asked_open = set(_list_open(formula))
        for named in list_names(formula):
            for message in self._mistakes(named, is_open=named in asked_open):
                yield place.finding(message, named.pointer)

    def _mistakes(self, named: Named, *, is_open: bool) -> Iterator[str]:
        meaning = self._meanings.get(named.name)
        if named.name in SETS:
            yield (
                f"{named.name!r} gathers many values and can be no premise; use the facts that it "
                "is concluded from"
            )
        elif named.name == STRATEGY:
            yield f"{named.name!r} only repeats the form; make it a premise on {FORM!r}"
        elif named.name in self.lost.vague or (meaning is None and self.lost.hides(named.name)):
            return
        elif meaning is None:
            word = named.name
            if named.values is None and word in RESERVED_WORDS:
                yield f"{word!r} is a word of the language; write `{word}: ...`"
            else:
                yield str(unknown_name("fact", word, self._meanings))
        elif named.values is None and meaning.alone is None and not is_open:
            yield f"{named.name!r} needs a value; write `{named.name}: {meaning.values[0]}`"
        elif named.bound and not meaning.ordered:
            yield f"{named.name!r} has values without an order; list those that are meant"
        else:
            known = meaning.ordered if named.bound else meaning.values
            for value in named.values or ():
                if value not in known:
                    yield f"{named.name}: {unknown_name('value', value, known)}"

    def _read(self, named: Named) -> Atom:
        if named.name not in self._meanings:
            raise LostName(named.name)
        meaning = self._meanings[named.name]
        if named.values is None:
            return Atom(named.name, (meaning.alone or "",), meaning.undecided)
        if named.bound:
            at = meaning.ordered.index(named.values[0])
            low = named.bound == "at_least"
            true = meaning.ordered[at:] if low else meaning.ordered[: at + 1]
            return Atom(named.name, true, meaning.undecided)
        # a set that names an undecided value is literal: true of just these
        literal = set(named.values) & set(meaning.undecided)
        return Atom(named.name, named.values, () if literal else meaning.undecided)


def read_meanings(
    codebook: Codebook, facts: Iterable[Entry], surface: Surface
) -> dict[str, Meaning]:
    """Return what each name that a formula may use means."""
    meanings = {FORM: Meaning(tuple(codebook.forms), (), None)}
    for indicator in codebook.indicators.values():
        alone = YES if YES in indicator.values else None
        values = (*indicator.values, UNKNOWN, CONTESTED)
        ordered = () if alone else indicator.values
        meanings[indicator.id] = Meaning(values, (UNKNOWN, CONTESTED), alone, ordered)
    for entry in facts:
        name, values = entry.data["id"], tuple(entry.data["values"])
        undecided = tuple(entry.data.get("undecided", ()))
        if name in SETS:
            continue
        section = surface.written[name].section if name in surface.written else None
        alone = values[0] if section == "tests" or entry.data["kind"] == "test" else None
        ordered = tuple(v for v in values if v not in undecided) if section == "decisions" else ()
        meanings[name] = Meaning(values, undecided, alone, ordered)
    return meanings


def list_names(formula: Formula) -> Iterator[Named]:
    """Yield every name in a formula, in order."""
    if isinstance(formula, Named):
        yield formula
    elif isinstance(formula, Count):
        for member in formula.members:
            yield from list_names(member)
    else:
        yield from list_names(formula.of)


def _list_open(formula: Formula) -> Iterator[Named]:
    """Yield each name of which is asked whether it is open: that needs no value."""
    if isinstance(formula, Open) and isinstance(formula.of, Named):
        yield formula.of
    elif isinstance(formula, Count):
        for member in formula.members:
            yield from _list_open(member)
    elif not isinstance(formula, Named):
        yield from _list_open(formula.of)
