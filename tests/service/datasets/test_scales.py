"""Scales and numbers are read alike by every door, and one dataset goes to several codebooks."""

import csv
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow
import pyarrow.parquet
import pytest
from click.testing import CliRunner
from flask import Flask
from softbalance.rules.classifier import Classifier
from softbalance.rules.language.loader import load_folder
from softbalance.service.commands.classify import command
from softbalance.service.settings import Settings

THEORIES = Path(__file__).parents[2] / "theories"
DEPENDENCE = "dependence"
THREATS = {"low": "low", "Medium": "medium", " HIGH ": "high", "": "unknown", "n/a": "unknown"}
SHARES = {"0": "low", "0.05": "low", ".1": "medium", "29e-2": "medium", "0.3": "high", "7": "high"}
SHARES |= {"contested": "contested", "high": "high", "": "unknown"}
OTHERS = {"constrains_hegemon": "yes", "hegemon_seen_as_threat": "yes"}


def _rows() -> list[dict[str, str]]:
    chance = random.Random(1)
    return [
        {
            "id": f"e{n}",
            "form": chance.choice(("other", "joint_force")),
            "threat": chance.choice(list(THREATS)),
            "trade_share": chance.choice(list(SHARES)),
            **OTHERS,
        }
        for n in range(60)
    ]


def _expected() -> dict[str, str]:
    (book,) = load_folder(THEORIES / DEPENDENCE)
    classifier = Classifier(book)
    answers = {}
    for row in _rows():
        indicators = {"threat": THREATS[row["threat"]], "trade_share": SHARES[row["trade_share"]]}
        answer = classifier.classify({"form": row["form"], "indicators": indicators})
        answers[row["id"]] = answer["classification"]
    assert len(set(answers.values())) == 3
    return answers


