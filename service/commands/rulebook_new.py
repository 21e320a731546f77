"""`softbalance rulebook new` and `schema`: where an author begins."""

from __future__ import annotations

import re
from pathlib import Path

import click
import orjson
from softbalance.rules.findings import RulebookErrors
from softbalance.rules.language.loader import load_folder
from softbalance.rules.model import OTHER_FORM, Rulebook
from softbalance.schemas.episode import Episode
from softbalance.schemas.grammar import SLUG
from softbalance.service.commands.options import (
    find_further_rulebooks,
    open_library,
    open_rulebook,
    refuse,
    rulebooks_option,
)

_SCHEMA = "rulebook.schema.json"
_FIRST_LINE = f"# yaml-language-server: $schema={_SCHEMA}\n"
_OWN_HEAD = """\
language: 2
id: {id}
version: 0.1.0
title: {title}
summary: >-
  Say in a sentence or two what this rulebook decides, and by whose theory.
source: work
sources:
  work: {{citation: "Author. Year. Title. Place: Publisher."}}
"""
_VOCABULARY = """\
groups:
  - {{id: {name}, title: {title}}}
indicators:
  - id: {name}_question
    group: {name}
    question: What is asked of an episode?
    help: Code yes if a source says so, and no if it says the opposite.
    cites: {cite}
"""
_FORM = """\
forms:
  - id: {name}_form
    strategy: {name}_strategy
    label: A form
    because: This form is told apart from others.
    cites: {cite}
  - id: other
    strategy: other
    label: Other
    because: It is none of the forms above.
    cites: {cite}
"""
_CLASSES = """\
classes:
  - {{id: {name}_so, label: So, meaning: What the rulebook asks for is so.}}
  - {{id: {name}_not_so, label: Not so, meaning: What the rulebook asks for is not so.}}
  - {{id: {name}_open, label: Open, meaning: It cannot be told from what is known.}}
"""
_RULES = """\
stages:
  tests: {{title: Tests, about: Asks what is needed for a verdict.}}
  classification: {{title: Classification, about: Reads the class from the tests.}}
tests:
  {name}_test:
    title: What has to be so
    when: {name}_question
    outcomes:
      met: A source says that it is so.
      failed: A source says that it is not so.
      undetermined: Whether it is so is unknown or contested.
    cites: Section or page
decisions:
  classification:
    undecided: [{name}_open]
    cites: Section or page
    rows:
      - {{when: {name}_test, then: {name}_so, because: The test is met.}}
      - {{when: {{open: {name}_test}}, then: {name}_open, because: The test is undetermined.}}
      - {{then: {name}_not_so, because: The test fails.}}
"""
_CODEBOOK_HEAD = """\
id: {id}
version: 0.1.0
title: {title}
sources:
  work: {{citation: "Author. Year. Title. Place: Publisher."}}
"""
_HEIR = """\
language: 2
id: {id}
version: 0.1.0
title: {title}
summary: >-
  Say in a sentence or two what this rulebook changes in {parent}, and why.
extends: {parent}
# Write below only what differs: a test, a decision, `replace:` or `remove:`.
"""
_CASE = """\
# What must come out of each case. origin is the id of a source, general_history, or constructed.
first-case:
  origin: constructed
  classification: {classification}
"""


@click.command()
@click.argument("name", metavar="ID")
@click.option("--extends", "parent", metavar="ID", help="The rulebook that it inherits from.")
@click.option(
    "--own-codebook", is_flag=True, help="Give it a codebook of its own, for another concept."
)
@rulebooks_option
def new(name: str, parent: str | None, own_codebook: bool, rulebooks: tuple[Path, ...]) -> None:
    """Write the folder ID: a rulebook that loads and verifies, and a case, to be changed by you."""
    if not re.fullmatch(SLUG, name):
        refuse(f"{name!r} is not an id of a-z, 0-9 and -; it begins with a letter")
    if parent and own_codebook:
        refuse("an heir is coded by its parent's codebook; leave --own-codebook or --extends out")
    library = open_library(rulebooks)
    if name in library.rulebooks or name in library.broken:
        refuse(f"there is a rulebook {name!r} already; choose another id")
    if parent:
        parent = open_rulebook(library, parent, rulebooks).id
    folder = Path(name)
    try:
        folder.mkdir()
        _write(folder, parent, own_codebook=own_codebook)
        (book,) = load_folder(folder, find_further_rulebooks(rulebooks))
        _write_case(folder, book)
    except FileExistsError:
        refuse(f"{folder} is there already; choose another id, or work in another folder")
    except OSError as error:
        refuse(f"{folder}: cannot be written: {error.strerror}")
    except RulebookErrors as error:
        refuse(f"{folder} was written and does not load:\n{error}")
    click.echo(f"{folder}/rulebook.yaml is yours to change. `softbalance rulebook verify ./{name}`")
    click.echo(f"proves it, and `softbalance rulebook test ./{name}` decides its cases.")


@click.command()
def schema() -> None:
    """Print the JSON Schema of rulebooks and codebooks, for editors of YAML."""
    click.echo(_dump_schema(), nl=False)


def _dump_schema() -> str:
    from softbalance.schemas.json_schema import make_json_schema

    return orjson.dumps(make_json_schema(), option=orjson.OPT_INDENT_2).decode() + "\n"


def _write(folder: Path, parent: str | None, *, own_codebook: bool) -> None:
    words = {
        "id": folder.name,
        "name": folder.name.replace("-", "_")[:40],
        # what YAML might take for something else is quoted
        "title": f'"{folder.name.replace("-", " ").capitalize()}"',
        "parent": parent,
        "cite": "[{source: work, section: Section or page}]" if own_codebook else "Section or page",
    }
    vocabulary, rulebook = _VOCABULARY, _OWN_HEAD
    if parent:
        rulebook = _HEIR
    elif own_codebook:
        codebook = _FIRST_LINE + _CODEBOOK_HEAD + vocabulary + _FORM + _CLASSES
        (folder / "codebook.yaml").write_text(codebook.format(**words), "utf-8")
        rulebook += _RULES
    else:
        rulebook += vocabulary + _CLASSES + _RULES
    (folder / "rulebook.yaml").write_text(_FIRST_LINE + rulebook.format(**words), "utf-8")
    (folder / _SCHEMA).write_text(_dump_schema(), "utf-8")


def _write_case(folder: Path, book: Rulebook) -> None:
    from softbalance.rules.classifier import Classifier

    own = [name for name in book.codebook.indicators if name.endswith("_question")]
    forms = list(book.codebook.forms)
    episode: Episode = {
        "id": "first-case",
        "title": "A constructed case",
        "form": OTHER_FORM if OTHER_FORM in forms else forms[0],
        "indicators": {} if book.extends else dict.fromkeys(own[-1:], "yes"),
    }
    classification = Classifier(book).classify(episode)["classification"]
    (folder / "cases").mkdir()
    content = orjson.dumps(episode, option=orjson.OPT_INDENT_2) + b"\n"
    (folder / "cases" / "first-case.json").write_bytes(content)
    expected = _CASE.format(classification=classification)
    (folder / "cases" / "expected.yaml").write_text(expected, "utf-8")
