"""What must hold of a rulebook beyond its grammar; each lint yields findings with remedies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from softbalance.rules.findings import Finding
from softbalance.rules.language.entries import Entry
from softbalance.rules.language.inheritance import Draft
from softbalance.rules.language.lost import Lost
from softbalance.rules.model import FORM, SETS, STRATEGY, Clause, Codebook, strategy_rule
from softbalance.schemas.fields import CONTESTED
from softbalance.schemas.grammar import ANSWERS, CLASSIFICATION
from softbalance.schemas.mistakes import unknown_name

#: Names with a meaning of their own to the firing engine, in an episode or among the columns of
#: a dataset's answer.
RESERVED = frozenset({FORM, STRATEGY, "id", "sid", "all", "any", "rulebook", CONTESTED, "fired"})


@dataclass
class Names:
    """A draft seen through the names it uses."""

    draft: Draft
    codebook: Codebook

    @cached_property
    def facts(self) -> dict[str, Entry]:
        """The declared facts by id."""
        return {entry.data["id"]: entry for entry in self.draft.facts}

    @property
    def lost(self) -> Lost:
        """What is not known for mistakes of grammar."""
        return self.draft.lost

    @cached_property
    def written(self) -> list[Entry]:
        """The rules that are checked as they stand, and not part by part before."""
        return [entry for entry in self.draft.rules if not entry.translated]

    @cached_property
    def order(self) -> dict[str, int]:
        """The position of each stage."""
        return {entry.data["id"]: i for i, entry in enumerate(self.draft.stages)}

    @cached_property
    def concluded_in(self) -> dict[str, list[Entry]]:
        """The rules that conclude each fact."""
        rules: dict[str, list[Entry]] = {}
        for entry in self.draft.rules:
            rules.setdefault(entry.data["then"][0], []).append(entry)
        return rules

    def domain(self, name: str) -> tuple[str, ...] | None:
        """Return the values `name` can take, or None if there is no such name."""
        if name in self.facts:
            return tuple(self.facts[name].data["values"])
        if name in self.codebook.indicators:
            return self.codebook.indicators[name].domain
        return tuple(self.codebook.forms) if name == FORM else None

    @property
    def all_names(self) -> list[str]:
        """Every name a premise may use."""
        return [FORM, *self.codebook.indicators, *(f for f in self.facts if f not in SETS)]


Lint = Callable[[Names], Iterator[Finding]]


def duplicated_ids(names: Names) -> Iterator[Finding]:
    """No two stages, facts or rules share an id."""
    for entries in (names.draft.stages, names.draft.facts, names.draft.rules):
        first: dict[str, Entry] = {}
        for entry in entries:
            earlier = first.setdefault(entry.data["id"], entry)
            if earlier is not entry:
                yield entry.finding(
                    f"the id {entry.data['id']!r} is already taken at {earlier.place}; rename one"
                )
    made = {strategy_rule(form) for form in names.codebook.forms}
    for entry in names.draft.rules:
        if entry.data["id"] in made:
            yield entry.finding("the id is that of a rule made from the codebook; rename this one")


def misdeclared_facts(names: Names) -> Iterator[Finding]:
    """A fact's id, kind and values fit together."""
    for name, entry in names.facts.items():
        if name in RESERVED or name in names.codebook.indicators:
            yield entry.finding(f"the name {name!r} is taken by the codebook; rename the fact")
        if (entry.data["kind"] == "answer") != (name in ANSWERS):
            yield entry.finding(
                f"kind 'answer' is for {', '.join(ANSWERS)}, and only for these; "
                "change the kind or the id"
            )
        for value in entry.data.get("undecided", ()):
            if value not in entry.data["values"]:
                yield entry.finding(
                    f"undecided: {unknown_name('value', value, entry.data['values'])}",
                    "/undecided",
                )
    classification = names.facts.get(CLASSIFICATION)
    if classification is not None:
        yield from _unknown_classes(names, classification)
    elif not names.lost.hides(CLASSIFICATION):
        yield Finding(
            names.draft.document.place("/facts"),
            None,
            f"the fact {CLASSIFICATION!r} is missing; declare it and conclude it",
        )


def _unknown_classes(names: Names, classification: Entry) -> Iterator[Finding]:
    classes, concluding = names.codebook.classes, names.concluded_in.get(CLASSIFICATION, ())
    for i, value in enumerate(classification.data["values"]):
        if value in classes or names.lost.hides(value):
            continue
        unknown = f"{unknown_name('class', value, classes)}; or add it under `classes:`"
        rows = [entry for entry in concluding if entry.data["then"][1] == value]
        written = f"{classification.pointer}/values/{i}" in classification.document.lines
        if rows and not written:
            yield rows[0].finding(unknown, "/then")
        else:
            yield classification.finding(unknown, f"/values/{i}")


