"""Candidates from real event data, worked by hand, and every row of each sample accounted for."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from candidate_runs import candidates, numbers, parts
from dataset_files import read
from places import REAL_DATA

#: Real event data as published by others, which the project does not hold; beside it where it is.
pytestmark = pytest.mark.skipif(not REAL_DATA.is_dir(), reason="the data is not here")
#: Inputs → rows in them, rows rejected, and rows whose code lost a zero.
SAMPLES = {
    ("gdelt/gdelt2-export-20151027.tsv",): (2116, 0, 0),
    ("gdelt/gdelt1-export-mixed.tsv",): (710, 0, 0),
    # 1,123 of its 1,629 codes have a root below 10, and each row's root says so
    ("gdelt/gdelt2-export-excel-damaged.csv",): (1629, 0, 1123),
    ("icews/events.2018.sample.tab",): (3705, 0, 0),
    # eight records name a state by no code of one: JAP, ITL, VTN, ISM
    ("plover/PLOVER_GSR_CAMEO.txt",): (323, 8, 0),
    ("cow/MIDA 5.0.csv", "cow/MIDB 5.0.csv"): (2436 + 5883, 0, 0),
    ("cow/MIDB 5.0.csv",): (5883, 0, 0),
}


@pytest.mark.parametrize("names", SAMPLES, ids="+".join)
def test_each_sample_is_accounted_for(tmp_path: Path, names: tuple[str, ...]) -> None:
    rows, rejected, repaired = SAMPLES[names]
    out = tmp_path / "found.csv"
    done = candidates(*(REAL_DATA / name for name in names), "--min-events", 1, "-o", out)
    assert done.status == (3 if rejected else 0)
    told = numbers(done.err)
    assert (told[0], told[2]) == (rows, rejected)
    assert told[0] == told[1] + told[2] + told[3]
    assert told[3] == parts(done.err)
    assert told[1] > 0
    assert (f"{repaired:,} rows had an event code without its leading zero" in done.err) == (
        repaired > 0
    )


def test_russia_and_syria_in_the_gdelt_sample(tmp_path: Path) -> None:
    """Worked from the rows of the file that name both, or one of them and the United States.

    Cooperation, in both directions, 15: code 030 once (…824) and 036 four times (…825, …831, …891,
    …903) are intent, 5; 040 twice (…842, …893) consultation; 050 five times (…826, …832, …843,
    …892, …904) and 051 twice (…829, …830) support, 7; 070 once (…827) aid. The appeal 020 (…841)
    counts as neither. Conflict among them, 3: code 110 (…828, …833, …834).

    Towards the United States neither opposes anything. With it, 5: 031 from (…680) and to it (…821)
    and 051 (…838) by Russia; 051 twice (…493232, …493233) towards Syria. From it: 190 (…493230).

    Between states there are 12 rows before October 2015 (P) and 319 in the quarter (N), none of the
    former of this pair (y = 0): e = 0.5 * 319 / 12 = 13.292, and the departure is
    (15 - 13.292) / sqrt(13.292 * (1 + 319 / 12) + 1) = 1.708 / 19.174 = 0.089.
    """
    out = tmp_path / "found.csv"
    candidates(REAL_DATA / "gdelt/gdelt2-export-20151027.tsv", "-o", out)
    found = {row["id"]: row for row in read(out)}["RUS-SYR-2015Q4"]
    assert (found["form"], found["actors"]) == ("other", "RUS;SYR")
    assert (found["start"], found["end"]) == ("2015-10", "2015-12")
    assert found["cooperation"] == "15"
    assert found["cooperation_kinds"] == "aid=1;consultation=2;intent=5;support=7"
    assert found["conflict_within"] == "3"
    assert (found["against_hegemon"], found["against_hegemon_least"]) == ("0", "0")
    assert (found["with_hegemon"], found["from_hegemon"]) == ("5", "1")
    assert float(found["cooperation_expected"]) == 13.292
    assert float(found["cooperation_departure"]) == 0.089
    assert float(found["score"]) == pytest.approx(
        math.log(16) + 0.089 + 2 * math.log(1) - math.log(6) - math.log(4), abs=0.0006
    )
    assert found["rows"] == str(15 + 3 + 5 + 1)
    assert found["row_ids"].split(";")[:3] == ["479492824", "479492825", "479492826"]


def test_germany_and_france_in_the_icews_sample(tmp_path: Path) -> None:
    """Worked from the rows of the file, two days of June 2018, that name both, or one and the USA.

    Cooperation, each act coded once for either side: ten of 036 (intent), ten of 040
    (consultation), four of 057 (agreement), together 24; the appeal 020 (32892374) counts as
    neither. Germany criticises the United States twice (111: 32898379, 32900386), France never.
    With it: only statements (010) and an appeal. From it: a lawsuit (115: 32892088). There is
    one window, so no past: the score is ln 25 + 0 + 2 ln 1 - ln 1 - ln 1.
    """
    out = tmp_path / "found.csv"
    candidates(REAL_DATA / "icews/events.2018.sample.tab", "-o", out)
    found = {row["id"]: row for row in read(out)}["DEU-FRA-2018Q2"]
    assert found["cooperation"] == "24"
    assert found["cooperation_kinds"] == "agreement=4;consultation=10;intent=10"
    assert (found["against_hegemon"], found["against_hegemon_least"]) == ("2", "0")
    assert found["against_hegemon_kinds"] == "criticism=2"
    assert (found["with_hegemon"], found["from_hegemon"]) == ("0", "1")
    assert found["cooperation_departure"] == ""
    assert float(found["score"]) == pytest.approx(math.log(25), abs=0.0006)
    assert (found["first_day"], found["last_day"]) == ("2018-06-01", "2018-06-02")
    assert found["rows"] == "27"


def test_disputes_of_1957_in_the_cow_data(tmp_path: Path) -> None:
    """Dispute 607: Egypt, Syria and the Soviet Union opposed the United States."""
    out = tmp_path / "found.csv"
    files = (REAL_DATA / "cow/MIDA 5.0.csv", REAL_DATA / "cow/MIDB 5.0.csv")
    candidates(*files, "--window", "year", "-o", out)
    found = {row["id"]: row for row in read(out)}["EGY-SUN-SYR-1957"]
    assert (found["start"], found["end"]) == ("1957-04-13", "1957-11-19")
    assert found["cooperation_kinds"] == "same_side=1"
    assert found["row_ids"] == "MID-607;MID-607-USA;MID-607-EGY;MID-607-SUN;MID-607-SYR"
