"""`/v1/audit`: the head of the chain of stored classifications."""

from __future__ import annotations

from flask import Response
from marshmallow import Schema, fields
from softbalance.service.context import Context
from softbalance.service.http.parsing import Blueprint, as_json

_DIGEST = {"pattern": "^sha256:[0-9a-f]{64}$"}


class HeadSchema(Schema):
    """The newest stored classification's place in the chain; nulls where nothing is stored."""

    position = fields.Integer(required=True, metadata={"description": "Counted from 1; 0 of none."})
    digest = fields.String(required=True, allow_none=True, metadata=_DIGEST)
    record = fields.String(required=True, allow_none=True, metadata={"description": "Its id."})


def blueprint(context: Context) -> Blueprint:
    """Make the routes."""
    routes = Blueprint(
        "audit", __name__, url_prefix="/v1/audit", description="The chain of stored records"
    )

    @routes.route("/head")
    @routes.response(200, HeadSchema)
    def head() -> Response:
        """Read the head of the chain, to note it elsewhere: `audit verify --head` asks for it."""
        newest = context.store.head()
        if newest is None:
            return as_json({"position": 0, "digest": None, "record": None})
        link, record = newest
        return as_json({"position": link.position, "digest": link.digest, "record": record})

    return routes
