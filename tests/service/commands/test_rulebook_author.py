"""What an author calls: `rulebook new`, `schema` and `test`; and folders with mistakes."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from flask.testing import FlaskClient
from softbalance.rules.classifier import Classifier
from softbalance.rules.language.loader import load_folder, load_library
from softbalance.rules.verification.cases import cases_of
from softbalance.rules.verification.checks import verify
from softbalance.rules.verification.coverage import measure_coverage, suggest_cases

from edited import FIRST_EDITION
from evaluator import BROOKS_WOHLFORTH, PAUL
from places import ROOT
from written_rulebooks import VARIANT, book

Run = Callable[..., CompletedProcess[str]]
THEORIES = ROOT / "tests" / "theories"


@pytest.mark.parametrize("options", [(), ("--own-codebook",), ("--extends", PAUL)])
def test_a_new_rulebook_is_sound_and_has_a_case(
    invoke: Run, tmp_path: Path, options: tuple[str, ...]
) -> None:
    done = invoke("rulebook", "new", "my-theory", *options)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "my-theory"
    first = (folder / "rulebook.yaml").read_text("utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=rulebook.schema.json"
    assert json.loads((folder / "rulebook.schema.json").read_text("utf-8"))["definitions"]
    (rulebook,) = load_folder(folder)
    assert rulebook.extends == (PAUL if "--extends" in options else None)
    verified = verify(rulebook, engines=False)
    assert verified.ok
    assert [flaw for check in verified.checks for flaw in check.findings] == []
    assert len(cases_of(rulebook)) == 1
    assert invoke("rulebook", "test", "./my-theory").returncode == 0


def test_several_new_rulebooks_stand_in_one_library(invoke: Run, tmp_path: Path) -> None:
    for name, option in (("one", ()), ("two", ("--own-codebook",)), ("three", ("--own-codebook",))):
        assert invoke("rulebook", "new", name, *option).returncode == 0
    assert {"one", "two", "three"} <= load_library([tmp_path]).rulebooks.keys()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("Bad_id",), "is not an id of a-z, 0-9 and -"),
        ((PAUL,), "there is a rulebook 'paul-2004' already"),
        (("heir", "--extends", "paul-2003"), "did you mean 'paul-2004'?"),
        (("taken",), "taken is there already"),
        (("heir", "--extends", PAUL, "--own-codebook"), "an heir is coded by its parent's"),
    ],
)
def test_what_cannot_be_begun_is_refused(
    invoke: Run, tmp_path: Path, arguments: tuple[str, ...], told: str
) -> None:
    (tmp_path / "taken").mkdir()
    done = invoke("rulebook", "new", *arguments)
    assert done.returncode == 2
    assert told in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
    assert list((tmp_path / "taken").iterdir()) == []


def test_the_schema_is_printed_and_served(invoke: Run, client: FlaskClient) -> None:
    printed = invoke("rulebook", "schema")
    assert printed.returncode == 0
    served = client.get("/schemas/rulebook.json")
    assert served.status_code == 200
    assert served.get_json() == json.loads(printed.stdout)


def test_cases_are_decided_and_a_failure_is_told(invoke: Run, tmp_path: Path) -> None:
    done = invoke("rulebook", "test", BROOKS_WOHLFORTH)
    assert done.returncode == 0
    assert "11 of 11 cases come out as expected" in done.stdout
    invoke("rulebook", "new", "mine")
    expected = tmp_path / "mine" / "cases" / "expected.yaml"
    expected.write_text(expected.read_text("utf-8").replace("mine_so", "mine_not_so"), "utf-8")
    done = invoke("rulebook", "test", "./mine")
    assert done.returncode == 3
    told = "cases/expected.yaml:2: classification is expected to be mine_not_so and comes out as"
    assert told in done.stdout


def test_coverage_counts_what_cases_exercise(invoke: Run) -> None:
    folder = THEORIES / "risk-of-bias"
    done = invoke("rulebook", "test", folder, "--coverage", "--json")
    (told,) = json.loads(done.stdout)
    covered = told["coverage"]
    assert covered["rules"] == {"covered": 10, "of": 17}
    assert covered["classes"] == {"covered": 3, "of": 5}
    assert {item["name"] for item in covered["uncovered"] if item["kind"] == "classes"} == {
        "not_a_trial",
        "some_concern",
    }
    assert invoke("rulebook", "test", folder, "--at-least", covered["percent"] - 1).returncode == 0
    assert invoke("rulebook", "test", folder, "--at-least", covered["percent"] + 1).returncode == 3


@pytest.mark.parametrize("folder", [THEORIES / "risk-of-bias", THEORIES / "dependence"])
def test_suggested_cases_cover_the_rest_and_are_as_small_as_can_be(folder: Path) -> None:
    (rulebook,) = load_folder(folder)
    classifier = Classifier(rulebook)
    cases = cases_of(rulebook)
    coverage = measure_coverage(classifier, cases)
    suggested = suggest_cases(coverage)
    assert {name for case in suggested for name in case.rules} == {
        item.name for item in coverage.uncovered() if item.kind == "rules"
    }
    for case in suggested:
        coded = {name: str(value) for name, value in case.episode["indicators"].items()}
        values = {**dict.fromkeys(rulebook.codebook.indicators, "unknown"), **coded}
        assert {*case.rules} <= {*classifier.decider.decide(case.episode["form"], values).fired}
        for left_out in coded:
            fewer = {**values, left_out: "unknown"}
            fired = classifier.decider.decide(case.episode["form"], fewer).fired
            assert not {*case.rules} <= {*fired}, (case, left_out)


def test_suggestions_overwrite_nothing(invoke: Run, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "expected.yaml").write_text("mine", "utf-8")
    done = invoke("rulebook", "test", PAUL, "--suggest", "full")
    assert done.returncode == 2
    assert "holds files already" in done.stderr
    assert (tmp_path / "full" / "expected.yaml").read_text("utf-8") == "mine"
    assert invoke("rulebook", "test", "--suggest", "new").returncode == 2


def test_rulebooks_of_the_first_edition_are_tested_too(invoke: Run, tmp_path: Path) -> None:
    text = (FIRST_EDITION / PAUL / "rulebook.yaml").read_text("utf-8")
    done = invoke("rulebook", "test", book(tmp_path, text), "--coverage")
    assert done.returncode == 0
    assert "0 of 0 cases come out as expected" in done.stdout
    assert "rules 0 of " in done.stdout


def test_a_mistake_in_cases_is_told_beside_the_others(invoke: Run, tmp_path: Path) -> None:
    invoke("rulebook", "new", "mine")
    cases = tmp_path / "mine" / "cases"
    with (cases / "expected.yaml").open("a", encoding="utf-8") as expected:
        expected.write("second:\n  orign: constructed\n  classification: mine_so\n")
    (cases / "first-case.json").write_text('{"form": "othr"}', "utf-8")
    done = invoke("rulebook", "test", "./mine")
    assert done.returncode == 3
    for part in (
        "expected.yaml:6: second: unknown field 'orign'; did you mean 'origin'?",
        "second.json:1: is no Episode",
        "first-case.json:1: /form: unknown form 'othr'; did you mean 'other'?",
    ):
        assert part in done.stdout


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """A folder with a sound rulebook, one with a mistake, and one that is no YAML."""
    inside = tmp_path / "inside"
    book(inside, VARIANT, "good")
    book(inside, VARIANT.replace("my-variant", "bad").replace("yes", "perhaps"), "bad")
    book(inside, "id: [\n", "torn")
    return inside


def test_a_broken_folder_stops_nothing_that_does_not_need_it(
    invoke: Run, tmp_path: Path, folders: Path, moscow_tehran: dict[str, object]
) -> None:
    (tmp_path / "episode.json").write_text(json.dumps(moscow_tehran), "utf-8")
    for arguments in (
        ("explain", "episode.json"),
        ("rulebook", "show", "my-variant"),
        ("codebook",),
        ("rulebook", "list"),
        ("rulebook", "show", PAUL),
        ("cases", "--quiet"),
    ):
        done = invoke(*arguments, "--rulebooks", folders)
        assert done.returncode == 0, done.stderr
        assert f"{folders}/bad/rulebook.yaml:11: rule systemic-link-met: " in done.stderr
        assert f"{folders}/torn/rulebook.yaml:2: " in done.stderr
    assert "my-variant" in invoke("rulebook", "list", "--rulebooks", folders).stdout
    done = invoke("explain", "episode.json", "--rulebook", "bad", "--rulebooks", folders)
    assert done.returncode == 2
    assert "the rulebook 'bad' does not load" in done.stderr


def test_verify_tells_the_broken_and_proves_the_rest(invoke: Run, folders: Path) -> None:
    for arguments in ((folders,), ("--rulebooks", folders)):
        done = invoke("rulebook", "verify", "--quick", *arguments)
        assert done.returncode == 3
        assert "unknown value 'perhaps'" in done.stdout
        assert "torn/rulebook.yaml:2" in done.stdout
        assert "my-variant 0.1.0" in done.stdout


def test_serve_refuses_to_start_and_says_why(invoke: Run, folders: Path) -> None:
    done = invoke("serve", "--check", "--rulebooks", folders)
    assert done.returncode == 2
    assert "unknown value 'perhaps'" in done.stderr
    assert "torn/rulebook.yaml:2" in done.stderr
