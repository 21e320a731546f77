"""What the codes of events mean here, as `kinds.yaml` declares it, as small tables to join with."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

from softbalance.service.events.event_layouts import document

COOPERATION, CONFLICT, NEUTRAL = "cooperation", "conflict", "neutral"


class CodeSpelling(NamedTuple):
    """What a code as it is written can mean.

    `plain` is the code itself, `restored` the one that it is if it lost a leading zero; None where
    there is no such code.
    """

    written: str
    plain: str | None
    restored: str | None


class Form(NamedTuple):
    """When the codes determine a form: a `kind` that is observed, or an organisation's part."""

    form: str
    because: str
    kind: str | None
    organisation: bool


@cache
def load_kinds() -> Any:
    """Return the document."""
    return document("kinds.yaml")


@cache
def signs() -> dict[str, str]:
    """Return whether each kind is cooperation, conflict or neither."""
    return {kind: says["sign"] for kind, says in load_kinds()["kinds"].items()}


def list_cooperative_kinds() -> list[str]:
    """Return the kinds of cooperation."""
    return [kind for kind, sign in signs().items() if sign == COOPERATION]


def list_conflictual_kinds() -> list[str]:
    """Return the kinds of conflict and criticism."""
    return [kind for kind, sign in signs().items() if sign == CONFLICT]


def forms() -> list[Form]:
    """Return when the codes determine a form, the first that applies first."""
    return [
        Form(says["form"], says["because"], says.get("kind"), says.get("organisation", False))
        for says in load_kinds()["forms"]
    ]


@cache
def cameo_kinds() -> dict[str, str]:
    """Return the kind of each event code of CAMEO, roots included."""
    begins = {
        prefix: kind
        for kind, says in load_kinds()["kinds"].items()
        for prefix in says.get("cameo", ())
    }
    return {code: begins[max(filter(code.startswith, begins), key=len)] for code in _cameo()}


def _cameo() -> Iterator[str]:
    for root, numbers in load_kinds()["cameo_codes"].items():
        yield root
        zero = "0" if root.startswith("0") else ""
        yield from (f"{zero}{number}" for number in numbers)


def list_cameo_spellings() -> list[CodeSpelling]:
    """Return every way of writing a code of CAMEO that is one, or one without its zero."""
    codes = set(cameo_kinds())
    ways = codes | {code.removeprefix("0") for code in codes}
    return [
        CodeSpelling(way, way if way in codes else None, f"0{way}" if f"0{way}" in codes else None)
        for way in sorted(ways)
    ]


def plover_kinds() -> dict[tuple[str, str], str]:
    """Return the kind of each PLOVER event and context; the context '' stands for any other."""
    pairs = {}
    for kind, says in load_kinds()["kinds"].items():
        for written in says.get("plover", ()):
            event, _, context = written.removesuffix("]").partition("[")
            pairs[event, context] = kind
    return pairs


def hostility_kinds() -> dict[str, str]:
    """Return the kind of each hostility level of a militarized dispute."""
    return {
        level: kind
        for kind, says in load_kinds()["kinds"].items()
        for level in says.get("hostility", ())
    }
