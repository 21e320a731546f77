"""What a codebook and a rulebook are once loaded: plain, immutable data.

Names follow the codebook: an *indicator* is coded, a *rule* with *premises* concludes a *fact*,
in *stages*; facts end in a *classification*.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from softbalance.rules.findings import Place
from softbalance.schemas.episode import Vocabulary
from softbalance.schemas.fields import CONTESTED, NO, UNKNOWN, YES, Scale
from softbalance.schemas.grammar import CLASSIFICATION, DOMINANT, NOTES

#: The two names that an episode and the codebook give, beside the indicators.
FORM: Final = "form"
STRATEGY: Final = "strategy"
#: The form that stands for those that a codebook does not have.
OTHER_FORM: Final = "other"
#: The facts that gather a value from each rule that concludes one.
SETS = (DOMINANT, NOTES)


class ForeignForm(ValueError):
    """An episode's form is not in a rulebook's codebook, nor is one that stands for others."""


@dataclass(frozen=True, slots=True)
class Cite:
    """A place in a source: the source's id and the section's heading."""

    source: str
    section: str


@dataclass(frozen=True, slots=True)
class Group:
    """A group of indicators on the coding sheet."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Indicator:
    """A question about an episode, and the values that a coder may answer it by.

    Where these are a scale, they stand from the lowest to the highest. `levels` are the lower
    bounds of the values where the answer is a number, of `unit` if one is named.
    """

    id: str
    group: str
    question: str
    help: str
    cites: tuple[Cite, ...]
    values: tuple[str, ...] = (YES, NO)
    levels: tuple[float, ...] | None = None
    unit: str | None = None

    def read(self, coded: str | float) -> str:
        """Return a value as it is coded, or the one that a number stands for.

        Raises ValueError for a number below the lowest level.
        """
        return coded if isinstance(coded, str) else self.level_of(coded)

    def level_of(self, number: float) -> str:
        """Return the value that a number stands for. Raises ValueError below the lowest."""
        if self.levels is None or number < self.levels[0]:
            raise ValueError(f"{self.id} has no level for {number}")
        return self.values[bisect_right(self.levels, number) - 1]

    @property
    def domain(self) -> tuple[str, ...]:
        """Its values, and those of a question that is not settled."""
        return (*self.values, UNKNOWN, CONTESTED)


@dataclass(frozen=True, slots=True)
class Form:
    """A form of action; it fixes the strategy."""

    id: str
    strategy: str
    label: str
    because: str
    cites: tuple[Cite, ...]


@dataclass(frozen=True, slots=True)
class VerdictClass:
    """A verdict that a rulebook may reach; `predicate` is None if the label does in sentences."""

    id: str
    label: str
    meaning: str
    predicate: str | None = None


@dataclass(frozen=True)
class Codebook:
    """What may be coded and concluded; `places` says where an entry of a list stands."""

    id: str
    version: str
    title: str
    sources: Mapping[str, str]
    groups: tuple[Group, ...]
    indicators: Mapping[str, Indicator]
    forms: Mapping[str, Form]
    classes: Mapping[str, VerdictClass]
    place: Place
    content: Mapping[str, Any] = field(repr=False)
    places: Mapping[tuple[str, str], Place] = field(default_factory=dict, repr=False, compare=False)

    def own_form(self, form: str) -> str:
        """Return a form of the codebook for one that an episode may have: another is `other`.

        Raises ForeignForm where the codebook has no form of that name.
        """
        if form in self.forms:
            return form
        if OTHER_FORM not in self.forms:
            raise ForeignForm(
                f"the codebook {self.id!r} has no form {form!r}, and none called {OTHER_FORM!r} "
                "that would stand for it"
            )
        return OTHER_FORM

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """The names an episode may use."""
        scales = tuple(
            Scale(i.values, i.levels[0] if i.levels else None) for i in self.indicators.values()
        )
        return Vocabulary(tuple(self.indicators), tuple(self.forms), scales)


@dataclass(frozen=True, slots=True)
class Premise:
    """A fact, an indicator or the form, and the values for which the premise holds."""

    fact: str
    values: tuple[str, ...]

    def holds(self, facts: Mapping[str, str]) -> bool:
        """Return whether it holds of the facts."""
        return facts[self.fact] in self.values

    def premises(self) -> Iterator[Premise]:
        """Yield itself, as the only premise."""
        yield self


@dataclass(frozen=True, slots=True)
class Clause:
    """Holds if at least `least` members do: one for "any", as many as there are for "all"."""

    members: tuple[Premise | Clause, ...]
    least: int = 1

    @property
    def lone(self) -> Premise | None:
        """The premise, where it is nothing but one."""
        first, *others = self.members
        return first if isinstance(first, Premise) and not others else None

    def holds(self, facts: Mapping[str, str]) -> bool:
        """Return whether enough members hold of the facts."""
        return sum(member.holds(facts) for member in self.members) >= self.least

    def premises(self) -> Iterator[Premise]:
        """Yield every premise in it, in order."""
        for member in self.members:
            yield from member.premises()


