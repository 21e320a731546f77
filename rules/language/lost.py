"""What is left of a document with mistakes of grammar, so that the rest can be checked too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from typing import Any, NamedTuple

from marshmallow import Schema, ValidationError
from softbalance.rules.findings import Finding
from softbalance.rules.language.documents import Document
from softbalance.rules.language.entries import SECTIONS, rule_at
from softbalance.rules.language.mending import LOST_FACT, Path, mend_formulas
from softbalance.schemas.mistakes import locate_mistakes


class Lost(NamedTuple):
    """Names of which nothing is known, since what declares them has a mistake.

    Of the `vague`, the values are not known. With `whole` sections lost, a name that is not known
    may be one of theirs.
    """

    names: frozenset[object] = frozenset()
    whole: bool = False
    vague: frozenset[object] = frozenset()

    def hides(self, name: object) -> bool:
        """Return whether a name that is not known may have been lost."""
        return self.whole or name in self.names

    def join(self, other: Lost) -> Lost:
        """Return what is lost here or there."""
        vague = self.vague | other.vague
        return Lost(self.names | other.names, self.whole or other.whole, vague)


NOTHING_LOST = Lost()


class Sound(NamedTuple):
    """The sound part of a document: a list has None in the place of an item that is not sound.

    `data` is None where nothing can be said of the document.
    """

    data: Any
    lost: Lost
    findings: list[Finding]


def take_sound_part(document: Document, schema: Schema) -> Sound:
    """Load what is sound of a document by its grammar, and tell what is not."""
    try:
        return Sound(schema.load(document.content), NOTHING_LOST, [])
    except ValidationError as error:
        mistakes = locate_mistakes(error.messages)
    findings = [
        Finding(
            document.place(m.pointer),
            rule_at(document.content, m.pointer),
            f"{m.pointer or 'the document'}: {m.detail}",
        )
        for m in mistakes
    ]
    content = document.content
    if not isinstance(content, dict):
        return Sound(None, Lost(whole=True), findings)
    content, mended = mend_formulas(content, [_parts(m.pointer) for m in mistakes])
    wrong = {path for m in mistakes for path in _find_wrong(content, _parts(m.pointer))}
    paths = {path for path in wrong if path not in mended}
    try:
        data = schema.load(_cut(content, paths), partial=True)
    except ValidationError:
        return Sound(None, Lost(whole=True), findings)
    if ("extends",) in paths:
        return Sound(None, Lost(whole=True), findings)
    for path in sorted(paths, key=_order):
        _leave_gap(data, path)
    return Sound(data, _lose(content, wrong), findings)


def _parts(pointer: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def _find_wrong(content: Mapping[str, Any], parts: list[str]) -> Iterator[Path]:
    """Yield the smallest part that a mistake is in and that the rest can be read without."""
    match parts:
        case [section, fact, ("rows" | "outcomes") as key, part, *_] if section in SECTIONS:
            inner = content[section][fact][key]
            yield section, fact, key, int(part) if isinstance(inner, list) else part
        case [section, fact, key, *_] if section in SECTIONS and key in content[section][fact]:
            yield section, fact, key
        case [section, part, *_]:
            yield section, int(part) if isinstance(content[section], list) else part
        case [section] if section in content:
            yield (section,)


def _cut(part: Any, paths: Set[Path], at: Path = ()) -> Any:
    """Return a part of a document without what is wrong in it, and without what is empty then."""
    if isinstance(part, dict):
        items = [(key, inner) for key, inner in part.items() if (*at, key) not in paths]
        cut = [(key, inner, _cut(inner, paths, (*at, key))) for key, inner in items]
        return {key: rest for key, inner, rest in cut if rest or not inner}
    if isinstance(part, list):
        return [
            _cut(inner, paths, (*at, i)) for i, inner in enumerate(part) if (*at, i) not in paths
        ]
    return part


def _order(path: Path) -> tuple[int, ...]:
    return tuple(part for part in path if isinstance(part, int))


def _leave_gap(data: Any, path: Path) -> None:
    """Put None where an item of a list was left out, so that the others keep their places."""
    *way, last = path
    if isinstance(last, int):
        for key in way[:-1]:
            data = data.setdefault(key, {})
        data.setdefault(way[-1], []).insert(last, None)


def _lose(content: Mapping[str, Any], paths: Set[Path]) -> Lost:
    names: set[object] = {LOST_FACT}
    vague: set[object] = set()
    whole = False
    for section, *rest in paths:
        if not rest:
            known = _names_in(content[str(section)])
            names |= {section, *known}
            whole = whole or not (known or section in _PLAIN)
        elif isinstance(rest[0], int):
            item = content[str(section)][rest[0]]
            known = _names_in([item])
            names |= {*known}
            whole = whole or not (known or section in _PLAIN)
        else:
            names.add(rest[0])
            if rest[1:2] in ([], ["rows"], ["values"]):
                vague.add(rest[0])
    return Lost(frozenset(names), whole, frozenset(vague))


def _names_in(section: Any) -> list[str]:
    if isinstance(section, dict):
        return list(section)
    items = section if isinstance(section, list) else ()
    ids = [item.get("id") for item in items if isinstance(item, dict)]
    return [name for name in ids if isinstance(name, str)]


#: The keys that declare no names.
_PLAIN = ("language", "id", "version", "title", "summary", "source", "properties", "remove")
