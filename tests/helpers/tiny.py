"""Rulebooks so small that every coding can be walked: three indicators, two forms.

Their rules are arbitrary, so that most have gaps, contradictions, dead and redundant rules.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product

from softbalance.rules.findings import Place
from softbalance.rules.model import (
    Clause,
    Codebook,
    Fact,
    Form,
    Indicator,
    Premise,
    Rule,
    Rulebook,
    Stage,
    VerdictClass,
)

from evaluator import VALUES

Coding = dict[str, str]
PLACE = Place("tiny.yaml", 1)
INDICATORS = ("left", "middle", "right")
FORMS = ("hard", "soft")
FACTS = {"early": ("p", "q", "r"), "inner": ("p", "q"), "classification": ("one", "two", "three")}
STAGES = {"first": ("early", "left"), "second": ("inner", "notes"), "last": ("classification",)}
"""Each stage and the facts it may conclude; the first may also revise an indicator."""

CODEBOOK = Codebook(
    "tiny",
    "1.0.0",
    "Tiny",
    {},
    (),
    {name: Indicator(name, "all", name, name, ()) for name in INDICATORS},
    {name: Form(name, name, name, name, ()) for name in FORMS},
    {name: VerdictClass(name, name, name) for name in FACTS["classification"]},
    PLACE,
    {},
)
KINDS = {
    "classification": "answer",
    "notes": "answer",
    "strategy": "answer",
    "early": "test",
    "inner": "intermediate",
}


def codings() -> Iterator[Coding]:
    for form, *values in product(FORMS, *[VALUES] * len(INDICATORS)):
        yield {"form": form, **dict(zip(INDICATORS, values, strict=True))}


def arbitrary(seed: int) -> Rulebook:
    """A rulebook of arbitrary rules; facts that no rule happens to conclude are left out."""
    chance = random.Random(seed)
    known: dict[str, tuple[str, ...]] = {"form": FORMS, **dict.fromkeys(INDICATORS, VALUES)}
    stages = [Stage("strategy", "", "", tuple(map(_strategy, FORMS)))]
    for name, concluded in STAGES.items():
        rules = tuple(
            _rule(chance, f"{name}-{number}", name, known, concluded)
            for number in range(chance.randint(2, 6))
        )
        stages.append(Stage(name, name, name, rules))
        known |= {fact: FACTS[fact] for fact in stages[-1].concludes if fact in FACTS}
    facts = {
        fact: Fact(fact, KINDS[fact], fact, values, (), PLACE)
        for fact, values in {**FACTS, "notes": ("high", "low"), "strategy": FORMS}.items()
        if any(fact in stage.concludes for stage in stages)
    }
    return Rulebook(
        f"tiny-{seed}", "1.0.0", "", "", None, {}, tuple(stages), facts, CODEBOOK, {}, "", PLACE
    )


def _strategy(form: str) -> Rule:
    when = (Clause((Premise("form", (form,)),)),)
    return Rule(f"strategy-{form}", "strategy", when, "strategy", form, "", (), PLACE)


def _rule(
    chance: random.Random,
    name: str,
    stage: str,
    known: Mapping[str, tuple[str, ...]],
    concluded: tuple[str, ...],
) -> Rule:
    fact = chance.choice(concluded)
    values = {**FACTS, "notes": ("high", "low")}.get(fact, VALUES)
    when = tuple(_clause(chance, known) for _ in range(chance.randint(1, 3)))
    return Rule(name, stage, when, fact, chance.choice(values), "", (), PLACE)


def _clause(chance: random.Random, known: Mapping[str, tuple[str, ...]], deep: int = 2) -> Clause:
    """A premise, mostly; else some of which enough must hold, now and then clauses themselves."""
    members: list[Premise | Clause] = []
    for _ in range(chance.choice((1, 1, 2, 2, 3))):
        if deep and not chance.randrange(6):
            members.append(_clause(chance, known, deep - 1))
            continue
        fact = chance.choice(list(known))
        values = chance.sample(known[fact], chance.randint(1, len(known[fact]) - 1))
        members.append(Premise(fact, tuple(values)))
    return Clause(tuple(members), chance.choice((1, 1, 1, chance.randint(1, len(members)))))


@dataclass
class Run:
    """A coding taken through a rulebook rule by rule; it stops at a stage that is not sound.

    `gaps` and `clashes` are what stopped it: facts, and pairs of rules.
    """

    coding: Coding
    fired: set[str] = field(default_factory=set)
    facts: dict[str, str] = field(default_factory=dict)
    notes: set[str] = field(default_factory=set)
    gaps: set[str] = field(default_factory=set)
    clashes: set[tuple[str, str]] = field(default_factory=set)

    @property
    def sound(self) -> bool:
        return not self.gaps and not self.clashes

    @property
    def answer(self) -> object:
        if not self.sound:
            return None
        shown = {f: v for f, v in self.facts.items() if f in ("early", "classification")}
        contested = {name for name in INDICATORS if self.facts[name] == "contested"}
        return shown, self.notes, contested


def run(rulebook: Rulebook, coding: Coding) -> Run:
    done = Run(coding, facts=dict(coding))
    for stage in rulebook.stages:
        seen = dict(done.facts)
        fired = [rule for rule in stage.rules if _holds(rule, seen)]
        done.fired |= {rule.id for rule in fired}
        for rule in fired:
            if rule.fact == "notes":
                done.notes.add(rule.value)
                continue
            done.facts[rule.fact] = rule.value
            done.clashes |= {
                (other.id, rule.id)
                for other in fired
                if other.fact == rule.fact and other.value != rule.value and other.id < rule.id
            }
        concluded = {rule.fact for rule in fired}
        done.gaps |= {f for f in stage.concludes if f in FACTS and f not in concluded}
        if not done.sound:
            break
    return done


def _holds(rule: Rule, seen: Mapping[str, str]) -> bool:
    return all(_is_true(clause, seen) for clause in rule.when)


def _is_true(part: Clause | Premise, seen: Mapping[str, str]) -> bool:
    if isinstance(part, Premise):
        return seen[part.fact] in part.values
    held = [member for member in part.members if _is_true(member, seen)]
    return len(held) >= part.least
