"""Data frames are classified as their files are, and no file is made on the way."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pandas as pd
import polars
import pyarrow as pa
import pyarrow.parquet
import pytest
import softbalance as sb
from click.testing import CliRunner
from softbalance.service.cli import softbalance

from dataset_files import classify

NAMES = list(sb.codebook().indicators)
FORMS = list(sb.codebook().forms)
BOTH = ["brooks-wohlforth-2004", "paul-2004"]


def drawn(rows: int, *, sound: bool) -> pa.Table:
    rng = random.Random(7)
    said: list[str | None] = ["yes", "no", "contested", "unknown", None, " Y ", "0"]
    wrong: list[str | None] = [] if sound else ["perhaps"]
    columns: dict[str, list[Any]] = {
        "id": [None if n % 50 == 3 else f"e{n}" for n in range(rows)],
        "form": [rng.choice([*FORMS, *([] if sound else ["othr"])]) for _ in range(rows)],
        "Score": [rng.choice([1.5, None, float("nan")]) for _ in range(rows)],
        "score ": list(range(rows)),
    }
    for name in NAMES[:12]:
        columns[name] = [rng.choice(said if n % 90 else said + wrong) for n in range(rows)]
    return pa.table(columns)


def long(table: pa.Table) -> pa.Table:
    rows = [
        {"id": row["id"], "form": "other", "indicator": name, "value": row[name], "coder": "ana"}
        for row in table.to_pylist()
        for name in NAMES[:3]
    ]
    return pa.Table.from_pylist(rows)


@pytest.mark.parametrize("layout", ["wide", "long"])
@pytest.mark.parametrize("sound", [True, False])
def test_a_table_is_answered_as_its_file_is(tmp_path: Path, layout: str, sound: bool) -> None:
    table = drawn(400, sound=sound)
    table = long(table) if layout == "long" else table
    file, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
    pyarrow.parquet.write_table(table, file)
    done = classify(file, "-o", out, *(f"--rulebook={book}" for book in BOTH))
    answered = sb.classify_table(table, BOTH)
    # NaN is no value that equals itself
    assert str(answered.verdicts.to_pylist()) == str(pyarrow.parquet.read_table(out).to_pylist())
    assert answered.verdicts.column_names == pyarrow.parquet.read_schema(out).names
    kept = Path(f"{out}.rejects.csv")
    assert (answered.rejects.num_rows > 0) is kept.exists() is (done.status == 3)
    if kept.exists():
        texts = pd.read_csv(kept, dtype=str, keep_default_na=False)
        found = answered.rejects.to_pandas().astype(str)
        assert found.to_dict("records") == texts.to_dict("records")


def test_frames_of_all_libraries_say_the_same() -> None:
    table = drawn(200, sound=True).drop_columns(["Score"])
    expected = sb.classify_table(table).verdicts.drop_columns(["score "]).to_pylist()
    frame = table.to_pandas()
    categories = frame.assign(**{name: frame[name].astype("category") for name in NAMES[:12]})
    filtered = frame.iloc[::-1].iloc[::-1]
    streamed = pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=7))
    for given in (frame, categories, filtered, polars.from_arrow(table), streamed):
        assert sb.classify_table(given).verdicts.drop_columns(["score "]).to_pylist() == expected


def test_codes_are_declared() -> None:
    frame = pd.DataFrame({"form": ["other"] * 3, "constrains_hegemon": [1, 2, -99]})
    answered = sb.classify_table(frame, values="yes=1 no=2 unknown=-99", fired=False)
    assert answered.verdicts["classification"].to_pylist() == [
        "indeterminate",
        "not_a_constraint",
        "indeterminate",
    ]
    assert "fired" not in answered.verdicts.column_names
    with pytest.raises(sb.UnusableDataset, match="no input has a column 'aimed_at_hegemon_power'"):
        sb.classify_table(frame, values="aimed_at_hegemon_power:yes=1")


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        ([1], "a list is no table"),
        (pa.table({"id": ["a"]}), "no column `?'?form"),
        (pa.table({"form": [["other"]]}), "'form' is of type"),
        (pa.table({"form": ["other"], "Form": ["other"]}), "stands 2 times"),
    ],
)
def test_what_cannot_be_used_is_told(frame: Any, told: str) -> None:
    with pytest.raises(sb.UnusableDataset, match=told):
        sb.classify_table(frame)


def test_what_may_not_be_meant_so_is_told() -> None:
    (told,) = sb.classify_table(pa.table({"form": ["other"], "constrains": ["yes"]})).warnings
    assert "no column is an indicator" in told
    empty = sb.classify_table(pa.table({"form": pa.array([], pa.string())}))
    assert empty.verdicts.num_rows == empty.rejects.num_rows == 0


def test_coders_agree_as_in_their_file(tmp_path: Path) -> None:
    rng = random.Random(3)
    rows = [
        {"id": f"e{n}", "form": "other", "coder": coder, NAMES[0]: rng.choice(["yes", "no", "x"])}
        for n in range(30)
        for coder in ("ana", "ben")
    ]
    file = tmp_path / "coded.parquet"
    pyarrow.parquet.write_table(pa.Table.from_pylist(rows), file)
    done = CliRunner().invoke(softbalance, ["agreement", str(file), "--json", "--resamples", "100"])
    assert done.exit_code == 3
    with pytest.warns(UserWarning, match="unknown value 'x'"):
        found = sb.agreement(pd.DataFrame(rows), resamples=100)
    assert found == json.loads(done.stdout)
    with pytest.raises(sb.UnusableDataset, match="only 'ana' has"):
        sb.agreement(pa.Table.from_pylist([row for row in rows if row["coder"] == "ana"]))
