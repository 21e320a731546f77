"""The relational engine against the single-episode one, on DuckDB."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet
from softbalance.rules.classifier import Classifier
from softbalance.rules.codings import reconcile
from softbalance.rules.findings import RulebookErrors
from softbalance.rules.language.loader import Library, load_library
from softbalance.rules.model import Rulebook
from softbalance.rules.table import bits as words
from softbalance.rules.table import expression as relational
from softbalance.rules.table import prepared
from softbalance.rules.table.columns import output_columns
from softbalance.rules.table.duckdb_sql import verdicts_sql
from softbalance.rules.table.expression import reconcile_observations, verdicts
from softbalance.schemas.episode import Episode

import tiny
from drawn_episodes import Coding, codings, episodes, random_codings
from evaluator import RIVALS, RULEBOOKS, TESTS
from table_codings import Row, arrow, expected, in_order


def on_duckdb(table: pa.Table, **tables: pa.Table) -> tuple[ir.Table, duckdb.DuckDBPyConnection]:
    backend = ibis.duckdb.connect()
    for name, data in {"codings": table, **tables}.items():
        backend.con.register(f"{name}_given", data)
        backend.con.execute(f"CREATE TABLE {name} AS FROM {name}_given")
    return backend.table("codings"), backend.con


def both_ways(table: pa.Table, rulebook: Rulebook, *, fired: bool = True) -> Iterator[list[Row]]:
    """The answers of the expression and of the SQL made of it."""
    source, connection = on_duckdb(table)
    yield in_order(verdicts(source, rulebook, fired=fired).to_pyarrow())
    query = verdicts_sql(rulebook, "codings", ["row", "own"], fired=fired)
    yield in_order(connection.sql(query).to_arrow_table())


@pytest.mark.parametrize("fired", [True, False])
@pytest.mark.parametrize("name", RULEBOOKS)
def test_agrees_in_bulk(classifiers: dict[str, Classifier], name: str, fired: bool) -> None:
    drawn = list(random_codings(5000, seed=11))
    wanted = expected(classifiers[name], drawn, fired=fired)
    for answer in both_ways(arrow(drawn), classifiers[name].rulebook, fired=fired):
        assert answer == wanted


def test_agrees_on_whatever_is_drawn(classifiers: dict[str, Classifier]) -> None:
    drawn: list[Coding] = []

    @settings(max_examples=500, database=None, deadline=None)
    @given(coding=codings())
    def draw(coding: Coding) -> None:
        drawn.append(coding)

    draw()
    for classifier in classifiers.values():
        wanted = expected(classifier, drawn, fired=True)
        for answer in both_ways(arrow(drawn), classifier.rulebook):
            assert answer == wanted


def test_no_row_is_no_verdict(library: Library) -> None:
    for answer in both_ways(arrow(list(random_codings(1, 1))).slice(0, 0), library[RULEBOOKS[0]]):
        assert answer == []


@pytest.mark.parametrize("seed", range(60))
def test_agrees_on_arbitrary_rules(seed: int) -> None:
    """Gaps, contradictions and rules that overlap: a verdict where there is one, else none."""
    book = tiny.arbitrary(seed)
    runs = [tiny.run(book, coding) for coding in tiny.codings()]
    table = pa.table(
        {
            "row": list(range(len(runs))),
            "own": [""] * len(runs),
            **{name: [run.coding[name] for run in runs] for name in ("form", *tiny.INDICATORS)},
        }
    )
    for answer in both_ways(table, book):
        for row, done in zip(answer, runs, strict=True):
            if not done.sound:
                assert row.get("classification") is None
                continue
            order = [rule.id for stage in book.stages for rule in stage.rules]
            assert row["fired"] == sorted(done.fired, key=order.index)
            assert row["notes"] == sorted(done.notes)
            facts = {f: row[f] for f in ("early", "classification") if f in book.facts}
            assert (facts, done.notes, set(row["contested"])) == done.answer


def written(folder: Path, content: dict[str, Any]) -> Path:
    folder.mkdir()
    (folder / "rulebook.yaml").write_text(json.dumps(content))
    return folder


CITES = [{"source": "brooks-wohlforth-2004", "section": "Conclusion"}]


def extended(name: str, **content: Any) -> dict[str, Any]:
    about = {"version": "1.0.0", "title": name, "summary": name, "extends": RULEBOOKS[0]}
    return {"id": name, **about, **content}


def added(name: str, stage: str, when: list[Any], then: dict[str, str]) -> dict[str, Any]:
    body = {"stage": stage, "when": {"all": when}, "then": then}
    return {"id": name, **body, "because": "It is so here.", "cites": CITES}


def test_the_columns_are_those_of_the_rulebooks_asked_for(library: Library) -> None:
    brooks, paul = library[RULEBOOKS[0]], library["paul-2004"]
    first, last = (
        ["id", "rulebook", "classification", "strategy"],
        ["dominant_explanations", "notes", "contested", "fired"],
    )
    assert output_columns([paul]) == [*first, TESTS[0], *last]
    for books in ([brooks], [brooks, paul], [paul, brooks]):
        assert output_columns(books) == [*first, *TESTS, *RIVALS, *last]


def test_a_rulebook_of_ones_own_needs_no_code(tmp_path: Path) -> None:
    """Overlapping rules of one value, a fact and a test of its own, a rule less."""
    content = extended(
        "own-book",
        facts=[
            {"id": "loud", "kind": "test", "title": "Loud", "values": ["met", "failed"]},
        ],
        remove=["note-prestige-not-weighed"],
        rules=[
            added("loud-a", "tests", [{"balancing_rhetoric": "yes"}], {"loud": "met"}),
            added("loud-b", "tests", [{"prestige_payoff": "yes"}], {"loud": "met"}),
            added(
                "quiet",
                "tests",
                [
                    {"balancing_rhetoric": ["no", "unknown", "contested"]},
                    {"prestige_payoff": ["no", "unknown", "contested"]},
                ],
                {"loud": "failed"},
            ),
        ],
    )
    book = load_library([written(tmp_path / "own", content)])["own-book"]
    assert output_columns([book])[4:-4] == [*TESTS, "loud", *RIVALS]
    drawn = list(random_codings(1000, seed=5))
    wanted = expected(Classifier(book), drawn, fired=True)
    assert any({"loud-a", "loud-b"} <= {*row["fired"]} for row in wanted)
    for answer in both_ways(arrow(drawn), book):
        assert answer == wanted


def test_a_stage_may_need_several_words(
    classifiers: dict[str, Classifier], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(words, "BITSET_WIDTH", 7)
    monkeypatch.setattr(prepared, "KEPT", tmp_path)
    monkeypatch.setattr(prepared, "_written", {})
    drawn = list(random_codings(500, seed=2))
    for classifier in classifiers.values():
        wanted = expected(classifier, drawn, fired=True)
        for answer in both_ways(arrow(drawn), classifier.rulebook):
            assert answer == wanted


@pytest.mark.parametrize("name", ["fired", "notes", "strategy", "systemic_link", "__rule_0"])
def test_a_column_with_the_name_of_a_result_is_refused(library: Library, name: str) -> None:
    table = arrow(list(random_codings(1, 1))).rename_columns({"own": name})
    source, _ = on_duckdb(table)
    with pytest.raises(ValueError, match=name):
        verdicts(source, library[RULEBOOKS[0]])


@pytest.mark.parametrize("name", ["__source", "\\1 \\g<1>", 'a"b'])
def test_a_column_that_is_kept_may_have_any_other_name(library: Library, name: str) -> None:
    _, connection = on_duckdb(arrow(list(random_codings(1, 1))).rename_columns({"own": name}))
    query = verdicts_sql(library[RULEBOOKS[0]], "codings", [name])
    assert connection.sql(query).columns[0] == name


@pytest.mark.parametrize("name", ["fired", "contested", "rulebook"])
def test_no_fact_has_the_name_of_a_column(tmp_path: Path, name: str) -> None:
    fact = {"id": name, "kind": "test", "title": name, "values": ["met"]}
    rules = [added("one", "tests", [{"form": "other"}], {name: "met"})]
    with pytest.raises(RulebookErrors, match=f"the name '{name}' is taken"):
        load_library([written(tmp_path / "own", extended("own", facts=[fact], rules=rules))])


@pytest.mark.parametrize("bits", [words.BITSET_WIDTH, 8])
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(drawn=st.lists(episodes(), min_size=1, max_size=30))
def test_observations_are_reconciled(
    library: Library, monkeypatch: pytest.MonkeyPatch, bits: int, drawn: list[Episode]
) -> None:
    monkeypatch.setattr(relational, "BITSET_WIDTH", bits)
    said = [
        {"key": str(key), "indicator": indicator, "value": value}
        for key, episode in enumerate(drawn)
        for indicator, value in [
            (None, None),
            ("no_such_indicator", "yes"),
            *episode.get("indicators", {}).items(),
            *((o["indicator"], o["value"]) for o in episode.get("observations", ())),
        ]
    ]
    source, _ = on_duckdb(pa.Table.from_pylist(said))
    rows = reconcile_observations(source, library.codebook, "key").to_pyarrow().to_pylist()
    wanted = {
        str(key): reconcile(library.codebook, episode).values for key, episode in enumerate(drawn)
    }
    assert {row.pop("key"): row for row in rows} == wanted


def test_enums_are_plain_strings_in_parquet(library: Library, tmp_path: Path) -> None:
    _, connection = on_duckdb(arrow(list(random_codings(10, 1))))
    query = verdicts_sql(library[RULEBOOKS[0]], "codings", ["row"])
    connection.execute(f"COPY ({query}) TO '{tmp_path}/answer.parquet'")
    schema = parquet.read_schema(tmp_path / "answer.parquet")
    assert schema.field("classification").type == pa.string()
    assert schema.field("fired").type.value_type == pa.string()
