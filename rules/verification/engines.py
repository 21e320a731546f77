"""Do the engines agree on a rulebook? Tried on the states of its stages and on random episodes.

What fires in a stage depends on nothing but the facts that the stage reads, and what a rule does on
the facts of its own premises. So the rules of a stage fall into parts that read no fact in common,
and for each part every combination of values that its facts can have is asserted to durable_rules,
with the other facts of the stage as in a random coding that leads there (some combinations only,
where a part reads so much that there are more than `STATES_A_PART`). All rules that fire are
compared with an evaluation of their premises as they stand in the rulebook.

Random episodes go through all stages. In every other one a rule drawn at random fires, since
evenly drawn codings hardly ever come to the rarer classes. The rules that fired, which settle all
else, are compared with the regions that the proofs of the other checks rest on. Then all of the
episodes go through the relational engine as one table, and every column is compared.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from softbalance.rules.classifier import Classifier
from softbalance.rules.diagrams.groups import group_connected
from softbalance.rules.diagrams.nodes import UNDEFINED
from softbalance.rules.diagrams.regions import ALL, NONE
from softbalance.rules.diagrams.space import Space, episode_of
from softbalance.rules.episode.decision import Contradiction, Decision, Disagreement
from softbalance.rules.episode.firing import EngineFailure
from softbalance.rules.findings import Flaw
from softbalance.rules.model import FORM, Rule, Rulebook
from softbalance.rules.table.columns import as_columns
from softbalance.rules.wording import join_words

#: The most combinations of a part of a stage that are all tried; of more, some are drawn.
STATES_A_PART, DRAWN_A_PART = 50_000, 5_000
_OURS = "this is an error of the engine, not of the rulebook: report it with the witness"


@dataclass
class EngineTrial:
    """Compares the engines on one rulebook; `states` and `episodes` count what was tried."""

    space: Space
    classifier: Classifier
    seed: int = 0
    states: dict[str, int] = field(default_factory=dict)
    episodes: int = 0

    def flaws(self, episodes: int) -> Iterator[Flaw]:
        """Yield disagreements, at most one of a part of a stage and one of the random episodes.

        After a failure of the firing engine nothing more is tried, since it can't be relied on.
        """
        chance = random.Random(self.seed)  # noqa: S311 - to be reproducible, not secret
        book = self.space.rulebook
        try:
            for number, stage in enumerate(book.stages):
                for rules in group_connected(stage.rules, _read_by):
                    yield from self._try_states(number, rules, chance)
            if episodes and self.space.select_reaching(len(book.stages)) != NONE:
                yield from self._try_episodes(list(self._draw_codings(episodes, chance)))
        except EngineFailure as error:
            yield Flaw(None, book.place, f"the firing engine failed: {error}")

    def _try_states(self, number: int, rules: list[Rule], chance: random.Random) -> Iterator[Flaw]:
        stage = self.space.rulebook.stages[number]
        for coding in self._codings(number, rules, chance):
            facts = self.space.facts(number, coding)
            if UNDEFINED in facts.values():
                continue
            self.states[stage.id] = self.states.get(stage.id, 0) + 1
            held = {rule.id for rule in stage.rules if rule.holds(facts)}
            fired = self._fire_stage(number, facts)
            if fired != held:
                yield self._flaw(f"stage {stage.id} of {facts}", fired ^ held, coding)
                return

    def _codings(
        self, number: int, rules: list[Rule], chance: random.Random
    ) -> Iterator[dict[str, str]]:
        """Yield a coding for every combination of the facts that the rules read, if few enough."""
        space = self.space
        names = list(dict.fromkeys(p.fact for rule in rules for p in rule.premises()))
        if math.prod(len(space.rulebook.domain(name)) for name in names) <= STATES_A_PART:
            for way in space.states(names, number):
                yield space.draw(ALL, chance) | way
            return
        for i in range(DRAWN_A_PART):
            aim = space.select_holding(chance.choice(rules)) if i % 2 else ALL
            yield space.draw(aim if aim != NONE else ALL, chance)

    def _fire_stage(self, number: int, facts: Mapping[str, str]) -> set[str]:
        try:
            return {rule.id for rule in self.classifier.decider.fire(number, facts)}
        except Disagreement as error:
            return {*error.fired}

    def _draw_codings(self, episodes: int, chance: random.Random) -> Iterator[dict[str, str]]:
        space = self.space
        sound = space.select_reaching(len(space.rulebook.stages))
        rules = list(space.rulebook.rules)
        for i in range(episodes):
            aim = (
                space.intersect(sound, space.select_firing(chance.choice(rules)))
                if i % 2
                else sound
            )
            yield space.draw(aim if aim != NONE else sound, chance)

    def _try_episodes(self, codings: list[dict[str, str]]) -> Iterator[Flaw]:
        space, decisions = self.space, []
        for coding in codings:
            self.episodes += 1
            held = {
                r.id
                for r in space.rulebook.rules
                if space.evaluate(space.select_firing(r), coding) == ALL
            }
            try:
                decision = self.classifier.decider.decide(coding[FORM], coding)
            except (Contradiction, Disagreement) as error:
                yield self._flaw("an episode", {*error.fired} ^ held, coding)
                return
            if held != {*decision.fired}:
                yield self._flaw("an episode", {*decision.fired} ^ held, coding)
                return
            decisions.append(decision)
        yield from self._try_table(codings, decisions)

    def _try_table(
        self, codings: list[dict[str, str]], decisions: list[Decision]
    ) -> Iterator[Flaw]:
        answers = answer_by_table(self.space.rulebook, codings)
        for coding, decision, answer in zip(codings, decisions, answers, strict=True):
            expected = as_columns(self.classifier.verdict(decision), decision.fired)
            columns = [name for name, value in expected.items() if answer.get(name) != value]
            if columns:
                book = self.space.rulebook
                yield Flaw(
                    None,
                    book.place,
                    f"durable_rules and the relational engine differ on {join_words(columns)}; "
                    f"{_OURS}",
                    episode_of(book, coding, f"The engines differ on {join_words(columns)}"),
                )
                return

    def _flaw(self, what: str, rules: set[str], coding: Mapping[str, str]) -> Flaw:
        first = next(rule for rule in self.space.rulebook.rules if rule.id in rules)
        return Flaw(
            first.id,
            first.place,
            f"for {what} durable_rules and a direct evaluation differ on "
            f"{join_words(sorted(rules))}; "
            f"{_OURS}",
            episode_of(self.space.rulebook, coding, f"The engines differ on {first.id}"),
        )


def _read_by(rule: Rule) -> set[str]:
    """Return the facts that a rule reads."""
    return {premise.fact for premise in rule.premises()}


def answer_by_table(
    rulebook: Rulebook, codings: Sequence[Mapping[str, str]]
) -> list[dict[str, Any]]:
    """Return what the relational engine answers to codings, in order, a column an item."""
    # these take a while to import, and nothing else here needs them
    import duckdb  # noqa: PLC0415
    import pyarrow  # noqa: PLC0415
    from softbalance.rules.table.duckdb_sql import verdicts_sql  # noqa: PLC0415

    columns = {name: [coding[name] for coding in codings] for name in codings[0]}
    with duckdb.connect() as connection:
        connection.register("codings", pyarrow.table({"row": range(len(codings)), **columns}))
        query = verdicts_sql(rulebook, "codings", ["row"])
        answer: list[dict[str, Any]] = (
            connection.sql(query).order("row").to_arrow_table().to_pylist()
        )
    return answer
