"""From the second edition of the language to the core: stages, facts, and rules with clauses.

Each outcome of a test and each row of a decision becomes one rule, which holds exactly where the
outcome comes about or the row is the first that is true. A rule stands where its author wrote what
it comes of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from softbalance.rules.findings import Finding
from softbalance.rules.language.conditions import Condition, Conditions
from softbalance.rules.language.entries import Entry
from softbalance.rules.language.names import NameReader
from softbalance.rules.language.written import Part, Surface, Written
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


class Untranslatable(Exception):
    """A formula names what does not exist; the findings have been told."""


def declare_stages(surface: Surface) -> list[Entry]:
    """Return the stages as the core declares them."""
    return [
        Entry({"id": name, **part.data}, part.document, part.pointer)
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
        facts.append(Entry(data, written.head.document, written.head.pointer))
    return facts


def values_of(written: Written) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the values of a fact as written, and those of them that are undecided."""
    if written.section == "tests":
        values = tuple(written.get("values", OUTCOMES))
        return values, values[2:]
    if written.section == "collect":
        return tuple(sorted({row["add"] for row in written.get("rows", ())})), ()
    said = dict.fromkeys(row["then"] for row in written.get("rows", ()))
    return tuple(written.get("values", said)), tuple(written.get("undecided", ()))


