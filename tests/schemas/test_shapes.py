"""What is a TypedDict to the type checker and a schema to marshmallow has the same fields to both.

The type of a schema is named as it is, without `Schema`; in the same module.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any, NotRequired, get_args, get_origin, get_type_hints, is_typeddict

import pytest
from marshmallow import Schema, fields
from softbalance.rules.language.loader import Library
from softbalance.schemas import classification, codebook, comparison, episode, outlook, rulebooks

MODULES = (classification, codebook, comparison, episode, outlook, rulebooks)


def _types(module: ModuleType) -> Iterator[Any]:
    for kind in vars(module).values():
        if is_typeddict(kind) and kind.__module__ == module.__name__:
            yield kind


def _fields(schema: Schema) -> dict[str, bool]:
    return {name: field.required for name, field in schema.fields.items()}


def _keys(kind: Any) -> dict[str, bool]:
    """The keys of a TypedDict, and whether one without each would not pass."""
    hints = get_type_hints(kind, include_extras=True)
    return {
        name: name in kind.__required_keys__ and get_origin(hint) is not NotRequired
        for name, hint in hints.items()
    }


def _nested(field: fields.Field[Any]) -> Schema | None:
    """The schema that a field holds one of, or many."""
    if isinstance(field, fields.Nested):
        return field.schema
    if isinstance(field, fields.List):
        return _nested(field.inner)
    if isinstance(field, fields.Dict) and field.value_field:
        return _nested(field.value_field)
    return None


def _of(hint: Any) -> Any:
    """The TypedDict that a hint is, or that it holds many of."""
    if is_typeddict(hint) or not get_args(hint):
        return hint
    return _of(get_args(hint)[-1])


def _assert_alike(kind: Any, schema: Schema) -> None:
    assert _keys(kind) == _fields(schema), kind
    hints = get_type_hints(kind)
    for name, field in schema.fields.items():
        if inner := _nested(field):
            _assert_alike(_of(hints[name]), inner)


@pytest.mark.parametrize("module", MODULES)
def test_each_type_has_the_fields_of_its_schema(module: ModuleType) -> None:
    paired = [kind for kind in _types(module) if hasattr(module, f"{kind.__name__}Schema")]
    assert paired
    for kind in paired:
        _assert_alike(kind, getattr(module, f"{kind.__name__}Schema")())


def test_an_episode_and_a_classification_have_the_fields_of_their_schemas(library: Library) -> None:
    sent = episode.episode_schema(library.codebook.vocabulary)
    _assert_alike(episode.Episode, sent)
    _assert_alike(classification.Classification, classification.classification_schema(sent)())
