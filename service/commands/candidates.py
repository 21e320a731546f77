"""`softbalance candidates`: event datasets to candidate episodes, for coders to judge."""

from __future__ import annotations

import signal
import sys

import click
from softbalance.service.commands.classify import signals
from softbalance.service.commands.options import (
    DONE_WITH_FAILURES,
    encoding_option,
    open_library,
    refuse,
    sheet_option,
)

_SIGNALLED = 128


@click.command()
@click.argument("inputs", metavar="INPUT...", nargs=-1, required=True)
@click.option(
    "-o", "--output", metavar="OUT", required=True, help="The candidates; - for standard output."
)
@click.option(
    "--hegemon", default="USA", show_default=True, help="The hegemon, as an ISO 3166 code."
)
@click.option(
    "--window",
    type=click.Choice(["year", "quarter", "month"]),
    default="quarter",
    show_default=True,
    help="The span of time that makes one candidate.",
)
@click.option(
    "--min-events",
    type=click.IntRange(1),
    help="How many acts of cooperation a candidate needs.  [default: 5; for disputes 1]",
)
@click.option("--layout", help="How INPUT is laid out.  [default: told from its first line]")
@click.option(
    "--rejects",
    type=click.Path(dir_okay=False),
    help="Where rows go that cannot be read.  [default: OUT.rejects.csv]",
)
@encoding_option
@sheet_option
@click.option(
    "--output-format",
    type=click.Choice(["csv", "tsv", "ndjson", "parquet"]),
    help="What OUT gets.  [default: by its ending; for a stream csv]",
)
def command(  # noqa: PLR0913, PLR0917 - one for each option
    inputs: tuple[str, ...],
    output: str,
    hegemon: str,
    window: str,
    min_events: int | None,
    layout: str | None,
    rejects: str | None,
    encoding: str | None,
    sheet: str | None,
    output_format: str | None,
) -> None:
    """Find candidate episodes in event data.

    INPUT is GDELT 1.0 or 2.0, ICEWS, PLOVER or POLECAT JSON, or COW militarized disputes (MIDB,
    and MIDA with it), as text or as a table (.xlsx, .dta, .sav, .rds, .feather); also packed (.gz,
    .zip, .zst), a glob, or - for a stream. OUT is a wide coding sheet
    (.csv, .tsv, .parquet) or Episodes (.ndjson), best first, and OUT.rows.csv has the rows behind
    each candidate. What comes out are candidates, never verdicts: motive is not observed. Exits
    with 3 if there were rows that cannot be read.
    """
    from softbalance.service.datasets.reading.defects import UnusableDataset
    from softbalance.service.datasets.reading.reading_options import ReadingOptions, check_encoding
    from softbalance.service.events.candidate_run import CandidatesRequest, find
    from softbalance.service.text.candidates_text import tell

    codebook = open_library(()).codebook
    with signals():
        try:
            reading = ReadingOptions(encoding=check_encoding(encoding), sheet=sheet)
            request = CandidatesRequest(
                inputs, output, hegemon, window, codebook, min_events, layout, rejects,
                output_format, reading,
            )  # fmt: skip
            account, places, best = find(request)
        except UnusableDataset as error:
            refuse(str(error))
        except BrokenPipeError:
            sys.exit(_SIGNALLED + signal.SIGPIPE)
        except KeyboardInterrupt:
            sys.exit(_SIGNALLED + signal.SIGINT)
    tell(account, places, best, sys.stderr)
    if account.rejected:
        sys.exit(DONE_WITH_FAILURES)
