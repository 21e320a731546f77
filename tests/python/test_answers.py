"""The Python module answers as the service does, with the same mistakes."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import softbalance as sb
from flask.testing import FlaskClient
from softbalance.rules.language.loader import Library, UnknownRulebook

from places import ROOT

#: What a record has of its own: when and under which names it was made.
OF_A_RECORD = ("id", "classified_at")


@pytest.mark.parametrize("detail", ["verdict", "trace", "full"])
def test_it_answers_as_the_service_does(client: FlaskClient, library: Library, detail: Any) -> None:
    for case in library.rulebooks:
        episode = {
            "id": "a",
            "form": "joint_force",
            "actors": ["FRA", "DEU"],
            "indicators": {"constrains_hegemon": "yes"},
            "observations": [{"indicator": "aimed_at_hegemon_power", "value": "no"}],
        }
        address = f"/v1/classifications?store=false&detail={detail}&rulebook={case}"
        served = client.post(address, json=episode).get_json()
        answer = sb.classify(episode, case, detail)
        assert dict(answer) == {k: v for k, v in served.items() if k not in OF_A_RECORD}
        assert answer.classification == served["classification"]


def test_mistakes_are_those_of_the_service(client: FlaskClient) -> None:
    wrong = {"form": "othr", "indicators": {"constrains_hegemon": True}, "actors": "FRA"}
    with pytest.raises(sb.InvalidEpisode) as refused:
        sb.classify(wrong)
    served = client.post("/v1/classifications?store=false", json=wrong).get_json()
    assert refused.value.errors == served["errors"]
    assert len(refused.value.errors) == 3
    assert "/form: unknown form 'othr'; did you mean 'other'?" in str(refused.value)


@pytest.mark.parametrize("given", [None, [], "other", 3, {1: 2}, {"form": {"other"}}])
def test_what_is_no_episode_is_refused_as_one(given: Any) -> None:
    with pytest.raises(sb.InvalidEpisode):
        sb.classify(given)


def test_what_is_not_there_is_named() -> None:
    with pytest.raises(UnknownRulebook, match="paul-2004"):
        sb.classify({"form": "other"}, "paul-2005")
    with pytest.raises(AttributeError, match="no 'flips'"):
        _ = sb.classify({"form": "other"}).flips
    with pytest.raises(AttributeError, match="no attribute 'clasify'"):
        _ = sb.clasify


def test_it_shows_its_proof() -> None:
    title = "<script>alert(1)</script> & [bold]brackets[/bold]"
    answer = sb.classify({"form": "other", "title": title})
    html = answer._repr_html_()
    assert "INDETERMINATE" in html
    assert "&lt;script&gt;" in html
    assert "<script>" not in html
    assert "[bold]brackets[/bold]" in html
    assert "INDETERMINATE" in str(answer)
    assert repr(answer) == "<Answer: indeterminate by brooks-wohlforth-2004 1.0.0>"
    assert "indeterminate" in sb.classify({"form": "other"}, detail="verdict")._repr_html_()


def test_a_rulebook_of_ones_own_decides() -> None:
    book = sb.load(ROOT / "tests" / "theories" / "risk-of-bias")
    form = next(iter(book.codebook.forms))
    assert sb.classify({"form": form}, book).rulebook["id"] == book.id
    assert sb.codebook(book) is book.codebook
    assert "constrains_hegemon" in sb.codebook().indicators
    with pytest.raises(ValueError, match="several rulebooks"):
        sb.load(ROOT / "tests" / "theories")


def test_a_rulebook_is_verified() -> None:
    verified = sb.verify("paul-2004", episodes=50)
    assert verified["ok"]
    assert verified["rulebook"]["id"] == "paul-2004"


def _classified(_: int) -> str:
    return str(sb.classify({"form": "other"}).classification)


def test_a_forked_process_makes_its_own_engine() -> None:
    _classified(0)
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert set(pool.map(_classified, range(8))) == {"indeterminate"}


def test_importing_it_imports_next_to_nothing(tmp_path: Path) -> None:
    code = """
import sys
before = set(sys.modules)
import softbalance
print(len(set(sys.modules) - before))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 10
