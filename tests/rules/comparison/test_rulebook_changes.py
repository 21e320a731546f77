"""What was added, removed and changed between two rulebooks."""

from dataclasses import replace
from pathlib import Path

from softbalance.rules.comparison.rulebook_changes import as_json, diff_rulebooks
from softbalance.rules.language.loader import Library

import edited
from edited import add, loaded, premise, remove, swap
from evaluator import BROOKS_WOHLFORTH, PAUL, WALT


def test_a_variant_differs_in_the_rules_it_replaces(library: Library) -> None:
    difference = diff_rulebooks(library[BROOKS_WOHLFORTH], library[WALT])
    assert [change.before.id for change in difference.rules.changed] == [
        *("systemic-link-met", "systemic-link-failed", "systemic-link-undetermined")
    ]
    parts = ("premises", "reason", "citations")
    assert {change.parts for change in difference.rules.changed} == {parts}
    assert not difference.rules.added
    assert not difference.rules.removed
    assert not difference.facts
    assert not difference.stages
    assert difference.about == ("id", "title", "summary", "extends", "sources")


def test_rules_facts_and_stages_come_and_go(library: Library) -> None:
    shape = as_json(diff_rulebooks(library[PAUL], library[BROOKS_WOHLFORTH]))
    back = as_json(diff_rulebooks(library[BROOKS_WOHLFORTH], library[PAUL]))
    assert shape["stages"]["added"] == ["rivals", "derived"]
    assert "tradeoffs" in shape["facts"]["added"]
    assert "rival-in-play" in shape["rules"]["added"]
    assert "usual-without-link" in shape["rules"]["removed"]
    for kind in ("stages", "facts", "rules"):
        assert shape[kind]["added"] == back[kind]["removed"]
        assert shape[kind]["removed"] == back[kind]["added"]


def test_each_part_of_a_changed_rule_is_told(tmp_path: Path, library: Library) -> None:
    def edit(content: edited.Content) -> None:
        swap("open-link", "classification", "politics_as_usual")(content)
        premise("soft-by-form", "form", "other")(content)
        remove("note-prestige-not-weighed")(content)
        add("again", "notes", [{"prestige_payoff": "no"}], "notes", "prestige_not_weighed")(content)
        edited.rule_in(content, "hard-by-form")["because"] = "In other words."

    shape = as_json(diff_rulebooks(library[PAUL], loaded(edited.edited(tmp_path, PAUL, edit))))
    assert shape["rules"]["added"] == ["again"]
    assert shape["rules"]["removed"] == ["note-prestige-not-weighed"]
    changed = {change["id"]: change for change in shape["rules"]["changed"]}
    assert {name: change["parts"] for name, change in changed.items()} == {
        "open-link": ["conclusion"],
        "soft-by-form": ["premises"],
        "hard-by-form": ["reason"],
    }
    assert changed["open-link"]["before"] == {
        "conclusion": {"fact": "classification", "value": "indeterminate"}
    }
    assert changed["open-link"]["after"] == {
        "conclusion": {"fact": "classification", "value": "politics_as_usual"}
    }
    assert changed["hard-by-form"]["after"] == {"reason": "In other words."}


def test_a_rulebook_does_not_differ_from_itself(library: Library) -> None:
    book = library[BROOKS_WOHLFORTH]
    difference = diff_rulebooks(book, replace(book))
    assert difference.about == ()
    assert not any((difference.stages, difference.facts, difference.rules))
