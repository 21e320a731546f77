"""The JSON Schema of rulebooks and codebooks, made of their grammar, for editors and programs.

A document is read with every scalar as text (`softbalance.rules.language.documents`), and editors
read numbers and truth values: where the grammar has a text, the schema takes these too.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import getdoc
from typing import Any, Final

from marshmallow import Schema, fields
from softbalance.schemas.fields import Choice, Text, Token
from softbalance.schemas.formulas import FormulaField
from softbalance.schemas.grammar import (
    NAME,
    CiteSchema,
    CodebookSchema,
    Conclusion,
    IndicatorSchema,
    Levels,
    Name,
    NonEmptyList,
    Premises,
    RulebookSchema,
)
from softbalance.schemas.mappings import ByName
from softbalance.schemas.surface import (
    Citations,
    OneOrMore,
    Outcome,
    OutcomeRowSchema,
    PropertySchema,
    SurfaceSchema,
    TestSchema,
)

#: Where the service publishes it.
PATH: Final = "/schemas/rulebook.json"

Part = dict[str, Any]
_WORD: Final[Part] = {"anyOf": [{"type": "string", "pattern": f"^{NAME}$"}, {"type": "boolean"}]}
_TEXT: Final[Part] = {"type": ["string", "number", "boolean"], "minLength": 1}
_NUMBER: Final[Part] = {"anyOf": [{"type": "number"}, {"type": "string", "pattern": "^[-+.0-9]"}]}
_VALUES: Final[Part] = {
    "anyOf": [_WORD, {"type": "array", "items": _WORD, "minItems": 1, "uniqueItems": True}]
}
_FORMULA: Final[Part] = {"$ref": "#/definitions/Formula"}
_FORMULAS: Final[Part] = {"type": "array", "items": _FORMULA, "minItems": 1}
_COUNT: Final[Part] = {
    "type": "object",
    "properties": {
        "count": {
            "anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": "^[0-9]+$"}]
        },
        "of": _FORMULAS,
    },
    "required": ["count", "of"],
    "additionalProperties": False,
}
_BOUND: Final[Part] = {
    "type": "object",
    "properties": {"at_least": _WORD, "at_most": _WORD},
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": False,
}
_WORDS: Final = {
    "all": "All of these are true.",
    "any": "One of these is true.",
    "not": "It is false.",
    "open": "It is undecided.",
    "unless": "It is not true.",
}
_FORMULA_ITSELF: Final[Part] = {
    "description": "True, false or undecided of an episode (docs/rulebooks.md, Formulas).",
    "anyOf": [
        _WORD,
        _FORMULAS,
        {
            "type": "object",
            "minProperties": 1,
            "properties": {
                **{
                    word: {
                        "description": told,
                        **(_FORMULAS if word in ("all", "any") else _FORMULA),
                    }
                    for word, told in _WORDS.items()
                },
                "at_least": {"description": "So many of these are true.", **_COUNT},
                "at_most": {"description": "No more of these are true.", **_COUNT},
            },
            "propertyNames": {"pattern": f"^{NAME}$"},
            "additionalProperties": {"anyOf": [*_VALUES["anyOf"], _BOUND]},
        },
    ],
}
_PREMISE: Final[Part] = {
    "type": "object",
    "minProperties": 1,
    "maxProperties": 1,
    "additionalProperties": _VALUES,
}
_PREMISE_ITSELF: Final[Part] = {
    "anyOf": [
        {
            "type": "object",
            "properties": {"any": {"type": "array", "items": _PREMISE, "minItems": 2}},
            "required": ["any"],
            "additionalProperties": False,
        },
        {**_PREMISE, "not": {"required": ["any"]}},
    ]
}
#: What a schema asks of several fields at once.
_TOGETHER: Final[dict[type[Schema], Part]] = {
    IndicatorSchema: {
        "not": {"required": ["values", "levels"]},
        "dependencies": {"unit": ["levels"]},
        "properties": {"values": {"minItems": 2, "uniqueItems": True}},
    },
    PropertySchema: {
        "oneOf": [{"required": [kind]} for kind in ("never", "monotone", "settled")],
        "dependencies": {"except": ["settled"]},
        "properties": {},
    },
    TestSchema: {"properties": {"values": {"minItems": 3, "maxItems": 3}}},
}


def make_json_schema() -> Part:
    """Return the JSON Schema (draft 7, which editors know) of rulebooks and codebooks.

    A document that names its `language` is a rulebook of the second edition; another with `stages`,
    `rules`, `facts`, `replace`, `remove` or `extends` is one of the first; else it is a codebook.
    """
    definitions: dict[str, Part] = {"Formula": _FORMULA_ITSELF, "Clause": _PREMISE_ITSELF}
    second, first, codebook = (
        _refer(schema, definitions) for schema in (SurfaceSchema, RulebookSchema, CodebookSchema)
    )
    marks = ("stages", "rules", "facts", "replace", "remove", "extends")
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A rulebook or a codebook of softbalance",
        "type": "object",
        "if": {"required": ["language"]},
        "then": second,
        "else": {
            "if": {"anyOf": [{"required": [mark]} for mark in marks]},
            "then": first,
            "else": codebook,
        },
        "definitions": definitions,
    }


def _refer(schema: type[Schema], definitions: dict[str, Part]) -> Part:
    name = schema.__name__.removesuffix("Schema")
    if name not in definitions:
        definitions[name] = {}  # it may hold itself
        definitions[name] |= _object(schema, definitions)
    return {"$ref": f"#/definitions/{name}"}


def _object(schema: type[Schema], definitions: dict[str, Part]) -> Part:
    known = {field.data_key or name: field for name, field in schema().load_fields.items()}
    told: Part = {
        "description": " ".join((getdoc(schema) or "").split()),
        "type": "object",
        "properties": {name: _field(field, definitions) for name, field in known.items()},
        "required": [name for name, field in known.items() if field.required],
        "additionalProperties": False,
    }
    for kind, more in _TOGETHER.items():
        if issubclass(schema, kind):
            told |= {key: part for key, part in more.items() if key != "properties"}
            for name, part in more["properties"].items():
                told["properties"][name] |= part
    return told


def _field(field: fields.Field[Any], definitions: dict[str, Part]) -> Part:
    """Return the schema of a field, by the first kind of field in `_FIELDS` that it is."""
    make = next((make for kind, make in _FIELDS if isinstance(field, kind)), None)
    return make(field, definitions) if make else {}


def _choice(field: Choice, _: Any) -> Part:
    numbers = [int(value) for value in field.known if value.isdigit()]
    return {"enum": [*numbers, *field.known]}


def _list(field: NonEmptyList, definitions: dict[str, Part]) -> Part:
    told = {"type": "array", "minItems": 1, "items": _field(field.inner, definitions)}
    return {**told, "uniqueItems": True} if field.unique else told


def _by_name(field: ByName, definitions: dict[str, Part]) -> Part:
    pattern = field.keys.metadata["pattern"]
    return {
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": pattern},
        "additionalProperties": _field(field.values, definitions),
    }


def _citations(_: Any, definitions: dict[str, Part]) -> Part:
    one = [_TEXT, _refer(CiteSchema, definitions)]
    return {"anyOf": [*one, {"type": "array", "minItems": 1, "items": {"anyOf": one}}]}


def _outcome(_: Any, definitions: dict[str, Part]) -> Part:
    row = _refer(OutcomeRowSchema, definitions)
    return {"anyOf": [_TEXT, row, {"type": "array", "minItems": 1, "items": row}]}


def _premises(_: Any, __: Any) -> Part:
    members = {
        "all": {"type": "array", "minItems": 1, "items": {"$ref": "#/definitions/Clause"}},
        "any": {"type": "array", "minItems": 2, "items": _PREMISE},
    }
    return {"type": "object", "properties": members, "minProperties": 1, "maxProperties": 1,
            "additionalProperties": False}  # fmt: skip


def _conclusion(_: Any, __: Any) -> Part:
    one = {"type": "object", "minProperties": 1, "maxProperties": 1}
    return {**one, "additionalProperties": _WORD}


#: Kind of field → what makes its schema; a kind that is of another stands before it.
_FIELDS: tuple[tuple[type[fields.Field[Any]], Callable[[Any, dict[str, Part]], Part]], ...] = (
    (FormulaField, lambda field, _: _FORMULA),
    (Premises, _premises),
    (Conclusion, _conclusion),
    (Citations, _citations),
    (Outcome, _outcome),
    (
        Levels,
        lambda field, _: {
            "type": "object",
            "minProperties": 2,
            "propertyNames": {"pattern": f"^{NAME}$"},
            "additionalProperties": _NUMBER,
        },
    ),
    (ByName, _by_name),
    (OneOrMore, lambda field, definitions: {"anyOf": [_WORD, _list(field, definitions)]}),
    (NonEmptyList, _list),
    (Choice, _choice),
    (Name, lambda field, _: _WORD),
    (Token, lambda field, _: {"type": "string", "pattern": field.metadata["pattern"]}),
    (Text, lambda field, _: _TEXT),
    (fields.Nested, lambda field, definitions: _refer(type(field.schema), definitions)),
)
