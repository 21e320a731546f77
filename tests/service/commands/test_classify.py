"""`softbalance classify` on sound datasets: every layout, in and out, as the one-episode engine."""

import gzip
import random
from itertools import product
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pytest
from softbalance.rules.classifier import Classifier
from softbalance.service.datasets.engines import duck
from softbalance.service.datasets.reading.values import SPELLINGS

from dataset_files import (
    BROOKS,
    FACTS,
    HEADER,
    WIDE,
    Row,
    answer,
    as_text,
    classify,
    columns_of,
    read,
    read_lines,
    read_parquet,
    wide,
    write,
)
from drawn_episodes import EXPANSIONS, Coding, random_codings
from evaluator import INDICATORS, RULEBOOKS

Classifiers = dict[str, Classifier]


@pytest.fixture(scope="module")
def codings() -> list[Coding]:
    return list(random_codings(400, seed=3))


def expected(classifier: Classifier, codings: list[Coding]) -> list[Row]:
    return [answer(classifier, f"e{n}", coding) for n, coding in enumerate(codings)]


@pytest.mark.parametrize("name", RULEBOOKS)
def test_wide_sheet(
    tmp_path: Path, classifiers: Classifiers, codings: list[Coding], name: str
) -> None:
    sheet = write(tmp_path / "in.csv", WIDE, wide(codings))
    done = classify(sheet, "-o", tmp_path / "out.csv", "--rulebook", name)
    assert done == (0, "", "")
    assert read(tmp_path / "out.csv") == as_text(expected(classifiers[name], codings))
    assert (tmp_path / "out.csv").read_text().splitlines()[0].split(",") == columns_of(name)


def test_long_sheet(tmp_path: Path, classifiers: Classifiers, codings: list[Coding]) -> None:
    rng = random.Random(7)
    rows = []
    for n, (form, values) in enumerate(codings):
        said = [(i, said) for i, v in values.items() for said in rng.choice(EXPANSIONS[v])]
        said = said or [(INDICATORS[0], "unknown")]
        rows += [[f"e{n}", form, i, rng.choice(SPELLINGS[value]), "x"] for i, value in said]
    shuffled = rows[:1] + rng.sample(rows[1:], len(rows) - 1)
    order = list(dict.fromkeys(row[0] for row in shuffled))
    header = ["id", "form", "indicator", "value", "coder"]
    sheet = write(tmp_path / "in.tsv", header, shuffled, "\t")
    assert classify(sheet, "-o", tmp_path / "out.tsv") == (0, "", "")
    wanted = {row["id"]: row for row in as_text(expected(classifiers[BROOKS], codings))}
    assert read(tmp_path / "out.tsv", "\t") == [wanted[id_] for id_ in order]


def test_episodes(tmp_path: Path, classifiers: Classifiers, codings: list[Coding]) -> None:
    lines = []
    for n, (form, values) in enumerate(codings):
        said = [{"indicator": i, "value": v} for i, v in values.items() if v != "yes"]
        sure = {i: v for i, v in values.items() if v == "yes"}
        lines.append({"id": f"e{n}", "form": form, "indicators": sure, "observations": said})
    path = tmp_path / "in.jsonl.gz"
    path.write_bytes(gzip.compress(b"\n".join(map(orjson.dumps, lines))))
    assert classify(path, "-o", tmp_path / "out.ndjson") == (0, "", "")
    assert read_lines((tmp_path / "out.ndjson").read_text()) == expected(
        classifiers[BROOKS], codings
    )


