"""Table Schemas (https://datapackage.org/standard/table-schema) from the codebook and rulebooks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from softbalance.rules.model import FORM, SETS, STRATEGY, Codebook, Rulebook
from softbalance.rules.table.columns import FIRED, output_columns
from softbalance.schemas.fields import CONTESTED, UNKNOWN
from softbalance.schemas.grammar import CLASSIFICATION
from softbalance.service.datasets.reading.layouts import ID, INDICATOR, VALUE
from softbalance.service.datasets.reading.rejects import COLUMNS

Schema = dict[str, Any]

_DATE = r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?"
_OF_EPISODE = {"fields": [ID], "reference": {"resource": "episodes", "fields": [ID]}}
_LISTS = "Joined by ';'."


def episodes_schema(codebook: Codebook) -> Schema:
    """Return the schema of the episodes: a row each, with every indicator's reconciled value."""
    fields = [
        _field(ID, "The episode.", required=True, unique=True),
        _form(codebook),
        _field("title", "A name for people."),
        _field("hegemon", "ISO 3166 alpha-3 (3166-3 for states that are gone); USA if empty."),
        _field("actors", f"States and organisations that act together. {_LISTS}"),
        _field("start", "When it began.", pattern=_DATE),
        _field("end", "When it ended.", pattern=_DATE),
    ]
    for indicator in codebook.indicators.values():
        field = _field(indicator.id, indicator.help, required=True, enum=indicator.domain)
        fields.append({**field, "title": indicator.question})
    return {"fields": fields, "primaryKey": [ID], "missingValues": [""]}


def _values(codebook: Codebook) -> list[str]:
    settled = dict.fromkeys(v for each in codebook.indicators.values() for v in each.values)
    return [*settled, UNKNOWN, CONTESTED]


def observations_schema(codebook: Codebook) -> Schema:
    """Return the schema of the observations: a row for each claim on an indicator."""
    fields = [
        {**_field("observation", "Its number.", required=True, unique=True), "type": "integer"},
        _field(ID, "The episode.", required=True),
        _field(INDICATOR, "What is coded.", required=True, enum=codebook.indicators),
        _field(VALUE, "What the observation says of it.", required=True, enum=_values(codebook)),
        _field("source", "The work, as one would cite it."),
        _field("locator", "Section, page or paragraph."),
        _field("note", "Why it is coded so."),
        _field("coder", "Who coded it."),
    ]
    return {
        "fields": fields,
        "primaryKey": ["observation"],
        "foreignKeys": [_OF_EPISODE],
        "missingValues": [""],
    }


def results_schema(codebook: Codebook, rulebooks: Sequence[Rulebook]) -> Schema:
    """Return the schema of the results: a row for each episode and rulebook."""
    fields = [_result(name, codebook, rulebooks) for name in output_columns(rulebooks)]
    return {
        "fields": fields,
        "primaryKey": [ID, "rulebook"],
        "foreignKeys": [_OF_EPISODE],
        "missingValues": [""],
    }


def rejects_schema() -> Schema:
    """Return the schema of the rows that were left out: a row for each of their mistakes."""
    numbered = {**_field("line", "Where the row begins in its file."), "type": "integer"}
    names = [name for name in COLUMNS if name != "line"]
    return {"fields": [numbered, *(_field(name, "") for name in (*names, "file"))]}


def _result(name: str, codebook: Codebook, rulebooks: Sequence[Rulebook]) -> Schema:
    if name == ID:
        return _field(ID, "The episode.", required=True)
    if name == "rulebook":
        return _field(
            name, "By which it is decided.", required=True, enum=[b.id for b in rulebooks]
        )
    if name == CLASSIFICATION:
        return _field(name, "The verdict.", required=True, enum=codebook.classes)
    if name == STRATEGY:
        strategies = dict.fromkeys(form.strategy for form in codebook.forms.values())
        return _field(name, "Fixed by the form.", required=True, enum=strategies)
    if name in (*SETS, CONTESTED, FIRED):
        return _field(name, _LISTS)
    facts = [book.facts[name] for book in rulebooks if name in book.facts]
    values = dict.fromkeys(value for fact in facts for value in fact.values)
    title = facts[0].title if facts else name
    return _field(name, f"{title}; empty where the rulebook does without it.", enum=values)


def _form(codebook: Codebook) -> Schema:
    return _field(FORM, "The form of the action.", required=True, enum=codebook.forms)


def _field(name: str, description: str, *, enum: Iterable[str] = (), **constraints: Any) -> Schema:
    found = {**constraints, **({"enum": list(enum)} if enum else {})}
    field = {"name": name, "type": "string", "description": description}
    return {**field, "constraints": found} if found else field
