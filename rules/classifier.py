"""From an Episode to the answer: reconcile, decide, trace, and say it in the answer's shape."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Mapping
from functools import cached_property

import orjson
from softbalance.rules.codings import Codings, reconcile
from softbalance.rules.episode.decision import Decider, Decision
from softbalance.rules.episode.trace import Tracer
from softbalance.rules.model import Codebook, Rulebook
from softbalance.rules.sensitivity import Sensitivity
from softbalance.schemas.classification import (
    FULL,
    TRACE,
    VERDICT,
    Answer,
    RulebookRef,
    Verdict,
)
from softbalance.schemas.episode import Episode
from softbalance.schemas.fields import CONTESTED, UNKNOWN
from softbalance.schemas.grammar import CLASSIFICATION, DOMINANT, NOTES


class Classifier:
    """Classifies episodes by one rulebook; make one a process and keep it."""

    def __init__(self, rulebook: Rulebook) -> None:
        self.rulebook = rulebook
        self.decider = Decider(rulebook)
        self._tracer = Tracer(rulebook)
        self._read = frozenset(fact for stage in rulebook.stages for fact in stage.reads)
        self._tests = rulebook.of_kind("test")
        self._explanations = rulebook.of_kind("explanation")
        self._identity: RulebookRef = {
            "id": rulebook.id,
            "version": rulebook.version,
            "digest": rulebook.digest,
        }

    def decide(self, codings: Codings) -> Decision:
        """Decide codings without making an answer of it.

        They may be in the words of a larger codebook. Raises EngineFailure, and ForeignForm.
        """
        return self.decider.decide(self.rulebook.codebook.own_form(codings.form), codings.values)

    def classify(self, episode: Episode, detail: str = TRACE) -> Answer:
        """Classify a valid Episode; return the answer without `id` and `classified_at`.

        `detail` is `verdict`, `trace` or `full`. Raises EngineFailure.
        """
        codings = reconcile(self.rulebook.codebook, episode)
        return self.answer(episode, codings, self.decide(codings), detail)

    def answer(self, episode: Episode, codings: Codings, decision: Decision, detail: str) -> Answer:
        """Return the answer on an Episode of these codings that was decided so."""
        verdict = self.verdict(decision)
        answer: Answer = {
            "rulebook": self._identity,
            "episode": episode,
            "decision_digest": decision_digest(self.rulebook, codings),
            "classification": verdict["classification"],
            "strategy": verdict["strategy"],
            "tests": verdict["tests"],
            "explanations": verdict["explanations"],
            "dominant_explanations": verdict["dominant_explanations"],
            "notes": verdict["notes"],
            "contested": verdict["contested"],
        }
        if unread := self._list_unread(episode):
            answer["unread"] = unread
        if detail != VERDICT:
            answer["trace"] = self._tracer.steps(decision, codings.evidence)
        if detail == FULL:
            follows = self._sensitivity.analyse(decision)
            answer["possible_classifications"] = follows["possible_classifications"]
            answer["next_questions"] = follows["next_questions"]
            answer["flips"] = follows["flips"]
            answer["why_not"] = follows["why_not"]
        return answer

    def _list_unread(self, episode: Episode) -> list[str]:
        """Return the indicators that an episode codes and no rule reads, in order of mention."""
        said = dict.fromkeys(episode.get("indicators", ()))
        said |= dict.fromkeys(each["indicator"] for each in episode.get("observations", ()))
        return [name for name in said if name not in self._read]

    @cached_property
    def _sensitivity(self) -> Sensitivity:
        """Made when first asked for: most answers need no decision diagram."""
        return Sensitivity(self.rulebook, self.decider)

    def verdict(self, decision: Decision) -> Verdict:
        """Return the part of the answer that the rules conclude."""
        facts = decision.facts
        return {
            "classification": facts[CLASSIFICATION],
            "strategy": facts["strategy"],
            "tests": {test: facts[test] for test in self._tests},
            "explanations": {rival: facts[rival] for rival in self._explanations},
            "dominant_explanations": list(decision.sets[DOMINANT]),
            "notes": list(decision.sets[NOTES]),
            "contested": list_contested(self.rulebook.codebook, facts),
        }


class ProcessClassifiers:
    """Classifiers by the digest of their rulebook, each made at its first use.

    The firing engine is to be built once a process and after the fork, so a forked child that
    finds its parent's classifiers makes its own. It frees no memory either, so a classifier stays.
    """

    def __init__(self, find: Callable[[str], Rulebook]) -> None:
        """Take what finds the rulebook of a digest."""
        self._find = find
        self._made: dict[str, Classifier] = {}
        self._pid = os.getpid()
        self._lock = threading.Lock()

    def __getitem__(self, digest: str) -> Classifier:
        """Return the classifier of a digest; raises what `find` raises."""
        if self._pid == os.getpid() and digest in self._made:
            return self._made[digest]
        with self._lock:
            if self._pid != os.getpid():
                self._made, self._pid = {}, os.getpid()
            if digest not in self._made:
                self._made[digest] = Classifier(self._find(digest))
            return self._made[digest]


def list_contested(codebook: Codebook, facts: Mapping[str, str]) -> list[str]:
    """Return the indicators that are contested in the end, in codebook order."""
    return [indicator for indicator in codebook.indicators if facts[indicator] == CONTESTED]


def decision_digest(rulebook: Rulebook, codings: Codings) -> str:
    """Return the hash of all that the verdict depends on, equal on any machine.

    That is the canonical JSON (RFC 8785) of the form, the reconciled codings that are not unknown
    and the rulebook's digest. All of these are ASCII without control characters, for which
    sorted keys and no white space are the canonical form already.
    """
    content = {
        "codings": {k: v for k, v in codings.values.items() if v != UNKNOWN},
        "form": codings.form,
        "rulebook": rulebook.digest,
    }
    canonical = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    return "sha256:" + hashlib.sha256(canonical).hexdigest()
