"""`/v1/audit`: the head of the chain of stored classifications, and the place of each in it."""

from __future__ import annotations

import re

from flask import Response
from marshmallow import Schema, fields
from softbalance.schemas.episode import ID_PATTERN
from softbalance.service.context import Context
from softbalance.service.http.parsing import Blueprint, as_json
from softbalance.service.http.problems import Problem
from softbalance.service.store import find_link

_DIGEST = {"pattern": "^sha256:[0-9a-f]{64}$"}


class HeadSchema(Schema):
    """The newest stored classification's place in the chain; nulls where nothing is stored."""

    position = fields.Integer(required=True, metadata={"description": "Counted from 1; 0 of none."})
    digest = fields.String(required=True, allow_none=True, metadata=_DIGEST)
    record = fields.String(required=True, allow_none=True, metadata={"description": "Its id."})


class LinkSchema(Schema):
    """A record's place in the chain."""

    position = fields.Integer(required=True, metadata={"description": "Counted from 1."})
    digest = fields.String(required=True, metadata=_DIGEST)
    previous = fields.String(required=True, allow_none=True, metadata=_DIGEST)
    salts = fields.Dict(
        fields.String(),
        fields.String(),
        required=True,
        metadata={"description": "Salts of the parts that can be erased, by their pointers."},
    )
    resealed = fields.String(
        required=True,
        allow_none=True,
        metadata=_DIGEST
        | {"description": "Digest of the record itself, if its own is over what was erased."},
    )


def blueprint(context: Context) -> Blueprint:
    """Make the routes."""
    routes = Blueprint(
        "audit", __name__, url_prefix="/v1/audit", description="The chain of stored records"
    )

    @routes.route("/records/<record>")
    @routes.response(200, LinkSchema)
    def link(record: str) -> Response:
        """Read a record's place in the chain, and what it takes to check its digest."""
        found = None
        if re.fullmatch(ID_PATTERN, record):
            found = find_link(context.store.database, record)
        if found is None:
            detail = f"no classification {record[:128]!r} is stored"
            raise Problem(404, "not-found", detail)
        return as_json(found._asdict())

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