def _write(path: Path, rows: list[dict[str, Any]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def _wide(folder: Path) -> str:
    return str(_write(folder / "wide.csv", _rows()))


def _long(folder: Path) -> str:
    said = [
        {"id": row["id"], "form": row["form"], "indicator": name, "value": row[name]}
        for row in _rows()
        for name in ("threat", "trade_share", *OTHERS)
    ]
    return str(_write(folder / "long.csv", said))


def _parquet(folder: Path) -> str:
    path = folder / "wide.parquet"
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(_rows()), path)
    return str(path)


def _episode(row: dict[str, str]) -> dict[str, Any]:
    share = row["trade_share"]
    value = float(share) if share[:1].isdigit() or share[:1] == "." else SHARES[share]
    said = {"threat": THREATS[row["threat"]], "trade_share": value, **OTHERS}
    return {"id": row["id"], "form": row["form"], "indicators": said}


def _episodes(folder: Path) -> str:
    path = folder / "episodes.ndjson"
    lines = [json.dumps(_episode(row)) for row in _rows()]
    path.write_text("\n".join(lines), "utf-8")
    return str(path)


def _coders(folder: Path) -> str:
    rows = [{**row, "coder": coder} for row in _rows() for coder in ("a", "b")]
    return str(_write(folder / "coders.csv", rows))


FILES = [_wide, _long, _parquet, _episodes, _coders]


@pytest.mark.parametrize("written", FILES)
def test_every_file_says_the_same(tmp_path: Path, written: Callable[[Path], str]) -> None:
    output = tmp_path / "out.csv"
    books = ["--rulebook", DEPENDENCE, "--rulebook", "paul-2004"]
    arguments = [written(tmp_path), "-o", str(output), *books, "--rulebooks", str(THEORIES)]
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 0, result.output
    with output.open(encoding="utf-8", newline="") as answered:
        rows = list(csv.DictReader(answered))
    got = {row["id"]: row["classification"] for row in rows if row["rulebook"] == DEPENDENCE}
    assert got == _expected()
    other = {row["classification"] for row in rows if row["rulebook"] == "paul-2004"}
    assert other == {"indeterminate"}


@pytest.mark.parametrize("write", [_wide, _long])
def test_a_database_says_the_same(tmp_path: Path, write: Callable[[Path], str]) -> None:
    base = tmp_path / "data.duckdb"
    with duckdb.connect(str(base)) as connection:
        read = f"read_csv('{write(tmp_path)}', all_varchar = true)"
        connection.execute(f"CREATE TABLE coded AS SELECT * FROM {read}")
    arguments = ["coded", "-o", "answers", "--engine", f"duckdb://{base}"]
    books = ["--rulebook", DEPENDENCE, "--rulebook", "paul-2004", "--rulebooks", str(THEORIES)]
    result = CliRunner().invoke(command, [*arguments, *books])
    assert result.exit_code == 0, result.output
    with duckdb.connect(str(base)) as connection:
        query = f"SELECT id, classification FROM answers WHERE rulebook = '{DEPENDENCE}'"
        assert dict(connection.execute(query).fetchall()) == _expected()


CODES = {"low": "1", "medium": "2", "high": "3", "unknown": "-99"}
DECLARED = ["--values", "threat:low=1 medium=2 high=3 unknown=-99"]


def _coded(folder: Path, write: Callable[[Path], str]) -> str:
    """The file with numbers for threats, which for shares of trade are what they seem to be."""
    path = Path(write(folder))
    with path.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    for row in rows:
        column = "value" if row.get("indicator") == "threat" else "threat"
        if column in row:
            row[column] = CODES[THREATS[row[column]]]
    return str(_write(path, rows))


@pytest.mark.parametrize("write", [_wide, _long, _coders])
def test_codes_of_one_indicator_can_be_declared(
    tmp_path: Path, write: Callable[[Path], str]
) -> None:
    file, output = _coded(tmp_path, write), tmp_path / "out.csv"
    books = ["--rulebook", DEPENDENCE, "--rulebooks", str(THEORIES)]
    result = CliRunner().invoke(command, [file, "-o", str(output), *books, *DECLARED])
    assert result.exit_code == 0, result.output
    with output.open(encoding="utf-8", newline="") as answered:
        assert {r["id"]: r["classification"] for r in csv.DictReader(answered)} == _expected()
    base = tmp_path / "data.duckdb"
    with duckdb.connect(str(base)) as connection:
        read = f"read_csv('{file}', all_varchar = true)"
        connection.execute(f"CREATE TABLE coded AS SELECT * FROM {read}")
    arguments = ["coded", "-o", "answers", "--engine", f"duckdb://{base}", *books, *DECLARED]
    assert CliRunner().invoke(command, arguments).exit_code == 0
    with duckdb.connect(str(base)) as connection:
        assert dict(connection.execute("SELECT id, classification FROM answers").fetchall()) == (
            _expected()
        )


def test_codes_that_are_not_declared_are_rejected(tmp_path: Path) -> None:
    arguments = [_coded(tmp_path, _wide), "-o", str(tmp_path / "out.csv")]
    arguments += ["--rulebook", DEPENDENCE, "--rulebooks", str(THEORIES)]
    assert CliRunner().invoke(command, arguments).exit_code == 3
    declared = [*arguments, "--values", "threat:yes=1"]
    refused = CliRunner().invoke(command, declared)
    assert refused.exit_code == 2
    assert "unknown value 'yes'; known: low, medium, high" in refused.output


def test_a_value_of_another_scale_is_rejected(tmp_path: Path) -> None:
    rows = [{**_rows()[0], "threat": "yes"}, {**_rows()[1], "trade_share": "-0.1"}]
    output = tmp_path / "out.csv"
    arguments = [str(_write(tmp_path / "in.csv", rows)), "-o", str(output)]
    arguments += ["--rulebook", DEPENDENCE, "--rulebooks", str(THEORIES)]
    assert CliRunner().invoke(command, arguments).exit_code == 3
    with (tmp_path / "out.csv.rejects.csv").open(encoding="utf-8", newline="") as kept:
        told = [(row["column"], row["message"]) for row in csv.DictReader(kept)]
    assert told == [
        ("threat", "unknown value 'yes'; known: low, medium, high, unknown, contested"),
        ("trade_share", "'-0.1' is below the lowest level, 0"),
    ]


def test_over_http(application: Callable[[Settings], Flask], tmp_path: Path) -> None:
    settings = Settings(database=f"sqlite:///{tmp_path}/store.db", rulebooks=(THEORIES,))
    client = application(settings).test_client()
    expected = _expected()
    for row in _rows()[:20]:
        answer = client.post(
            f"/v1/classifications?store=false&rulebook={DEPENDENCE}&detail=full", json=_episode(row)
        )
        assert answer.status_code == 200, answer.get_json()
        got = answer.get_json()
        assert got["classification"] == expected[row["id"]]
        assert got["unread"] == list(OTHERS)
        changes = {c["to"] for f in got["flips"]["sets"] for c in f["changes"]}
        assert changes <= {"low", "medium", "high"}
    low = {"form": "other", "indicators": {"trade_share": -1, "threat": "yes"}}
    answer = client.post("/v1/classifications?store=false", json=low)
    assert {error["pointer"] for error in answer.get_json()["errors"]} == {
        "/indicators/trade_share",
        "/indicators/threat",
    }
