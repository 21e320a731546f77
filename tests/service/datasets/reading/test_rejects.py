"""Bad rows: each told with its line and reason, none lost, no good row stopped."""

import csv
import io
import random
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from softbalance.rules.language.loader import Library
from softbalance.service.datasets.reading.text_lines import MAX_RECORD
from softbalance.service.datasets.reading.text_rows import Records

from dataset_files import REJECTS, Row, classify, read, write

HEADER = b"id,form,costly_commitment,own\n"
GOOD = b"g,other,yes,x\n"


def rejects(tmp_path: Path, body: bytes, name: str = "in.csv") -> tuple[list[Row], list[Row]]:
    """The answer and the rejects of a file; both are checked to be there if they should."""
    (tmp_path / name).write_bytes(body)
    out = tmp_path / "out.csv"
    done = classify(tmp_path / name, "-o", out)
    assert done.status == 3, done
    assert "rejected, see" in done.err
    found = read(tmp_path / "out.csv.rejects.csv")
    assert list(found[0]) == REJECTS
    return read(out), found


@pytest.mark.parametrize(
    ("bad", "column", "value", "code", "said"),
    [
        (
            b"1,other,perhaps,x",
            "costly_commitment",
            "perhaps",
            "unknown",
            "unknown value 'perhaps'",
        ),
        (b"1,,yes,x", "form", "", "required", "no form"),
        (b"1,joint_forse,yes,x", "form", "joint_forse", "unknown", "did you mean 'joint_force'?"),
        (b"1,other,yes", "", "1,other,yes", "ragged", "3 fields where the header has 4"),
        (b"1,other,yes,x,y", "", "1,other,yes,x,y", "ragged", "5 fields"),
        (b"1,other,yes,caf\xe9", "", "1,other,yes,caf\\xe9", "encoding", "0xE9, is not UTF-8"),
        (b'1,other,"yes,x', "", '1,other,"yes,x', "quoting", "a quote"),
        (b'1,other,"yes"x,x', "", '1,other,"yes"x,x', "quoting", "text follows the closing quote"),
    ],
)
def test_defects_of_a_sheet(
    tmp_path: Path, bad: bytes, column: str, value: str, code: str, said: str
) -> None:
    good = b'g,other,"yes","two\nlines"\n'
    rows, (reject, *more) = rejects(tmp_path, HEADER + good + bad + b"\n" + b"\n" + GOOD)
    assert [row["own"] for row in rows] == ["two\nlines", "x"]
    assert not more
    assert (reject["line"], reject["column"], reject["value"]) == ("4", column, value)
    assert reject["code"] == code
    assert said in reject["message"]
    whole = bad.decode("utf-8", "backslashreplace")
    assert reject["row"] == whole


def test_each_mistake_of_a_row_is_told(tmp_path: Path) -> None:
    body = b"id,form,costly_commitment,prestige_payoff\na,othr,maybe,2\nb,other,no,no\n"
    rows, found = rejects(tmp_path, body)
    assert [row["id"] for row in rows] == ["b"]
    assert [(r["line"], r["id"], r["column"]) for r in found] == [
        ("2", "a", "form"),
        ("2", "a", "costly_commitment"),
        ("2", "a", "prestige_payoff"),
    ]
    assert {r["row"] for r in found} == {"a,othr,maybe,2"}


def test_defects_of_a_long_sheet(tmp_path: Path) -> None:
    body = b"""id,form,indicator,value
a,other,costly_commitment,yes
b,other,costly_commitment,yes
a,other,costly_comitment,yes
b,joint_force,costly_commitment,yes
,other,costly_commitment,no
c,other,costly_commitment,dunno
c,other,costly_commitment,no
d,,costly_commitment,no
"""
    rows, found = rejects(tmp_path, body)
    assert [row["id"] for row in rows] == ["a", "c"]
    assert [(r["line"], r["id"], r["column"], r["code"]) for r in found] == [
        ("3", "b", "form", "disagree"),
        ("4", "a", "indicator", "unknown"),
        ("5", "b", "form", "disagree"),
        ("6", "", "id", "required"),
        ("7", "c", "value", "unknown"),
        ("9", "d", "form", "required"),
    ]


