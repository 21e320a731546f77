"""The OpenAPI document: what the API's calls are, told from their views and schemas."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from apispec import BasePlugin
from flask import Flask
from flask_smorest import Api
from flask_smorest.utils import prepare_response
from softbalance.schemas.fields import CONTESTED, UNKNOWN, CodingsField, Scale
from softbalance.schemas.problem import ProblemSchema
from softbalance.service.auth import guard
from softbalance.service.http import problems
from softbalance.service.http.problems import MIMETYPE

_ABOUT = (
    "An Episode of states acting together goes in, a classification with its proof comes out. "
    "Errors are RFC 9457 problems."
)
#: What the document says of itself.
CONFIG = {
    "API_TITLE": "softbalance",
    "API_VERSION": "v1",
    "OPENAPI_VERSION": "3.1.0",
    "OPENAPI_URL_PREFIX": "/",
    "API_SPEC_OPTIONS": {"info": {"description": _ABOUT, "license": {"name": "Apache-2.0"}}},
}
_REFUSALS = {
    str(status.value): status.name
    for status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS)
}


class _Operations(BasePlugin):
    """Names every operation after its view, for clients that are generated from the document.

    Where keys are asked for, it also says which operations need one, and of which scope.
    """

    def __init__(self, *, asks_for_keys: bool) -> None:
        self._asks = asks_for_keys

    def operation_helper(
        self, path: str | None = None, operations: dict[Any, Any] | None = None, **spec: Any
    ) -> None:
        """Give the operations of a path their id and what they ask of a caller."""
        endpoint = spec["rule"].endpoint
        for method, told in (operations or {}).items():
            told.setdefault("operationId", endpoint.replace(".", "_").rstrip("_"))
            if self._asks and endpoint not in guard.OPEN:
                told["security"] = [{"key": [guard.scope_of(endpoint, method.upper())]}]
                told["responses"] |= _REFUSALS


class _ProblemApi(Api):
    """An API whose errors are all RFC 9457 problems, in its document as in its answers."""

    ERROR_SCHEMA = ProblemSchema

    def _register_error_handlers(self) -> None:
        problems.register(self._app)

    def _register_pagination_header(self) -> None:
        """Pages are told in bodies here, not in a header."""

    def _register_responses(self) -> None:
        for status in HTTPStatus:
            response: dict[str, Any] = {"description": status.phrase}
            if status >= HTTPStatus.BAD_REQUEST:
                response["schema"] = ProblemSchema
            prepare_response(response, self.spec, MIMETYPE)
            self.spec.components.response(status.name, response, lazy=True)
        default = {"description": "Any other error", "schema": ProblemSchema}
        prepare_response(default, self.spec, MIMETYPE)
        self.spec.components.response("DEFAULT_ERROR", default, lazy=True)


def describe(app: Flask, *, asks_for_keys: bool) -> Api:
    """Return the API of an application, configured by `CONFIG`; its blueprints are described."""
    operations = _Operations(asks_for_keys=asks_for_keys)
    api = _ProblemApi(app, spec_kwargs={"extra_plugins": [operations]})
    if asks_for_keys:
        api.spec.components.security_scheme("key", {"type": "http", "scheme": "bearer"})
    api.ma_plugin.converter.add_attribute_function(_codings_properties)
    return api


def _describe_scale(scale: Scale) -> dict[str, Any]:
    """Describe what an indicator may be coded as."""
    named = {"type": "string", "enum": [*scale.values, UNKNOWN, CONTESTED]}
    if scale.lowest is None:
        return named
    return {"oneOf": [named, {"type": "number", "minimum": scale.lowest}]}


def _codings_properties(_: Any, field: Any, **__: Any) -> dict[str, Any]:
    """Describe the indicators object: each known indicator, and no other."""
    if not isinstance(field, CodingsField):
        return {}
    return {
        "type": "object",
        "properties": {name: _describe_scale(scale) for name, scale in field.scales.items()},
        "additionalProperties": False,
    }
