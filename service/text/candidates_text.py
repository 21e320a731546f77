"""What came of a search for candidates, in words: where each row went, and the first candidates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table
from softbalance.rules.wording import format_count
from softbalance.service.events.account import Account
from softbalance.service.events.candidate_run import Places

#: Why rows are out of scope.
REASONS = {
    "below_minimum": "cooperation, but too little of it in the window",
    "documentation": "notes of PLOVER, not events",
    "domestic": "within one state",
    "neither": "a statement or an appeal, neither cooperation nor conflict",
    "not_an_event": "historical, hypothetical or negated",
    "not_between_states": "one side or both are no state",
    "without_candidate": "conflict, or dealings with the hegemon, of states in no candidate then",
    "without_hegemon": "a dispute without the hegemon",
}


def tell(
    account: Account, places: Places, best: Sequence[Mapping[str, Any]], stream: TextIO
) -> None:
    """Print the account on a stream, and the first candidates if it is a terminal."""
    if stream.isatty() and best:
        _show(best, stream)
    for line in _account(account, places):
        print(f"softbalance: {line}", file=stream)


def _account(account: Account, places: Places) -> list[str]:
    out = account.out_of_scope
    found = format_count(account.candidates, "candidates")
    lines = [
        f"{_rows(account.rows)}: {account.behind:,} behind {found} "
        f"(see {places.rows}), {account.rejected:,} rejected, {out.total():,} out of scope"
    ]
    lines += [
        f"  {n:,} out of scope: {reason} ({REASONS[reason]})" for reason, n in out.most_common()
    ]
    if account.repaired:
        lines.append(
            f"{_rows(account.repaired)} had an event code without its leading zero, which was "
            "repaired, since only one code fits the row"
        )
    if account.rejected:
        codes = ", ".join(f"{code} {n:,}" for code, n in account.reasons.most_common())
        lines.append(f"{_rows(account.rejected)} rejected ({codes}), see {places.rejects}")
    return lines


def _rows(count: int) -> str:
    return format_count(count, "rows")


def _show(best: Sequence[Mapping[str, Any]], stream: TextIO) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("", "candidate", "form"):
        table.add_column(heading)
    for heading in ("score", "cooperation", "departs", "against", "with", "within"):
        table.add_column(heading, justify="right")
    for found in best:
        departs = "" if found["departure"] is None else f"{found['departure']:+.2f}"
        numbers = (
            found["cooperation"],
            departs,
            found["against"],
            found["with_it"],
            found["within"],
        )
        table.add_row(
            str(found["rank"]), found["id"], found["form"], f"{found['score']:.2f}",
            *map(str, numbers),
        )  # fmt: skip
    Console(file=stream).print(table)