def test_defects_of_episodes(tmp_path: Path) -> None:
    lines = [
        b'{"id": "a", "form": "other"}',
        b"",
        b'{"id": "b", "form": "other", "indicators": {"costly_comitment": "yes"}, "x": 1}',
        b'{"form": "other"',
        b'{"form": "other", "form": "joint_force"}',
        b'{"id": "c d", "form": "other", "indicators": {"costly_commitment": true}}',
        b'{"form": "caf\xe9"}',
        b"[]",
    ]
    rows, found = rejects(tmp_path, b"\r\n".join(lines), "in.ndjson")
    assert [row["id"] for row in rows] == ["a"]
    assert [(r["line"], r["id"], r["column"], r["value"], r["code"]) for r in found] == [
        ("3", "b", "/indicators/costly_comitment", "yes", "unknown"),
        ("3", "b", "/x", "1", "unknown"),
        ("4", "", "", "", "json"),
        ("5", "", "/form", "", "duplicate"),
        ("6", "c d", "/id", "c d", "format"),
        ("6", "c d", "/indicators/costly_commitment", "true", "type"),
        ("7", "", "", "", "json"),
        ("8", "", "", "", "type"),
    ]
    assert found[0]["row"] == lines[2].decode()


def test_several_inputs_tell_which(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / f"{name}.csv").write_bytes(HEADER + b"1,no,no,\n" + GOOD)
    assert classify(tmp_path / "*.csv", "-o", tmp_path / "o.csv").status == 3
    found = read(tmp_path / "o.csv.rejects.csv")
    assert [Path(row["file"]).name for row in found] == ["a.csv", "b.csv"]
    assert classify(
        tmp_path / "a.csv", "-o", tmp_path / "o.csv", "--rejects", tmp_path / "r"
    ).status
    assert len(read(tmp_path / "r")) == 1


def test_no_rejects_leave_no_file_of_an_earlier_run(tmp_path: Path) -> None:
    rejects(tmp_path, HEADER + b"1,no,no,\n")
    write(tmp_path / "in.csv", ["form"], [["other"]])
    assert classify(tmp_path / "in.csv", "-o", tmp_path / "out.csv").status == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv"]


def test_a_row_too_long_is_a_reject(tmp_path: Path) -> None:
    long = b"1,other,yes," + b"x" * MAX_RECORD + b"\n"
    rows, (reject,) = rejects(tmp_path, HEADER + GOOD + long + GOOD)
    assert (len(rows), reject["line"], reject["code"]) == (2, "3", "length")


def test_odd_line_ends_and_marks_are_no_defects(tmp_path: Path) -> None:
    for body in (
        b"\xef\xbb\xbf" + HEADER + GOOD,
        HEADER.replace(b"\n", b"\r\n") + GOOD + GOOD.replace(b"\n", b"\r\n"),
        (HEADER + GOOD + GOOD).replace(b"\n", b"\r"),
        HEADER + b"\n  \n" + GOOD + b"\n",
        HEADER + GOOD.removesuffix(b"\n"),
        HEADER + b"g,other,yes,a\0b\n",
    ):
        (tmp_path / "in.csv").write_bytes(body)
        done = classify(tmp_path / "in.csv", "-o", tmp_path / "out.csv")
        assert (done.status, done.err) == (0, ""), body
        assert all(row["id"] == "g" for row in read(tmp_path / "out.csv")), body


def test_a_quote_in_tabs_is_a_quote(tmp_path: Path) -> None:
    (tmp_path / "in.tsv").write_bytes(b'id\tform\town\n1\tother\t"so\n2\tother\tx\n')
    assert classify(tmp_path / "in.tsv", "-o", tmp_path / "out.tsv").status == 0
    assert [row["own"] for row in read(tmp_path / "out.tsv", "\t")] == ['"so', "x"]


PIECES = [b"a", b",", b",", b"\n", b'"', b" ", b"\r", b"\xe9", b"other", b"yes", b"\xc3\xa9", b"\0"]
RECORDS = [
    b"1,other,yes,x",
    b'2,"other",no,"a ""b"""',
    b"3,x,yes,x",
    b'4,other,"n,\n"',
    b"",
    b" 5\xc2\xa0,other,yes\xe2\x80\x8b,x,,",
    b"6,other,1.0,x, ,note",
    b",,,,,",
    "7,other,yes,x".encode("utf-16-le"),
]


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(RECORDS),
            st.lists(st.sampled_from(PIECES), max_size=8).map(b"".join),
        ),
        max_size=8,
    ),
    st.sampled_from([b"\n", b"\n", b"\r\n", b"\r"]),
)
@example([b'1,other,yes,"', b"1,other,yes,x", b'1,other,yes,"a"'], b"\n")
@example([b"1,other,yes,x,", b' "1" ,other,yes,x'], b"\n")
@example([b"a", b"aa\r,,,aa", b"1,other,yes,x"], b"\n")
@example([b"a", b"1,other,yes,a\ra", b"1,other,\r,x"], b"\n")
def test_no_row_is_lost(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], end: bytes
) -> None:
    folder = tmp_path_factory.mktemp("dirty")
    body = end.join([HEADER.removesuffix(b"\n"), *lines, b""])
    (folder / "in.csv").write_bytes(body)
    done = classify(folder / "in.csv", "-o", folder / "out.csv", "--detail", "verdict")
    assert done.status in (0, 3)
    classified = read(folder / "out.csv")
    rejected = read(folder / "out.csv.rejects.csv") if done.status == 3 else []
    found = list(Records(io.BytesIO(body), ",", 4))[1:]
    assert len(classified) + len({row["line"] for row in rejected}) == len(found)
    sound = [record for record in found if record.mistake is None]
    bad = {int(row["line"]) for row in rejected}
    assert {record.line for record in found if record.mistake} <= bad
    kept = [record for record in sound if record.line not in bad]
    cells = [(r.fields or r.raw.split(b","))[3].decode() for r in kept]
    assert [row["own"] for row in classified] == cells