def unknown_stages(names: Names) -> Iterator[Finding]:
    """Each rule stands in a declared stage, and each stage has a rule."""
    used = {entry.data["stage"] for entry in names.draft.rules}
    for entry in names.draft.stages:
        if entry.data["id"] not in used and names.draft.whole:
            yield entry.finding(
                f"no rule stands in stage {entry.data['id']!r}; add one or remove it"
            )
        if entry.data["id"] == STRATEGY:
            yield entry.finding(
                f"the stage {STRATEGY!r} is made from the codebook; rename this one"
            )
    for entry in names.draft.rules:
        stage = entry.data["stage"]
        if stage not in names.order and not names.lost.hides(stage):
            yield entry.finding(str(unknown_name("stage", stage, names.order)), "/stage")


def unknown_premises(names: Names) -> Iterator[Finding]:
    """Each premise names a fact that exists and values that it can take."""
    for entry in names.written:
        for i, clause in enumerate(entry.data["when"]):
            for j, premise in enumerate(clause.premises()):
                place = _place(clause, i, j)
                yield from _premise(names, entry, place, premise.fact, premise.values)


def _place(clause: Clause, i: int, j: int) -> str:
    return f"/when/all/{i}" if clause.lone else f"/when/all/{i}/any/{j}"


def _premise(
    names: Names, entry: Entry, within: str, fact: str, values: tuple[str, ...]
) -> Iterator[Finding]:
    domain = names.domain(fact)
    if names.lost.hides(fact):
        return
    if fact in SETS:
        yield entry.finding(
            f"{fact!r} gathers many values and can be no premise; use the facts "
            "that it is concluded from",
            within,
        )
    elif fact == STRATEGY:
        yield entry.finding(
            f"{fact!r} only repeats the form; make it a premise on {FORM!r}", within
        )
    elif domain is None:
        yield entry.finding(str(unknown_name("fact", fact, names.all_names)), within)
    else:
        for value in values:
            if value not in domain:
                yield entry.finding(f"{fact}: {unknown_name('value', value, domain)}", within)


def premises_on_later_stages(names: Names) -> Iterator[Finding]:
    """A premise on a concluded fact reads an earlier stage."""
    for entry in names.written:
        own = names.order.get(entry.data["stage"])
        for i, clause in enumerate(entry.data["when"]):
            for fact in dict.fromkeys(premise.fact for premise in clause.premises()):
                for source in names.concluded_in.get(fact, ()) if fact in names.facts else ():
                    stage = source.data["stage"]
                    if own is not None and names.order.get(stage, -1) >= own and fact not in SETS:
                        yield entry.finding(
                            f"reads {fact!r}, which is concluded only in stage {stage!r}; move the "
                            f"rule to a later stage, or {fact!r} to an earlier one",
                            f"/when/all/{i}",
                        )
                        break


def unknown_conclusions(names: Names) -> Iterator[Finding]:
    """Each conclusion is a value that its fact can take, in one stage only."""
    for fact, entries in names.concluded_in.items():
        domain = None if fact == FORM else names.domain(fact)
        if names.lost.hides(fact):
            continue
        for entry in entries:
            if domain is None:
                known = [*names.facts, *names.codebook.indicators]
                yield entry.finding(f"concludes an {unknown_name('fact', fact, known)}", "/then")
            elif entry.data["then"][1] not in domain:
                wrong = unknown_name("value", entry.data["then"][1], domain)
                yield entry.finding(f"{fact}: {wrong}", "/then")
            elif fact not in SETS and entry.data["stage"] != entries[0].data["stage"]:
                yield entry.finding(
                    f"concludes {fact!r}, as rule {entries[0].data['id']} does in "
                    "another stage; conclude a fact in one stage only",
                    "/then",
                )


def unconcluded_facts(names: Names) -> Iterator[Finding]:
    """Each declared fact is concluded by some rule."""
    for name, entry in names.facts.items():
        if name not in names.concluded_in and names.draft.whole:
            yield entry.finding(f"no rule concludes {name!r}; add one or remove the fact")


def unknown_citations(names: Names) -> Iterator[Finding]:
    """Each citation is of a source that the rulebook or the codebook declares."""
    sources = {**names.codebook.sources, **names.draft.sources}
    for entry in names.written:
        for i, cite in enumerate(entry.data["cites"]):
            if cite["source"] not in sources and not names.lost.hides(cite["source"]):
                yield entry.finding(
                    str(unknown_name("source", cite["source"], sources)), f"/cites/{i}"
                )


LINTS: tuple[Lint, ...] = (
    duplicated_ids,
    misdeclared_facts,
    unknown_stages,
    unknown_premises,
    premises_on_later_stages,
    unknown_conclusions,
    unconcluded_facts,
    unknown_citations,
)