def test_parquet_of_booleans_and_numbers(tmp_path: Path, classifiers: Classifiers) -> None:
    types = ("BOOLEAN", "INTEGER", "DOUBLE", "DECIMAL(3,1)", "VARCHAR")
    cells: dict[str, Any] = {"1": "yes", "0": "no", "NULL": "unknown"}
    rows = list(product(cells, repeat=len(types)))
    columns = ", ".join(f"CAST({i} AS {t}) {i}" for i, t in zip(INDICATORS, types, strict=False))
    values = ", ".join(f"({', '.join(row)})" for row in rows)
    names = ", ".join(INDICATORS[: len(types)])
    duckdb.execute(
        f"COPY (SELECT 'other' form, {columns}, [1, 2] nested FROM (VALUES {values}) t({names}))"
        f" TO '{tmp_path}/in.parquet'"
    )
    assert classify(tmp_path / "in.parquet", "-o", tmp_path / "out.parquet") == (0, "", "")
    wanted = []
    for n, row in enumerate(rows, 1):
        said = dict(zip(INDICATORS, (cells[cell] for cell in row), strict=False))
        coding = "other", dict.fromkeys(INDICATORS, "unknown") | said
        wanted.append(answer(classifiers[BROOKS], f"row-{n}", coding, nested=[1, 2]))
    assert read_parquet(tmp_path / "out.parquet") == wanted


@pytest.mark.parametrize("ending", ["csv", "tsv", "ndjson", "jsonl.gz", "csv.gz", "parquet"])
def test_every_format_out_says_the_same(
    tmp_path: Path, classifiers: Classifiers, codings: list[Coding], ending: str
) -> None:
    sheet = write(tmp_path / "in.csv", WIDE, wide(codings[:50]))
    out = tmp_path / f"out.{ending}"
    names = ("paul-2004", BROOKS)
    assert classify(sheet, "-o", out, "--rulebook", names[0], "--rulebook", names[1]).status == 0
    rows = [
        answer(classifiers[name], f"e{n}", coding, FACTS)
        for n, coding in enumerate(codings[:50])
        for name in names
    ]
    if ending == "parquet":
        assert read_parquet(out) == rows
        return
    text = gzip.decompress(out.read_bytes()).decode() if ending.endswith("gz") else out.read_text()
    if "json" in ending:
        assert read_lines(text) == rows
    else:
        assert read(text, "\t" if ending == "tsv" else ",") == as_text(rows)


def test_spellings(tmp_path: Path, classifiers: Classifiers) -> None:
    rows, codings = [], []
    for value, spellings in SPELLINGS.items():
        for spelling in (
            s for word in spellings for s in (word, word.upper(), f" {word.title()}\t")
        ):
            rows.append([" Other ", spelling])
            codings.append(("other", dict.fromkeys(INDICATORS, "unknown") | {INDICATORS[0]: value}))
    sheet = write(tmp_path / "in.csv", ["FORM ", INDICATORS[0].upper()], rows)
    assert classify(sheet, "-o", tmp_path / "out.csv").status == 0
    got = [row | {"id": ""} for row in read(tmp_path / "out.csv")]
    assert got == as_text(answer(classifiers[BROOKS], "", coding) for coding in codings)


def test_own_columns_pass_through_as_they_stand(tmp_path: Path) -> None:
    own = ["007", " a ", 'say ""', "x,y", "two\nlines", "é\u2028ü", "NA", "1e5", "", "'"]
    header = [
        "id",
        "form",
        "title",
        *[f"own {n}" for n in range(len(own))],
        "Notes",
        "rulebook",
        "",
    ]
    sheet = write(tmp_path / "in.csv", header, [["1", "other", "t", *own, "n", "r", "last"]])
    done = classify(sheet, "-o", tmp_path / "out.csv", "--detail", "verdict")
    assert (done.status, done.out) == (0, "")
    (row,) = read(tmp_path / "out.csv")
    assert list(row.values())[len(HEADER) - 1 :] == [*own, "n", "r", "last"]
    assert list(row)[len(HEADER) - 1 :] == [
        *header[3:-3],
        "input_Notes",
        "input_rulebook",
        f"column_{len(header)}",
    ]


