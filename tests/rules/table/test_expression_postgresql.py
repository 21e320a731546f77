"""The relational engine on a real PostgreSQL."""

from collections.abc import Iterator
from typing import Any

import ibis
import pyarrow as pa
import pytest
from softbalance.rules.classifier import Classifier
from softbalance.rules.codings import reconcile
from softbalance.rules.table.expression import reconcile_observations, verdicts
from softbalance.schemas.episode import Episode

from drawn_episodes import random_codings
from evaluator import RULEBOOKS
from table_codings import OBSERVATIONS, arrow, expected, in_order


@pytest.fixture(scope="module")
def database(postgres_server: str) -> Iterator[Any]:
    connection = ibis.connect(postgres_server)
    yield connection
    connection.disconnect()


@pytest.fixture(scope="module")
def drawn(database: Any) -> list[Any]:
    codings = list(random_codings(2000, seed=31))
    database.create_table("codings", arrow(codings))
    return codings


@pytest.mark.parametrize("fired", [True, False])
@pytest.mark.parametrize("name", RULEBOOKS)
def test_agrees_on_postgres(
    database: Any, drawn: list[Any], classifiers: dict[str, Classifier], name: str, fired: bool
) -> None:
    """The answer is made there: the rows are read for the comparison alone."""
    answer = verdicts(database.table("codings"), classifiers[name].rulebook, fired=fired)
    made = database.create_table(f"answer_{RULEBOOKS.index(name)}_{fired}", answer)
    assert in_order(made.to_pyarrow()) == expected(classifiers[name], drawn, fired=fired)


def test_observations_are_reconciled_on_postgres(
    database: Any, classifiers: dict[str, Classifier]
) -> None:
    codebook = classifiers[RULEBOOKS[0]].rulebook.codebook
    rows = pa.Table.from_pylist([{"key": "a", **said} for said in OBSERVATIONS])
    source = database.create_table("observations", rows)
    (row,) = reconcile_observations(source, codebook, "key").to_pyarrow().to_pylist()
    episode: Episode = {"form": "other", "observations": OBSERVATIONS}
    assert row == {"key": "a", **reconcile(codebook, episode).values}
