"""What documents say, taken apart: the files that they name, their sections, their tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from places import ROOT

_ENDINGS = "cfg|css|csv|html|js|json|md|py|sql|svg|toml|yaml|yml"
#: A file or a folder in backticks: with a slash inside or at its end, or with a known ending.
_PATH = re.compile(rf"`((?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:{_ENDINGS}))`")
#: What stands for a name of the reader's own.
_PLACEHOLDER = re.compile(r"(?<![A-Z])(ID|NAME|CASE)(?![A-Z])")


def paths_named(text: str) -> list[str]:
    """Return the files and folders that a text names in backticks, placeholders aside."""
    return [path for path in _PATH.findall(text) if not _PLACEHOLDER.search(path)]


def missing(paths: list[str]) -> list[str]:
    """Return the paths that are not in the project."""
    return [path for path in paths if not (ROOT / path).exists()]


def section(text: str, heading: str) -> str:
    """Return what stands under a heading, up to the next of its level or above."""
    (level,) = re.findall(rf"^(#+) {re.escape(heading)}$", text, re.MULTILINE)
    _, rest = text.split(f"\n{level} {heading}\n", 1)
    return re.split(rf"^#{{1,{len(level)}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def headings(page: Path) -> set[str]:
    """Return the headings of a page as they stand there."""
    return set(re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE))


def anchors(page: Path) -> set[str]:
    """Return the fragments of a page's headings, as GitHub makes them."""
    plain = (re.sub(r"[^\w -]", "", heading.lower()) for heading in headings(page))
    return {heading.replace(" ", "-") for heading in plain}


def project_files(*endings: str) -> Iterator[Path]:
    """Yield the project's own files with these endings; not those of others that it holds."""
    yield from (path for path in ROOT.iterdir() if path.suffix in endings and path.is_file())
    for folder in (
        "benchmarks",
        "docs",
        "examples",
        "python",
        "rules",
        "schemas",
        "service",
        "tests",
    ):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in endings and path.is_file() and "vendor" not in path.parts:
                yield path
