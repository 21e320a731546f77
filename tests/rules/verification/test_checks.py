"""Verification finds each fault that is put into a shipped rulebook, and its witness shows it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from softbalance.rules.codings import reconcile
from softbalance.rules.episode.decision import Contradiction, Decider, Decision, NothingConcluded
from softbalance.rules.findings import Flaw
from softbalance.rules.language.loader import Library
from softbalance.rules.model import Rulebook
from softbalance.rules.verification.checks import Verification, as_json, verify
from softbalance.schemas.episode import episode_schema

import edited
from edited import Content, add, declare, loaded, premise, remove, swap
from evaluator import BROOKS_WOHLFORTH, INDICATORS, PAUL, RULEBOOKS, WALT

LINK = ("systemic_link", "test", "met", "failed", "undetermined", "weakened")
LINK_FAILED: list[Content] = [
    {"constrains_hegemon": ["yes", "unknown"]},
    {"systemic_link": "failed"},
]
ALLIANCE: list[Content] = [
    {"constrains_hegemon": "yes"},
    {"systemic_link": "met"},
    {"form": "formal_alliance"},
]

#: Fault → check, rulebook, the rule that the finding names, and the edit that puts it in.
FAULTS: Mapping[str, tuple[str, str, str | None, Callable[[Content], None]]] = {
    "removed rule": ("complete", BROOKS_WOHLFORTH, None, remove("policy-bargaining-absent")),
    "removed rule, walt": ("complete", WALT, None, remove("systemic-link-undetermined")),
    "removed rule, paul": ("complete", PAUL, None, remove("open-link")),
    "narrowed rule": (
        "complete",
        BROOKS_WOHLFORTH,
        "rival-in-play",
        premise("rival-in-play", "regional_security", "sufficient"),
    ),
    "overlap": (
        "consistent",
        BROOKS_WOHLFORTH,
        "open-shift",
        premise("open-shift", "shifts_capabilities", "unknown", "contested", "no"),
    ),
    "overlap, walt": (
        "consistent",
        WALT,
        "systemic-link-undetermined",
        premise("systemic-link-failed", "hegemon_seen_as_threat", "no", "unknown"),
    ),
    "overlap, paul": (
        "consistent",
        PAUL,
        "soft-by-form",
        premise("soft-by-form", "form", "other", "formal_alliance"),
    ),
    # a sufficient rival keeps the link from being met: dead by what is joint about facts
    "dead rule": (
        "live",
        BROOKS_WOHLFORTH,
        "never",
        add(
            "never",
            "dominant",
            [{"systemic_link": "met"}, {"policy_bargaining": "sufficient"}],
            "dominant_explanations",
            "policy_bargaining",
        ),
    ),
    "dead rule, walt": (
        "live",
        WALT,
        "never",
        add(
            "never",
            "notes",
            [{"systemic_link": "met"}, {"hegemon_seen_as_threat": ["no", "unknown", "contested"]}],
            "notes",
            "rhetoric_only",
        ),
    ),
    "dead rule, paul": (
        "live",
        PAUL,
        "never",
        add(
            "never",
            "dominant",
            [{"classification": "soft_balancing"}, {"form": "formal_alliance"}],
            "dominant_explanations",
            "balancing",
        ),
    ),
    "redundant rule": (
        "needed",
        BROOKS_WOHLFORTH,
        "again",
        add("again", "classification", LINK_FAILED, "classification", "politics_as_usual"),
    ),
    "redundant rule, walt": (
        "needed",
        WALT,
        "again",
        add("again", "classification", LINK_FAILED, "classification", "politics_as_usual"),
    ),
    "redundant rule, paul": (
        "needed",
        PAUL,
        "again",
        add("again", "classification", ALLIANCE, "classification", "hard_balancing"),
    ),
    "redundant over two stages": (
        "needed",
        BROOKS_WOHLFORTH,
        "again",
        add(
            "again",
            "notes",
            [
                {"regional_security": "sufficient"},
                {"persists_without_concentration": "contested"},
                {"disputes_specific_policy": "no"},
                {"objects_on_merits": "no"},
                {"bargaining_suffices": "yes"},
            ],
            "notes",
            "inconsistent_coding",
        ),
    ),
    "swapped value": (
        "reachable",
        BROOKS_WOHLFORTH,
        None,
        swap("hard-with-shift", "classification", "soft_balancing"),
    ),
    "swapped value, walt": (
        "reachable",
        WALT,
        None,
        swap("systemic-link-failed", "systemic_link", "undetermined"),
    ),
    "swapped value, paul": (
        "reachable",
        PAUL,
        None,
        swap("usual-without-link", "classification", "soft_balancing"),
    ),
    "unreachable value": ("reachable", BROOKS_WOHLFORTH, None, declare(*LINK)),
    "unreachable value, walt": ("reachable", WALT, None, declare(*LINK)),
    "unreachable class": (
        "reachable",
        PAUL,
        None,
        declare(
            "classification",
            "answer",
            "not_a_constraint",
            "politics_as_usual",
            "mixed",
            "soft_balancing",
            "hard_balancing",
            "indeterminate",
        ),
    ),
    "swapped value that a case tells": (
        "cases",
        BROOKS_WOHLFORTH,
        "open-link-or-motive",
        swap("open-link-or-motive", "classification", "mixed"),
    ),
}


def failed(verification: Verification, check: str) -> tuple[Flaw, ...]:
    (result,) = (result for result in verification.checks if result.check == check)
    assert result.ok != any(not flaw.remark for flaw in result.findings)
    return result.findings


def decide(book: Rulebook, episode: Mapping[str, Any]) -> Decision:
    """Decide an Episode as a caller would: only a valid one is taken."""
    codings = reconcile(book.codebook, episode_schema(book.codebook.vocabulary).load(dict(episode)))
    return Decider(book).decide(codings.form, codings.values)


def assert_shown(book: Rulebook, check: str, flaw: Flaw) -> None:
    """That the witness shows what the check found, or that none exists."""
    if check in ("live", "reachable"):
        assert flaw.witness is None
        return
    assert flaw.witness is not None
    if check == "complete":
        with pytest.raises(NothingConcluded) as gap:
            decide(book, flaw.witness)
        assert f"no rule concludes {gap.value.missing} " in flaw.message
    elif check == "consistent":
        with pytest.raises(Contradiction) as clash:
            decide(book, flaw.witness)
        assert flaw.rule in clash.value.fired
    elif check == "needed":
        fired = {firing.rule.id: firing.rule for firing in decide(book, flaw.witness).firings}
        rule = fired[flaw.rule or ""]
        same = [r.id for r in fired.values() if (r.fact, r.value) == (rule.fact, rule.value)]
        assert len(same) > 1
        assert any(name in flaw.message for name in same if name != rule.id)
    else:
        assert flaw.rule in decide(book, flaw.witness).fired


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_with_its_place_and_a_witness(tmp_path: Path, fault: str) -> None:
    check, name, rule, edit = FAULTS[fault]
    folder = edited.edited(tmp_path, name, edit)
    book = loaded(folder)
    verification = verify(book, engines=False)
    assert not verification.ok
    findings = failed(verification, check)
    assert findings
    assert rule is None or rule in {flaw.rule for flaw in findings}
    for flaw in findings:
        assert_shown(book, check, flaw)
        if flaw.place.file.startswith(str(folder)) and flaw.rule and check != "cases":
            assert flaw.place.line == edited.line_of(folder, flaw.rule)


def test_two_values_for_one_indicator_are_found(library: Library) -> None:
    book = library[BROOKS_WOHLFORTH]
    stage = next(stage for stage in book.stages if stage.id == "derived")
    rule = next(rule for rule in stage.rules if rule.id == "persistence-derived")
    other = replace(rule, id="again", value="no")
    overlapping = replace(
        book,
        stages=tuple(replace(s, rules=(*s.rules, other)) if s == stage else s for s in book.stages),
    )
    (flaw,) = failed(verify(overlapping, engines=False), "consistent")
    assert flaw.rule == "again"
    assert_shown(overlapping, "consistent", flaw)


def test_a_case_that_comes_out_otherwise_is_found(tmp_path: Path) -> None:
    folder = edited.edited(tmp_path, BROOKS_WOHLFORTH, lambda content: None)
    expected = folder / "cases" / "expected.yaml"
    edited.rewrite(expected, lambda c: c["moscow-tehran"].update(classification="mixed"))
    verification = verify(loaded(folder), engines=False)
    (flaw,) = failed(verification, "cases")
    lines = expected.read_text("utf-8").splitlines()
    assert flaw.place.line == lines.index("moscow-tehran:") + 1
    assert flaw.rule == "usual-without-link-or-motive"
    assert "expected to be mixed and comes out as politics_as_usual" in flaw.message
    assert [check.check for check in verification.checks if not check.ok] == ["cases"]


def test_a_case_that_does_not_load_is_found(tmp_path: Path) -> None:
    folder = edited.edited(tmp_path, BROOKS_WOHLFORTH, lambda content: None)
    (folder / "cases" / "moscow-tehran.json").write_text('{"form": "othr"}')
    (flaw,) = failed(verify(loaded(folder), engines=False), "cases")
    assert flaw.place.file.endswith("moscow-tehran.json")
    assert "'other'" in flaw.message


@pytest.mark.parametrize("name", RULEBOOKS)
def test_shipped_rulebooks_are_verified(library: Library, name: str) -> None:
    verification = verify(library[name])
    assert verification.ok
    assert [check.findings for check in verification.checks if check.findings] == []
    assert verification.codings == 9 * 4 ** len(INDICATORS)
    assert {check.check for check in verification.checks} == {
        *("stages", "read", "complete", "consistent", "live"),
        *("needed", "reachable", "lean", "cases", "agreement"),
        *(("properties",) if library[name].properties else ()),
    }


def test_another_meaning_under_a_known_version_is_found(tmp_path: Path) -> None:
    edit = swap("open-tradeoffs", "classification", "mixed")
    folder = edited.edited(tmp_path, BROOKS_WOHLFORTH, edit)
    book, known = loaded(folder), loaded(edited.FIRST_EDITION / BROOKS_WOHLFORTH)
    assert verify(book, engines=False).ok
    (flaw,) = failed(verify(book, known=known, engines=False), "version")
    assert flaw.rule == "open-tradeoffs"
    assert flaw.place.line == edited.line_of(folder, "open-tradeoffs")
    assert flaw.witness is not None
    classes = [decide(b, flaw.witness).facts["classification"] for b in (known, book)]
    assert classes == ["indeterminate", "mixed"]


def test_a_known_version_may_change_its_words_and_another_version_its_meaning(
    tmp_path: Path, library: Library
) -> None:
    def reword(content: Content) -> None:
        edited.rule_in(content, "open-tradeoffs")["because"] = "In other words."

    def revise(content: Content) -> None:
        swap("open-tradeoffs", "classification", "mixed")(content)
        content["version"] = "1.1.0"

    known = library[BROOKS_WOHLFORTH]
    (tmp_path / "revised").mkdir()
    for folder, edit in ((tmp_path, reword), (tmp_path / "revised", revise)):
        book = loaded(edited.edited(folder, BROOKS_WOHLFORTH, edit))
        assert book.digest != known.digest
        assert verify(book, known=known, engines=False).ok


def test_an_idle_premise_is_a_remark_and_no_failure(tmp_path: Path) -> None:
    edit = premise("dominant-balancing", "classification", "soft_balancing", "hard_balancing")
    folder = edited.edited(tmp_path, PAUL, edit)
    clause = {"constrains_hegemon": ["yes", "unknown", "contested"]}
    edited.rewrite(
        folder / "rulebook.yaml",
        lambda c: edited.rule_in(c, "dominant-balancing")["when"]["all"].append(clause),
    )
    verification = verify(loaded(folder), engines=False)
    assert verification.ok
    findings = failed(verification, "lean")
    assert {flaw.rule for flaw in findings} == {"dominant-balancing"}
    assert all(flaw.remark for flaw in findings)
    for flaw in findings:
        assert_shown(loaded(folder), "lean", flaw)


def test_rules_that_read_later_stages_are_told_and_nothing_else_is_tried(library: Library) -> None:
    book = library[PAUL]
    turned = replace(book, stages=tuple(reversed(book.stages)))
    findings = failed(verify(turned), "stages")
    assert "usual-without-link" in {flaw.rule for flaw in findings}


def test_the_json_shape_names_files_from_the_library_on(tmp_path: Path) -> None:
    folder = edited.edited(tmp_path, PAUL, remove("open-link"))
    verification = verify(loaded(folder), engines=False)
    shape = as_json(verification, whole_paths=False)
    assert shape["ok"] is False
    assert shape["rulebook"]["id"] == PAUL
    complete = next(check for check in shape["checks"] if check["check"] == "complete")
    (finding,) = complete["findings"]
    assert finding["file"] == f"{PAUL}/rulebook.yaml"
    assert finding["witness"] is not None
    assert finding["witness"]["form"]
    assert as_json(verification)["checks"] != shape["checks"]
