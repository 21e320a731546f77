"""Which trace and request a call belongs to: W3C Trace Context and `X-Request-Id`.

https://www.w3.org/TR/trace-context/ is followed in its first level: a valid `traceparent` is
continued, anything else starts a new trace, and neither ever fails a request.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:+/=@-]{1,128}")
_SAMPLED = 1


@dataclass(frozen=True, slots=True)
class Span:
    """The part of a trace that one request is: ids in lower-case hex, 32 and 16 digits."""

    trace_id: str
    span_id: str
    flags: int

    @property
    def traceparent(self) -> str:
        """The header that names this span as the parent of what follows."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags:02x}"


def span_of(traceparent: str | None) -> Span:
    """Return a new span in the caller's trace if it names one, else in a trace of its own."""
    span_id = os.urandom(8).hex()
    found = _TRACEPARENT.fullmatch(traceparent) if traceparent else None
    if found is None or not _is_usable(*found.groups()):
        return Span(os.urandom(16).hex(), span_id, 0)
    return Span(found[2], span_id, int(found[4], 16) & _SAMPLED)


def _is_usable(version: str, trace_id: str, parent_id: str, _: str, more: str | None) -> bool:
    """Only later versions may have more fields; ids of zeros alone are none (section 3.2.2)."""
    grown = version != "00" or more is None
    return version != "ff" and grown and {*trace_id} != {"0"} and {*parent_id} != {"0"}


def request_id_of(sent: str | None) -> str:
    """Return the caller's id of the request if it can be one, else a new one."""
    return sent if sent and _REQUEST_ID.fullmatch(sent) else os.urandom(16).hex()
