"""A proof unfolded: the verdict, below it what it rests on, and so on down to the observations.

What is said of each part is said here, whoever shows it: a terminal, plain text or a page.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from softbalance.rules.model import Codebook
from softbalance.schemas.classification import Answer, Cite, Premise, Step
from softbalance.schemas.episode import Episode
from softbalance.schemas.fields import UNKNOWN
from softbalance.schemas.grammar import CLASSIFICATION


@dataclass(frozen=True, slots=True)
class Statement:
    """A fact and its value, by the step that concludes it or as it was coded.

    `step` is a step of the trace, None for what was coded. One that was told before is `repeated`,
    without what it rests on. `anchor` names a statement at its first telling; it is None after
    that. `question` is what an indicator asks, `unsourced` says why no
    observation (`observations`: indices into the episode's) stands behind its value.
    """

    fact: str
    value: str
    anchor: str | None = None
    step: Step | None = None
    repeated: bool = False
    question: str | None = None
    unsourced: str | None = None
    observations: Sequence[int] = ()
    rests_on: Sequence[Statement] = ()


def unfold_proof(classified: Answer, codebook: Codebook, fact: str = CLASSIFICATION) -> Statement:
    """Return the proof of a fact that some step of the trace concludes."""
    return _Unfolding(classified["trace"], codebook).conclusion(fact)


def unfold_proofs(
    classified: Answer, codebook: Codebook, facts: Sequence[str]
) -> Iterator[Statement]:
    """Yield the proofs of several facts; what was told with one is only pointed to by the next."""
    unfolding = _Unfolding(classified["trace"], codebook)
    yield from map(unfolding.conclusion, facts)


class _Unfolding:
    """Unfolds steps into statements; a step that was unfolded before is only pointed to."""

    def __init__(self, steps: Sequence[Step], codebook: Codebook) -> None:
        self._steps, self._codebook = steps, codebook
        self._by_conclusion: dict[tuple[str, str], Step] = {}
        for step in steps:
            concluded = step["concludes"]
            self._by_conclusion.setdefault((concluded["fact"], concluded["value"]), step)
        self._told: set[str] = set()

    def conclusion(self, fact: str) -> Statement:
        """Return the proof of a fact; StopIteration if no step concludes it."""
        return self._unfold(next(s for s in self._steps if s["concludes"]["fact"] == fact))

    def _unfold(self, step: Step) -> Statement:
        fact, value = step["concludes"]["fact"], step["concludes"]["value"]
        anchor = self._claim_anchor(step_anchor(step))
        if anchor is None:
            return Statement(fact, value, step=step, repeated=True)
        premises = [self._premise(premise) for premise in step["premises"]]
        return Statement(fact, value, anchor, step, rests_on=premises)

    def _claim_anchor(self, anchor: str) -> str | None:
        if anchor in self._told:
            return None
        self._told.add(anchor)
        return anchor

    def _premise(self, premise: Premise) -> Statement:
        fact, value = premise["fact"], premise["value"]
        step = self._by_conclusion.get((fact, value))
        if premise["origin"] != "coded" and step is not None:
            return self._unfold(step)
        anchor = self._claim_anchor(coded_anchor(fact))
        indicator = self._codebook.indicators.get(fact)
        if indicator is None:
            return Statement(fact, value, anchor)
        observations = premise["observations"]
        return Statement(
            fact,
            value,
            anchor,
            question=indicator.question,
            unsourced=None if observations else explain_unsourced(value),
            observations=observations,
        )


def step_anchor(step: Step) -> str:
    """Return a name for what a step concludes, one of its own in a proof."""
    return f"step-{step['step']}"


def coded_anchor(fact: str) -> str:
    """Return a name for a fact as it was coded, one of its own in a proof."""
    return f"coded-{fact}"


def explain_unsourced(value: str) -> str:
    """Return why no observation stands behind a coded value."""
    return "nobody has said" if value == UNKNOWN else "coded without a source"


def format_cites(cites: Sequence[Cite]) -> str:
    """Return citations in a line, each source once."""
    sections: dict[str, list[str]] = {}
    for cite in cites:
        sections.setdefault(cite["source"], []).append(cite["section"])
    return "; ".join(f"{source}: {'; '.join(where)}" for source, where in sections.items())


def find_conflicting(episode: Episode, indicator: str) -> list[int]:
    """Return the indices of the observations that say anything of a contested indicator."""
    return [
        index
        for index, said in enumerate(episode.get("observations", ()))
        if said["indicator"] == indicator and said["value"] != UNKNOWN
    ]