@pytest.mark.parametrize("seed", range(3))
def test_records_are_those_of_the_csv_module(seed: int) -> None:
    rng = random.Random(seed)
    alphabet = ["a", '"', ",", "\n", " ", "é", ""]
    rows = [["".join(rng.choices(alphabet, k=4)) + "." for _ in range(3)] for _ in range(300)]
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    found = list(Records(io.BytesIO(text.getvalue().encode()), ",", 3))
    got = [[cell.decode() for cell in r.fields or r.raw.split(b",")] for r in found]
    assert got == rows
    starts = [1]
    for row in rows[:-1]:
        starts.append(starts[-1] + 1 + sum(cell.count("\n") for cell in row))
    assert [record.line for record in found] == starts


def refused(tmp_path: Path, header: str, *arguments: str) -> str:
    sheet = tmp_path / "in.csv"
    sheet.write_text(header)
    done = classify(sheet, "-o", tmp_path / "out.csv", *arguments)
    assert (done.status, done.out) == (2, "")
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]
    return done.err


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("", "is empty"),
        ("id,costly_commitment\n1,yes\n", "no column 'form'"),
        ("id,forms\n", "is 'forms' meant to be it?"),
        ("form,costly_comitment\n", "did you mean 'costly_commitment'?"),
        ("form,Costly Commitment\n", "did you mean 'costly_commitment'?"),
        ("form,prestige_payoff,Form\n", "'form' stands 2 times"),
        ("form,indicator,value\n", "no column 'id'"),
    ],
)
def test_headers_are_told_before_work_starts(tmp_path: Path, header: str, said: str) -> None:
    assert said in refused(tmp_path, header)


def test_columns_that_only_resemble_pass_through(tmp_path: Path, library: Library) -> None:
    own = ["costly_commitment_note", "coder_costly_commitment", "d", "prestige", "region"]
    sheet = write(tmp_path / "in.csv", ["form", *own], [["other", *own]])
    (row,) = read(classify(sheet, "-o", "-").out)
    assert [row[name] for name in own] == own


def test_what_cannot_be_used_is_told(tmp_path: Path) -> None:
    assert "unknown rulebook" in refused(tmp_path, "form\n", "--rulebook", "paul")
    assert "unknown engine" in refused(tmp_path, "form\n", "--engine", "dukdb")
    sheet = tmp_path / "in.csv"
    for name, content in (
        ("no.parquet", b"PAR1nothing"),
        ("no.csv.gz", b"\x1f\x8b\x08 not a whole file"),
        ("utf16.csv", "form\nother\n".encode("utf-16")),
        ("latin.csv", b"form,caf\xe9\n"),
        ("in.xlsx", b""),
    ):
        (tmp_path / name).write_bytes(content)
        done = classify(tmp_path / name, "-o", tmp_path / "out.csv")
        assert (done.status, done.out) == (2, "")
        assert name in done.err
    long = write(tmp_path / "l.csv", ["id", "form", "indicator", "value"], [])
    for arguments, said in (
        ((tmp_path / "gone.csv", "-o", tmp_path / "out.csv"), "No such file"),
        ((tmp_path / "gone*.csv", "-o", tmp_path / "out.csv"), "no file matches"),
        ((sheet, "-o", sheet), "would be overwritten"),
        ((sheet, "-o", tmp_path / "out.txt"), "by its ending"),
        ((sheet, "-o", tmp_path / "gone" / "out.csv"), "there is no folder"),
        ((sheet, long, "-o", tmp_path / "out.csv"), "in two runs"),
    ):
        done = classify(*arguments)
        assert (done.status, done.out) == (2, "")
        assert said in done.err
    assert not (tmp_path / "out.csv").exists()
