"""The documents name what there is: pages, sections, files; and what is copied there is fresh."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest
from softbalance.rules.language.loader import Library

from pages_read import anchors, headings, missing, paths_named, project_files, section
from places import ROOT

DOCS = ROOT / "docs"
#: A page named in code or prose, and the section of it if there is one.
NAMED = re.compile(r'docs/(\w+\.md)`?(?:#([\w-]+)|,\s+"([^"]+)")?')
LINK = re.compile(r"\]\(([\w./-]*)(?:#([\w-]+))?\)")


def test_semantics_says_what_the_rulebooks_say(library: Library) -> None:
    refresh = runpy.run_path(str(DOCS / "semantics.py"))["refresh"]
    page = (DOCS / "semantics.md").read_text("utf-8")
    assert refresh(page, library) == page, "run `python -m docs.semantics`"


def test_semantics_tells_every_rule_but_what_is_inherited(library: Library) -> None:
    page = (DOCS / "semantics.md").read_text("utf-8")
    for rulebook in library.rulebooks.values():
        parent = library.rulebooks[rulebook.extends].rules if rulebook.extends else ()
        inherited = set(parent)
        for rule in rulebook.rules:
            if rule.stage != "strategy" and rule not in inherited:
                assert f"**{rule.value}** by `{rule.id}` if" in page


@pytest.mark.parametrize("text", ['see docs/keys.md, "No such section"', "docs/none.md"])
def test_a_section_or_page_that_is_not_there_is_found(text: str) -> None:
    assert _unknown(text)


def test_every_page_and_section_that_is_named_exists() -> None:
    named = {
        str(path.relative_to(ROOT)): _unknown(path.read_text("utf-8"))
        for path in project_files(".py", ".md", ".yml", ".yaml", ".cfg", ".toml", ".html", ".js")
        if path != Path(__file__)
    }
    assert {path: wrong for path, wrong in named.items() if wrong} == {}


def _unknown(text: str) -> list[str]:
    return [
        f"{name} {fragment or heading}".strip()
        for name, fragment, heading in NAMED.findall(text)
        if not (DOCS / name).is_file()
        or (fragment and fragment not in anchors(DOCS / name))
        or (heading and re.sub(r"\s*\n[\s#]*", " ", heading) not in headings(DOCS / name))
    ]


def test_every_link_of_a_document_leads_somewhere() -> None:
    for page in project_files(".md"):
        if "golden" in page.parts:
            continue
        for name, fragment in LINK.findall(page.read_text("utf-8")):
            target = page.parent / name if name else page
            assert target.exists(), f"{page.name}: {name}"
            if fragment:
                assert fragment in anchors(target), f"{page.name}: {name}#{fragment}"


def test_nothing_points_to_a_text_that_is_not_here() -> None:
    """A step or section of "the codebook" is none of its YAML document, which has no such parts."""
    elsewhere = re.compile(r'Codebook, "| \(codebook, |: codebook, "|interfaces, "|\b[Ss]tep 0\b')
    for path in project_files(".py", ".md", ".html", ".js"):
        if path != Path(__file__):
            found = elsewhere.findall(path.read_text("utf-8"))
            assert not found, f"{path.relative_to(ROOT)}: {found}"


def test_every_path_that_contributing_names_exists() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    named = paths_named(section(page, "What to touch"))
    assert len(named) > 60
    assert missing(paths_named(page)) == []
