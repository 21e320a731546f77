"""Whatever is wrong with a file, each row is behind a candidate, rejected or out of scope."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy, composite

from candidate_runs import candidates, numbers, parts
from dataset_files import read
from event_files import (
    GDELT_NAMES,
    ICEWS_NAMES,
    MIDA_NAMES,
    MIDB_NAMES,
    dispute,
    gdelt,
    gdelt1,
    icews,
    participant,
    plover,
    text,
    through_a_spreadsheet,
)

FEW = settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
DAYS = st.sampled_from(["20150105", "20150630", "20151001", "19820102", "20151332", "2.02E+07", ""])
STATES = st.sampled_from(["BRA", "IND", "USA", "RUS", "EUR", "QQQ", "", "IGO:UNO", "IGO:NAT"])
NAMES = st.sampled_from(["Brazil", "India", "United States", "NA", "Atlantis", "IGO:G7", ""])
CODES = st.sampled_from(["010", "036", "040", "057", "062", "111", "120", "190", "12", "16", "---"])
NUMBER = st.integers(0, 40)
#: What is no row of any layout, or splits one in two.
NOISE = st.sampled_from(["", "\t\t\t", "a;b;c", "1,2,3", '"', "\xff", "\0", "x" * 300, "{}", "[1,"])


def _damaged(draw: DrawFn, row: Sequence[str]) -> list[str]:
    """A row with perhaps a field more, or fewer, or another in a place."""
    row = list(row)
    harm = draw(st.sampled_from(["", "", "", "short", "long", "cell"]))
    if harm == "short":
        del row[draw(st.integers(1, len(row) - 1)) :]
    elif harm == "long":
        row.append("more")
    elif harm == "cell":
        row[draw(st.integers(0, len(row) - 1))] = draw(st.sampled_from(["", "?", '"', "1\r2", "é"]))
    return row


@composite
def gdelt_files(draw: DrawFn) -> tuple[str, bytes]:
    """A file of either GDELT, or one that went through a spreadsheet, with its name."""
    kind = draw(st.sampled_from(["1", "2", "sheet"]))
    rows = [gdelt(0, "20150105", "BRA", "IND", "040")]
    for _ in range(draw(st.integers(0, 15))):
        other: dict[str, str] = draw(st.sampled_from([{}, {}, {"EventRootCode": ""}]))
        rows.append(
            gdelt(draw(NUMBER), draw(DAYS), draw(STATES), draw(STATES), draw(CODES), **other)
        )
    if kind == "1":
        rows = [gdelt1(row, url=draw(st.booleans())) for row in rows]
    if kind == "sheet":
        rows = [GDELT_NAMES, *map(through_a_spreadsheet, rows)]
    rows = [*rows[:2], *(_damaged(draw, row) for row in rows[2:])]
    return f"gdelt{kind}.txt", _noisy(draw, text(rows, ";" if kind == "sheet" else "\t"))


@composite
def icews_files(draw: DrawFn) -> tuple[str, bytes]:
    """A file of ICEWS with its name."""
    day = st.sampled_from(["2018-06-01", "2018-07-01", "2018-02-30", "1.6.2018"])
    scale = st.sampled_from(["4", "-4", "0", "", "x"])
    rows: list[Sequence[str]] = [ICEWS_NAMES]
    for _ in range(draw(st.integers(0, 15))):
        row = icews(draw(NUMBER), draw(day), draw(NAMES), draw(NAMES), draw(CODES), draw(scale))
        rows.append(_damaged(draw, row))
    return "icews.tab", _noisy(draw, text(rows, "\t"))


@composite
def plover_files(draw: DrawFn) -> tuple[str, bytes]:
    """Records of PLOVER, a list or an object a line, with the file's name."""
    code = st.sampled_from(["BRA", "IND", "USA", "ZAF", "IGO", "JAP", "EUR"])
    event = st.sampled_from(["AGREE", "CONSULT", "COOPERATE", "ACCUSE", "FIGHT", "DOCUMENT", "no"])
    context = st.sampled_from(["", "military", "negation", "economic;military"])
    records: list[Any] = []
    for _ in range(draw(st.integers(1, 15))):
        actors = (draw(st.lists(code, max_size=3)), draw(st.lists(code, max_size=2)))
        day = draw(st.sampled_from(["2015-01-05", "2015-10-01", "2015", "05.01.2015"]))
        record = plover(draw(NUMBER), day, *actors, draw(event), context=draw(context))
        records.append(draw(st.sampled_from([record, record, record, [record], None, {}])))
    if draw(st.booleans()):
        return "plover.json", json.dumps(records).encode()
    start = json.dumps(plover(0, "2015-01-05", ["BRA"], ["IND"], "CONSULT")) + "\n"
    return "plover.txt", start.encode() + _noisy(
        draw, "".join(json.dumps(r) + "\n" for r in records)
    )