class Translator:
    """Translates what is written of one rulebook; findings go to `findings`."""

    def __init__(self, surface: Surface, names: NameReader, findings: list[Finding]) -> None:
        self._surface, self._names, self._findings = surface, names, findings
        self.whole = True

    def rules(self) -> list[Entry]:
        """Return the rules, section by section; those of a formula with a mistake are left out."""
        rules = []
        for part in self._surface.rules:
            rules += self._attempt(part, self._single, part)
        makers = {
            "revise": self._decision,
            "decisions": self._decision,
            "tests": self._test,
            "collect": self._collection,
        }
        for section, make in makers.items():
            for written in self._surface.of_section(section):
                rules += self._attempt(written.head, make, written)
        return rules

    def _attempt(self, place: Part, make: Any, what: Any) -> list[Entry]:
        told = len(self._findings)
        try:
            made = list(make(what))
        except Untranslatable:
            made = []
        if len(self._findings) > told:
            self.whole = False
            return []
        return made

    def single(self, part: Part) -> Entry | None:
        """Return a rule that is written by itself, or None if there is a mistake in it."""
        made = self._attempt(part, self._single, part)
        return made[0] if made else None

    def _single(self, part: Part) -> Iterator[Entry]:
        data = part.data
        condition = self._conditions(part, "/when").truth(data["when"]).true
        cites = self._cites(part, data, None)
        then, because = data["then"], data["because"]
        head = _Head(part, data["id"], data["stage"], then, because, cites, "its formula", False)
        yield self._rule(head, [condition])

    def _decision(self, written: Written) -> Iterator[Entry]:
        revises = written.section == "revise"
        rows = self._rows(written, "rows", last_is_open=not revises)
        values, _ = values_of(written)
        ids = [row["then"] for row in rows]
        earlier: list[Condition] = []
        for i, row in enumerate(rows):
            part = self._row_part(written.parts["rows"], i)
            if row["then"] not in values:
                self._tell(part, f"gives {row['then']!r}, which is none of the values", "/then")
            own: list[Condition] = []
            if "when" in row:
                true = self._conditions(part, "/when").truth(row["when"]).true
                own = [true]
            rule = self._id(written, row, row["then"], ids.count(row["then"]) > 1, part)
            head = self._head(written, part, row, rule, row["then"])
            yield self._rule(head, [*earlier, *own])
            if own:
                earlier.append(self._names.conditions.complement(true))

    def _rows(self, written: Written, key: str, *, last_is_open: bool) -> list[dict[str, Any]]:
        if key not in written.parts:
            self._tell(written.head, f"has no {key}; add `{key}:`")
            raise Untranslatable
        rows: list[dict[str, Any]] = written[key]
        for i, row in enumerate(rows):
            last = i == len(rows) - 1
            if "when" not in row and not (last and last_is_open):
                self._tell(
                    self._row_part(written.parts[key], i),
                    "has no `when`, so the rows after it are never reached; add one, or move it "
                    "to the end"
                    if last_is_open
                    else "has no `when`; say where the indicator is revised",
                )
            if "when" in row and last and last_is_open:
                self._tell(
                    self._row_part(written.parts[key], i),
                    "is the last row and has a `when`, so some cases may come to no row; add a "
                    "row without `when`, or leave this one's out",
                )
        return rows

    @staticmethod
    def _row_part(rows: Part, i: int) -> Part:
        return Part(rows.data[i], rows.document, f"{rows.pointer}/{i}")

    def _test(self, written: Written) -> Iterator[Entry]:
        for key in ("when", "outcomes"):
            if key not in written.parts:
                self._tell(written.head, f"has no `{key}:`; add it")
                raise Untranslatable
        formula = written.parts["when"]
        conditions = self._conditions(formula, "")
        truth = conditions.truth(formula.data)
        where = (truth.true, truth.false, self._names.conditions.undecided(truth))
        values, _ = values_of(written)
        outcomes = written.parts["outcomes"]
        for value in outcomes.data:
            if value not in values:
                self._tell(outcomes, f"{value!r} is no outcome; {_known(values)}", f"/{value}")
        for value, condition in zip(values, where, strict=True):
            yield from self._outcome(written, value, condition)

    def _outcome(self, written: Written, value: str, condition: Condition) -> Iterator[Entry]:
        outcomes = written.parts["outcomes"]
        possible = self._names.conditions.tighten([condition]) is not None
        if value not in outcomes.data:
            if possible:
                self._tell(outcomes, f"has no reason for {value!r}; add `{value}: ...`")
            return
        rows = outcomes.data[value]
        if not possible:
            self._tell(outcomes, f"can never come out {value!r}; leave it out", f"/{value}")
            return
        earlier: list[Condition] = [condition]
        for i, row in enumerate(rows):
            part = self._outcome_part(written, value, i)
            own: list[Condition] = []
            if "when" in row:
                true = self._conditions(part, "/when").truth(row["when"]).true
                own = [true]
            elif i < len(rows) - 1:
                self._tell(part, "has no `when`, so the rows after it are never reached")
            if "when" in row and i == len(rows) - 1:
                self._tell(part, "is the last row and has a `when`; leave it out")
            rule = self._id(written, row, value, len(rows) > 1, part)
            yield self._rule(self._head(written, part, row, rule, value), [*earlier, *own])
            if own:
                earlier.append(self._names.conditions.complement(true))

    @staticmethod
    def _outcome_part(written: Written, value: str, i: int) -> Part:
        """Return where a reason stands: at the formula, where that alone is an heir's own."""
        outcomes, formula = written.parts["outcomes"], written.parts["when"]
        row = outcomes.data[value][i]
        if formula.document is not outcomes.document and formula.document is written.head.document:
            return Part(row, formula.document, formula.pointer)
        document = outcomes.document
        return Part(row, document, f"{outcomes.pointer}/{value}/{i}")

    def _collection(self, written: Written) -> Iterator[Entry]:
        for i, row in enumerate(self._rows(written, "rows", last_is_open=False)):
            part = self._row_part(written.parts["rows"], i)
            condition = self._conditions(part, "/when").truth(row["when"]).true
            yield self._rule(self._head(written, part, row, row["id"], row["add"]), [condition])

    def _head(
        self, written: Written, part: Part, row: Mapping[str, Any], rule: str, value: str
    ) -> _Head:
        stage = row.get("stage") or self._stage(written)
        cites, then = self._cites(part, row, written), (written.name, value)
        what = "this outcome" if written.section == "tests" else "this row"
        brief = "rows" in written.parts or value == values_of(written)[0][-1]
        return _Head(part, rule, stage, then, row["because"], cites, what, brief)

    def _cites(
        self, part: Part, row: Mapping[str, Any], written: Written | None
    ) -> list[dict[str, str]]:
        cites = row.get("cites") or (written.get("cites") if written else None)
        if not cites:
            self._tell(part, "cites nothing; add `cites:` here, or to what it is part of")
            raise Untranslatable
        return list(cites)

    def _rule(self, head: _Head, conditions: Iterable[Condition]) -> Entry:
        when = self._names.conditions.tighten(conditions)
        if when is None:
            self._tell(
                head.part,
                f"can never be: nothing is left for {head.what}; leave it out, or "
                "move it before what takes all its cases",
            )
            raise Untranslatable
        if not when:
            self._tell(head.part, "would always hold; ask something in its `when`")
            raise Untranslatable
        data = {
            "id": head.id,
            "stage": head.stage,
            "when": when,
            "then": head.then,
            "because": head.because,
            "cites": head.cites,
            "brief": head.brief,
        }
        return Entry(data, head.part.document, head.part.pointer)

    def _id(
        self, written: Written, row: Mapping[str, Any], value: str, shared: bool, part: Part
    ) -> str:
        if "id" in row:
            return str(row["id"])
        if shared:
            self._tell(part, f"shares the value {value!r} with another row; give each an `id:`")
        return f"{written.name}-{value}".replace("_", "-")

    def _stage(self, written: Written) -> str:
        """Return the stage that is named, or has the fact's or its section's name, or is alone."""
        stages = self._surface.stages
        if "stage" in written.parts:
            return str(written["stage"])
        for name in (written.name, written.section):
            if name in stages:
                return name
        if len(stages) != 1:
            self._tell(written.head, f"stands in no stage; add `stage:`, {_known(stages)}")
            raise Untranslatable
        return next(iter(stages))

    def _conditions(self, part: Part, within: str) -> Conditions:
        """Return what reads the formula at a place, once its names are known to exist."""
        formula = part.data if not within else part.data[within[1:]]
        if not self._names.check(formula, part, within, self._findings):
            raise Untranslatable
        return self._names.conditions

    def _tell(self, part: Part, message: str, within: str = "") -> None:
        self._findings.append(part.finding(message, within))


def _known(names: Iterable[str]) -> str:
    return f"known: {', '.join(names)}"
