"""What of a rulebook its cases exercise, and the smallest episodes that exercise the rest."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from softbalance.rules.classifier import Classifier
from softbalance.rules.codings import reconcile
from softbalance.rules.diagrams.regions import NONE
from softbalance.rules.diagrams.space import Space, episode_of
from softbalance.rules.findings import Place
from softbalance.rules.language.entries import SECTIONS
from softbalance.rules.model import STRATEGY, Rule, Rulebook
from softbalance.rules.verification.cases import Case
from softbalance.schemas.episode import Episode
from softbalance.schemas.grammar import CLASSIFICATION

#: What is counted, in this order. Rows are rules too, those that have an order among them.
KINDS = ("rules", "rows", "values", "classes")


class Item(NamedTuple):
    """What a case can cover: of which kind, its name, where it stands, the rules that bring it."""

    kind: str
    name: str
    place: Place
    rules: frozenset[str]

    @property
    def words(self) -> str:
        """Say that no case covers it."""
        if self.kind in ("rules", "rows"):
            return f"no case fires {self.name}"
        return f"no case leads to {self.name}"


@dataclass(frozen=True)
class Coverage:
    """The items of a rulebook, and the ids of the rules that its cases fire."""

    rulebook: Rulebook
    items: tuple[Item, ...]
    fired: Collection[str]

    def is_covered(self, item: Item) -> bool:
        """Return whether some case covers an item."""
        return not item.rules.isdisjoint(self.fired)

    def uncovered(self) -> Iterator[Item]:
        """Yield what no case covers, in the order of the rulebook."""
        return (item for item in self.items if not self.is_covered(item))

    def counts(self) -> Mapping[str, tuple[int, int]]:
        """Return by kind how many are covered, and how many there are."""
        return {
            kind: (sum(map(self.is_covered, items)), len(items))
            for kind in KINDS
            if (items := [item for item in self.items if item.kind == kind])
        }

    @property
    def percent(self) -> float:
        """The least share that is covered of a kind, in per cent."""
        return min((100 * got / of for got, of in self.counts().values()), default=100.0)


def measure_coverage(classifier: Classifier, cases: Iterable[Case]) -> Coverage:
    """Decide cases and see what of their rulebook they cover. Raises EngineFailure."""
    fired: set[str] = set()
    for case in cases:
        codings = reconcile(classifier.rulebook.codebook, case.episode)
        decision = classifier.decider.decide(codings.form, codings.values)
        fired.update(firing.rule.id for firing in decision.firings)
    return Coverage(classifier.rulebook, tuple(list_items(classifier.rulebook)), fired)


def list_items(rulebook: Rulebook) -> Iterator[Item]:
    """Yield all that cases can cover; how forms fix the strategy is the codebook's, not its."""
    rules = [rule for rule in rulebook.rules if rule.fact != STRATEGY]
    ordered = _list_ordered(rulebook)
    for rule in rules:
        only = frozenset({rule.id})
        yield Item("rules", rule.id, rule.place, only)
        if rule.fact in ordered:
            yield Item("rows", rule.id, rule.place, only)
    for fact in rulebook.facts.values():
        for value in fact.values if fact.id != STRATEGY else ():
            kind, name = ("values", f"{fact.id}: {value}")
            if fact.id == CLASSIFICATION:
                kind, name = "classes", value
            leading = {rule.id for rule in rules if (rule.fact, rule.value) == (fact.id, value)}
            yield Item(kind, name, fact.place, frozenset(leading))


def _list_ordered(rulebook: Rulebook) -> set[str]:
    """Return the facts that rows conclude, as the authors of the rulebook and its parents wrote."""
    written: list[Mapping[str, Any]] = rulebook.content.get("rulebooks", [])
    return {
        fact
        for document in written
        for section in SECTIONS
        if section != "tests"
        for fact in document.get(section, ())
    }


class Suggestion(NamedTuple):
    """An Episode that fires rules which no case fires."""

    id: str
    episode: Episode
    rules: tuple[str, ...]


def suggest_cases(coverage: Coverage) -> list[Suggestion]:
    """Return for each rule that no case fires the smallest Episode that fires it.

    Rules that the same Episode fires share it, and values and classes have those of their rules.
    What can never fire has none; verification says why.
    """
    rulebook, space = coverage.rulebook, Space(coverage.rulebook)
    decided = space.select_reaching(len(rulebook.stages))
    rules: dict[str, Rule] = {rule.id: rule for rule in rulebook.rules}
    found: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for item in coverage.uncovered():
        if item.kind == "rules":
            region = space.intersect(decided, space.select_firing(rules[item.name]))
            if region != NONE:
                coding = space.pick_simplest(region)
                found.setdefault(tuple(coding.items()), []).append(item.name)
    return [_suggest(rulebook, dict(coding), names) for coding, names in found.items()]


def _suggest(rulebook: Rulebook, coding: dict[str, str], names: list[str]) -> Suggestion:
    from_coding = episode_of(rulebook, coding, f"Constructed: fires {', '.join(names)}"[:300])
    episode: Episode = {"id": names[0], **from_coding}
    return Suggestion(names[0], episode, tuple(names))
