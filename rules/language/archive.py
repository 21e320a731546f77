"""Rulebooks kept apart from the files that they came from, so that old verdicts can be repeated."""

from __future__ import annotations

from typing import Any, NamedTuple

import orjson
import rfc8785
from softbalance.rules.findings import Finding, RulebookErrors
from softbalance.rules.language.building import assemble_rulebook, codebook_of, rulebook_of
from softbalance.rules.language.core_json import read_core
from softbalance.rules.language.documents import Document
from softbalance.rules.language.inheritance import (
    Draft,
    Source,
    check_grammar,
    draft_of,
    sources_of,
)
from softbalance.rules.language.stated import read_property
from softbalance.rules.model import Codebook, Property, Rulebook
from softbalance.schemas.grammar import CodebookSchema, RulebookSchema


def dump_rulebook(rulebook: Rulebook) -> str:
    """Return all that a rulebook is made from, as the canonical JSON that its digest hashes."""
    return rfc8785.dumps(rulebook.content).decode()


def restore_rulebook(digest: str, content: str) -> Rulebook:
    """Make a rulebook again from what `dump_rulebook` gave.

    It was sound when it was archived. Raises RulebookErrors if this version of the grammar no
    longer reads it, and ValueError if the content is not that of the digest.
    """
    document: dict[str, Any] = orjson.loads(content)
    findings: list[Finding] = []
    book = Document(digest, document["codebook"], {})
    data, wrong = check_grammar(book, CodebookSchema())
    if wrong:
        raise RulebookErrors(wrong)
    codebook = codebook_of(book, data)
    if "core" in document:
        rulebook = _restore_core(document, codebook, book)
    else:
        rulebook = _restore_documents(document["rulebooks"], codebook, digest, findings)
    if rulebook.digest != digest:
        raise ValueError(f"the content kept for {digest} is that of {rulebook.digest}")
    return rulebook


def _restore_documents(
    parts: list[Any], codebook: Codebook, digest: str, findings: list[Finding]
) -> Rulebook:
    draft: Draft | None = None
    for part in parts:
        own = Document(digest, part, {})
        own_data, wrong = check_grammar(own, RulebookSchema())
        findings += wrong
        if not findings:
            draft = draft_of(Source(own, own_data), draft, codebook, findings)
    if findings or draft is None:
        raise RulebookErrors(findings)
    return rulebook_of(draft)


class _Kept(NamedTuple):
    """What a rulebook that is made of its core comes from."""

    codebook: Codebook
    sources: dict[str, str]
    document: Document
    properties: tuple[Property, ...]


def _restore_core(content: dict[str, Any], codebook: Codebook, book: Document) -> Rulebook:
    stages, facts = read_core(content["core"], book.place(""))
    sources: dict[str, str] = {}
    for part in content["rulebooks"]:
        sources |= sources_of(part)
    own = content["rulebooks"][-1]
    said = content["core"].get("properties", ())
    properties = tuple(read_property(each, book.place("")) for each in said)
    kept = _Kept(codebook, sources, book, properties)
    return assemble_rulebook(own, kept, stages, facts, content)
