"""`softbalance rulebook test`: the cases of rulebooks, and what of the rules they exercise."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson
from softbalance.rules.findings import RulebookErrors
from softbalance.rules.model import Rulebook
from softbalance.service.commands.options import (
    DONE_WITH_FAILURES,
    open_library,
    open_rulebook,
    refuse,
    rulebooks_option,
)

if TYPE_CHECKING:
    from softbalance.rules.classifier import Classifier
    from softbalance.rules.verification.coverage import Coverage, Suggestion

_HEAD = """\
# Constructed cases, and what {rulebook} says of each today.
# Judge every verdict. Where it is right, move the case and its entry to the rulebook's own
# cases; where it is wrong, so is the rulebook.
"""


@click.command("test")
@click.argument("name", metavar="[RULEBOOK]", required=False)
@click.option("--coverage", is_flag=True, help="Tell what of the rulebook no case exercises.")
@click.option(
    "--suggest",
    "folder",
    metavar="FOLDER",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write there, for each rule that no case fires, the smallest episode that fires it.",
)
@click.option(
    "--at-least",
    "least",
    metavar="PERCENT",
    type=click.FloatRange(0, 100),
    help="Fail if less is covered of the rules, the rows, the values or the classes.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@rulebooks_option
def test(  # noqa: PLR0913, PLR0917 - one for each option
    name: str | None,
    coverage: bool,
    folder: Path | None,
    least: float | None,
    as_json: bool,
    rulebooks: tuple[Path, ...],
) -> None:
    """Decide the cases of a RULEBOOK, or of all, and tell what of its rules they exercise.

    Exits with 3 if a case comes out otherwise than expected, or less than --at-least is covered.
    """
    if folder and not name:
        refuse("--suggest is for one rulebook; name it")
    library = open_library(rulebooks)
    books = [open_rulebook(library, name, rulebooks)] if name else library.rulebooks.values()
    counted = coverage or folder is not None or least is not None
    told = [_test(book, folder, least or 0.0, counted=counted) for book in books]
    if as_json:
        click.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
    else:
        for number, each in enumerate(told):
            click.echo("\n".join([""] * bool(number) + _lines(each)))
    if not all(each["ok"] for each in told) or (library.broken and not name):
        sys.exit(DONE_WITH_FAILURES)


def _test(book: Rulebook, folder: Path | None, least: float, *, counted: bool) -> dict[str, Any]:
    from softbalance.rules.classifier import Classifier
    from softbalance.rules.verification.cases import CaseResult, cases_of
    from softbalance.schemas.classification import VERDICT

    told: dict[str, Any] = {"rulebook": book.id, "version": book.version, "ok": True}
    try:
        cases = cases_of(book)
    except RulebookErrors as error:
        return {**told, "ok": False, "findings": [str(finding) for finding in error.findings]}
    classifier = Classifier(book)
    results = [CaseResult(case, classifier.classify(case.episode, VERDICT)) for case in cases]
    told["cases"] = [
        {
            "case": result.case.id,
            "origin": result.case.origin,
            "classification": result.got["classification"],
            "ok": result.ok,
            "place": str(result.case.place),
            "mismatches": [mismatch.words for mismatch in result.find_mismatches()],
        }
        for result in results
    ]
    told["ok"] = all(result.ok for result in results)
    if counted:
        from softbalance.rules.verification.coverage import measure_coverage

        covered = measure_coverage(classifier, cases)
        enough = covered.percent >= least
        told |= {"coverage": _shape(covered), "enough": enough, "ok": told["ok"] and enough}
        if folder is not None:
            told["suggested"] = _suggest(classifier, covered, folder)
    return told


def _shape(covered: Coverage) -> dict[str, Any]:
    return {
        "percent": round(covered.percent, 1),
        **{kind: {"covered": got, "of": of} for kind, (got, of) in covered.counts().items()},
        "uncovered": [
            {"kind": item.kind, "name": item.name, "place": str(item.place), "told": item.words}
            for item in covered.uncovered()
        ],
    }


def _suggest(classifier: Classifier, covered: Coverage, folder: Path) -> list[str]:
    """Write the suggested cases into an empty folder, and return their files' names."""
    from softbalance.rules.verification.coverage import suggest_cases

    if folder.is_dir() and any(folder.iterdir()):
        refuse(f"{folder} holds files already; name an empty folder, or one that is not there yet")
    suggested = suggest_cases(covered)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for case in suggested:
            content = orjson.dumps(case.episode, option=orjson.OPT_INDENT_2)
            (folder / f"{case.id}.json").write_bytes(content + b"\n")
        if suggested:
            expected = "".join(_expect(classifier, suggested))
            head = _HEAD.format(rulebook=covered.rulebook.id)
            (folder / "expected.yaml").write_text(head + expected, "utf-8")
    except OSError as error:
        refuse(f"{folder}: cannot be written: {error.strerror}")
    return [f"{case.id}.json" for case in suggested]


def _expect(classifier: Classifier, suggested: Iterable[Suggestion]) -> Iterable[str]:
    from softbalance.schemas.classification import VERDICT

    for case in suggested:
        verdict = classifier.classify(case.episode, VERDICT)
        yield f"# fires {', '.join(case.rules)}\n{case.id}:\n  origin: constructed\n"
        yield f"  classification: {verdict['classification']}\n"


def _lines(told: dict[str, Any]) -> list[str]:
    lines = [f"{told['rulebook']} {told['version']}"]
    if "findings" in told:
        return [*lines, *(f"  {finding}" for finding in told["findings"])]
    for case in told["cases"]:
        mark = "✓" if case["ok"] else "✗"
        origin = " (constructed)" if case["origin"] == "constructed" else ""
        lines.append(f"  {mark} {case['case']}{origin}  {case['classification']}")
        lines += [f"      {case['place']}: {words}" for words in case["mismatches"]]
    good = sum(case["ok"] for case in told["cases"])
    total = len(told["cases"])
    noun, verb = ("case", "comes") if total == 1 else ("cases", "come")
    lines.append(f"  {good} of {total} {noun} {verb} out as expected")
    if "coverage" in told:
        lines += _coverage_lines(told)
    return lines


def _coverage_lines(told: dict[str, Any]) -> list[str]:
    covered = told["coverage"]
    uncovered = covered["uncovered"]
    counts = [
        f"{kind} {part['covered']} of {part['of']}"
        for kind, part in covered.items()
        if isinstance(part, dict)
    ]
    lines = [f"  covered: {', '.join(counts)} (at least {covered['percent']:g}% of each)"]
    # a row is told as the rule that it is
    lines += [
        f"      {item['place']}: {item['told']}" for item in uncovered if item["kind"] != "rows"
    ]
    if not told["enough"]:
        lines.append("  too little is covered")
    if "suggested" in told:
        lines.append(f"  suggested: {', '.join(told['suggested']) or 'nothing'}")
    return lines
