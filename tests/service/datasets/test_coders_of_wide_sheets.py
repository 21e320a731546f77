"""A wide sheet with a `coder`: its rows are that coder's, and those of an id make one episode."""

import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from softbalance.rules.classifier import Classifier
from softbalance.rules.codings import reconcile
from softbalance.rules.language.loader import Library
from softbalance.schemas.episode import Episode
from softbalance.service.cli import softbalance
from softbalance.service.datasets.batches import sheet_lines

from dataset_files import (
    BROOKS,
    Done,
    Row,
    answer,
    as_text,
    classify,
    read,
    read_lines,
    read_parquet,
    sorted_rows,
    write,
)
from evaluator import FORMS, INDICATORS

CODERS = ["ana", "ben", ""]
SAID = ["yes", "no", "contested", "unknown", ""]
WIDE = ["id", "form", "coder", *INDICATORS]
LONG = ["id", "form", "indicator", "value", "coder"]
#: An episode's form and the rows of its coders: who, and what is said of each indicator.
Coded = tuple[str, list[tuple[str, list[str]]]]


@st.composite
def coded(draw: st.DrawFn) -> Coded:
    """An episode that one to four rows are about; a coder may have several."""
    rows = []
    for _ in range(draw(st.integers(1, 4))):
        values = draw(st.lists(st.sampled_from(SAID), min_size=4, max_size=4))
        others = draw(st.sampled_from(SAID))
        rows.append((draw(st.sampled_from(CODERS)), [*values, *[others] * (len(INDICATORS) - 4)]))
    return draw(st.sampled_from(sorted(FORMS))), rows


def wide_rows(episodes: Sequence[Coded]) -> list[list[str]]:
    return [
        [f"e{n}", form, coder, *values]
        for n, (form, rows) in enumerate(episodes)
        for coder, values in rows
    ]


def long_rows(episodes: Sequence[Coded]) -> list[list[str]]:
    return [
        [id_, form, indicator, value, coder]
        for id_, form, coder, *values in wide_rows(episodes)
        for indicator, value in zip(INDICATORS, values, strict=True)
    ]


def expected(classifier: Classifier, episodes: Sequence[Coded]) -> list[Row]:
    """What the engine for one episode says of all observations of each together."""
    rows = []
    for n, (form, coders) in enumerate(episodes):
        said = [
            {"indicator": indicator, "value": value or "unknown"}
            for _, values in coders
            for indicator, value in zip(INDICATORS, values, strict=True)
        ]
        episode: Episode = {"form": form, "observations": said}  # type: ignore[typeddict-item]
        codings = reconcile(classifier.rulebook.codebook, episode)
        rows.append(answer(classifier, f"e{n}", (codings.form, dict(codings.values))))
    return rows


