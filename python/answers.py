"""One episode: its verdict and proof, to be read by programs and in notebooks."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from marshmallow import ValidationError
from softbalance.rules.classifier import ProcessClassifiers
from softbalance.rules.language.loader import DEFAULT_RULEBOOK
from softbalance.rules.model import Codebook, Rulebook
from softbalance.schemas import classification
from softbalance.schemas.episode import Episode, episode_schema
from softbalance.schemas.mistakes import MOST_TOLD, locate_mistakes
from softbalance.shelf import RulebookOrId, find

#: Columns of a proof in a notebook.
_WIDTH = 100
_HTML = '<pre style="white-space: pre-wrap; line-height: 1.3">{code}</pre>'


class InvalidEpisode(ValueError):
    """What was given is no Episode.

    `errors` are dicts of `pointer` (RFC 6901, into the Episode), `code` and `detail`, those that
    the service would answer; `more` is how many mistakes there are beyond the first 100.
    """

    def __init__(self, errors: list[dict[str, str]], more: int) -> None:
        self.errors, self.more = errors, more
        lines = [f"{each['pointer'] or 'the episode'}: {each['detail']}" for each in errors]
        super().__init__("\n".join(lines + ([f"and {more} more mistakes"] if more else [])))


class Answer(Mapping[str, Any]):
    """A classification: a mapping as the service's JSON has it, with its keys as attributes.

    In a notebook it shows its proof; as text (`str`) it is the proof.
    """

    def __init__(self, content: classification.Answer, codebook: Codebook) -> None:
        self._content, self._codebook = content, codebook

    def __getitem__(self, key: str) -> Any:
        return self._content[key]  # type: ignore[literal-required]

    def __iter__(self) -> Iterator[str]:
        return iter(self._content)

    def __len__(self) -> int:
        return len(self._content)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._content:
            raise AttributeError(f"this answer has no {name!r}; it has {', '.join(self._content)}")
        return self[name]

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._content]

    def __repr__(self) -> str:
        book = self["rulebook"]
        return f"<Answer: {self['classification']} by {book['id']} {book['version']}>"

    def __str__(self) -> str:
        from softbalance.service.text.proof import proof_text

        return proof_text(self._content, self._codebook) if "trace" in self else repr(self)

    def _repr_html_(self) -> str:
        if "trace" not in self:
            return f"<code>{repr(self)[1:-1]}</code>"
        from rich.console import Console
        from softbalance.service.text.proof import proof_view

        with open(os.devnull, "w", encoding="utf-8") as nowhere:
            console = Console(file=nowhere, record=True, width=_WIDTH)
            console.print(proof_view(self._content, self._codebook))
        return console.export_html(inline_styles=True, code_format=_HTML)


def classify(
    episode: Mapping[str, Any],
    rulebook: RulebookOrId = DEFAULT_RULEBOOK,
    detail: Literal["verdict", "trace", "full"] = "trace",
) -> Answer:
    """Classify an Episode, a mapping as the service takes it as JSON.

    `detail="full"` adds what is possible still, the next questions, what would flip the verdict,
    and why it is no other. An Episode without an id is given one; nothing is stored. Raises
    InvalidEpisode with every mistake, UnknownRulebook, and EngineFailure where two ways to decide
    part.
    """
    book = find(rulebook)
    _books.setdefault(book.digest, book)
    valid = _validate(episode, book.codebook)
    if "id" not in valid:
        valid = {"id": str(uuid.uuid4()), **valid}
    return Answer(_classifiers[book.digest].classify(valid, detail), book.codebook)


def _validate(episode: Mapping[str, Any], codebook: Codebook) -> Episode:
    try:
        given = dict(episode) if isinstance(episode, Mapping) else episode
        loaded: Episode = episode_schema(codebook.vocabulary).load(given)
    except ValidationError as error:
        found = locate_mistakes(error.messages, MOST_TOLD)
        errors = [{"pointer": m.pointer, "code": m.code, "detail": m.detail} for m in found]
        raise InvalidEpisode(errors, found.more) from None
    return loaded


_books: dict[str, Rulebook] = {}
_classifiers = ProcessClassifiers(_books.__getitem__)
