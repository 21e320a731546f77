"""The relational engine on a real Spark: the machine's Java, or with none the one from PyPI.

There is no skip: a machine on which Spark does not start fails these tests.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import ibis
import pytest
from pyspark.sql import SparkSession
from softbalance.rules.classifier import Classifier
from softbalance.rules.codings import reconcile
from softbalance.rules.table.expression import (
    reconcile_coders,
    reconcile_observations,
    verdicts,
)
from softbalance.schemas.episode import Episode
from softbalance.schemas.fields import VALUES
from softbalance.service.datasets.engines.java import NoJava, provide_java

from drawn_episodes import random_codings
from evaluator import RULEBOOKS
from table_codings import OBSERVATIONS, arrow, expected, in_order


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkSession]:
    provide_java()
    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .getOrCreate()
    )
    yield session
    session.stop()


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("fired", [True, False])
@pytest.mark.parametrize("name", RULEBOOKS)
def test_agrees_on_spark(
    spark: SparkSession, classifiers: dict[str, Classifier], name: str, fired: bool
) -> None:
    drawn = list(random_codings(2000, seed=21))
    spark.createDataFrame(arrow(drawn)).createOrReplaceTempView("codings")
    source = ibis.pyspark.connect(spark).table("codings")
    answer = verdicts(source, classifiers[name].rulebook, fired=fired)
    assert in_order(answer.to_pyarrow()) == expected(classifiers[name], drawn, fired=fired)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_observations_are_reconciled_on_spark(
    spark: SparkSession, classifiers: dict[str, Classifier]
) -> None:
    codebook = classifiers[RULEBOOKS[0]].rulebook.codebook
    rows = [("a", o["indicator"], o["value"]) for o in OBSERVATIONS]
    frame = spark.createDataFrame(rows, "key string, indicator string, value string")
    frame.createOrReplaceTempView("observations")
    source = ibis.pyspark.connect(spark).table("observations")
    (row,) = reconcile_observations(source, codebook, "key").to_pyarrow().to_pylist()
    episode: Episode = {"form": "other", "observations": OBSERVATIONS}
    assert row == {"key": "a", **reconcile(codebook, episode).values}


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_rows_of_coders_are_reconciled_on_spark(
    spark: SparkSession, classifiers: dict[str, Classifier]
) -> None:
    """Each pair of values, by two coders, on every indicator."""
    codebook = classifiers[RULEBOOKS[0]].rulebook.codebook
    names = list(codebook.indicators)
    pairs = [(one, other) for one in VALUES for other in VALUES]
    rows = [
        (f"{one}-{other}", *[value] * len(names)) for one, other in pairs for value in (one, other)
    ]
    spark.createDataFrame(rows, ["key", *names]).createOrReplaceTempView("coders")
    source = ibis.pyspark.connect(spark).table("coders")
    found = reconcile_coders(source, codebook, "key").to_pyarrow().to_pylist()
    wanted = []
    for one, other in pairs:
        said = [{"indicator": n, "value": v} for n in names for v in (one, other)]
        episode: Episode = {"form": "other", "observations": said}  # type: ignore[typeddict-item]
        wanted.append({"key": f"{one}-{other}", **reconcile(codebook, episode).values})
    assert sorted(found, key=lambda row: row["key"]) == sorted(wanted, key=lambda row: row["key"])


BARE = """
from softbalance.service.datasets.engines.java import provide_java
provide_java()
from pyspark.sql import SparkSession
spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
print("rows:", spark.range(3).count())
spark.stop()
"""


def test_a_machine_without_java_gets_one(tmp_path: Path) -> None:
    """A PATH with the shell's own tools and no Java, as on a bare machine."""
    for tool in ("sh", "bash", "dirname", "basename", "ps", "cat", "env", "uname", "nice"):
        found = next(p for f in ("/bin", "/usr/bin") if (p := Path(f, tool)).exists())
        (tmp_path / tool).symlink_to(found)
    environment = {k: v for k, v in os.environ.items() if k != "JAVA_HOME"}
    done = subprocess.run(
        [sys.executable, "-c", BARE],
        env=environment | {"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "rows: 3" in done.stdout, done.stderr


def test_a_machine_without_any_java_is_told_how_to_get_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(NoJava, match=r"softbalance\[spark\]"):
        provide_java()
