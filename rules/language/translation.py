"""From the second edition of the language to the core: stages, facts, and rules with clauses.

Each outcome of a test and each row of a decision becomes one rule, which holds exactly where the
outcome comes about or the row is the first that is true. A rule stands where its author wrote what
it comes of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from softbalance.rules.findings import Finding
from softbalance.rules.language.checking import Checker
from softbalance.rules.language.conditions import Condition
from softbalance.rules.language.entries import Entry, rule_name
from softbalance.rules.language.names import LostName, NameReader
from softbalance.rules.language.written import Part, Surface, Written
from softbalance.schemas.formulas import Formula
from softbalance.schemas.grammar import CLASSIFICATION
from softbalance.schemas.surface import OUTCOMES


class _Head(NamedTuple):
    """A rule but for its premises: where it is written, what it concludes, and why.

    `what` it is called where nothing is left for it.
    """

    part: Part
    id: str
    stage: str
    then: tuple[str, str]
    because: str
    cites: list[dict[str, str]]
    what: str
    brief: bool


def declare_stages(surface: Surface) -> list[Entry]:
    """Return the stages as the core declares them."""
    return [
        Entry({"id": name, **part.data}, part.document, part.pointer, translated=True)
        for name, part in surface.stages.items()
    ]


def declare_facts(surface: Surface) -> list[Entry]:
    """Return the facts that a surface concludes as the core declares them."""
    facts = []
    for written in surface.written.values():
        if written.section == "revise":
            continue
        values, undecided = values_of(written)
        default = {"tests": "test", "collect": "answer"}.get(written.section, "intermediate")
        data: dict[str, Any] = {
            "id": written.name,
            "kind": written.get("kind", "answer" if written.name == CLASSIFICATION else default),
            "title": written.get("title", written.name.replace("_", " ").capitalize()),
            "values": list(values),
        }
        if undecided:
            data["undecided"] = list(undecided)
        facts.append(Entry(data, written.head.document, written.head.pointer, translated=True))
    return facts


def values_of(written: Written) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the values of a fact as written, and those of them that are undecided."""
    if written.section == "tests":
        values = tuple(written.get("values", OUTCOMES))
        return values, values[2:]
    if written.section == "collect":
        return tuple(sorted({row["add"] for row in written.get("rows", ()) if row})), ()
    said = dict.fromkeys(row["then"] for row in written.get("rows", ()) if row)
    return tuple(written.get("values", said)), tuple(written.get("undecided", ()))


class Translator:
    """Translates what is written of one rulebook; findings go to `findings`."""

    def __init__(
        self, surface: Surface, names: NameReader, checker: Checker, findings: list[Finding]
    ) -> None:
        self._surface, self._conditions = surface, names.conditions
        self._checker, self._findings = checker, findings

    def rules(self) -> list[Entry]:
        """Return the rules, section by section; those of a part with a mistake are left out."""
        rules = []
        for part in self._surface.rules:
            rules += self.single(part)
        makers = {
            "revise": self._decision,
            "decisions": self._decision,
            "tests": self._test,
            "collect": self._collection,
        }
        for section, make in makers.items():
            for written in self._surface.of_section(section):
                rules += self._attempt(self._checker.check, make, written)
        return rules

    def single(self, part: Part) -> list[Entry]:
        """Return a rule that is written by itself, or none if there is a mistake in it."""
        return self._attempt(self._checker.check_single, self._single, part)

    def _attempt(
        self, check: Callable[[Any], None], make: Callable[[Any], Iterator[Entry | None]], what: Any
    ) -> list[Entry]:
        told = len(self._findings)
        check(what)
        if len(self._findings) > told or self._checker.is_lost(what):
            return []
        try:
            made = list(make(what))
        except LostName:
            return []
        return [entry for entry in made if entry] if len(self._findings) == told else []

    def _true(self, formula: Formula) -> Condition:
        return self._conditions.truth(formula).true

    def _single(self, part: Part) -> Iterator[Entry | None]:
        data = part.data
        then, because, cites = data["then"], data["because"], data["cites"]
        head = _Head(part, data["id"], data["stage"], then, because, cites, "its formula", False)
        yield self._rule(head, [self._true(data["when"])])

    def _decision(self, written: Written) -> Iterator[Entry | None]:
        earlier: list[Condition] = []
        for i, row in enumerate(written["rows"]):
            own = [self._true(row["when"])] if "when" in row else []
            rule = row.get("id", rule_name(written.name, row["then"]))
            part = written.parts["rows"].within(i)
            yield self._rule(self._head(written, part, rule, row["then"]), [*earlier, *own])
            earlier += map(self._conditions.complement, own)

    def _test(self, written: Written) -> Iterator[Entry | None]:
        truth = self._conditions.truth(written["when"])
        where = (truth.true, truth.false, self._conditions.undecided(truth))
        values, _ = values_of(written)
        for value, condition in zip(values, where, strict=True):
            yield from self._outcome(written, value, condition)

    def _outcome(
        self, written: Written, value: str, condition: Condition
    ) -> Iterator[Entry | None]:
        outcomes = written.parts["outcomes"]
        possible = self._conditions.tighten([condition]) is not None
        if value not in outcomes.data:
            if possible:
                self._tell(outcomes, f"has no reason for {value!r}; add `{value}: ...`")
            return
        if not possible:
            self._tell(outcomes.within(value), f"can never come out {value!r}; leave it out")
            return
        earlier: list[Condition] = [condition]
        for i, row in enumerate(outcomes.data[value]):
            own = [self._true(row["when"])] if "when" in row else []
            rule = row.get("id", rule_name(written.name, value))
            part = self._outcome_part(written, value, i)
            yield self._rule(self._head(written, part, rule, value), [*earlier, *own])
            earlier += map(self._conditions.complement, own)

    @staticmethod
    def _outcome_part(written: Written, value: str, i: int) -> Part:
        """Return where a reason stands: at the formula, where that alone is an heir's own."""
        outcomes, formula = written.parts["outcomes"], written.parts["when"]
        row = outcomes.within(value).within(i)
        if formula.document is not outcomes.document and formula.document is written.head.document:
            return Part(row.data, formula.document, formula.pointer)
        return row

    def _collection(self, written: Written) -> Iterator[Entry | None]:
        for i, row in enumerate(written["rows"]):
            part = written.parts["rows"].within(i)
            head = self._head(written, part, row["id"], row["add"])
            yield self._rule(head, [self._true(row["when"])])

    def _head(self, written: Written, part: Part, rule: str, value: str) -> _Head:
        row = part.data
        stage = str(row.get("stage") or self._checker.stage_of(written))
        cites, then = row.get("cites") or written["cites"], (written.name, value)
        what = "this outcome" if written.section == "tests" else "this row"
        brief = "rows" in written.parts or value == values_of(written)[0][-1]
        return _Head(part, rule, stage, then, row["because"], cites, what, brief)

    def _rule(self, head: _Head, conditions: Iterable[Condition]) -> Entry | None:
        when = self._conditions.tighten(conditions)
        if when is None:
            self._tell(
                head.part,
                f"can never be: nothing is left for {head.what}; leave it out, or "
                "move it before what takes all its cases",
            )
            return None
        if not when:
            self._tell(head.part, "would always hold; ask something in its `when`")
            return None
        data = {
            "id": head.id,
            "stage": head.stage,
            "when": when,
            "then": head.then,
            "because": head.because,
            "cites": head.cites,
            "brief": head.brief,
        }
        return Entry(data, head.part.document, head.part.pointer, translated=True)

    def _tell(self, part: Part, message: str) -> None:
        self._findings.append(part.finding(message))