def invoke(command: str, *arguments: object) -> Done:
    result = CliRunner().invoke(softbalance, [command, *map(str, arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Done(result.exit_code, result.stdout, result.stderr)


def found_agreement(path: Path) -> Any:
    done = invoke("agreement", path, "--json")
    return json.loads(done.out) if done.status == 0 else done.err.replace(path.name, "")


@settings(max_examples=12, deadline=None)
@given(episodes=st.lists(coded(), min_size=1, max_size=4))
def test_wide_rows_of_coders_are_read_as_their_observations(
    tmp_path_factory: pytest.TempPathFactory,
    classifiers: dict[str, Classifier],
    episodes: list[Coded],
) -> None:
    """Whichever command reads them, the wide and the long sheet say the same."""
    folder = tmp_path_factory.mktemp("coders")
    wide = write(folder / "wide.csv", WIDE, wide_rows(episodes))
    long = write(folder / "long.csv", LONG, long_rows(episodes))
    wanted = expected(classifiers[BROOKS], episodes)
    for sheet in (wide, long):
        done = classify(sheet, "-o", folder / "out.parquet")
        assert (done.status, done.err) == (0, "")
        assert read_parquet(folder / "out.parquet") == wanted
    lines = [invoke("export", "episodes", sheet, "-o", "-") for sheet in (wide, long)]
    assert lines[0] == lines[1]
    (folder / "all.ndjson").write_text(lines[0].out)
    assert classify(folder / "all.ndjson", "-o", folder / "out.parquet").status == 0
    assert read_parquet(folder / "out.parquet") == wanted
    assert found_agreement(wide) == found_agreement(long)


EPISODES: list[Coded] = [
    ("other", [("ana", ["yes"] * 23), ("ben", ["no", *["yes"] * 22])]),
    ("joint_force", [("ana", ["no"] * 23), ("ana", ["no", "yes", *["no"] * 21])]),
    ("new_institution", [("ben", ["", "contested", *["yes"] * 21]), ("", ["yes", *["no"] * 22])]),
]
BAD = [
    ["", "other", "ana", *["yes"] * 23],
    ["x", "other", "ana", *["yes"] * 23],
    ["x", "joint_force", "ben", *["yes"] * 23],
    ["y", "other", "ana", "perhaps", *["yes"] * 22],
]
REASONS = [("", "id", "required"), ("x", "form", "disagree"), ("x", "form", "disagree"),
           ("y", INDICATORS[0], "unknown")]  # fmt: skip


def table_of(folder: Path, sheet: Path) -> tuple[str, ...]:
    with duckdb.connect(str(folder / "base")) as connection:
        connection.execute(f"CREATE TABLE cases AS FROM read_csv('{sheet}', all_varchar = true)")
    return ("cases", "-o", "answers", "--engine", f"duckdb://{folder / 'base'}")


def rows_of_table(folder: Path, name: str) -> list[Row]:
    with duckdb.connect(str(folder / "base")) as connection:
        result = connection.execute(f"FROM {name}")
        names = [column[0] for column in result.description or ()]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def test_a_database_puts_the_rows_of_coders_together(
    tmp_path: Path, classifiers: dict[str, Classifier]
) -> None:
    sheet = write(tmp_path / "in.csv", WIDE, [*wide_rows(EPISODES), *BAD])
    wanted = expected(classifiers[BROOKS], EPISODES)
    assert classify(sheet, "-o", tmp_path / "out.csv").status == 3
    assert read(tmp_path / "out.csv") == as_text(wanted)
    rejects = read(tmp_path / "out.csv.rejects.csv")
    assert [(row["id"], row["column"], row["code"]) for row in rejects] == REASONS

    assert classify(*table_of(tmp_path, sheet)).status == 3
    assert sorted_rows(rows_of_table(tmp_path, "answers")) == sorted_rows(wanted)
    told = rows_of_table(tmp_path, "answers_rejects")
    assert sorted((row["id"] or "", row["column"], row["code"]) for row in told) == REASONS


def test_no_row_without_an_id_is_lost_in_a_table(tmp_path: Path) -> None:
    """Neither of a wide sheet of coders nor of a long one."""
    for n, (header, row) in enumerate(
        [(WIDE, BAD[0]), (LONG, ["", "other", INDICATORS[0], "yes", "ana"])]
    ):
        folder = tmp_path / str(n)
        folder.mkdir()
        # a second row, so that an empty cell is not taken for the end of the file
        sheet = write(folder / "in.csv", header, [row, ["e", *row[1:]]])
        assert classify(*table_of(folder, sheet)).status == 3
        (reject,) = rows_of_table(folder, "answers_rejects")
        assert (reject["column"], reject["code"]) == ("id", "required")


def test_a_file_for_each_coder_is_one_dataset(tmp_path: Path) -> None:
    for coder, value in (("ana", "yes"), ("ben", "no")):
        rows = [[" e1", "other", f"{coder} ", value]]
        write(tmp_path / f"{coder}.csv", ["id", "form", "Coder", INDICATORS[0]], rows)
    done = classify(tmp_path / "*.csv", "-o", tmp_path / "out.ndjson")
    assert (done.status, done.err) == (0, "")
    (row,) = read_lines((tmp_path / "out.ndjson").read_text())
    assert (row["id"], row["contested"]) == ("e1", [INDICATORS[0]])
    assert "coder" not in {name.lower() for name in row}
    found = found_agreement(tmp_path / "*.csv")
    assert [each["coder"] for each in found["coders"]] == ["ana", "ben"]


def test_a_coder_without_ids_says_nothing_of_other_rows(tmp_path: Path) -> None:
    """Nobody can tell which rows are of one episode: each is one, and the column passes through."""
    rows = [["other", "ana", "yes"], ["other", "ben", "no"]]
    sheet = write(tmp_path / "in.csv", ["form", "coder", INDICATORS[0]], rows)
    assert classify(sheet, "-o", tmp_path / "out.csv").status == 0
    assert [row["coder"] for row in read(tmp_path / "out.csv")] == ["ana", "ben"]
    done = invoke("agreement", sheet)
    assert (done.status, "no column 'id'" in done.err) == (2, True)


def test_coders_spelled_alike_are_warned_of(tmp_path: Path) -> None:
    rows = [["e1", "other", coder, "yes"] for coder in ("ana", "Ana", "ben")]
    sheet = write(tmp_path / "in.csv", ["id", "form", "coder", INDICATORS[0]], rows)
    done = invoke("agreement", sheet, "--json")
    assert "coders that differ only in case or blanks are taken apart: 'ana' and 'Ana'" in done.err


def test_a_rulebook_is_compared_by_episode_and_not_by_row(tmp_path: Path) -> None:
    sheet = write(tmp_path / "in.csv", WIDE, wide_rows(EPISODES))
    done = invoke("rulebook", "diff", BROOKS, "paul-2004", "--on", sheet, "--json")
    assert json.loads(done.out)["dataset"]["episodes"] == len(EPISODES)


def test_a_line_of_a_batch_is_its_coders(library: Library) -> None:
    body = b"id,form,coder,constrains_hegemon\na,other, ana ,yes\na,other,ben,\nb,other,,no\n"
    lines = sheet_lines(io.BytesIO(body), library.codebook)
    said = [line.episode.get("observations") for line in lines if line.episode]
    assert said == [
        [{"indicator": "constrains_hegemon", "value": "yes", "coder": "ana"}],
        [{"indicator": "constrains_hegemon", "value": "unknown", "coder": "ben"}],
        None,
    ]


ABOUT = ["id", "title", "form", "hegemon", "actors", "start", "end", "indicator", "value"]


@pytest.fixture
def export() -> Callable[..., tuple[list[Row], str]]:
    def run(sheet: Path) -> tuple[list[Row], str]:
        done = invoke("export", "episodes", sheet, "-o", "-")
        assert done.status == 0, done.err
        return read_lines(done.out), done.err

    return run


def test_a_long_sheet_says_of_its_episodes_what_a_wide_one_does(
    tmp_path: Path, export: Callable[..., tuple[list[Row], str]]
) -> None:
    rows = [
        ["a", " Talks ", "other", "", "BRA;IND", "2003", "2004-05", INDICATORS[0], "yes"],
        ["a", "", "other", "", "", "", "", INDICATORS[1], "no"],
        ["b", "", "other", "GBR", "", "", "", INDICATORS[0], "no"],
    ]
    sheet = write(tmp_path / "in.csv", ABOUT, rows)
    (first, second), said = export(sheet)
    assert said == ""
    assert {name: first[name] for name in ("title", "actors", "period")} == {
        "title": "Talks",
        "actors": ["BRA", "IND"],
        "period": {"start": "2003", "end": "2004-05"},
    }
    assert (second["hegemon"], "actors" in second) == ("GBR", False)
    assert classify(sheet, "-o", tmp_path / "out.csv").status == 0
    assert {"title", "actors", "start"}.isdisjoint(read(tmp_path / "out.csv")[0])


def test_rows_that_differ_in_their_episode_are_warned_of(
    tmp_path: Path, export: Callable[..., tuple[list[Row], str]]
) -> None:
    rows = [
        ["a", "", "other", "", actors, "", "", indicator, "yes"]
        for actors, indicator in (("BRA", INDICATORS[0]), ("BRA;IND", INDICATORS[1]))
    ]
    (episode,), said = export(write(tmp_path / "in.csv", ABOUT, rows))
    assert episode["actors"] == ["BRA"]
    assert "'a' has the actors 'BRA' and 'BRA;IND'" in said
