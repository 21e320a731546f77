"""One episode through one rulebook: stage by stage, fired, checked, concluded."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from softbalance.rules.episode.firing import EngineFailure, StageRuleset
from softbalance.rules.episode.matching import StageMatcher
from softbalance.rules.model import FORM, SETS, Rule, Rulebook, Stage


class Disagreement(EngineFailure):
    """The rules that fired are not those that hold.

    `stage` and `facts` reproduce it, `fired` are the ids of the rules that fired. A verdict is
    never made from such a run.
    """

    def __init__(
        self, stage: Stage, facts: Mapping[str, str], fired: Iterable[Rule], held: Iterable[str]
    ) -> None:
        self.stage, self.facts, self.fired = stage, dict(facts), [rule.id for rule in fired]
        super().__init__(f"stage {stage.id}: fired {self.fired}, held {list(held)}, for {facts}")


class UnsoundRulebook(EngineFailure):
    """The rulebook says nothing of these codings, or two things at once.

    The engine did what it should; `softbalance rulebook verify` tells which rules to mend.
    """


class Contradiction(UnsoundRulebook):
    """Two rules conclude different values of one fact; `fired` are the ids of all that fired."""

    def __init__(
        self,
        stage: Stage,
        facts: Mapping[str, str],
        fired: Iterable[Rule],
        apart: Iterable[Rule],
    ) -> None:
        self.stage, self.facts, self.fired = stage, dict(facts), [rule.id for rule in fired]
        said = " and ".join(f"{rule.fact} = {rule.value} (rule {rule.id})" for rule in apart)
        super().__init__(f"stage {stage.id}: rules conclude {said} from {self.facts}")


class NothingConcluded(UnsoundRulebook):
    """No rule concludes a fact that every episode must have a value of: the rulebook has a gap.

    `stage` and `facts` reproduce it, `missing` is the fact.
    """

    def __init__(self, stage: Stage, facts: Mapping[str, str], missing: str) -> None:
        self.stage, self.facts, self.missing = stage, dict(facts), missing
        super().__init__(f"stage {stage.id}: no rule concludes {missing} from {self.facts}")


@dataclass(frozen=True, slots=True)
class Conclusions:
    """Rules of one stage that fired together, in the rulebook's order, and what they conclude.

    `facts` has the value of each single fact, `gathered` the values for the facts in `SETS`.
    """

    rules: tuple[Rule, ...]
    facts: Mapping[str, str]
    gathered: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Firing:
    """A rule that fired, and the facts of its stage as they stood when it did."""

    rule: Rule
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Decision:
    """What a rulebook concludes from codings.

    `coded` is the form and every indicator as it went in, `facts` the same as they are in the end
    (a stage may replace an indicator's value) and all that was concluded. `sets` holds the values
    of `dominant_explanations` and `notes`, in alphabetical order. `stages` has what each stage saw
    and concluded.
    """

    rulebook: Rulebook
    coded: Mapping[str, str]
    facts: Mapping[str, str]
    sets: Mapping[str, tuple[str, ...]]
    stages: tuple[tuple[Mapping[str, str], Conclusions], ...]

    @property
    def firings(self) -> Iterator[Firing]:
        """The rules that fired, in order of inference."""
        for seen, conclusions in self.stages:
            for rule in conclusions.rules:
                yield Firing(rule, seen)

    @property
    def fired(self) -> tuple[str, ...]:
        """The ids of the rules that fired, in order of inference."""
        return tuple(firing.rule.id for firing in self.firings)


#: What a stage sees, and what it concludes.
_StageResult = tuple[dict[str, str], Conclusions]


class Decider:
    """A rulebook ready to decide; to be made once a process, since the engine frees no ruleset.

    Safe for threads: a lock keeps one decision at a time in the firing engine.
    """

    def __init__(self, rulebook: Rulebook) -> None:
        self.rulebook = rulebook
        self._lock = threading.Lock()
        self._stages = [StageDecider(rulebook, stage) for stage in rulebook.stages]

    def decide(self, form: str, values: Mapping[str, str]) -> Decision:
        """Decide from a form and a value for every indicator.

        Raises EngineFailure if the engine failed, Disagreement if what fired is not exactly what
        holds, and UnsoundRulebook if the rulebook has a gap or contradicts itself.
        """
        return self._run_stages(form, values, StageDecider.decide)

    def decide_from_fired(
        self, form: str, values: Mapping[str, str], fired: Iterable[str]
    ) -> Decision:
        """Make the decision of which another engine says what rules fired, by their ids.

        Raises Disagreement if these contradict each other, and NothingConcluded.
        """
        ids = frozenset(fired)
        return self._run_stages(
            form, values, lambda stage, facts: stage.decide_from_fired(facts, ids)
        )

    def _run_stages(
        self, form: str, values: Mapping[str, str], decide: Callable[..., _StageResult]
    ) -> Decision:
        coded = {FORM: form, **values}
        facts = coded.copy()
        gathered: dict[str, set[str]] = {name: set() for name in SETS}
        stages = []
        with self._lock:
            for stage in self._stages:
                seen, conclusions = decide(stage, facts)
                facts.update(conclusions.facts)
                for name, value in conclusions.gathered:
                    gathered[name].add(value)
                stages.append((seen, conclusions))
        sets = {name: tuple(sorted(found)) for name, found in gathered.items()}
        return Decision(self.rulebook, coded, facts, sets, tuple(stages))

    def fire(self, number: int, facts: Mapping[str, str]) -> tuple[Rule, ...]:
        """Return the rules of stage `number` that fire of the facts that it reads.

        Raises EngineFailure, and Disagreement if what fired is not exactly what holds.
        """
        with self._lock:
            return self._stages[number].fire(facts)


class StageDecider:
    """One stage, fired and checked; not safe for two threads at a time."""

    def __init__(self, rulebook: Rulebook, stage: Stage) -> None:
        self.stage = stage
        self._reads = stage.reads
        self._ruleset = StageRuleset(stage)
        self._matcher = StageMatcher(stage, {fact: rulebook.domain(fact) for fact in stage.reads})
        self._required = [f for f in stage.concludes if f in rulebook.facts and f not in SETS]
        # what rules conclude together depends on nothing but which they are
        self._by_mask: dict[int, Conclusions] = {}

    def decide(self, facts: Mapping[str, str]) -> _StageResult:
        """Return the facts that the stage reads and what it concludes from them."""
        seen = {fact: facts[fact] for fact in self._reads}
        return seen, self._conclude_once(self._fire_and_check(seen), seen)

    def decide_from_fired(self, facts: Mapping[str, str], fired: frozenset[str]) -> _StageResult:
        """Return the facts that the stage reads and what it concludes, given the rules' ids."""
        seen = {fact: facts[fact] for fact in self._reads}
        held = sum(1 << i for i, rule in enumerate(self.stage.rules) if rule.id in fired)
        return seen, self._conclude_once(held, seen)

    def _conclude_once(self, held: int, seen: Mapping[str, str]) -> Conclusions:
        conclusions = self._by_mask.get(held)
        if conclusions is None:
            conclusions = self._by_mask[held] = self._conclude(
                tuple(self._select_rules(held)), seen
            )
        return conclusions

    def fire(self, seen: Mapping[str, str]) -> tuple[Rule, ...]:
        """Return the rules that fire of the facts that the stage reads, whatever they conclude."""
        return tuple(self._select_rules(self._fire_and_check(seen)))

    def _fire_and_check(self, seen: Mapping[str, str]) -> int:
        fired, held = self._ruleset.fire(seen), self._matcher.match(seen)
        if fired != held:
            held_ids = (rule.id for rule in self._select_rules(held))
            raise Disagreement(self.stage, seen, self._select_rules(fired), held_ids)
        return held

    def _select_rules(self, mask: int) -> Iterator[Rule]:
        for i, rule in enumerate(self.stage.rules):
            if mask >> i & 1:
                yield rule

    def _conclude(self, rules: tuple[Rule, ...], seen: Mapping[str, str]) -> Conclusions:
        by_fact: dict[str, Rule] = {}
        for rule in rules:
            if rule.fact not in SETS and by_fact.setdefault(rule.fact, rule).value != rule.value:
                raise Contradiction(self.stage, seen, rules, (by_fact[rule.fact], rule))
        for fact in self._required:
            if fact not in by_fact:
                raise NothingConcluded(self.stage, seen, fact)
        facts = {fact: rule.value for fact, rule in by_fact.items()}
        gathered = tuple((rule.fact, rule.value) for rule in rules if rule.fact in SETS)
        return Conclusions(rules, facts, gathered)
