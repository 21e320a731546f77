"""What an author has written is checked part by part, before any of it is translated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from softbalance.rules.findings import Finding
from softbalance.rules.language.entries import Entry
from softbalance.rules.language.names import NameReader, list_names
from softbalance.rules.language.written import Part, Surface, Written
from softbalance.rules.model import SETS
from softbalance.schemas.formulas import RESERVED_WORDS, Formula
from softbalance.schemas.mistakes import unknown_name
from softbalance.schemas.surface import OUTCOMES


class Checker:
    """Checks tests, decisions, collections, revisions and rules; all mistakes go to `findings`.

    `stages` and `rules` are those of the core that the surface adds to.
    """

    def __init__(
        self,
        surface: Surface,
        names: NameReader,
        stages: Iterable[Entry],
        rules: Iterable[Entry],
        findings: list[Finding],
    ) -> None:
        self._names, self._lost, self._findings = names, names.lost, findings
        order = [*surface.stages] or [entry.data["id"] for entry in stages]
        self._order = {name: i for i, name in enumerate(order)}
        self._concluded = {entry.data["then"][0]: entry.data["stage"] for entry in rules}
        for written in surface.written.values():
            stage = self.stage_of(written)
            if written.section != "revise" and stage is not None:
                self._concluded[written.name] = stage

    def stage_of(self, written: Written) -> str | None:
        """Return the stage that is named, or has the fact's or its section's name, or is alone."""
        if "stage" in written.parts:
            return str(written["stage"])
        for name in (written.name, written.section):
            if name in self._order:
                return name
        return next(iter(self._order)) if len(self._order) == 1 else None

    def check(self, written: Written) -> None:
        """Check what is written of a fact."""
        if written.name in RESERVED_WORDS:
            self._tell(written.head, f"{written.name!r} is a word of the language; rename the fact")
        stage = self.stage_of(written)
        if "stage" in written.parts:
            self._check_stage(written.parts["stage"], str(stage))
        elif stage is None and not all("stage" in (row or {}) for row in written.get("rows", [{}])):
            remedy = f"add `stage:`, known: {', '.join(self._order)}"
            if not self.is_lost(written):
                self._tell(written.head, f"stands in no stage; {remedy}")
        if written.section == "tests":
            self._check_test(written, stage)
        elif "rows" not in written.parts:
            self._miss(written, "rows")
        else:
            self._check_rows(written, written.parts["rows"], stage)

    def is_lost(self, what: Written | Part) -> bool:
        """Return whether parts of it are missing for mistakes that were told already."""
        return self._lost.hides(what.name if isinstance(what, Written) else what.data["id"])

    def _miss(self, written: Written, key: str) -> None:
        if not self.is_lost(written):
            self._tell(written.head, f"has no `{key}:`; add it")

    def check_single(self, part: Part) -> None:
        """Check a rule that is written by itself."""
        data = part.data
        self._check_stage(part.within("stage"), data["stage"])
        self._check_formula(part.within("when"), data["when"], data["stage"])
        if not data.get("cites"):
            self._tell(part, "cites nothing; add `cites:`")

    def _check_test(self, written: Written, stage: str | None) -> None:
        for key in ("when", "outcomes"):
            if key not in written.parts:
                self._miss(written, key)
        if "when" in written.parts:
            formula = written.parts["when"]
            self._check_formula(formula, formula.data, stage)
        if "outcomes" not in written.parts:
            return
        outcomes, values = written.parts["outcomes"], written.get("values", OUTCOMES)
        for value, rows in outcomes.data.items():
            place = outcomes.within(value)
            if value not in values:
                self._tell(place, str(unknown_name("outcome", value, values)))
            self._check_ends(place, rows, "outcome")
            for i, row in enumerate(rows):
                self._check_row(written, place.within(i), row, stage)
                if len(rows) > 1 and "id" not in row:
                    self._tell(place.within(i), f"shares {value!r} with other rows; add an `id:`")

    def _check_rows(self, written: Written, rows: Part, stage: str | None) -> None:
        decides = written.section == "decisions"
        if decides:
            self._check_ends(rows, rows.data, "decision")
        given = [row.get("then") for row in rows.data if row]
        for i, row in enumerate(rows.data):
            if row is None:
                continue
            place = rows.within(i)
            self._check_row(written, place, row, row.get("stage", stage))
            if "stage" in row:
                self._check_stage(place.within("stage"), row["stage"])
            if written.section == "revise" and "when" not in row:
                self._tell(place, "has no `when`; say where the indicator is revised")
            if decides and "values" in written.parts and row["then"] not in written["values"]:
                unknown = unknown_name("value", row["then"], written["values"])
                self._tell(place.within("then"), f"{unknown}; or add it to `values:`")
            if "add" not in row and "id" not in row and given.count(row["then"]) > 1:
                self._tell(
                    place, f"shares the value {row['then']!r} with another row; give each an `id:`"
                )

    def _check_ends(self, place: Part, rows: list[Mapping[str, Any]], what: str) -> None:
        """Check that all rows but the last ask something, and the last nothing."""
        for i, row in enumerate(rows[:-1]):
            if row is not None and "when" not in row:
                self._tell(
                    place.within(i),
                    "has no `when`, so the rows after it are never reached; add one, or move it "
                    "to the end",
                )
        if rows[-1] is not None and "when" in rows[-1]:
            self._tell(
                place.within(len(rows) - 1),
                f"is the last row of the {what} and has a `when`, so some cases may come to no "
                "row; add a row without `when`, or leave this one's out",
            )

    def _check_row(
        self, written: Written, place: Part, row: Mapping[str, Any], stage: str | None
    ) -> None:
        if "when" in row:
            self._check_formula(place.within("when"), row["when"], stage)
        if not (row.get("cites") or written.get("cites") or self.is_lost(written)):
            self._tell(place, "cites nothing; add `cites:` here, or to what it is part of")

    def _check_stage(self, place: Part, stage: str) -> None:
        if stage not in self._order and not self._lost.hides(stage):
            self._tell(place, str(unknown_name("stage", stage, self._order)))

    def _check_formula(self, place: Part, formula: Formula, stage: str | None) -> None:
        self._findings += self._names.find_mistakes(formula, place)
        self._findings += self._find_early(formula, place, stage)

    def _find_early(self, formula: Formula, place: Part, stage: str | None) -> Iterator[Finding]:
        """Find names of facts that are concluded only in the formula's stage, or later."""
        own = self._order.get(stage or "")
        for named in list_names(formula):
            source = self._concluded.get(named.name)
            if own is None or self._order.get(source or "", -1) < own:
                continue
            if self._names.is_fact(named.name) and named.name not in SETS:
                yield place.finding(
                    f"reads {named.name!r}, which is concluded only in stage {source!r}; move this "
                    f"to a later stage, or {named.name!r} to an earlier one",
                    named.pointer,
                )

    def _tell(self, part: Part, message: str) -> None:
        self._findings.append(part.finding(message))
