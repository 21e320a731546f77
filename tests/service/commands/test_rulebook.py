"""`softbalance rulebook`, as it is called from a shell."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from softbalance.rules.language.loader import SHIPPED, Library

import edited
from edited import declare, remove, swap
from evaluator import BROOKS_WOHLFORTH, PAUL, RULEBOOKS, WALT

Run = Callable[..., CompletedProcess[str]]


def test_list_names_every_rulebook(invoke: Run, library: Library) -> None:
    lines = invoke("rulebook", "list").stdout.splitlines()[1:]
    assert [line.split()[0] for line in lines] == list(RULEBOOKS)
    for line, book in zip(lines, library.rulebooks.values(), strict=True):
        assert book.version in line
        assert book.title in line
        assert line.endswith(book.digest)
    listed = json.loads(invoke("rulebook", "list", "--json").stdout)
    assert [(b["id"], b["rules"]) for b in listed] == [
        (book.id, len(list(book.rules))) for book in library.rulebooks.values()
    ]


def test_show_tells_every_rule_with_its_reason(invoke: Run, library: Library) -> None:
    shown = " ".join(invoke("rulebook", "show", WALT).stdout.split())
    for rule in library[WALT].rules:
        assert f" {rule.id} " in shown
        assert " ".join(rule.because.split()) in shown
    assert "if persists_without_concentration is no and aimed_at_hegemon_power is yes" in shown
    assert library[WALT].sources["walt-1987"] in shown


def test_show_as_json_has_the_shape_of_the_api(invoke: Run, library: Library) -> None:
    shown = json.loads(invoke("rulebook", "show", PAUL, "--json").stdout)
    assert shown["digest"] == library[PAUL].digest
    assert [stage["id"] for stage in shown["stages"]] == [s.id for s in library[PAUL].stages]


@pytest.mark.parametrize("name", ["show", "verify"])
def test_an_unknown_rulebook_is_refused_with_the_nearest(invoke: Run, name: str) -> None:
    done = invoke("rulebook", name, "paul-2003")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "did you mean 'paul-2004'?" in done.stderr


def test_verify_proves_the_shipped_rulebooks(invoke: Run) -> None:
    done = invoke("rulebook", "verify", "--episodes", 100)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("\n  verified\n") == len(RULEBOOKS)
    assert done.stdout.count("633,318,697,598,976 codings") >= 6 * len(RULEBOOKS)
    assert "100 episodes" in done.stdout


def test_verify_finds_a_fault_in_a_changed_copy(invoke: Run, tmp_path: Path) -> None:
    folder = edited.edited(tmp_path, BROOKS_WOHLFORTH, remove("every-rival-absent"))
    done = invoke("rulebook", "verify", "--quick", folder)
    assert done.returncode == 3
    assert "not verified" in done.stdout
    place = f"{folder / 'rulebook.yaml'}:{edited.line_of(folder, 'rival-in-play')}"
    assert f"{place}: rule rival-in-play: no rule concludes rival_in_play" in done.stdout


@pytest.mark.parametrize("by", ["folder", "file", "parent"])
def test_a_folder_may_be_named_in_several_ways(invoke: Run, tmp_path: Path, by: str) -> None:
    folder = edited.edited(tmp_path, PAUL, declare("systemic_link", "test", "met", "failed", "no"))
    named = {"folder": folder, "file": folder / "rulebook.yaml", "parent": tmp_path}[by]
    done = invoke("rulebook", "verify", named)
    assert done.returncode == 3
    assert "unknown value 'undetermined'" in done.stdout
    assert "✗ loads" in done.stdout


def test_a_witness_is_an_episode_that_explain_takes(invoke: Run, tmp_path: Path) -> None:
    folder = edited.edited(tmp_path, PAUL, remove("open-link"))
    (verified,) = json.loads(invoke("rulebook", "verify", "--json", "--quick", folder).stdout)
    findings = [finding for check in verified["checks"] for finding in check["findings"]]
    witness = next(finding["witness"] for finding in findings if finding["witness"])
    (tmp_path / "witness.json").write_text(json.dumps(witness))
    by_shipped = invoke("explain", "witness.json", "--rulebook", PAUL)
    assert by_shipped.returncode == 0
    assert "INDETERMINATE" in by_shipped.stdout
    by_copy = invoke("explain", "witness.json", "--rulebook", folder)
    assert by_copy.returncode == 2
    assert "no rule concludes classification" in by_copy.stderr


def test_a_changed_copy_of_a_known_version_is_told(invoke: Run, tmp_path: Path) -> None:
    folder = tmp_path / BROOKS_WOHLFORTH
    shutil.copytree(SHIPPED / BROOKS_WOHLFORTH, folder)
    text = (folder / "rulebook.yaml").read_text("utf-8")
    before, row = text.split("- id: open-tradeoffs\n")
    changed = row.replace("then: indeterminate", "then: mixed", 1)
    (folder / "rulebook.yaml").write_text(f"{before}- id: open-tradeoffs\n{changed}", "utf-8")
    done = invoke("rulebook", "verify", "--quick", folder)
    assert done.returncode == 3
    assert "✗ version" in done.stdout
    assert "raise the version, or restore open-tradeoffs" in done.stdout


def test_rulebooks_of_further_folders_are_verified_too(invoke: Run, tmp_path: Path) -> None:
    shutil.copytree(SHIPPED / PAUL, tmp_path / "books" / "mine")
    edited.rewrite(tmp_path / "books" / "mine" / "rulebook.yaml", lambda c: c.update(id="mine"))
    listed = invoke("rulebook", "list", "--rulebooks", "books")
    assert "\nmine " in listed.stdout
    done = invoke("rulebook", "verify", "--quick", "mine", "--rulebooks", "books")
    assert done.returncode == 0
    assert done.stdout.startswith("mine 1.0.0")


def test_what_is_no_rulebook_is_refused(invoke: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("./empty", "./missing"):
        done = invoke("rulebook", "verify", name)
        assert done.returncode == 2
        assert "no rulebook here" in done.stderr
        assert done.stdout == ""


def test_diff_tells_rules_and_answers(invoke: Run) -> None:
    done = invoke("rulebook", "diff", BROOKS_WOHLFORTH, WALT)
    assert done.returncode == 0
    assert "~ systemic-link-met  premises, reason, citations" in done.stdout
    assert "and hegemon_seen_as_threat is yes" in done.stdout
    assert "classification: indeterminate → politics_as_usual" in done.stdout
    shape = json.loads(invoke("rulebook", "diff", BROOKS_WOHLFORTH, WALT, "--json").stdout)
    assert shape["equivalent"] is False
    assert len(shape["rules"]["changed"]) == 3


def test_diff_proves_that_a_copy_in_other_words_is_equivalent(invoke: Run, tmp_path: Path) -> None:
    def reword(content: edited.Content) -> None:
        edited.rule_in(content, "open-link")["because"] = "In other words."

    folder = edited.edited(tmp_path, PAUL, reword)
    done = invoke("rulebook", "diff", PAUL, folder)
    assert "~ open-link  reason" in done.stdout
    assert "Equivalent: the two answer all 633,318,697,598,976 codings alike." in done.stdout


SHEET = """id,form,constrains_hegemon,aimed_at_hegemon_power,hegemon_seen_as_threat,region
kept,other,no,,,Asia
changed,other,yes,,no,Asia
wrong,submarine,yes,,no,Asia
,limited_entente,,yes,no,Europe
"""


def test_diff_on_a_dataset_lists_the_episodes_that_change_class(
    invoke: Run, tmp_path: Path
) -> None:
    (tmp_path / "sheet.csv").write_text(SHEET)
    done = invoke("rulebook", "diff", BROOKS_WOHLFORTH, WALT, "--on", "sheet.csv")
    assert done.returncode == 3
    assert "2 episodes of 3 change class, 1 row rejected." in done.stdout
    told = done.stdout.partition("Episodes that change class\n")[2].splitlines()
    assert [line.split()[0] for line in told] == ["changed", "row-4"]
    for line in told:
        assert "indeterminate → politics_as_usual" in line
        assert line.endswith(
            "systemic_link: undetermined (systemic-link-undetermined) → "
            "failed (systemic-link-failed)"
        )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sheet.csv"]


def test_diff_on_a_stream_as_json(invoke: Run) -> None:
    arguments = ("rulebook", "diff", BROOKS_WOHLFORTH, WALT, "--on", "-", "--json")
    done = invoke(*arguments, input=SHEET)
    dataset = json.loads(done.stdout)["dataset"]
    assert (dataset["episodes"], dataset["rejected"], dataset["changed"]) == (3, 1, 2)
    assert {(c["before"], c["after"]): c["episodes"] for c in dataset["classes"]} == {
        ("not_a_constraint", "not_a_constraint"): 1,
        ("indeterminate", "politics_as_usual"): 2,
    }
    (rules,) = dataset["rules"]
    assert rules["episodes"] == 2
    assert rules["after"] == {"value": "failed", "rule": "systemic-link-failed"}
    assert [change["id"] for change in dataset["changes"]] == ["changed", "row-4"]


def test_diff_on_a_dataset_with_a_changed_copy_of_the_same_id(invoke: Run, tmp_path: Path) -> None:
    (tmp_path / "episodes.ndjson").write_text(
        '{"id": "one", "form": "other", "indicators": {"hegemon_seen_as_threat": "no"}}\n'
        '{"id": "two", "form": "other", "indicators": {"constrains_hegemon": "no"}}\n'
    )
    (tmp_path / "edited").mkdir()
    edit = swap("usual-without-link", "classification", "indeterminate")
    folder = edited.edited(tmp_path / "edited", PAUL, edit)
    done = invoke("rulebook", "diff", PAUL, folder, "--on", "episodes.ndjson")
    assert done.returncode == 0
    assert "1 episode of 2 changes class." in done.stdout
    assert (
        "  one  politics_as_usual → indeterminate  classification: "
        "politics_as_usual (usual-without-link) → indeterminate (usual-without-link)"
    ) in done.stdout


def test_diff_on_a_dataset_refuses_a_rulebook_that_gives_no_verdict(
    invoke: Run, tmp_path: Path
) -> None:
    (tmp_path / "sheet.csv").write_text("id,form\nopen,other\n")
    (tmp_path / "edited").mkdir()
    folder = edited.edited(tmp_path / "edited", PAUL, remove("open-link"))
    done = invoke("rulebook", "diff", PAUL, folder, "--on", "sheet.csv")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "see `softbalance rulebook verify`" in done.stderr


def test_a_dataset_that_cannot_be_read_is_refused(invoke: Run) -> None:
    done = invoke("rulebook", "diff", PAUL, WALT, "--on", "missing.csv")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "missing.csv: cannot be read" in done.stderr


def test_the_core_is_printed(invoke: Run) -> None:
    core = json.loads(invoke("rulebook", "show", PAUL, "--core").stdout)
    rules = [rule["id"] for stage in core["stages"] for rule in stage["rules"]]
    assert "systemic-link-undetermined" in rules
    assert {fact["id"] for fact in core["facts"]} >= {"systemic_link", "classification"}
