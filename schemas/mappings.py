"""Mappings from names in a YAML document, in which each mistake stands under its name."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields
from softbalance.schemas.mistakes import Mistake


class ByName(fields.Field[dict[str, Any]]):
    """A mapping from names to what each stands for.

    marshmallow's own puts mistakes under `NAME/value`, where no line of the document is.
    """

    default_error_messages: dict[str, Any] = {
        "required": Mistake("required", "this mapping is required; add it"),
        "null": Mistake("null", "this mapping is empty; add an entry or leave the key out"),
        "invalid": Mistake("type", "not a mapping; write `name: ...`, an entry a line"),
        "empty": Mistake("length", "this mapping is empty; add an entry or leave the key out"),
    }

    def __init__(self, keys: fields.Field[Any], values: fields.Field[Any], **kwargs: Any) -> None:
        self.keys, self.values = keys, values
        super().__init__(**kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self.make_error("invalid")
        if not value:
            raise self.make_error("empty")
        loaded: dict[Any, Any] = {}
        mistakes: dict[str, Any] = {}
        for name, inner in value.items():
            try:
                loaded[self.keys.deserialize(name)] = self.values.deserialize(inner)
            except ValidationError as error:
                mistakes[name] = error.messages
        if mistakes:
            raise ValidationError(mistakes)
        return loaded
