"""`softbalance export`: what other programs get, and that their own validators take it."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import zipfile
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from softbalance.service.cli import softbalance

from dataset_files import BROOKS, Done, classify, read, write
from evaluator import INDICATORS, verdict
from golden import assert_golden
from places import ROOT

EXAMPLE = ROOT / "examples" / "coded-by-two.csv"
BOTH = ("--rulebook", BROOKS, "--rulebook", "paul-2004")
LONG = ["id", "form", "indicator", "value", "source", "coder"]


def _export(*arguments: object) -> Done:
    result = CliRunner().invoke(softbalance, ["export", *map(str, arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Done(result.exit_code, result.stdout, result.stderr)


def _valid(package: Path) -> bool:
    """What Frictionless itself says of a package: schemas, keys, sizes and hashes."""
    done = subprocess.run(
        [Path(sys.executable).with_name("frictionless"), "validate", package],
        capture_output=True, text=True, check=False, timeout=120, cwd=package.parent,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode == 0


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("package") / "out"
    done = _export("package", EXAMPLE, "-o", folder, *BOTH, "--license", "CC-BY-4.0")
    assert (done.status, done.err) == (0, "")
    return folder


@pytest.mark.parametrize("name", ["episodes.csv", "observations.csv", "results.csv"])
def test_each_table_of_the_package_is_kept(package: Path, name: str) -> None:
    assert_golden(f"package/{name}", (package / name).read_bytes().decode())


def test_the_description_of_the_package_is_kept(package: Path) -> None:
    text = (package / "datapackage.json").read_text("utf-8")
    described = json.loads(text)
    described["softbalance"]["version"] = "VERSION"
    assert_golden("package/datapackage.json", json.dumps(described, indent=2) + "\n")
    assert described["licenses"] == [{"name": "CC-BY-4.0"}]
    cited = described["softbalance"]["rulebooks"]
    assert [book["id"] for book in cited] == [BROOKS, "paul-2004"]
    assert all(book["digest"].startswith("sha256:") and book["cites"] for book in cited)


def test_frictionless_takes_the_package_and_sees_what_is_wrong(
    package: Path, tmp_path: Path
) -> None:
    assert _valid(package / "datapackage.json")
    for name, before, after in (
        ("episodes.csv", ",yes,", ",maybe,"),  # no value of the codebook
        ("results.csv", "BRA-IND-2015Q4,", "BRA-IND,"),  # no such episode
        ("observations.csv", "costly_commitment", "costly_comitment"),
    ):
        broken = tmp_path / name.partition(".")[0]
        broken.mkdir()
        for file in package.iterdir():
            (broken / file.name).write_bytes(file.read_bytes())
        content = (broken / name).read_bytes().decode()
        (broken / name).write_bytes(content.replace(before, after, 1).encode())
        assert not _valid(broken / "datapackage.json")


def test_the_results_are_those_of_classify(package: Path, tmp_path: Path) -> None:
    assert classify(EXAMPLE, "-o", tmp_path / "out.csv", *BOTH).status == 0
    passed = ("source", "note")
    wanted = [
        {k: v for k, v in row.items() if k not in passed} for row in read(tmp_path / "out.csv")
    ]
    assert read(package / "results.csv") == wanted


def test_a_zip_holds_the_same_and_is_the_same_again(package: Path, tmp_path: Path) -> None:
    for name in ("a.zip", "b.zip"):
        _export("package", EXAMPLE, "-o", tmp_path / name, *BOTH, "--license", "CC-BY-4.0")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as made:
        assert {name: made.read(name) for name in made.namelist()} == {
            file.name: file.read_bytes() for file in package.iterdir()
        }
    assert _valid(tmp_path / "a.zip")


def test_a_package_of_a_wide_sheet_with_what_was_left_out(tmp_path: Path) -> None:
    header = ["id", "title", "form", "actors", "start", "constrains_hegemon", "mine"]
    rows = [
        ["e1", "A title, with a comma", "other", "FRA;DEU", "2003-05", "NO", "x"],
        ["e2", "", "othr", "", "", "yes", "x"],
        ["e1", "again", "other", "", "", "yes", "x"],
        ["", "", "joint_force", "", "", "", ""],
    ]
    done = _export("package", write(tmp_path / "in.csv", header, rows), "-o", tmp_path / "out")
    assert done.status == 3
    assert "2 rows left out" in done.err
    assert _valid(tmp_path / "out" / "datapackage.json")
    kept = read(tmp_path / "out" / "episodes.csv")
    assert [(row["id"], row["title"], row["actors"]) for row in kept] == [
        ("e1", "A title, with a comma", "FRA;DEU"),
        ("row-4", "", ""),
    ]
    rejects = read(tmp_path / "out" / "rejects.csv")
    assert [(row["line"], row["column"]) for row in rejects] == [("3", "form"), ("4", "id")]
    assert "line 2 has this id already" in rejects[1]["message"]


def test_nothing_that_is_there_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    assert "is there already" in _export("package", EXAMPLE, "-o", tmp_path / "out").err
    sheet = write(tmp_path / "in.csv", ["id", "form"], [["e", "other"]])
    for what, named in product(("qca", "episodes"), (sheet, tmp_path / "*.csv")):
        done = _export(what, named, "-o", sheet)
        assert (done.status, "is an input" in done.err) == (2, True)
    rejects = write(tmp_path / "q.csv.rejects.csv", ["id", "form"], [["e", "other"]])
    assert "is an input" in _export("qca", rejects, "-o", tmp_path / "q.csv").err
    rejects.unlink()
    gone = _export("qca", tmp_path / "gone.csv", "-o", tmp_path / "q.csv")
    assert gone.status == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out"]


def test_the_table_for_qca_is_kept() -> None:
    assert_golden("qca.csv", _export("qca", EXAMPLE, "-o", "-").out)


def test_the_table_for_qca_is_what_was_coded_and_concluded(tmp_path: Path) -> None:
    table = read(_export("qca", EXAMPLE, "-o", "-", "--rulebook", "paul-2004").out)
    episodes = {row["id"]: row for row in _reconciled()}
    for row in table:
        coded = episodes[row["id"]]
        values = {name: coded[name] for name in INDICATORS}
        cells = {"yes": "1", "no": "0", "unknown": "", "contested": ""}
        assert {name: row[name] for name in INDICATORS} == {
            name: cells[value] for name, value in values.items()
        }
        wanted = verdict("paul-2004", coded["form"], values)["classification"]
        outcomes = {name: row[name] for name in list(row)[1 + len(INDICATORS) :]}
        if wanted == "indeterminate":
            assert set(outcomes.values()) == {""}
        else:
            assert [name for name, cell in outcomes.items() if cell == "1"] == [wanted]
            assert set(outcomes.values()) == {"0", "1"}


def _reconciled() -> list[dict[str, Any]]:
    """The example by hand: one value where all say it, else contested."""
    said: dict[str, dict[str, Any]] = {}
    for row in read(EXAMPLE):
        episode = said.setdefault(
            row["id"], {"id": row["id"], "form": row["form"]} | {i: set() for i in INDICATORS}
        )
        episode[row["indicator"]].add(row["value"])
    for episode in said.values():
        for name in INDICATORS:
            values = episode[name]
            episode[name] = (
                values.pop() if len(values) == 1 else "contested" if values else "unknown"
            )
    return list(said.values())


def test_the_table_for_qca_of_chosen_conditions_has_no_empty_cell(tmp_path: Path) -> None:
    chosen = ("--condition", "costly_commitment", "--condition", "constrains_hegemon")
    done = _export("qca", EXAMPLE, "-o", tmp_path / "q.csv", *chosen, "--complete")
    assert done.status == 0
    table = read(tmp_path / "q.csv")
    assert list(table[0])[:3] == ["id", "constrains_hegemon", "costly_commitment"]
    assert {cell for row in table for name, cell in row.items() if name != "id"} == {"0", "1"}
    assert f"{14 - len(table)} of 14 cases left out for an empty cell" in done.err
    wrong = _export("qca", EXAMPLE, "-o", "-", "--condition", "costly_comitment")
    assert "did you mean 'costly_commitment'?" in wrong.err


def test_episodes_keep_sources_and_coders_and_are_taken_by_the_service(
    client: FlaskClient,
) -> None:
    done = _export("episodes", EXAMPLE, "-o", "-")
    episodes = [json.loads(line) for line in done.out.splitlines()]
    assert [episode["id"] for episode in episodes][:2] == [
        "BRA-IND-2015Q4",
        "BRA-IND-ZAF-UN-2015Q4",
    ]
    rows = read(EXAMPLE)
    told = [
        (e["id"], o["indicator"], o["value"], o["coder"], o.get("source", {}).get("citation", ""))
        for e in episodes
        for o in e["observations"]
    ]
    assert sorted(told) == sorted(
        (r["id"], r["indicator"], r["value"], r["coder"], r["source"]) for r in rows
    )
    for episode in episodes[:3]:
        assert client.post("/v1/classifications", json=episode).status_code == 201


def test_what_makes_no_valid_episode_is_rejected(tmp_path: Path) -> None:
    rows = [["e 1", "other", "prestige_payoff", "yes", "", "ana"],
            ["e2", "other", "prestige_payoff", "yes", "", "ana"],
            ["e3", "other", "prestige_payoff", "yes", "", "ana"],
            ["e3", "joint_force", "prestige_payoff", "yes", "", "ana"]]  # fmt: skip
    done = _export(
        "episodes", write(tmp_path / "in.csv", LONG, rows), "-o", tmp_path / "out.ndjson"
    )
    assert done.status == 3
    lines = (tmp_path / "out.ndjson").read_text("utf-8").splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["e2"]
    rejects = list(csv.reader(io.StringIO((tmp_path / "out.ndjson.rejects.csv").read_text())))[1:]
    assert [(row[0], row[1], row[2]) for row in rejects] == [
        ("2", "e 1", "/id"),
        ("4", "e3", "form"),
        ("5", "e3", "form"),
    ]