def test_verdicts_alone_leave_out_what_fired(tmp_path: Path) -> None:
    sheet = write(tmp_path / "in.csv", ["form"], [["other"]])
    done = classify(sheet, "-o", "-", "--detail", "verdict")
    assert done.out.splitlines()[0].split(",") == HEADER[:-1]


def test_made_ids_number_the_rows(tmp_path: Path) -> None:
    sheet = write(
        tmp_path / "a.csv", ["id", "form"], [["", "other"], ["x", "other"], [" ", "other"]]
    )
    assert [row["id"] for row in read(classify(sheet, "-o", "-").out)] == ["row-1", "x", "row-3"]
    other = write(tmp_path / "b.csv", ["form"], [["other"]])
    done = classify(tmp_path / "*.csv", other, "-o", "-")
    assert [r["id"] for r in read(done.out)] == ["1-row-1", "x", "1-row-3", "2-row-1", "3-row-1"]


def test_streams(tmp_path: Path) -> None:
    for sent, extra in (
        (b"form,costly_commitment\nother,yes\n", ()),
        (b"form;costly_commitment\nother;yes\n", ()),
        (gzip.compress(b"form\tcostly_commitment\nother\tyes\n"), ()),
        (b'{"form": "other", "indicators": {"costly_commitment": "yes"}}', ()),
        (b"form\tcostly_commitment\nother\tyes\n", ("--input-format", "tsv")),
    ):
        done = classify("-", "-o", "-", "--output-format", "ndjson", *extra, stdin=sent)
        assert (done.status, done.err) == (0, "")
        (row,) = read_lines(done.out)
        assert row["classification"] == "indeterminate"


def test_inputs_of_one_layout_are_one_dataset(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", ["id", "form", "x"], [["1", "other", "a"]])
    write(tmp_path / "b.tsv", ["y", "prestige_payoff", "form"], [["b", "yes", "joint_force"]], "\t")
    done = classify(tmp_path / "a.csv", tmp_path / "b.tsv", "-o", "-")
    first, second = read(done.out)
    assert (first["id"], first["x"], first["y"], first["notes"]) == (
        "1",
        "a",
        "",
        "scope_not_coded",
    )
    assert (second["id"], second["x"], second["y"]) == ("2-row-1", "", "b")
    assert second["notes"] == "prestige_not_weighed;scope_not_coded"


def test_long_rows_keep_what_passes_through_of_the_first(tmp_path: Path) -> None:
    rows = [
        ["b", "other", "prestige_payoff", "y", "2"],
        ["a", "other", "prestige_payoff", "n", "1"],
    ]
    header = ["id", "form", "indicator", "value", "country"]
    sheet = write(
        tmp_path / "in.csv", header, [*rows, ["b", "other", "costly_commitment", "1", "3"]]
    )
    assert [(r["id"], r["country"]) for r in read(classify(sheet, "-o", "-").out)] == [
        ("b", "2"),
        ("a", "1"),
    ]


def test_no_rows_are_a_header(tmp_path: Path) -> None:
    sheet = write(tmp_path / "in.csv", ["form", "mine"], [])
    done = classify(sheet, "-o", "-")
    assert done == (0, ",".join([*HEADER, "mine"]) + "\n", "")
    (tmp_path / "in.ndjson").write_text("")
    assert classify(tmp_path / "in.ndjson", "-o", tmp_path / "o.parquet").status == 0
    assert read_parquet(tmp_path / "o.parquet") == []


def test_rows_too_large_for_the_memory_allowed_are_classified_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, codings: list[Coding]
) -> None:
    monkeypatch.setattr(duck, "MEMORY", 1 << 20)
    rows = [[*row, f"{n}" * 20_000] for n, row in enumerate(wide(codings))]
    sheet = write(tmp_path / "in.csv", [*WIDE, "own"], rows)
    assert classify(sheet, "-o", tmp_path / "out.csv") == (0, "", "")
    got = read(tmp_path / "out.csv")
    assert [(row["id"], row["own"]) for row in got] == [(row[0], row[-1]) for row in rows]
