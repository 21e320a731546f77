"""YAML documents read with every scalar a string and the line of every part kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from softbalance.rules.findings import Place
from softbalance.schemas.mistakes import pointer as pointer_of

#: How many levels of lists and mappings a document may have.
DEEPEST = 20


class UnreadableYAML(ValueError):
    """A file that is no YAML document; `place` says where reading stopped."""

    def __init__(self, place: Place, reason: str) -> None:
        super().__init__(f"{place}: {reason}")
        self.place, self.reason = place, reason


@dataclass(frozen=True)
class Document:
    """A YAML document as strings, lists and dicts, and the line of each part by its pointer."""

    file: str
    content: Any
    lines: dict[str, int]

    def place(self, pointer: str) -> Place:
        """Return where the part at an RFC 6901 pointer stands, or the nearest part around it."""
        while pointer and pointer not in self.lines:
            pointer = pointer.rpartition("/")[0]
        return Place(self.file, self.lines.get(pointer, 1))


def read_document(path: Path) -> Document:
    """Read a YAML 1.1 file without resolving scalars: `yes` and `1.0` stay text.

    Raises UnreadableYAML for a file that is missing, not UTF-8 or not YAML, or that names a key
    twice.
    """
    file = str(path)
    if path.exists() and not path.is_file():  # a pipe would be waited for without end
        raise UnreadableYAML(Place(file, 1), "cannot be read: it is not a regular file")
    try:
        text = path.read_text("utf-8")
        _refuse_tangles(text, file)
        node = yaml.compose(text, Loader=yaml.CBaseLoader)
    except OSError as error:
        raise UnreadableYAML(Place(file, 1), f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UnreadableYAML(Place(file, 1), f"is not UTF-8: {error.reason}") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise UnreadableYAML(
            Place(file, line), getattr(error, "problem", None) or str(error)
        ) from error
    lines: dict[str, int] = {}
    content = _construct(node, (), file, lines) if node is not None else None
    return Document(file, content, lines)


def _refuse_tangles(text: str, file: str) -> None:
    """Refuse what could make a document larger or deeper than it looks."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CBaseLoader):
        place = Place(file, event.start_mark.line + 1 if event.start_mark else 1)
        if isinstance(event, yaml.AliasEvent):
            raise UnreadableYAML(place, "an alias (`*name`) is not read; write the part out")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            raise UnreadableYAML(place, f"is nested more than {DEEPEST} levels deep")


def _construct(node: yaml.Node, path: tuple[object, ...], file: str, lines: dict[str, int]) -> Any:
    lines[pointer_of(path)] = node.start_mark.line + 1
    if isinstance(node, yaml.ScalarNode):
        return node.value
    if isinstance(node, yaml.SequenceNode):
        return [_construct(item, (*path, i), file, lines) for i, item in enumerate(node.value)]
    mapping: dict[str, Any] = {}
    for key, value in node.value:
        place = Place(file, key.start_mark.line + 1)
        if not isinstance(key, yaml.ScalarNode):
            raise UnreadableYAML(place, "a key must be a plain text")
        if key.value in mapping:
            raise UnreadableYAML(place, f"the key {key.value!r} stands twice; remove one")
        mapping[key.value] = _construct(value, (*path, key.value), file, lines)
        lines[pointer_of((*path, key.value))] = place.line
    return mapping
