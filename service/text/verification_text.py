"""A rulebook's verification as lines of text: what is claimed, what holds, and what refutes it."""

from __future__ import annotations

from collections.abc import Iterator

import orjson
from rich.text import Text
from softbalance.rules.wording import format_count
from softbalance.schemas.rulebooks import Check, Finding, Verification
from softbalance.service.text.phrases import escape_text

#: How a rulebook was found sound or not, in the words of the last line.
_VERDICT = {True: ("verified", "bold green"), False: ("not verified", "bold red")}
#: The checks that find what no coding does.
_SHOWN_BY_NONE = ("live", "reachable")
_INDENT = " " * 6


def verification_lines(verified: Verification) -> Iterator[Text]:
    """Yield the lines of a verification in its JSON shape; none is to be wrapped."""
    book = verified["rulebook"]
    yield Text.assemble((book["id"], "bold"), f" {book['version']}  ", (book["digest"], "dim"))
    widths = [
        max(len(check["check"]) for check in verified["checks"]),
        max(len(check["claim"]) for check in verified["checks"]),
    ]
    for check in verified["checks"]:
        mark = Text("✓ ", "green") if check["ok"] else Text("✗ ", "bold red")
        examined = examined_words(check)
        name, claim = check["check"].ljust(widths[0]), check["claim"].ljust(widths[1])
        yield Text.assemble("  ", mark, (name, "bold"), f"  {claim}  ", (examined, "dim"))
        for finding in check["findings"]:
            yield _finding(finding)
            if has_witness(check, finding):
                yield Text(f"{_INDENT}  witness: {witness_words(check, finding)}", style="dim")
    yield Text.assemble("  ", _VERDICT[verified["ok"]], _count_checks(verified["checks"]))


def examined_words(check: Check) -> str:
    """Return how much a check went through."""
    return ", ".join(format_count(count, unit) for unit, count in check["examined"].items())


def has_witness(check: Check, finding: Finding) -> bool:
    """Return whether there is a word to say on what shows a finding."""
    return finding["witness"] is not None or check["check"] in _SHOWN_BY_NONE


def _finding(finding: Finding) -> Text:
    kind = ("remark: ", "yellow") if finding["remark"] else ("", "")
    rule = f"rule {finding['rule']}: " if finding["rule"] else ""
    place = f"{finding['file']}:{finding['line']}"
    return Text.assemble(
        _INDENT, (place, "bold"), ": ", kind, rule, escape_text(finding["message"])
    )


def witness_words(check: Check, finding: Finding) -> str:
    """Return the Episode that shows a finding, or why there is none."""
    if finding["witness"] is None:
        return "none; no episode can show it"
    if check["check"] == "cases":
        return "the case itself"
    return orjson.dumps(finding["witness"]).decode()


def _count_checks(checks: list[Check]) -> str:
    findings = [finding for check in checks for finding in check["findings"]]
    remarks = sum(finding["remark"] for finding in findings)
    told = [(len(findings) - remarks, "findings"), (remarks, "remarks")]
    counts = [format_count(count, what) for count, what in told if count]
    return f": {', '.join(counts)}" if counts else ""
