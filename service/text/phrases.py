"""What texts for people share: ids as words, marks for values, headed sections."""

from __future__ import annotations

import io
from collections.abc import Iterator

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.text import Text
from softbalance.rules.model import Codebook

#: Value → its mark and style; the mark says it where there is no colour.
MARKS = {
    "met": ("✓", "green"),
    "failed": ("✗", "red"),
    "sufficient": ("●", "bold"),
    "contributing": ("◐", ""),
    "absent": ("○", "dim"),
    "undetermined": ("?", "yellow"),
    "unknown": ("?", "yellow"),
    "contested": ("≠", "bold magenta"),
}


def to_words(name: str) -> str:
    """Return an id as words."""
    return name.replace("_", " ")


def escape_text(text: str) -> str:
    """Return a text from outside in one paragraph, with control characters as escapes.

    So it can neither drive a terminal nor pass for a part of the proof.
    """
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode()
        for c in " ".join(text.split())
    )


def label(classification: str, codebook: Codebook) -> str:
    """Return what the codebook calls a class."""
    known = codebook.classes.get(classification)
    return known.label if known else to_words(classification)


def mark_value(value: str) -> Text:
    """Return a value as words, with its mark and its style."""
    mark, style = MARKS.get(value, ("·", ""))
    return Text(f"{mark} {to_words(value)}", style=style)


def section(title: str, *body: RenderableType) -> Iterator[RenderableType]:
    """Yield a heading after an empty line, and what stands below it."""
    yield Text()
    yield Text(title, style="bold underline")
    for part in body:
        yield Padding(part, (0, 0, 0, 2))


def render_plain(view: RenderableType, width: int = 100) -> str:
    """Return what rich would print as plain text, `width` columns wide."""
    page = io.StringIO()
    Console(file=page, width=width, color_system=None, legacy_windows=False).print(view)
    return "\n".join(line.rstrip() for line in page.getvalue().splitlines()) + "\n"
