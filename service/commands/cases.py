"""`softbalance cases`: decide the cases that come with the rulebooks."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import orjson
from softbalance.rules.classifier import Classifier
from softbalance.rules.findings import RulebookErrors
from softbalance.rules.language.loader import Library
from softbalance.rules.verification.cases import CaseResult, run_cases
from softbalance.schemas.classification import TRACE
from softbalance.service.commands.options import (
    DONE_WITH_FAILURES,
    database_option,
    on_terminal,
    open_context,
    open_library,
    refuse,
    rulebooks_option,
    settings_for,
)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print expected and got as JSON.")
@click.option("--load", is_flag=True, help="Put the cases into the store, those not in it yet.")
@database_option
@click.option("--quiet", is_flag=True, help="Print nothing but failures.")
@rulebooks_option
def command(
    as_json: bool, load: bool, database: str | None, quiet: bool, rulebooks: tuple[Path, ...]
) -> None:
    """Decide every case and compare with the verdict that is expected of it.

    Exits with 3 if one comes out otherwise.
    """
    library = open_library(rulebooks)
    try:
        results = [r for book in library.rulebooks.values() for r in run_cases(Classifier(book))]
    except RulebookErrors as error:
        refuse(f"the cases do not load:\n{error}")
    if as_json:
        shown = [_as_json(result) for result in results]
        click.echo(orjson.dumps(shown, option=orjson.OPT_INDENT_2).decode())
    else:
        _print(results, quiet)
    if load:
        told = _load(library, results, rulebooks, database)
        if not (quiet or as_json):
            click.echo(told, err=True)
    if not all(result.ok for result in results):
        sys.exit(DONE_WITH_FAILURES)


def _as_json(result: CaseResult) -> dict[str, object]:
    case = result.case
    return {
        "case": case.id,
        "rulebook": case.rulebook,
        "expected": case.expected,
        "got": result.got,
        "ok": result.ok,
    }


def _print(results: list[CaseResult], quiet: bool) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = [result for result in results if not (quiet and result.ok)]
    if not shown:
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("", "case", "classification", "dominant", "expected"):
        table.add_column(heading)
    for result in shown:
        got = result.got
        table.add_row(
            Text("✓", style="green") if result.ok else Text("✗", style="bold red"),
            result.case.id,
            got["classification"],
            ", ".join(got["dominant_explanations"]) or "none",
            "as expected" if result.ok else "not as expected",
        )
    console = Console(width=None if on_terminal() else 160)
    console.print(table)
    for case, difference in ((r.case, d) for r in shown for d in r.find_mismatches()):
        told = f"{case.place.file}:{case.place.line}: case {case.id}: {difference.words}"
        console.print(Text(told), soft_wrap=True)
    books = len({result.case.rulebook for result in results})
    good = sum(result.ok for result in results)
    console.print(
        f"\n{good} of {len(results)} cases come out as expected, under {books} rulebook"
        f"{'s' if books != 1 else ''}."
    )


def _load(
    library: Library,
    results: list[CaseResult],
    rulebooks: tuple[Path, ...],
    database: str | None,
) -> str:
    from softbalance.service.classifiers import classify
    from softbalance.service.context import LoadedLibrary
    from softbalance.service.store import Claim, StoreAway

    cases = {
        book: [result.case for result in results if result.case.rulebook == book]
        for book in library.rulebooks
    }
    settings = settings_for(database=database, rulebooks=rulebooks or None)
    context = open_context(settings, loaded=LoadedLibrary(library, cases))
    try:
        stored = 0
        for case in (result.case for result in results):
            wanted = {"episode": case.id, "rulebook": case.rulebook}
            if context.store.page(wanted, 1).items:
                continue
            answer = classify(context.classifiers[case.rulebook], case.episode, TRACE)
            # of several commands at once, one stores it
            claim = Claim("softbalance cases", f"{case.rulebook}/{case.id}", "loaded")
            stored += context.store.add(answer, claim) is None
    except StoreAway as error:
        refuse(str(error))
    return f"{stored} cases stored, {len(results) - stored} were there already."
