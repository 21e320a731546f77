"""Streams of episodes, answered in chunks by the relational engine as one by one."""

import io
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from softbalance.rules.classifier import Classifier
from softbalance.rules.language.loader import Library
from softbalance.schemas.episode import Episode
from softbalance.service.datasets.batches import (
    CHUNK,
    Line,
    classify_lines,
    episode_lines,
    sheet_lines,
)
from softbalance.service.datasets.reading.defects import UnusableDataset

from drawn_episodes import random_codings
from evaluator import RULEBOOKS

Classifiers = dict[str, Classifier]


@pytest.mark.parametrize("name", RULEBOOKS)
@pytest.mark.parametrize("detail", ["verdict", "trace"])
def test_answers_are_those_of_one_by_one(
    library: Library, classifiers: Classifiers, name: str, detail: str
) -> None:
    sent: list[Episode] = [
        {"form": f, "indicators": v} for f, v in random_codings(CHUNK + 50, seed=5)
    ]
    body = b"\n".join(b"{" if n % 100 == 7 else orjson.dumps(e) for n, e in enumerate(sent))
    lines = episode_lines(io.BytesIO(body), library.codebook)
    found = list(classify_lines(lines, classifiers[name], detail))
    assert [line.number for line, _ in found] == list(range(1, len(sent) + 1))
    for n, (line, answer) in enumerate(found):
        if n % 100 == 7:
            assert answer is None
            assert [m.code for m in line.mistakes] == ["json"]
        else:
            assert answer == classifiers[name].classify(sent[n], detail)


def test_a_sheet_is_rows_of_episodes(library: Library, classifiers: Classifiers) -> None:
    body = b"\xef\xbb\xbfid;form;Prestige_Payoff\nx;OTHER;Y\n;other;perhaps\n;joint_force;\n"
    lines = sheet_lines(io.BytesIO(body), library.codebook)
    (one, first), (two, second), (three, third) = classify_lines(
        lines, classifiers[RULEBOOKS[0]], "trace"
    )
    assert first is not None
    assert (one.number, first["episode"]["id"]) == (2, "x")
    assert first["notes"] == ["prestige_not_weighed", "scope_not_coded"]
    assert second is None
    assert [(m.pointer, m.code) for m in two.mistakes] == [("/prestige_payoff", "unknown")]
    assert third is not None
    assert (three.number, third["strategy"]) == (4, "incipient_hard_strong")


def test_a_sheet_without_form_is_refused(library: Library) -> None:
    with pytest.raises(UnusableDataset, match="no column 'form'"):
        sheet_lines(io.BytesIO(b"id,prestige_payoff\n"), library.codebook)


def test_no_more_than_a_chunk_is_read_ahead(classifiers: Classifiers) -> None:
    read: list[int] = []

    def lines() -> Iterator[Line]:
        for number in range(1, 3 * CHUNK):
            read.append(number)
            yield Line(number, {"form": "other"})

    answers: Iterator[Any] = classify_lines(lines(), classifiers[RULEBOOKS[0]], "verdict")
    next(answers)
    assert len(read) == CHUNK
