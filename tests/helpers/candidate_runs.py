"""The command that finds candidates, run in this process, and what it says."""

from __future__ import annotations

import re

from click.testing import CliRunner
from softbalance.service.cli import softbalance

from dataset_files import Done


def candidates(*arguments: object, stdin: bytes | None = None) -> Done:
    """Run `softbalance candidates` and return its status and what it said."""
    result = CliRunner().invoke(softbalance, ["candidates", *map(str, arguments)], input=stdin)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Done(result.exit_code, result.stdout, result.stderr)


def numbers(said: str) -> tuple[int, int, int, int]:
    """What a run told: rows, rows behind candidates, rejected, out of scope."""
    told = re.search(
        r"([\d,]+) rows?: ([\d,]+) behind .*, ([\d,]+) rejected, ([\d,]+) out of scope", said
    )
    assert told is not None, said
    rows, behind, rejected, out = (int(one.replace(",", "")) for one in told.groups())
    return rows, behind, rejected, out


def parts(said: str) -> int:
    """How many rows are out of scope, by the sum over the reasons told."""
    return sum(int(n.replace(",", "")) for n in re.findall(r"  ([\d,]+) out of scope: ", said))
