"""The one shape of every error over HTTP: RFC 9457 problem details."""

from __future__ import annotations

from marshmallow import Schema, fields


class MistakeSchema(Schema):
    """One mistake in what was sent."""

    pointer = fields.String(
        required=True,
        metadata={"description": "RFC 6901 pointer into the body; empty: the whole."},
    )
    code = fields.String(required=True, metadata={"description": "Stable identifier of the kind."})
    detail = fields.String(required=True, metadata={"description": "Cause and remedy."})


class ProblemSchema(Schema):
    """What went wrong, where, and what to do (RFC 9457)."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    instance = fields.String(required=True)
    errors = fields.List(fields.Nested(MistakeSchema), required=True)
