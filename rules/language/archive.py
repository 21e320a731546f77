"""Rulebooks kept apart from the files that they came from, so that old verdicts can be repeated."""

from __future__ import annotations

from typing import Any

import orjson
import rfc8785
from softbalance.rules.findings import Finding, RulebookErrors
from softbalance.rules.language.building import codebook_of, rulebook_of
from softbalance.rules.language.documents import Document
from softbalance.rules.language.inheritance import Draft, check_grammar, draft_of
from softbalance.rules.model import Rulebook
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
    findings += wrong
    draft: Draft | None = None
    for part in document["rulebooks"]:
        own = Document(digest, part, {})
        own_data, wrong = check_grammar(own, RulebookSchema())
        findings += wrong
        if not findings:
            draft = draft_of(own, own_data, draft, findings)
    if findings or draft is None:
        raise RulebookErrors(findings)
    rulebook = rulebook_of(draft, codebook_of(book, data))
    if rulebook.digest != digest:
        raise ValueError(f"the content kept for {digest} is that of {rulebook.digest}")
    return rulebook
