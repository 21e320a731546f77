"""`softbalance agreement`: what a team of coders is told, and what it is told about bad input."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner
from rich.console import Console
from softbalance.rules.language.loader import Library
from softbalance.service.cli import softbalance
from softbalance.service.coders.agreement_json import Agreement, CodedIndicator
from softbalance.service.text.agreement_text import agreement_view

from dataset_files import Done, read, write
from golden import assert_golden
from places import ROOT

EXAMPLE = ROOT / "examples" / "coded-by-two.csv"
HEADER = ["id", "form", "indicator", "value", "coder"]
Rows = list[list[str]]


def _agreement(*arguments: object, stdin: bytes | None = None) -> Done:
    result = CliRunner().invoke(softbalance, ["agreement", *map(str, arguments)], input=stdin)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Done(result.exit_code, result.stdout, result.stderr)


def _found(*arguments: object, stdin: bytes | None = None) -> Agreement:
    done = _agreement(*arguments, "--json", stdin=stdin)
    assert done.status == 0, done.err
    found: Agreement = json.loads(done.out)
    return found


def _indicator(found: Agreement, name: str) -> CodedIndicator:
    return next(row for row in found["indicators"] if row["indicator"] == name)


@pytest.mark.parametrize("table", ["indicators", "verdicts", "rules"])
def test_the_tables_of_the_example_are_kept(table: str) -> None:
    done = _agreement(EXAMPLE, "--rulebook", "brooks-wohlforth-2004", "--rulebook", "paul-2004",
                      "--csv", table)  # fmt: skip
    assert (done.status, done.err) == (0, "")
    assert_golden(f"agreement-{table}.csv", done.out)


def test_the_text_and_json_of_the_example_are_kept() -> None:
    assert_golden("agreement.txt", _agreement(EXAMPLE).out)
    assert_golden("agreement.json", _agreement(EXAMPLE, "--json").out)


@pytest.mark.parametrize("width", [80, 120])
def test_nothing_is_cut_off_on_a_terminal(library: Library, width: int) -> None:
    found = _found(EXAMPLE)
    page = io.StringIO()
    view = agreement_view(found, library.codebook)
    Console(file=page, width=width, force_terminal=True, color_system=None).print(view)
    shown = " ".join(page.getvalue().split())
    assert "…" not in shown
    for row in found["indicators"]:
        assert row["indicator"].replace("_", " ") in shown
    for parting in found["rulebooks"][0]["rules"]:
        assert all(rule in shown for rule in parting["rules"])


def test_each_coder_alone_is_decided(library: Library) -> None:
    found = _found(EXAMPLE)["rulebooks"][0]
    episode = next(e for e in found["episodes"] if e["id"] == "BRA-IND-2015Q4")
    classes = {coder: v["classification"] for coder, v in episode["verdicts"].items()}
    assert classes == {"ana": "soft_balancing", "ben": "politics_as_usual"}
    parting = {p["fact"]: p for p in episode["parting"] if p["decisive"]}
    assert parting["tradeoffs"]["conclusions"]["ana"]["rule"] == "tradeoffs-met"
    causes = [c["indicator"] for c in parting["tradeoffs"]["codings"]]
    assert causes == ["sacrifices_other_goals", "bonus_of_other_goals"]
    assert {"indicator": "bonus_of_other_goals", "episodes": 2} in found["train_on"]
    rows = [row for row in found["rules"] if "tradeoffs-met" in row["rules"]]
    assert {id_ for row in rows for id_ in row["ids"]} >= {"BRA-IND-2015Q4"}


def _pair(indicator: str, *values: tuple[str, str]) -> Rows:
    """Rows of ana and ben on one indicator, an episode for each pair of values; empty for none."""
    return [
        [f"e{n}", "other", indicator, value, coder]
        for n, pair in enumerate(values)
        for coder, value in zip(("ana", "ben"), pair, strict=True)
        if value
    ]


def test_unknown_is_not_coded_and_contested_is_told_apart(tmp_path: Path) -> None:
    rows = _pair("costly_commitment", ("yes", "yes"), ("no", "yes"), ("n/a", "no"), ("no", ""),
                 ("contested", "no"), ("yes", "no"))  # fmt: skip
    rows.append(["e5", "other", "costly_commitment", "no", "ana"])  # who now is of two minds
    row = _indicator(_found(write(tmp_path / "in.csv", HEADER, rows)), "costly_commitment")
    # ana codes e0, e1, e3 and ben e0, e1, e2, e4, e5: they meet in two; of e3 ben has no sheet
    assert (row["compared"], row["alike"]) == (2, 1)
    assert row["codings"] == {"yes": 3, "no": 5, "contested": 2, "unknown": 1}
    assert row["parted"] == ["e1"]


def test_all_identical_is_explained_and_not_crashed_on(tmp_path: Path) -> None:
    rows = _pair("costly_commitment", *[("no", "no")] * 4)
    path = write(tmp_path / "in.csv", HEADER, rows)
    row = _indicator(_found(path), "costly_commitment")
    assert row["alpha"]["value"] is None
    assert "no variation" in (row["alpha"]["note"] or "")
    assert row["ac1"]["value"] == 1
    text = _agreement(path)
    assert text.status == 0
    assert "all no" in text.out
    assert "alpha is not defined; AC1 is" in " ".join(text.out.split())
    other = _indicator(_found(path), "prestige_payoff")
    assert other["alpha"]["note"] == "no episode is coded by two coders; it takes two episodes"


def test_one_episode_is_too_few_for_a_coefficient_but_has_verdicts(tmp_path: Path) -> None:
    path = write(tmp_path / "in.csv", HEADER, _pair("constrains_hegemon", ("no", "yes")))
    found = _found(path)
    row = _indicator(found, "constrains_hegemon")
    assert row["alpha"]["note"] == "only one episode is coded by two coders; it takes two episodes"
    assert found["rulebooks"][0]["episodes"][0]["agree"] is False
    assert _agreement(path).status == 0


def test_coders_may_part_on_the_form(tmp_path: Path) -> None:
    rows = _pair("constrains_hegemon", ("yes", "yes"), ("yes", "no"))
    rows[0][1] = "formal_alliance"
    found = _found(write(tmp_path / "in.csv", HEADER, rows))
    assert found["form"]["parted"] == ["e0"]
    assert found["form"]["codings"] == {"formal_alliance": 1, "other": 3}
    verdicts = found["rulebooks"][0]["episodes"][0]["verdicts"]
    assert {c: v["strategy"] for c, v in verdicts.items()} == {
        "ana": "hard_external",
        "ben": "other",
    }


def test_three_coders_and_an_episode_of_one(tmp_path: Path) -> None:
    rows = _pair("constrains_hegemon", ("no", "yes"), ("yes", "yes"), ("no", ""))
    rows += [["e0", "other", "constrains_hegemon", "no", "cem"]]
    path = write(tmp_path / "in.csv", HEADER, rows)
    found = _found(path)
    assert (found["episodes"], found["compared"]) == (3, 2)
    assert [e["agree"] for e in found["rulebooks"][0]["episodes"]] == [False, True, None]
    assert "cem" in _agreement(path).out


def test_every_format_is_read_alike(tmp_path: Path) -> None:
    expected = _found(EXAMPLE)
    rows = list(csv.reader(io.StringIO(EXAMPLE.read_text("utf-8"))))
    tsv = write(tmp_path / "coded.tsv", rows[0], rows[1:], "\t")
    parquet = tmp_path / "coded.parquet"
    duckdb.execute(f"COPY (FROM read_csv('{EXAMPLE}', all_varchar = true)) TO '{parquet}'")
    halves = [write(tmp_path / f"part-{coder}.csv", rows[0], [r for r in rows[1:] if r[6] == coder])
              for coder in ("ana", "ben")]  # fmt: skip
    ndjson = tmp_path / "coded.ndjson"
    ndjson.write_text("".join(json.dumps(e) + "\n" for e in _episodes(rows)), "utf-8")
    for inputs in ([tsv], [parquet], halves, [ndjson], [tmp_path / "part-*.csv"]):
        assert _found(*inputs) == expected
    assert _found("-", stdin=EXAMPLE.read_bytes()) == expected


def _episodes(rows: Sequence[list[str]]) -> list[dict[str, Any]]:
    episodes: dict[str, dict[str, Any]] = {}
    for id_, form, indicator, value, _, _, coder in rows[1:]:
        episode = episodes.setdefault(id_, {"id": id_, "form": form, "observations": []})
        episode["observations"].append({"indicator": indicator, "value": value, "coder": coder})
    return list(episodes.values())


def test_rows_that_cannot_be_used_are_told_and_the_others_measured(tmp_path: Path) -> None:
    good = _pair("constrains_hegemon", ("yes", "yes"), ("no", "no"))
    bad = [
        ["e1", "other", "costly_comitment", "yes", "ana"],
        ["e1", "other", "costly_commitment", "perhaps", "ben"],
        ["e7", "other", "costly_commitment", "yes", "ana"],
        ["e7", "joint_force", "prestige_payoff", "yes", "ana"],
        ["e1", "other", "costly_commitment", "yes", " "],
    ]
    path = write(tmp_path / "in.csv", HEADER, [*good, *bad])
    with path.open("a") as out:
        out.write('e9,other,"unclosed,yes,ana\n')
    done = _agreement(path, "--json", "--rejects", tmp_path / "bad.csv")
    assert done.status == 3
    found = json.loads(done.out)
    assert (found["rejected"], found["nameless"]) == (5, 1)
    assert _indicator(found, "constrains_hegemon")["compared"] == 2
    assert "did you mean 'costly_commitment'?" in done.err
    assert "'ana' gives this episode several forms" in done.err
    kept = read(tmp_path / "bad.csv")
    assert [(row["line"], row["code"]) for row in kept] == [
        ("6", "unknown"),
        ("7", "unknown"),
        ("8", "disagree"),
        ("9", "disagree"),
        ("11", "quoting"),
    ]
    assert kept[0]["row"] == "e1,other,costly_comitment,yes,ana"


@pytest.mark.parametrize(
    ("header", "rows", "said"),
    [
        (HEADER[:-1], [], "no column 'coder' in the header"),
        (["id", "form", "costly_commitment"], [], "no column 'coder' in the header"),
        (["form", "costly_commitment", "coder"], [], "no column 'id' in the header"),
        (HEADER, [], "nobody has coded anything here"),
        (HEADER, [["e", "other", "prestige_payoff", "yes", "ana"]], "only 'ana' has coded"),
        (HEADER, [["e", "other", "prestige_payoff", "yes", ""]], "1 observation names no coder"),
        (HEADER, [["e", "othr", "prestige_payoff", "yes", "ana"]], "did you mean 'other'?"),
    ],
)
def test_what_no_agreement_can_be_told_of_is_refused(
    tmp_path: Path, header: list[str], rows: Rows, said: str
) -> None:
    done = _agreement(write(tmp_path / "in.csv", header, rows))
    assert (done.status, done.out) == (2, "")
    assert said in done.err


def test_an_input_is_never_overwritten(tmp_path: Path) -> None:
    path = write(tmp_path / "in.csv", HEADER, _pair("prestige_payoff", ("yes", "no")))
    before = path.read_bytes()
    for named in (path, tmp_path / "*.csv"):
        done = _agreement(named, "--rejects", path)
        assert done.status == 2
        assert "is an input" in done.err
        assert path.read_bytes() == before


def test_without_the_libraries_the_remedy_is_told(tmp_path: Path) -> None:
    blocked = "import sys; sys.modules['krippendorff'] = None; sys.argv[0] = 'softbalance'; "
    path = write(tmp_path / "in.csv", HEADER, _pair("prestige_payoff", ("yes", "no"), ("no", "no")))
    done = subprocess.run(
        [sys.executable, "-c", f"{blocked}from softbalance.service.cli import main; main()",
         "agreement", str(path)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert "pip install 'softbalance[coders]'" in done.stderr


def test_a_name_cannot_drive_the_terminal(tmp_path: Path) -> None:
    rows = _pair("constrains_hegemon", ("yes", "no"), ("no", "no"))
    rows = [[*row[:4], row[4].replace("ana", "a\x1b[31mna")] for row in rows]
    done = _agreement(write(tmp_path / "in.csv", HEADER, rows))
    assert "\x1b" not in done.out
    assert "\\x1b[31mna" in done.out