@dataclass(frozen=True, slots=True)
class Rule:
    """If each clause of `when` holds, `fact` is concluded to be `value`.

    A `brief` one is told by a smallest set of facts that carries it, since what it was translated
    from says more than a proof needs.
    """

    id: str
    stage: str
    when: tuple[Clause, ...]
    fact: str
    value: str
    because: str
    cites: tuple[Cite, ...]
    place: Place = field(compare=False)
    brief: bool = False

    def premises(self) -> Iterator[Premise]:
        """Yield every premise, clause by clause."""
        for clause in self.when:
            yield from clause.premises()

    def holds(self, facts: Mapping[str, str]) -> bool:
        """Return whether each clause holds of the facts."""
        return all(clause.holds(facts) for clause in self.when)


def strategy_rule(form: str) -> str:
    """Return the id of the rule by which a form fixes its strategy."""
    return f"strategy-{form.replace('_', '-')}"


@dataclass(frozen=True, slots=True)
class Never:
    """Says that no coding makes all the clauses hold, of the facts as they stand in the end."""

    clauses: tuple[Clause, ...]
    place: Place = field(compare=False)


@dataclass(frozen=True, slots=True)
class Monotone:
    """Says that an indicator raised, all else equal, leads to no class that stands earlier."""

    raised: str
    order: tuple[str, ...]
    place: Place = field(compare=False)


@dataclass(frozen=True, slots=True)
class Settled:
    """Says that from these classes no consistent completion leads to another.

    What is coded of the `excepted` indicators is left as it is.
    """

    classes: tuple[str, ...]
    excepted: tuple[str, ...]
    place: Place = field(compare=False)


#: What an author says of every coding, and `verify` proves.
Property = Never | Monotone | Settled


@dataclass(frozen=True, slots=True)
class Stage:
    """Rules that all read the facts as they stood when the stage began."""

    id: str
    title: str
    about: str
    rules: tuple[Rule, ...]

    @property
    def reads(self) -> tuple[str, ...]:
        """The facts its premises name, each once, in order of mention."""
        return tuple(dict.fromkeys(p.fact for rule in self.rules for p in rule.premises()))

    @property
    def concludes(self) -> tuple[str, ...]:
        """The facts its rules conclude, each once, in order of mention."""
        return tuple(dict.fromkeys(rule.fact for rule in self.rules))


@dataclass(frozen=True, slots=True)
class Fact:
    """A name that rules conclude a value for (a set of values for those in `SETS`)."""

    id: str
    kind: str
    title: str
    values: tuple[str, ...]
    undecided: tuple[str, ...]
    place: Place = field(compare=False)


@dataclass(frozen=True)
class Rulebook:
    """One reading of the codebook: stages of rules from codings to a classification.

    `content` is the codebook's document and those of the rulebook's line of parents and itself;
    `digest` is over its canonical form: any change of meaning, reason or citation changes it,
    layout and comments do not.
    """

    id: str
    version: str
    title: str
    summary: str
    extends: str | None
    sources: Mapping[str, str]
    stages: tuple[Stage, ...]
    facts: Mapping[str, Fact]
    codebook: Codebook
    content: Mapping[str, Any] = field(repr=False)
    digest: str
    place: Place
    properties: tuple[Property, ...] = ()

    @property
    def rules(self) -> Iterator[Rule]:
        """Every rule in order of inference, the codebook's form → strategy rules first."""
        for stage in self.stages:
            yield from stage.rules

    def of_kind(self, kind: str) -> tuple[str, ...]:
        """Return the ids of the facts of a kind, as declared."""
        return tuple(fact.id for fact in self.facts.values() if fact.kind == kind)

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """The classes it can conclude."""
        return self.facts[CLASSIFICATION].values

    @cached_property
    def reads(self) -> Mapping[str, frozenset[str]]:
        """Fact of a single value → all that its rules read, in order of inference."""
        found: dict[str, frozenset[str]] = {}
        for rule in self.rules:
            if rule.fact not in SETS:
                read = found.get(rule.fact, frozenset())
                found[rule.fact] = read.union(premise.fact for premise in rule.premises())
        return found

    @cached_property
    def known(self) -> frozenset[str]:
        """The names that its facts of a single value are, and are concluded from."""
        return frozenset(self.reads).union(*self.reads.values())

    @cached_property
    def _stage_of(self) -> Mapping[str, int]:
        return {fact: i for i, stage in enumerate(self.stages) for fact in stage.concludes}

    def is_concluded_before(self, name: str, fact: str) -> bool:
        """Tell whether rules for a name stand in a stage before those for a fact, if it has any."""
        stages = self._stage_of
        return name in stages and stages[name] < stages.get(fact, len(self.stages))

    def domain(self, name: str) -> tuple[str, ...]:
        """Return the values that a fact, an indicator or the form can take."""
        if name in self.codebook.indicators:
            return self.codebook.indicators[name].domain
        if name == FORM:
            return tuple(self.codebook.forms)
        return self.facts[name].values

    def list_undecided_values(self, name: str) -> tuple[str, ...]:
        """Return the values of `name` that stand for "not settled"."""
        if name in self.codebook.indicators:
            return (UNKNOWN, CONTESTED)
        return self.facts[name].undecided if name in self.facts else ()
