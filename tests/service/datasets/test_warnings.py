"""What is easily meant otherwise is told, and what means nothing does no harm, in every command."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import orjson
import pytest
from click.testing import CliRunner
from softbalance.rules.language.loader import Library
from softbalance.service.cli import softbalance

from dataset_files import BROOKS, classify, read, read_lines

HEADER = b"id,form,constrains_hegemon,own\n"
GOOD = b"a,other,no,x\nb,other,yes,y\n"


def run(*arguments: object) -> tuple[int, str]:
    """Run a command; return its status and what it said on standard error."""
    done = CliRunner().invoke(softbalance, [*map(str, arguments)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stderr


def export(sheet: Path, *more: object) -> tuple[int, str]:
    return run("export", "qca", sheet, "-o", sheet.with_name("qca.csv"), *more)


def compare(sheet: Path, *more: object) -> tuple[int, str]:
    return run("rulebook", "diff", BROOKS, "paul-2004", "--on", sheet, *more)


def classify_(sheet: Path, *more: object) -> tuple[int, str]:
    return run("classify", sheet, "-o", sheet.with_name("out.csv"), *more)


COMMANDS = [classify_, export, compare]
Command = Callable[..., tuple[int, str]]


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("rows", "status"),
    [
        (GOOD.replace(b"\n", b",,\n"), 0),
        (b"a,other,no,x,,\nb,other,yes,y\n", 0),
        (b"a,other,no,x,,\nb,other,yes,y\nc,nosuch,no,z\n", 3),
        (b"a,other,no,x\nb,other,yes,y\nc,other,yes,y,,note\n", 3),
        (b'a,other,no,"x"," ",""\nb,other,yes,y\n', 0),
    ],
)
def test_surplus_fields_matter_if_something_is_in_them(
    tmp_path: Path, command: Command, rows: bytes, status: int
) -> None:
    sheet = tmp_path / "in.csv"
    sheet.write_bytes(HEADER + rows)
    done = command(sheet)
    assert done[0] == status, done
    if command is classify_:
        assert [row["id"] for row in read(tmp_path / "out.csv")] == ["a", "b"]


@pytest.mark.parametrize("command", COMMANDS)
def test_rows_of_delimiters_are_blank(tmp_path: Path, command: Command) -> None:
    sheet = tmp_path / "in.csv"
    sheet.write_bytes(HEADER + GOOD + b',,,\n  ,,,\n"","","",""\n\n')
    status, told = command(sheet)
    assert status == 0
    assert "passed over 3 blank rows" in told


@pytest.mark.parametrize("command", COMMANDS)
def test_a_row_that_a_quote_swallows_is_told(tmp_path: Path, command: Command) -> None:
    sheet = tmp_path / "in.tsv"
    sheet.write_bytes(
        HEADER.replace(b",", b"\t") + b'a\tother\tno\t"Axis\nb\tother\tyes\t12"\nc\tother\tno\tz\n'
    )
    assert "in.tsv: lines 2 to 3: what stands in quotes" in command(sheet)[1]
    assert "lines 2" not in command(sheet, "--quoting", "none")[1]


def test_without_quoting_a_quote_is_a_character(tmp_path: Path) -> None:
    sheet = tmp_path / "in.csv"
    sheet.write_bytes(HEADER + b'a,other,no,"Axis\nb,other,yes,12"\nc,nosuch,no,"\n')
    assert classify_(sheet, "--quoting", "none")[0] == 3
    assert [row["own"] for row in read(tmp_path / "out.csv")] == ['"Axis', '12"']
    (reject,) = read(tmp_path / "out.csv.rejects.csv")
    assert reject["line"] == "4"


LONG = "id,form,indicator,value,coder\n"


@pytest.mark.parametrize("command", [*COMMANDS, lambda sheet: run("agreement", sheet)])
def test_ids_that_look_alike_are_told(tmp_path: Path, command: Command) -> None:
    sheet = tmp_path / "in.csv"
    rows = ["E 1,ana", "E 1\u00a0,ben", "e1,ana", "\u200be1 ,ben", "E2,ana", "E2 ,ben"]
    said = (row.split(",") for row in rows)
    text = "".join(f"{id_},other,constrains_hegemon,yes,{coder} \n" for id_, coder in said)
    sheet.write_text(LONG + text, "utf-8")
    status, told = command(sheet)
    assert status == 0, told
    alike = [line for line in told.splitlines() if "differ only in case or blanks" in line]
    assert alike == [
        "softbalance: ids that differ only in case or blanks are taken apart: 'E 1' and 'e1'; "
        "spell them alike if they are one"
    ]
    if command is classify_:
        assert [row["id"] for row in read(tmp_path / "out.csv")] == ["E 1", "e1", "E2"]


def test_coders_that_look_alike_are_told(tmp_path: Path) -> None:
    sheet = tmp_path / "in.csv"
    rows = ("e1,other,constrains_hegemon,yes,", "e2,other,constrains_hegemon,no,")
    sheet.write_text(LONG + "".join(f"{row}{c}\n" for row in rows for c in ("ana", "Ana", "ben")))
    assert (
        "coders that differ only in case or blanks are taken apart: 'ana' and 'Ana'"
        in (run("agreement", sheet)[1])
    )


def test_a_database_trims_ids_and_tells_of_alike_ones(tmp_path: Path) -> None:
    url = f"duckdb://{tmp_path / 'db'}"
    with duckdb.connect(str(tmp_path / "db")) as connection:
        connection.execute("CREATE TABLE cases (id TEXT, form TEXT, indicator TEXT, value TEXT)")
        for id_, value in (("e1", "1.0"), ("e1\u00a0", "\u200bT "), ("E1", "f")):
            row = [id_, " Other\u00a0", "constrains_hegemon", value]
            connection.execute("INSERT INTO cases VALUES (?, ?, ?, ?)", row)
    done = classify("cases", "-o", "answers", "--engine", url)
    assert done.status == 0
    assert "ids that differ only in case or blanks are taken apart: 'E1' and 'e1'" in done.err
    with duckdb.connect(str(tmp_path / "db")) as connection:
        found = connection.execute("SELECT id, classification FROM answers ORDER BY 1").fetchall()
    assert found == [("E1", "not_a_constraint"), ("e1", "indeterminate")]


@pytest.mark.parametrize("command", COMMANDS)
def test_no_indicator_is_told_with_the_nearest(tmp_path: Path, command: Command) -> None:
    sheet = tmp_path / "in.csv"
    sheet.write_text("id,form,constrains_hegemon___1\n1,other,1\n")
    status, told = command(sheet)
    assert status == 0
    assert "no column is an indicator" in told
    assert "'constrains_hegemon___1' may be meant for 'constrains_hegemon'" in told


def test_a_question_names_its_indicator(tmp_path: Path, library: Library) -> None:
    asked = library.codebook.indicators["constrains_hegemon"].question.replace("'", "\u2019")
    sheet = tmp_path / "in.csv"
    sheet.write_text(f'id,form,"  {asked} "\n1,other,No\n', "utf-8")
    assert classify(sheet, "-o", tmp_path / "out.csv") == (0, "", "")
    assert read(tmp_path / "out.csv")[0]["classification"] == "not_a_constraint"
    sheet.write_text(f'id,form,"{asked}",constrains_hegemon\n1,other,No,No\n', "utf-8")
    assert "stands 2 times" in classify(sheet, "-o", tmp_path / "out.csv").err


def write_parquet(path: Path, query: str) -> Path:
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({query}) TO '{path}'")
    return path


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_columns_that_differ_by_case_are_refused(tmp_path: Path, ending: str) -> None:
    sheet = tmp_path / f"in.{ending}"
    if ending == "csv":
        sheet.write_bytes(b"id,form,costly_commitment,Costly_Commitment\n1,other,yes,no\n")
    else:
        pyarrow = pytest.importorskip("pyarrow")
        columns = [[{"x": 1.0}], ["1"], ["other"], ["yes"], ["no"]]
        names = ["nested", "id", "form", "costly_commitment", "Costly_Commitment"]
        parquet = pytest.importorskip("pyarrow.parquet")
        parquet.write_table(pyarrow.table(columns, names=names), sheet)
    done = classify(sheet, "-o", tmp_path / "out.csv")
    assert done.status == 2
    assert "('costly_commitment' and 'Costly_Commitment')" in done.err


def test_a_value_is_the_same_in_csv_and_in_parquet(tmp_path: Path) -> None:
    said = ["1.0", "0.0", "", "1.0"]
    sheet = tmp_path / "in.csv"
    rows = "".join(f"{n},other,{cell}\n" for n, cell in enumerate(said))
    sheet.write_text("id,form,constrains_hegemon\n" + rows)
    query = f"SELECT id, form, constrains_hegemon::DOUBLE AS constrains_hegemon FROM '{sheet}'"
    both = sheet, write_parquet(tmp_path / "in.parquet", query)
    answers = [classify(path, "-o", "-") for path in both]
    assert answers[0] == answers[1]
    assert [export(path)[0] for path in both] == [0, 0]


def test_numbers_that_json_lacks_are_null(tmp_path: Path) -> None:
    query = """
        SELECT * FROM (VALUES
            ('a', 'other', 'no', 'nan'::DOUBLE, ['inf'::FLOAT, 1], {'x y': '-inf'::DOUBLE}),
            ('b', 'other', 'no', 0.5, NULL, NULL)
        ) AS t(id, form, constrains_hegemon, own, many, "in it")
    """
    sheet = write_parquet(tmp_path / "in.parquet", query)
    done = classify(sheet, "-o", tmp_path / "out.ndjson")
    assert (done.status, done.err.count("which JSON lacks")) == (0, 1)
    rows = read_lines((tmp_path / "out.ndjson").read_text())
    assert [(row["own"], row["many"], row["in it"]) for row in rows] == [
        (None, [None, 1.0], {"x y": None}),
        (0.5, None, None),
    ]


def test_our_own_names_pass_through(tmp_path: Path) -> None:
    names = ("file_row_number", "__row", "__line", "__number", "c0", "file", "row", "said_id")
    own = ", ".join(f"{n} AS {name}" for n, name in enumerate(names))
    sheet = write_parquet(tmp_path / "in.parquet", f"SELECT 'other' AS form, {own}, 'no' AS own_0")
    done = classify(sheet, "-o", tmp_path / "out.ndjson")
    assert done.status == 0
    (row,) = read_lines((tmp_path / "out.ndjson").read_text())
    assert [row[name] for name in names] == list(range(len(names)))
    assert (row["id"], row["own_0"]) == ("row-1", "no")
    assert compare(sheet)[0] == 0


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            "form\nother\n".encode("utf-16-le"),
            "is UTF-16LE, not UTF-8; read it with --encoding utf-16le, or save it",
        ),
        ("form\nother\n".encode("utf-16-be"), "is UTF-16"),
        ("form\nother\n".encode("utf-32"), "is UTF-32"),
        (
            b"PK\x03\x04\x14\0a.csv",
            "is a zip archive, whatever its name says; let its name end in .zip",
        ),
        (b"PK\x03\x04\x14\0xl/workbook.xml", "is an Excel workbook (.xlsx)"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is an old Excel workbook"),
        (b" <!DOCTYPE html>\n<html>", "is a web page"),
        (b"PAR1\x15\x04", "is a Parquet file"),
    ],
)
@pytest.mark.parametrize("ending", ["csv", "tsv", "ndjson"])
def test_what_is_no_text_is_named(tmp_path: Path, content: bytes, said: str, ending: str) -> None:
    sheet = tmp_path / f"in.{ending}"
    sheet.write_bytes(content)
    if ending == "ndjson" and content.startswith(b"PAR1"):
        return
    done = classify(sheet, "-o", tmp_path / "out.csv")
    assert done.status == 2
    assert said in done.err


def test_rejects_of_parquet_are_json(tmp_path: Path) -> None:
    query = "SELECT 'nosuch' AS form, 'nan'::DOUBLE AS own"
    sheet = write_parquet(tmp_path / "in.parquet", query)
    assert classify(sheet, "-o", tmp_path / "out.csv").status == 3
    (reject,) = read(tmp_path / "out.csv.rejects.csv")
    assert orjson.loads(reject["row"]) == {"form": "nosuch", "own": None}
