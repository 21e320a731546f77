"""The cases that come with a rulebook: coded episodes with the verdict that must come out.

Beside a `rulebook.yaml`, `cases/ID.json` is an Episode and `cases/expected.yaml` names for each
the expected classification, and where known dominant explanations, tests and explanations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, NotRequired, TypedDict

import orjson
from marshmallow import Schema, ValidationError, fields
from softbalance.rules.classifier import Classifier
from softbalance.rules.findings import Finding, Place, RulebookErrors
from softbalance.rules.language.documents import Document, UnreadableYAML, read_document
from softbalance.rules.model import Rulebook
from softbalance.schemas.classification import VERDICT, Verdict
from softbalance.schemas.episode import Episode, episode_schema
from softbalance.schemas.fields import Choice, StrictSchema, Text
from softbalance.schemas.mistakes import locate_mistakes, pointer

#: Where a case comes from, if not from a work that its rulebook cites: what everybody knows, or
#: its author, who invented it to exercise a rule. `draft` is the word of older folders for a work.
CONSTRUCTED = "constructed"
ORIGINS = ("general_history", CONSTRUCTED, "draft")


class Expected(TypedDict):
    """What is expected of a verdict: the class, and of the rest what somebody has said."""

    classification: str
    dominant_explanations: NotRequired[list[str]]
    tests: NotRequired[dict[str, str]]
    explanations: NotRequired[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Case:
    """An Episode and what is expected of it under the rulebook it comes with.

    `place` is where it says what is expected.
    """

    id: str
    rulebook: str
    origin: str
    episode: Episode
    expected: Expected
    place: Place


class Mismatch(NamedTuple):
    """A field of the answer that came out otherwise than expected, and the name in it if any."""

    field: str
    name: str
    expected: Any
    got: Any

    @property
    def fact(self) -> str:
        """What was concluded otherwise: the name in the field, or the field itself."""
        return self.name or self.field

    @property
    def words(self) -> str:
        """What was expected and what came out."""
        return (
            f"{self.fact} is expected to be {_format_value(self.expected)} and comes out as "
            f"{_format_value(self.got)}"
        )


def _format_value(value: Any) -> str:
    return (", ".join(value) or "none") if isinstance(value, list) else str(value)


@dataclass(frozen=True, slots=True)
class CaseResult:
    """A case decided: what was expected, what came out, and whether the one holds of the other."""

    case: Case
    got: Verdict

    @property
    def ok(self) -> bool:
        """Whether every expected value came out."""
        return not any(self.find_mismatches())

    def find_mismatches(self) -> Iterator[Mismatch]:
        """Yield every expectation that did not come out."""
        came_out: Mapping[str, Any] = self.got
        for key, expected in self.case.expected.items():
            got = came_out[key]
            if not isinstance(expected, dict):
                pairs = [("", expected, got)]
            else:
                pairs = [(name, value, got.get(name)) for name, value in expected.items()]
            for name, wanted, came in pairs:
                if wanted != came:
                    yield Mismatch(key, name, wanted, came)


@cache
def _expected_schema(sources: tuple[str, ...]) -> Schema:
    return StrictSchema.from_dict(
        {
            "origin": Choice("origin", (*ORIGINS, *sources), required=True),
            "classification": Text(required=True),
            "dominant_explanations": fields.List(Text()),
            "tests": fields.Dict(Text(), Text()),
            "explanations": fields.Dict(Text(), Text()),
        },
        name="ExpectedSchema",
    )()


def cases_of(rulebook: Rulebook) -> list[Case]:
    """Load a rulebook's cases in the order of `expected.yaml`; none if it has no such folder.

    Raises RulebookErrors with every mistake in them.
    """
    folder = Path(rulebook.place.file).parent / "cases"
    if not folder.is_dir():
        return []
    findings: list[Finding] = []
    cases = list(_load(rulebook, folder, findings))
    if findings:
        raise RulebookErrors(findings)
    return cases


def _load(rulebook: Rulebook, folder: Path, findings: list[Finding]) -> Iterator[Case]:
    try:
        document = read_document(folder / "expected.yaml")
    except UnreadableYAML as error:
        findings.append(Finding(error.place, None, error.reason))
        return
    if not isinstance(document.content, dict):
        findings.append(Finding(document.place(""), None, "write `CASE: {origin: ...}` for each"))
        return
    for path in sorted(folder.glob("*.json")):
        if path.stem not in document.content:
            findings.append(
                Finding(Place(str(path), 1), None, "has no entry in expected.yaml; add one")
            )
    for name, entry in document.content.items():
        expected = _load_expected(rulebook, document, name, entry, findings)
        episode = _load_episode(rulebook, folder / f"{name}.json", findings)
        if expected is not None and episode is not None:
            origin = expected.pop("origin")
            place = document.place(pointer((name,)))
            yield Case(name, rulebook.id, origin, episode, expected, place)


def _load_episode(rulebook: Rulebook, path: Path, findings: list[Finding]) -> Episode | None:
    try:
        if path.exists() and not path.is_file():  # a pipe would be waited for without end
            raise OSError("it is not a regular file")
        schema = episode_schema(rulebook.codebook.vocabulary)
        episode: Episode = schema.load(orjson.loads(path.read_bytes()))
    except ValidationError as error:
        findings.extend(
            Finding(Place(str(path), 1), None, f"{m.pointer}: {m.detail}")
            for m in locate_mistakes(error.messages)
        )
        return None
    except (OSError, ValueError) as error:
        findings.append(Finding(Place(str(path), 1), None, f"is no Episode: {error}"))
        return None
    return episode


def _load_expected(
    rulebook: Rulebook, document: Document, name: str, entry: Any, findings: list[Finding]
) -> Any:
    schema = _expected_schema(tuple({**rulebook.codebook.sources, **rulebook.sources}))
    try:
        return schema.load(entry)
    except ValidationError as error:
        findings.extend(
            Finding(document.place(pointer((name,)) + m.pointer), None, f"{name}: {m.detail}")
            for m in locate_mistakes(error.messages)
        )
        return None


def run_cases(classifier: Classifier) -> Iterator[CaseResult]:
    """Decide every case of the classifier's rulebook. Raises RulebookErrors, EngineFailure."""
    for case in cases_of(classifier.rulebook):
        yield CaseResult(case, classifier.classify(case.episode, VERDICT))
