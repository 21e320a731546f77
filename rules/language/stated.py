"""What an author says of every coding: names checked, formulas as clauses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from softbalance.rules.findings import Finding, Place
from softbalance.rules.language.core_json import read_clause
from softbalance.rules.language.lost import Lost
from softbalance.rules.language.names import LostName, NameReader
from softbalance.rules.language.written import Part
from softbalance.rules.model import Codebook, Monotone, Never, Property, Settled
from softbalance.rules.rulebook_json import clause_json
from softbalance.schemas.mistakes import unknown_name


def translate_properties(
    parts: Iterable[Part],
    names: NameReader,
    codebook: Codebook,
    classes: Iterable[str],
    findings: list[Finding],
) -> tuple[Property, ...]:
    """Return the properties that are written; mistakes go to `findings`."""
    made = (_translate(part, names, codebook, tuple(classes), findings) for part in parts)
    return tuple(each for each in made if each is not None)


def _translate(
    part: Part,
    names: NameReader,
    codebook: Codebook,
    classes: tuple[str, ...],
    findings: list[Finding],
) -> Property | None:
    data, place = part.data, part.document.place(part.pointer)
    if "never" in data:
        wrong = list(names.find_mistakes(data["never"], part.within("never")))
        findings += wrong
        if wrong:
            return None
        try:
            clauses = names.conditions.tighten([names.conditions.truth(data["never"]).true])
        except LostName:
            return None
        if clauses:
            return Never(clauses, place)
        findings.append(part.finding("says nothing: its formula holds of all codings, or of none"))
        return None
    if "monotone" in data:
        said = data["monotone"]
        order = (*said["away_from"], *said["towards"])
        unknown = [
            *_unknown("class", order, classes, names.lost),
            *_unknown("indicator", [said["raise_"]], codebook.indicators, names.lost),
        ]
        made: Property = Monotone(said["raise_"], order, place)
    else:
        excepted = tuple(data.get("except_", ()))
        unknown = [
            *_unknown("class", data["settled"], classes, names.lost),
            *_unknown("indicator", excepted, codebook.indicators, names.lost),
        ]
        made = Settled(tuple(data["settled"]), excepted, place)
    findings += [part.finding(message) for message in unknown]
    return None if unknown else made


def _unknown(kind: str, names: Iterable[str], known: Iterable[str], lost: Lost) -> Iterator[str]:
    known = list(known)
    for name in names:
        if name not in known and not lost.hides(name):
            yield str(unknown_name(kind, name, known))


def property_json(said: Property) -> dict[str, Any]:
    """Return a property as the core has it."""
    if isinstance(said, Never):
        return {"never": [clause_json(clause) for clause in said.clauses]}
    if isinstance(said, Monotone):
        return {"monotone": {"raise": said.raised, "order": list(said.order)}}
    return {"settled": list(said.classes), "except": list(said.excepted)}


def read_property(data: Mapping[str, Any], place: Place) -> Property:
    """Make a property again of what `property_json` gave."""
    if "never" in data:
        return Never(tuple(read_clause(clause) for clause in data["never"]), place)
    if "monotone" in data:
        said = data["monotone"]
        return Monotone(said["raise"], tuple(said["order"]), place)
    return Settled(tuple(data["settled"]), tuple(data["except"]), place)
