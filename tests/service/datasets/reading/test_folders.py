"""Folders named `name=value`: above inputs, above the output and above the temporary files."""

import subprocess
from pathlib import Path

import duckdb
import pytest
from softbalance import rules, schemas, service
from softbalance.rules.language.loader import Library

from candidate_runs import candidates
from dataset_files import classify, read, read_parquet, sorted_rows, write
from event_files import gdelt, text
from processes import SOFTBALANCE


def put(path: Path, columns: str) -> Path:
    """Write a file of one row; `columns` are SQL."""
    path.parent.mkdir(parents=True, exist_ok=True)
    format_ = "parquet" if path.suffix == ".parquet" else "csv"
    duckdb.execute(f"COPY (SELECT {columns}) TO '{path}' (FORMAT {format_})")
    return path


def test_one_function_reads_parquet() -> None:
    modules = (
        module
        for package in (rules, schemas, service)
        for module in Path(package.__path__[0]).resolve().rglob("*.py")
    )
    words = ("read_parquet", "parquet_scan")
    naming = [m.name for m in modules if any(word in m.read_text() for word in words)]
    assert naming == ["duck_files.py"]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
@pytest.mark.parametrize("folder", ["id=zzz", "form=joint_force", "ID=zzz", "own=zzz"])
def test_a_folder_never_replaces_a_column(tmp_path: Path, folder: str, ending: str) -> None:
    file = put(tmp_path / folder / f"x.{ending}", "'e1' AS id, 'other' AS form, 'mine' AS own")
    for named in (file, tmp_path / f"*/x.{ending}", tmp_path / "**" / f"*.{ending}"):
        done = classify(named, "-o", "-")
        assert done.status == 0, done.err
        (row,) = read(done.out)
        assert (row["id"], row["strategy"], row["own"]) == ("e1", "other", "mine")
        assert not {"form", "ID", "input_id"} & row.keys()


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_folder_adds_a_column_that_files_lack(tmp_path: Path, ending: str) -> None:
    for folder, id_ in (
        ("year=2001/part=a%3Ab", "e1"),
        ("year=__HIVE_DEFAULT_PARTITION__", "e2"),
        ("none", "e3"),
    ):
        put(tmp_path / "sets=all" / folder / f"x.{ending}", f"'{id_}' AS id, 'other' AS form")
    pattern = tmp_path / "sets=all" / "**" / f"x.{ending}"
    assert classify(pattern, "-o", tmp_path / "out.parquet").status == 0
    rows = sorted_rows(read_parquet(tmp_path / "out.parquet"))
    found = [(row["id"], row["year"], row["part"]) for row in rows]
    assert found == [("e1", "2001", "a:b"), ("e2", None, None), ("e3", None, None)]
    assert "sets" not in rows[0]  # the pattern names this folder


def test_a_column_of_some_files_and_of_a_folder_is_one(tmp_path: Path) -> None:
    put(tmp_path / "plain/x.parquet", "'e1' AS id, 'other' AS form, 7 AS year")
    put(tmp_path / "year=2001/x.parquet", "'e2' AS id, 'other' AS form")
    assert classify(tmp_path / "*/x.parquet", "-o", tmp_path / "out.parquet").status == 0
    rows = sorted_rows(read_parquet(tmp_path / "out.parquet"))
    assert [row["year"] for row in rows] == ["7", "2001"]


def test_a_folder_does_not_code_in_silence(tmp_path: Path) -> None:
    put(tmp_path / "constrains_hegemon=yes/x.csv", "'e1' AS id, 'other' AS form")
    done = classify(tmp_path / "*/x.csv", "-o", "-")
    assert done.status == 2
    assert "write a column 'constrains_hegemon' into the file" in done.err


def test_a_folder_knows_a_column_that_is_named_otherwise(tmp_path: Path, library: Library) -> None:
    asked = library.codebook.indicators["constrains_hegemon"].question
    columns = f"""'e1' AS id, 'other' AS "form\u200b", 'no' AS "{asked}" """
    put(tmp_path / "form=joint_force/constrains_hegemon=yes/x.csv", columns)
    done = classify(tmp_path / "*/*/x.csv", "-o", "-")
    assert done.status == 0, done.err
    (row,) = read(done.out)
    assert row["strategy"] == "other"
    assert not {"form", "constrains_hegemon"} & row.keys()


@pytest.mark.parametrize("layer", ["out", "temporary"])
def test_the_programs_own_files_have_no_columns_of_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, layer: str
) -> None:
    """Each name is a column of the program's own files, and would be replaced there."""
    odd = tmp_path / "classification=mixed" / "fired=x" / "id=zzz" / "day=1" / "source=USA"
    odd.mkdir(parents=True)
    plain = tmp_path / "plain"
    plain.mkdir()
    days = range(20151010, 20151015)
    events = [gdelt(day, str(day), "RUS", "CHN", "057") for day in days]
    (tmp_path / "events.tsv").write_text(text(events, "\t"))
    sheet = write(tmp_path / "in.csv", ["id", "form"], [["a", "other"], ["b", "joint_force"]])
    found, differences = [], []
    monkeypatch.chdir(plain)
    for folder in (plain, odd):
        if layer == "temporary":
            monkeypatch.setenv("TMPDIR", str(folder))
        out = "-" if layer == "temporary" else folder / "out.csv"
        done = candidates(tmp_path / "events.tsv", "-o", out, "--min-events", 2)
        assert done.status == 0, done.err
        found.append(done.out if layer == "temporary" else (folder / "out.csv").read_text())
        command = [SOFTBALANCE, "rulebook", "diff", "brooks-wohlforth-2004", "paul-2004"]
        differences.append(
            subprocess.run(
                [*command, "--on", sheet], cwd=folder, capture_output=True, check=True
            ).stdout
        )
    assert found[0] == found[1]
    assert "RUS" in found[0]
    assert differences[0] == differences[1]
    assert b"of 2 change" in differences[0].replace(b"changes", b"change")


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_folders_on_spark(tmp_path: Path, ending: str) -> None:
    """They add what files lack and replace nothing, as on DuckDB."""
    data = tmp_path / "sets=all" / f"in put.{ending}"
    for folder, id_ in (("year=2001/where=a%3A b", "e1"), ("plain", "e2")):
        put(data / folder / f"x.{ending}", f"'{id_}' AS id, 'other' AS form, 'mine' AS own")
    put(
        data / "own=zzz" / "form=joint_force" / f"x.{ending}",
        "'e3' AS id, 'other' AS form, 'm' AS own",
    )
    out = tmp_path / "out.parquet"
    done = classify(data, "-o", out, "--engine", "spark", "--master", "local[1]")
    assert done.status == 0, done.err
    rows = sorted_rows(read_parquet(Path(f"{out}/*.parquet")))
    found = [(r["id"], r["strategy"], r["own"], r["year"], r["where"]) for r in rows]
    assert found == [
        ("e1", "other", "mine", "2001", "a: b"),
        ("e2", "other", "mine", None, None),
        ("e3", "other", "m", None, None),
    ]
    assert not {"sets", "form"} & rows[0].keys()
