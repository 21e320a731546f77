"""The codebooks of several rulebooks as one, in the words of which an episode may be coded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from softbalance.rules.model import Codebook, Rulebook

Entry = TypeVar("Entry")


def unite_codebooks(codebooks: Iterable[Codebook]) -> Codebook:
    """Return the codebook that has all that is in some, the first first.

    It is that one itself where the others add nothing to it. A name has one meaning in all.
    """
    first, *others = {id(each): each for each in codebooks}.values()
    united = first
    for other in others:
        united = replace(
            united,
            sources={**other.sources, **united.sources},
            groups=tuple({g.id: g for g in (*united.groups, *other.groups)}.values()),
            indicators={**united.indicators, **_new(other.indicators, united.indicators)},
            forms={**united.forms, **_new(other.forms, united.forms)},
            classes={**united.classes, **_new(other.classes, united.classes)},
        )
    has_more = any(
        getattr(united, part).keys() - getattr(first, part).keys()
        for part in ("indicators", "forms", "classes")
    )
    return united if has_more else first


def narrow_codebook(rulebook: Rulebook) -> Codebook:
    """Return a rulebook's codebook with only the indicators that it reads, in its order."""
    book = rulebook.codebook
    read = dict.fromkeys(fact for stage in rulebook.stages for fact in stage.reads)
    indicators = {name: book.indicators[name] for name in read if name in book.indicators}
    groups = {indicator.group for indicator in indicators.values()}
    return replace(
        book,
        indicators=indicators,
        groups=tuple(group for group in book.groups if group.id in groups),
        classes={name: book.classes[name] for name in rulebook.classes},
    )


def _new(other: Mapping[str, Entry], known: Mapping[str, Entry]) -> dict[str, Entry]:
    return {name: entry for name, entry in other.items() if name not in known}