@composite
def dispute_files(draw: DrawFn) -> tuple[str, bytes]:
    """Participants in disputes, with the file's name."""
    state = st.sampled_from([2, 2, 200, 365, 651, 300, 345, 999])
    start = st.sampled_from(
        [(1, 7, 1957), (-9, 1, 1960), (-9, -9, 1914), (31, 2, 1990), (1, 1, -9)]
    )
    rows: list[Sequence[str]] = [MIDB_NAMES]
    for _ in range(draw(st.integers(0, 15))):
        side, level = draw(st.integers(0, 2)), draw(st.integers(0, 5))
        row = participant(draw(st.integers(1, 4)), draw(state), side, draw(start), level)
        rows.append(_damaged(draw, row))
    return "midb.csv", _noisy(draw, text(rows, ","))


def _noisy(draw: DrawFn, whole: str) -> bytes:
    """A file with some lines that are none put after its second."""
    lines = whole.splitlines(keepends=True)
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(min(2, len(lines)), len(lines)))
        lines.insert(place, draw(NOISE) + "\n")
    return "".join(lines).encode("latin-1" if draw(st.booleans()) else "utf-8", "replace")


def _hold(
    name: str, body: bytes, count: Callable[[bytes], int], *further: tuple[str, bytes]
) -> None:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for path, data in ((name, body), *further):
            (folder / path).write_bytes(data)
        names = [folder / path for path, _ in ((name, body), *further)]
        out = folder / "found.csv"
        done = candidates(*names, "--min-events", 1, "-o", out)
        assert done.status in (0, 3)
        rows, behind, rejected, scoped = numbers(done.err)
        assert rows == behind + rejected + scoped
        assert scoped == parts(done.err)
        assert rows == count(body) + sum(count(data) for _, data in further)
        told = read(out.with_name("found.csv.rows.csv"))
        here = {(row["file"], row["line"]) for row in told}
        assert len(here) == behind
        rejects = out.with_name("found.csv.rejects.csv")
        there = (
            {(r.get("file", str(names[0])), r["line"]) for r in read(rejects)}
            if rejected
            else set()
        )
        assert len(there) == rejected
        assert not here & there


def _lines(body: bytes) -> int:
    """How many lines there are that are not blank; a carriage return alone ends none."""
    return sum(1 for line in body.split(b"\n") if line.strip(b" \t\r"))


def _tabbed(body: bytes) -> int:
    """The same, where tabs make a row of empty fields."""
    return sum(1 for line in body.split(b"\n") if line.strip(b" \r"))


def _records(body: bytes) -> int:
    """How many records of JSON there are."""
    if body.startswith(b"["):
        return len(json.loads(body))
    return sum(1 for line in body.split(b"\n") if line.strip())


@FEW
@given(gdelt_files())
def test_gdelt(file: tuple[str, bytes]) -> None:
    name, body = file
    headed = name == "gdeltsheet.txt"
    _hold(name, body, lambda b: (_lines(b) - 1) if headed else _tabbed(b))


@FEW
@given(icews_files())
def test_icews(file: tuple[str, bytes]) -> None:
    _hold(*file, lambda body: _tabbed(body) - 1)


@FEW
@given(plover_files())
def test_plover(file: tuple[str, bytes]) -> None:
    _hold(*file, _records)


@FEW
@given(dispute_files(), st.lists(st.integers(1, 5), unique=True))
def test_disputes(file: tuple[str, bytes], known: list[int]) -> None:
    disputes = text([MIDA_NAMES, *(dispute(number, 1957, 4) for number in known)], ",").encode()
    further: SearchStrategy[Any] | tuple[tuple[str, bytes], ...]
    further = (("mida.csv", disputes),) if known else ()
    _hold(*file, lambda body: _lines(body) - 1, *further)
