"""Copy classes, forms and rules from the shipped rulebooks into `docs/semantics.md`.

python -m docs.semantics
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from softbalance.rules.language.loader import Library, load_library
from softbalance.rules.model import STRATEGY, Cite, Rule, Rulebook, Stage
from softbalance.rules.wording import join_words, premises_words

PAGE = Path(__file__).with_suffix(".md")


def main() -> None:
    """Write the page anew."""
    PAGE.write_text(refresh(PAGE.read_text("utf-8"), load_library()), "utf-8")


def refresh(page: str, library: Library) -> str:
    """Return the page with each block between markers as the library has it.

    Raises KeyError for a marker that names no block.
    """
    blocks: dict[str, Callable[[Library], Iterator[str]]] = {
        "forms": _forms,
        "classes": _classes,
        "rulebooks": _rulebooks,
        "sources": _sources,
    }

    def block(found: re.Match[str]) -> str:
        lines = "\n".join(blocks[found["name"]](library))
        return f"{found['start']}\n{lines}\n{found['end']}"

    markers = r"(?P<start><!-- (?P<name>\w+): .*? -->)\n.*?(?P<end><!-- end of (?P=name) -->)"
    return re.sub(markers, block, page, flags=re.DOTALL)


def _forms(library: Library) -> Iterator[str]:
    for form in library.codebook.forms.values():
        head = f"**{form.label}** (`{form.id}`): `{form.strategy}`."
        yield _item(head, form.because, _cited(form.cites))


def _classes(library: Library) -> Iterator[str]:
    for verdict in library.codebook.classes.values():
        books = [f"`{b.id}`" for b in library.rulebooks.values() if verdict.id in b.classes]
        by = f"Concluded by {join_words(books)}." if books else ""
        yield _item(f"**{verdict.label}** (`{verdict.id}`):", verdict.meaning, by)


def _rulebooks(library: Library) -> Iterator[str]:
    for number, rulebook in enumerate(library.rulebooks.values()):
        parent = library.rulebooks[rulebook.extends] if rulebook.extends else None
        yield from [""] * bool(number)
        yield from _rulebook(rulebook, parent)


def _rulebook(rulebook: Rulebook, parent: Rulebook | None) -> Iterator[str]:
    yield f"### `{rulebook.id}`"
    yield ""
    rest = f" All that isn't listed here is as in `{parent.id}`." if parent else ""
    yield textwrap.fill(f"Version {rulebook.version}. {rulebook.summary}{rest}", 120)
    for stage in rulebook.stages:
        own = [fact for fact in stage.concludes if _differ(rulebook, parent, fact)]
        if stage.id != STRATEGY and own:
            yield from _stage(rulebook, stage, own)


def _differ(rulebook: Rulebook, parent: Rulebook | None, fact: str) -> bool:
    return parent is None or _concluding(rulebook, fact) != _concluding(parent, fact)


def _concluding(rulebook: Rulebook, fact: str) -> list[Rule]:
    return [rule for rule in rulebook.rules if rule.fact == fact]


def _stage(rulebook: Rulebook, stage: Stage, facts: Iterable[str]) -> Iterator[str]:
    yield from ("", f"#### {stage.title}", "", stage.about)
    for name in facts:
        fact = rulebook.facts.get(name)
        title = f" ({fact.kind}): {fact.title}" if fact else " (indicator)"
        yield from ("", f"`{name}`{title}", "")
        for rule in stage.rules:
            if rule.fact == name:
                when = f"if {premises_words(rule.when)}."
                head = f"**{rule.value}** by `{rule.id}`"
                yield _item(head, when, rule.because, _cited(rule.cites))


def _sources(library: Library) -> Iterator[str]:
    every = {k: v for book in library.rulebooks.values() for k, v in book.sources.items()}
    for source, citation in every.items():
        yield _item(f"`{source}`: {citation}")


def _cited(cites: Iterable[Cite]) -> str:
    sections: dict[str, list[str]] = {}
    for cite in cites:
        sections.setdefault(cite.source, []).append(cite.section)
    return f"({'. '.join(f'{source}: ' + '; '.join(of) for source, of in sections.items())})"


def _item(*parts: str) -> str:
    text = " ".join(part for part in parts if part)
    return textwrap.fill(
        f"- {text}", 120, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
    )


if __name__ == "__main__":
    main()
