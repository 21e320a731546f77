"""A rulebook proved over the whole space of codings, and its engines tried on it.

What is proved is in `CHECKS`; how, and why it is exact, in
`softbalance.rules.verification.soundness` and `softbalance.rules.diagrams.space`. Nothing is
sampled but the random episodes of `agreement`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from softbalance.rules.classifier import Classifier
from softbalance.rules.diagrams.space import Space
from softbalance.rules.findings import Flaw, Place, RulebookErrors
from softbalance.rules.model import Rulebook
from softbalance.rules.verification.cases import Case, cases_of
from softbalance.rules.verification.engines import EngineTrial
from softbalance.rules.verification.expectations import case_flaws, version_flaws
from softbalance.rules.verification.properties import broken_properties
from softbalance.rules.verification.soundness import (
    contradictions,
    dead_rules,
    early_premises,
    gaps,
    idle_premises,
    redundant_rules,
    unreachable_values,
    unread_facts,
)
from softbalance.schemas import rulebooks as published

#: How many random episodes the engines are tried on.
EPISODES = 1000


@dataclass(frozen=True, slots=True)
class CheckResult:
    """A check done: what it claims, how much was examined, and the flaws that refute it."""

    check: str
    claim: str
    examined: Mapping[str, int]
    findings: tuple[Flaw, ...]

    @property
    def ok(self) -> bool:
        """Whether the claim holds; remarks do not refute it."""
        return all(flaw.remark for flaw in self.findings)


@dataclass(frozen=True, slots=True)
class Verification:
    """A rulebook verified, check by check.

    `codings` is how many codings there are, all of which the proofs cover. `states` are, by stage,
    the combinations of facts that the firing engine was tried on.
    """

    rulebook: Rulebook
    codings: int
    states: Mapping[str, int]
    checks: tuple[CheckResult, ...]

    @property
    def ok(self) -> bool:
        """Whether every claim holds."""
        return all(check.ok for check in self.checks)


class AtHand(NamedTuple):
    """What was made of a rulebook already: its classifier, and its cases if they are loaded."""

    classifier: Classifier
    cases: Sequence[Case] | None = None


class Check(NamedTuple):
    """A proof: what it claims, what finds the flaws, and how many of what it goes through."""

    claim: str
    find: Callable[[Space], Iterator[Flaw]]
    unit: str
    count: Callable[[Rulebook], int]


def _facts(rulebook: Rulebook) -> int:
    return len({rule.fact for rule in rulebook.rules})


def _rules(rulebook: Rulebook) -> int:
    return sum(1 for _ in rulebook.rules)


def _values(rulebook: Rulebook) -> int:
    return sum(len(fact.values) for fact in rulebook.facts.values())


def _premises(rulebook: Rulebook) -> int:
    return sum(1 for rule in rulebook.rules for _ in rule.premises())


#: The proofs over all codings, by name.
CHECKS: Mapping[str, Check] = {
    "complete": Check("every coding concludes a value for each fact", gaps, "facts", _facts),
    "consistent": Check(
        "no coding concludes two values of a fact", contradictions, "facts", _facts
    ),
    "live": Check("every rule can fire", dead_rules, "rules", _rules),
    "needed": Check("no rule is redundant", redundant_rules, "rules", _rules),
    "reachable": Check("every value and class can come out", unreachable_values, "values", _values),
    "lean": Check("no premise is idle", idle_premises, "premises", _premises),
}
#: The proof of what the author states, where something is stated.
PROPERTIES = Check(
    "what its author states holds",
    broken_properties,
    "properties",
    lambda book: len(book.properties),
)


def verify(
    rulebook: Rulebook,
    at_hand: AtHand | None = None,
    *,
    known: Rulebook | None = None,
    engines: bool = True,
    episodes: int = EPISODES,
) -> Verification:
    """Verify a rulebook: prove it, decide its cases, and try its engines on it.

    A classifier `at_hand` spares the making of another, whose rulesets the firing engine would
    never free; cases at hand are taken in place of those that its folder holds by now. A rulebook
    that is `known` by the same id and version must answer alike. The random `episodes` are the
    same in each run. Without `engines` these are not tried, and what is left takes a fraction of
    the time. A rulebook whose stages are unsound is checked no further.
    """
    structure = tuple(_structure(rulebook))
    if not structure[0].ok:
        return Verification(rulebook, 0, {}, structure)
    space = Space(rulebook)
    classifier, cases = at_hand or AtHand(Classifier(rulebook))
    checks = [*structure, *_proofs(space), _cases(classifier, cases)]
    if known and known.digest != rulebook.digest and _are_alike(known, rulebook):
        kept = tuple(version_flaws(known, rulebook))
        claim = "the version is new, or answers as it did"
        checks.append(CheckResult("version", claim, {"codings": space.size}, kept))
    agreement = EngineTrial(space, classifier)
    if engines:
        differing = tuple(agreement.flaws(episodes))
        tried = {"states": sum(agreement.states.values()), "episodes": agreement.episodes}
        checks.append(CheckResult("agreement", "the engines agree", tried, differing))
    return Verification(rulebook, space.size, agreement.states, tuple(checks))


def _are_alike(known: Rulebook, rulebook: Rulebook) -> bool:
    return (known.id, known.version) == (rulebook.id, rulebook.version)


def _structure(rulebook: Rulebook) -> Iterator[CheckResult]:
    """Yield the checks that no coding is needed for; the first must hold for the others."""
    counts = {"stages": len(rulebook.stages), "rules": _rules(rulebook)}
    early = tuple(early_premises(rulebook))
    yield CheckResult("stages", "rules read what earlier stages conclude", counts, early)
    facts = {"facts": len(rulebook.of_kind("intermediate"))}
    unread = tuple(unread_facts(rulebook))
    yield CheckResult("read", "every intermediate fact is read", facts, unread)


def _proofs(space: Space) -> Iterator[CheckResult]:
    checks = {**CHECKS, "properties": PROPERTIES} if space.rulebook.properties else CHECKS
    for name, check in checks.items():
        counts = {check.unit: check.count(space.rulebook), "codings": space.size}
        yield CheckResult(name, check.claim, counts, tuple(check.find(space)))


def _cases(classifier: Classifier, cases: Sequence[Case] | None) -> CheckResult:
    try:
        cases = cases_of(classifier.rulebook) if cases is None else cases
    except RulebookErrors as error:
        unread = tuple(Flaw(f.rule, f.place, f.message) for f in error.findings)
        return CheckResult("cases", "its cases can be read", {"cases": 0}, unread)
    findings = tuple(flaw for case in cases for flaw in case_flaws(classifier, case))
    return CheckResult("cases", "every case comes out as expected", {"cases": len(cases)}, findings)


def as_json(verification: Verification, *, whole_paths: bool = True) -> published.Verification:
    """Return a verification as JSON; without `whole_paths`, files are told from the library on."""
    book = verification.rulebook
    library = None if whole_paths else Path(book.place.file).parent.parent
    return {
        "rulebook": {"id": book.id, "version": book.version, "digest": book.digest},
        "ok": verification.ok,
        "codings": verification.codings,
        "states": dict(verification.states),
        "checks": [
            {
                "check": check.check,
                "claim": check.claim,
                "ok": check.ok,
                "examined": dict(check.examined),
                "findings": [_finding(flaw, library) for flaw in check.findings],
            }
            for check in verification.checks
        ],
    }


def describe_unreadable(name: str, error: RulebookErrors) -> published.Verification:
    """Return, in the shape of `as_json`, that what `name` stands for does not load, and why."""
    findings = [_finding(Flaw(f.rule, f.place, f.message), None) for f in error.findings]
    check: published.Check = {
        "check": "loads",
        "claim": "every rulebook can be read",
        "ok": False,
        "examined": {},
        "findings": findings,
    }
    return {
        "rulebook": {"id": name, "version": "", "digest": ""},
        "ok": False,
        "codings": 0,
        "states": {},
        "checks": [check],
    }


def _finding(flaw: Flaw, library: Path | None) -> published.Finding:
    return {
        "rule": flaw.rule,
        "file": _file(flaw.place, library),
        "line": flaw.place.line,
        "message": flaw.message,
        "remark": flaw.remark,
        "witness": flaw.witness,
    }


def _file(place: Place, library: Path | None) -> str:
    path = Path(place.file)
    if library is None:
        return place.file
    inside = path.is_relative_to(library)
    return str(path.relative_to(library) if inside else Path(*path.parts[-2:]))
