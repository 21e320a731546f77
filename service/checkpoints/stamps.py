"""Time stamps of checkpoints (RFC 3161): a third party says that they were there at a time."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from cryptography.x509 import Certificate, load_pem_x509_certificates
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)
from rfc3161_client.tsp import PKIStatus
from softbalance.service.checkpoints.posting import NotDelivered, post
from softbalance.service.checkpoints.signed_heads import (
    STAMP,
    Checkpoint,
    FalseCheckpoint,
    UnusableCheckpoints,
    stamped_bytes,
)


def add_stamp(document: Checkpoint, url: str) -> Checkpoint:
    """Return a checkpoint with a time stamp of the authority at an address.

    Raises NotDelivered. Who the authority is, the audit checks.
    """
    content = stamped_bytes(document)
    request = TimestampRequestBuilder().data(content).hash_algorithm(HashAlgorithm.SHA256).build()
    answer = post(url, request.as_bytes(), "application/timestamp-query")
    try:
        response = decode_timestamp_response(answer)
        if PKIStatus(response.status) != PKIStatus.GRANTED:
            raise NotDelivered(f"{url} gives no time stamp: {', '.join(response.status_string)}")
        told = response.tst_info
        same = told.message_imprint.message == hashlib.sha256(content).digest()
        if not same or told.nonce != request.nonce:
            raise NotDelivered(f"{url} gave the time stamp of something else")
    except ValueError as error:
        raise NotDelivered(f"{url} answered with no time stamp: {error}") from error
    return {**document, STAMP: base64.b64encode(answer).decode()}


def load_roots(path: Path) -> list[Certificate]:
    """Read the certificates of authorities that are trusted. Raises UnusableCheckpoints."""
    try:
        return load_pem_x509_certificates(path.read_bytes())
    except OSError as error:
        raise UnusableCheckpoints(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise UnusableCheckpoints(f"{path} holds no certificate in PEM") from error


def check_stamp(document: Checkpoint, roots: Sequence[Certificate], place: str) -> datetime | None:
    """Return when a checkpoint was there, None if it has no time stamp.

    Raises FalseCheckpoint if its time stamp is of something else, or of nobody that is trusted.
    """
    if STAMP not in document:
        return None
    builder = VerifierBuilder()
    for root in dict.fromkeys(roots):
        builder = builder.add_root_certificate(root)
    try:
        response = decode_timestamp_response(base64.b64decode(document[STAMP], validate=True))
        builder.build().verify_message(response, stamped_bytes(document))
        return response.tst_info.gen_time
    except (ValueError, TypeError, VerificationError) as error:
        raise FalseCheckpoint(f"the time stamp of {place} is not to be trusted: {error}") from error
