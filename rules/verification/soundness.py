"""What must hold of a rulebook for every coding there is; each check yields flaws with witnesses.

A check asks for regions of the whole space of codings (`softbalance.rules.diagrams.space`): an
empty region is a proof, and a coding in any other is an Episode that shows the flaw. Flaws of a
stage are looked for where all earlier stages are sound, since no decision comes further elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations

from softbalance.rules.diagrams.answer_fields import answers
from softbalance.rules.diagrams.regions import NONE
from softbalance.rules.diagrams.space import Space
from softbalance.rules.findings import Flaw
from softbalance.rules.model import SETS, Clause, Rule, Rulebook
from softbalance.rules.wording import join_words, locate_rule, premises_words


def early_premises(rulebook: Rulebook) -> Iterator[Flaw]:
    """Find premises on facts that no earlier stage concludes."""
    concluded: set[str] = set()
    for stage in rulebook.stages:
        for rule in stage.rules:
            for fact in sorted({p.fact for p in rule.premises()} & set(rulebook.facts) - concluded):
                yield Flaw(
                    rule.id,
                    rule.place,
                    f"reads {fact}, which no stage before {stage.id!r} concludes; move the rule "
                    "to a later stage, or the fact to an earlier one",
                )
        concluded |= set(stage.concludes)


def unread_facts(rulebook: Rulebook) -> Iterator[Flaw]:
    """Find intermediate facts that no rule reads."""
    read = {premise.fact for rule in rulebook.rules for premise in rule.premises()}
    for fact in rulebook.of_kind("intermediate"):
        if fact not in read:
            yield Flaw(
                None,
                rulebook.facts[fact].place,
                f"no rule reads the intermediate fact {fact}, and no answer shows it; read it, or "
                "remove it and the rules that conclude it",
            )


def gaps(space: Space) -> Iterator[Flaw]:
    """Find facts that no rule concludes for some coding."""
    for number, fact, rules in _conclusions(space):
        if fact not in space.rulebook.facts or fact in SETS:
            continue
        covered = space.unite(*map(space.select_holding, rules))
        gap = space.intersect(space.select_reaching(number), space.complement(covered))
        if gap != NONE:
            nearest, failing = _find_nearest(space, rules, number, space.pick_simplest(gap))
            yield Flaw(
                nearest.id,
                nearest.place,
                f"no rule concludes {fact} for {space.share(gap)}, the witness among them; add a "
                "rule, or widen this one, which comes nearest but asks that "
                f"{premises_words(failing)}",
                space.episode(gap, f"No rule concludes {fact}"),
            )


def _find_nearest(
    space: Space, rules: Sequence[Rule], number: int, coding: dict[str, str]
) -> tuple[Rule, list[Clause]]:
    """Return the rule that comes nearest to holding of a coding, and the clauses that fail."""
    failing = {
        rule: [
            c
            for c in rule.when
            if space.evaluate(space.select_matching([c], number), coding) == NONE
        ]
        for rule in rules
    }
    nearest = min(rules, key=lambda rule: len(failing[rule]))
    return nearest, failing[nearest]


def contradictions(space: Space) -> Iterator[Flaw]:
    """Find rules that conclude different values of one fact for the same coding."""
    for _, fact, rules in _conclusions(space):
        if fact in SETS:
            continue
        for first, second in combinations(rules, 2):
            clash = space.intersect(space.select_firing(first), space.select_holding(second))
            if first.value != second.value and clash != NONE:
                yield Flaw(
                    second.id,
                    second.place,
                    f"concludes {fact} {second.value} where {locate_rule(first)} concludes "
                    f"{first.value}, for {space.share(clash)}; make the premises of the two "
                    "exclude each other",
                    space.episode(clash, f"Two values of {fact}: {first.value}, {second.value}"),
                )


def dead_rules(space: Space) -> Iterator[Flaw]:
    """Find rules that hold of no coding; no witness can exist."""
    for number, stage in enumerate(space.rulebook.stages):
        for rule in stage.rules:
            if space.select_firing(rule) == NONE:
                yield Flaw(rule.id, rule.place, _explain_dead(space, rule, number))


def _explain_dead(space: Space, rule: Rule, number: int) -> str:
    core = list(rule.when)
    for clause in rule.when:
        fewer = [other for other in core if other is not clause]
        if (
            space.intersect(space.select_matching(fewer, number), space.select_reaching(number))
            == NONE
        ):
            core = fewer
    if not core:
        return f"can never fire, since no coding gets as far as stage {rule.stage!r}"
    never = premises_words(core)
    return f"can never fire: it is never so that {never}; change this, or remove the rule"


def redundant_rules(space: Space) -> Iterator[Flaw]:
    """Find rules without which every answer would be the same."""
    for _, fact, rules in _conclusions(space):
        for rule in rules:
            if space.select_firing(rule) == NONE:
                continue
            why = _explain_covered(space, rule)
            if why is None and fact not in space.rulebook.facts:
                why = _explain_idle(space, rule)
            if why is not None:
                yield Flaw(
                    rule.id,
                    rule.place,
                    f"is redundant: {why}",
                    space.episode(space.select_firing(rule), f"{rule.id} adds nothing"),
                )


def _explain_covered(space: Space, rule: Rule) -> str | None:
    """Say which rules conclude the same wherever a rule holds."""
    where = space.select_firing(rule)
    # a set may gather one value in several stages
    same = [r for r in space.rulebook.rules if (r.fact, r.value) == (rule.fact, rule.value)]
    same = [
        r for r in same if r is not rule and space.intersect(where, space.select_firing(r)) != NONE
    ]
    if (
        space.intersect(where, space.complement(space.unite(*map(space.select_firing, same))))
        != NONE
    ):
        return None
    return (
        f"wherever it holds, {rule.fact} {rule.value} is concluded by "
        f"{join_words(map(locate_rule, same), 'or')} too; remove it, or make the two exclude each "
        "other"
    )


def _explain_idle(space: Space, rule: Rule) -> str | None:
    """Say that no answer depends on what a rule makes of an indicator."""
    book = space.rulebook
    stages = tuple(
        replace(stage, rules=tuple(r for r in stage.rules if r is not rule))
        for stage in book.stages
    )
    without = Space(replace(book, stages=stages), space.order, space.nodes)
    end = len(stages)
    if without.select_reaching(end) != space.select_reaching(end) or answers(without) != answers(
        space
    ):
        return None
    return f"no answer depends on the value it gives to {rule.fact}; remove it, or read that value"


def unreachable_values(space: Space) -> Iterator[Flaw]:
    """Find declared values, classes among them, that no coding leads to; no witness can exist."""
    for fact in space.rulebook.facts.values():
        for value in fact.values:
            rules = [r for r in space.rulebook.rules if (r.fact, r.value) == (fact.id, value)]
            where = space.unite(*map(space.select_firing, rules))
            if space.intersect(where, space.select_reaching(len(space.rulebook.stages))) != NONE:
                continue
            why = (
                f"{join_words(map(locate_rule, rules))} never fire where every fact has one value"
                if rules
                else "no rule concludes it"
            )
            yield Flaw(
                rules[0].id if rules else None,
                rules[0].place if rules else fact.place,
                f"no coding leads to {fact.id} {value}: {why}; let a rule conclude it, or remove "
                "the value",
            )


def idle_premises(space: Space) -> Iterator[Flaw]:
    """Find premises, and values of premises, without which a rule would fire just the same."""
    for number, stage in enumerate(space.rulebook.stages):
        for rule in stage.rules:
            if space.select_firing(rule) != NONE:
                for fewer, what in _weaken(rule):
                    without = space.intersect(
                        space.select_matching(fewer, number), space.select_reaching(number)
                    )
                    if without == space.select_firing(rule):
                        yield Flaw(
                            rule.id,
                            rule.place,
                            f"would fire just the same without {what}; leave it out",
                            space.episode(without, f"{rule.id} fires"),
                            remark=True,
                        )


def _weaken(rule: Rule) -> Iterator[tuple[tuple[Clause, ...], str]]:
    """Yield the clauses of a rule with one part left out, and which part."""
    for i, clause in enumerate(rule.when):
        before, after = rule.when[:i], rule.when[i + 1 :]
        yield (*before, *after), f"the premise that {premises_words([clause])}"
        for weaker, what in _weaken_clause(clause):
            yield (*before, weaker, *after), what


def _weaken_clause(clause: Clause) -> Iterator[tuple[Clause, str]]:
    for j, member in enumerate(clause.members):
        before, after = clause.members[:j], clause.members[j + 1 :]
        if clause.least == 1 and len(clause.members) > 1:
            one = Clause((member,))
            yield (
                replace(clause, members=(*before, *after)),
                (f"the alternative that {premises_words([one])}"),
            )
        if isinstance(member, Clause):
            for inner, what in _weaken_clause(member):
                yield replace(clause, members=(*before, inner, *after)), what
            continue
        for value in member.values if len(member.values) > 1 else ():
            kept = replace(member, values=tuple(v for v in member.values if v != value))
            narrowed = replace(clause, members=(*before, kept, *after))
            yield narrowed, f"the value {value} of {member.fact}"


def _conclusions(space: Space) -> Iterator[tuple[int, str, list[Rule]]]:
    """Yield each fact that a stage concludes: the stage's number, the fact and its rules there."""
    for number, stage in enumerate(space.rulebook.stages):
        for fact in stage.concludes:
            yield number, fact, [rule for rule in stage.rules if rule.fact == fact]
