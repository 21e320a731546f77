"""Two rulebooks compared, as text: what was changed, and what that does to the answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import orjson
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text
from softbalance.rules.comparison.equivalence import field_words
from softbalance.rules.comparison.rulebook_changes import Changes, RulebookDifference
from softbalance.rules.model import Rule
from softbalance.rules.wording import format_count, premises_words
from softbalance.service.text.phrases import escape_text, to_words

if TYPE_CHECKING:
    from softbalance.rules.comparison.rulebooks_on_dataset import PartingRules
    from softbalance.service.datasets.reclassification import Reclassification

_ADDED, _REMOVED, _CHANGED = ("+ ", "green"), ("- ", "red"), ("~ ", "yellow")


def difference_parts(
    difference: RulebookDifference, answers: Mapping[str, Any]
) -> Iterator[RenderableType]:
    """Yield a difference and the equivalence in its JSON shape; lines are not to be wrapped."""
    before, after = difference.before, difference.after
    yield Text.assemble(
        (before.id, "bold"), f" {before.version} → ", (after.id, "bold"), f" {after.version}"
    )
    if difference.about:
        yield Text(f"Their {', '.join(difference.about)} differ.", style="dim")
    for title, changes in (
        ("Stages", difference.stages),
        ("Facts", difference.facts),
        ("Rules", difference.rules),
    ):
        if changes:
            yield from _heading(title)
            yield from _changes(changes)
    yield from _heading("Answers")
    yield from _answers(difference, answers)


def _heading(title: str) -> Iterator[Text]:
    yield Text()
    yield Text(title, style="bold underline")


def _changes(changes: Changes[Any]) -> Iterator[Text]:
    for mark, parts in ((_ADDED, changes.added), (_REMOVED, changes.removed)):
        for part in parts:
            what = f"  {part.fact} is {part.value}" if isinstance(part, Rule) else ""
            yield Text.assemble("  ", mark, part.id, (what, "dim"))
    for change in changes.changed:
        yield Text.assemble(
            "  ", _CHANGED, change.before.id, (f"  {', '.join(change.parts)}", "dim")
        )
        for mark, part in ((_REMOVED, change.before), (_ADDED, change.after)):
            for line in content_words(part, change.parts):
                yield Text.assemble("      ", mark, line)


def content_words(part: Any, parts: Sequence[str]) -> Iterator[str]:
    """Yield the parts of a rule or fact that decide something; its words are for `show`."""
    if "premises" in parts:
        yield f"if {premises_words(part.when)}"
    if "conclusion" in parts:
        yield f"then {part.fact} is {part.value}"
    if "stage" in parts:
        yield f"in stage {part.stage}"
    if "values" in parts:
        yield f"one of {', '.join(part.values)}"


def equivalence_words(answers: Mapping[str, Any]) -> str:
    """Return in a sentence whether two rulebooks answer alike."""
    total = answers["codings"]
    if answers["equivalent"]:
        return f"Equivalent: the two answer all {total:,} codings alike."
    return f"The two differ; of all {total:,} codings, on"


def differing_words(field: Mapping[str, Any]) -> tuple[str, str]:
    """Return a field of the answer that differs, and its values in the witness."""
    values = f"{field['before'] or 'not given'} → {field['after'] or 'not given'}"
    return to_words(field_words((field["field"], field["name"] or ""))), values


def _answers(
    difference: RulebookDifference, answers: Mapping[str, Any]
) -> Iterator[RenderableType]:
    total = answers["codings"]
    yield Text(f"  {equivalence_words(answers)}")
    if answers["equivalent"]:
        return
    for field in answers["differing"]:
        name, values = differing_words(field)
        yield Text.assemble(f"  {share(field['codings'], total)}  ", (name, "bold"), f": {values}")
        yield Text(f"           as in {orjson.dumps(field['witness']).decode()}", style="dim")
    if any(cell["before"] != cell["after"] for cell in answers["classes"]):
        yield from _heading("Classes, in % of all codings (rows: the first, columns: the second)")
        cells = {(c["before"], c["after"]): share(c["codings"], total) for c in answers["classes"]}
        yield cross_table(cells, difference.before.codebook.classes)


def share(count: int, total: int) -> str:
    """Return a count in percent of a total, with two significant digits."""
    percent = 100 * count / total
    return f"{percent:.2g}%".rjust(9) if percent < 10 else f"{percent:.0f}%".rjust(9)


def cross_table(cells: Mapping[tuple[str, str], str], order: Iterable[str]) -> Table:
    """Return a table of cells by row and column, both in an order; a dot where there is none."""
    order = list(order)
    columns = [name for name in order if any(name == column for _, column in cells)]
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("")
    for column in columns:
        table.add_column(to_words(column), justify="right")
    for row in [name for name in order if any(name == row for row, _ in cells)]:
        marks = (Text(cells.get((row, c), "·"), style="" if row == c else "bold") for c in columns)
        table.add_row("  " + to_words(row), *marks)
    return table


def dataset_parts(found: Reclassification, order: Iterable[str]) -> Iterator[RenderableType]:
    """Yield what two rulebooks make of a dataset; lines are not to be wrapped."""
    yield from _heading("Dataset")
    rejected = f", {format_count(found.rejected, 'rows')} rejected" if found.rejected else ""
    verb = "changes" if len(found.changes) == 1 else "change"
    yield Text(
        f"  {format_count(len(found.changes), 'episodes')} of {found.episodes:,} {verb} "
        f"class{rejected}."
    )
    if not found.changes:
        return
    yield from _heading("Classes, in episodes (rows: the first, columns: the second)")
    yield cross_table({pair: f"{count:,}" for pair, count in found.classes.items()}, order)
    yield from _heading("Rules that did it")
    for parting, count in found.reasons.most_common():
        yield Text(f"  {format_count(count, 'episodes')}: {_parting(parting)}")
    yield from _heading("Episodes that change class")
    for change in found.changes:
        classes = f"{change.before} → {change.after}"
        why = "; ".join(map(_parting, change.partings))
        yield Text.assemble(
            "  ", (escape_text(change.id), "bold"), f"  {classes}", (f"  {why}", "dim")
        )


def _parting(parting: PartingRules) -> str:
    return f"{parting.fact}: {_side(parting.before)} → {_side(parting.after)}"


def _side(rule: Rule | None) -> str:
    return f"{rule.value} ({rule.id})" if rule else "as coded"
