"""The loader: what it refuses, all at once and with places, and what it takes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from softbalance.rules.episode.decision import Decider
from softbalance.rules.findings import RulebookErrors
from softbalance.rules.language.loader import SHIPPED, Library, UnknownRulebook, load_library

from written_rulebooks import VARIANT, book


def findings(*folders: Path) -> list[str]:
    with pytest.raises(RulebookErrors) as raised:
        load_library(folders)
    return [str(finding) for finding in raised.value.findings]


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def test_the_default_comes_first(library: Library) -> None:
    assert list(library.rulebooks) == [
        "brooks-wohlforth-2004",
        "brooks-wohlforth-2004-walt",
        "paul-2004",
    ]


def test_yes_and_no_stay_words(library: Library) -> None:
    rules = {rule.id: rule for rule in library["paul-2004"].rules}
    assert {v for rule in rules.values() for p in rule.premises() for v in p.values} >= {
        "yes",
        "no",
    }


def test_an_unknown_rulebook_gets_a_suggestion(library: Library) -> None:
    with pytest.raises(UnknownRulebook, match="did you mean 'paul-2004'"):
        library["paul"]


def test_a_variant_inherits_all_but_what_it_replaces(tmp_path: Path) -> None:
    library = load_library([book(tmp_path, VARIANT)])
    parent, variant = library["brooks-wohlforth-2004-walt"], library["my-variant"]
    own = {r.id for r in variant.rules} ^ {r.id for r in parent.rules}
    changed = [a.id for a, b in zip(parent.rules, variant.rules, strict=True) if a != b]
    assert own == set()
    assert changed == ["systemic-link-met"]


def test_a_folder_of_rulebooks_is_a_rulebook_folder(tmp_path: Path) -> None:
    book(tmp_path, VARIANT, "one")
    book(tmp_path, VARIANT.replace("my-variant", "other-variant"), "two")
    assert {"my-variant", "other-variant"} <= load_library([tmp_path]).rulebooks.keys()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("A threat is enough.", "A threat suffices."),
        ("version: 0.1.0", "version: 0.1.1"),
        ("[{source: brooks-wohlforth-2004, section: Core", "[{source: paul-2004, section: Core"),
    ],
)
def test_the_digest_follows_the_content(tmp_path: Path, old: str, new: str) -> None:
    before = load_library([book(tmp_path, VARIANT)])["my-variant"].digest
    after = load_library([book(tmp_path, VARIANT.replace(old, new))])["my-variant"].digest
    assert before != after
    assert before.startswith("sha256:")
    assert len(before) == 71


def test_the_digest_ignores_layout_and_comments(tmp_path: Path) -> None:
    before = load_library([book(tmp_path, VARIANT)])["my-variant"].digest
    laid_out = "# a comment\n" + VARIANT.replace(
        "{systemic_link: met}", "\n      systemic_link: met"
    )
    assert load_library([book(tmp_path, laid_out)])["my-variant"].digest == before


def test_the_digest_follows_parent_and_codebook(tmp_path: Path) -> None:
    shipped = tmp_path / "shipped"
    shutil.copytree(SHIPPED, shipped)

    def digests() -> dict[str, str]:
        return {name: b.digest for name, b in load_library(shipped=shipped).rulebooks.items()}

    first = digests()
    parent = shipped / "brooks-wohlforth-2004" / "rulebook.yaml"
    parent.write_text(parent.read_text().replace("version: 1.0.0", "version: 1.0.1", 1))
    second = digests()
    assert {name for name in first if first[name] != second[name]} == {
        "brooks-wohlforth-2004",
        "brooks-wohlforth-2004-walt",
    }
    codebook = shipped / "codebook.yaml"
    codebook.write_text(codebook.read_text().replace("version: 1.0.0", "version: 1.0.1", 1))
    assert all(second[name] != digest for name, digest in digests().items())


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    text = (
        VARIANT
        + """\
  - id: no-such-rule
    stage: tests
    when: {all: [{constrains_hegemn: yes}, {form: joint_forc}, {tradeoffs: met}]}
    then: {systemic_link: mett}
    because: It does not exist.
    cites: [{source: nobody-1999, section: Nowhere}]
remove: [systemic-link-met, never-there]
"""
    )
    path = book(tmp_path, text)
    told = findings(path)
    place = f"{path}/rulebook.yaml:"
    expected = {
        f"{place}{line_of(text, '- id: no-such-rule')}: rule no-such-rule: replaces a rule its "
        "parent lacks",
        f"{place}{line_of(text, '- id: systemic-link-met')}: rule systemic-link-met: is both "
        "removed and replaced",
        f"{place}{line_of(text, 'remove:')}: rule never-there: removes a rule its parent lacks",
    }
    assert all(any(line.startswith(start) for line in told) for start in expected), told


def test_a_mistake_of_grammar_hides_no_other(tmp_path: Path) -> None:
    text = (
        VARIANT
        + """\
rules:
  - id: no-reason
    stage: tests
    when: {all: [{constrains_hegemon: yes}]}
    then: {systemic_link: met}
    cites: [{source: paul-2004, section: Somewhere}]
  - id: no-such-fact
    stage: tests
    when: {all: [{constrains_hegemn: yes}]}
    then: {systemic_link: met}
    because: The fact is misspelt.
    cites: [{source: paul-2004, section: Somewhere}]
"""
    )
    told = findings(book(tmp_path, text))
    assert len(told) == 2
    assert "rule no-reason: /rules/0/because: this field is required; add it" in told[0]
    assert "rule no-such-fact: unknown fact 'constrains_hegemn'; did you mean" in told[1]


BROKEN = """\
id: broken
version: 1.0.0
title: Broken
summary: Each rule has its own mistake.
stages:
  - {id: first, title: First, about: The first.}
  - {id: second, title: Second, about: The second.}
  - {id: idle, title: Idle, about: Nothing stands here.}
facts:
  - {id: link, kind: test, title: Link, values: [met, failed]}
  - {id: never, kind: intermediate, title: Never, values: [met], undecided: [open]}
  - {id: strategy, kind: test, title: Taken, values: [met]}
  - {id: verdict, kind: answer, title: No answer, values: [met]}
  - {id: classification, kind: answer, title: Class, values: [soft_balancing, hard_balance]}
  - {id: notes, kind: answer, title: Notes, values: [noted]}
rules:
"""
RULE = """\
  - id: RULE
    stage: STAGE
    when: {all: [WHEN]}
    then: {THEN}
    because: Because.
    cites: [{source: SOURCE, section: Somewhere}]
"""


def _rule(
    name: str,
    stage: str = "first",
    when: str = "{form: other}",
    then: str = "link: met",
    source: str = "paul-2004",
) -> str:
    text = RULE.replace("RULE", name).replace("STAGE", stage).replace("WHEN", when)
    return text.replace("THEN", then).replace("SOURCE", source)


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (_rule("a", when="{aimed_at_hegemon_pwer: yes}"), "did you mean 'aimed_at_hegemon_power'?"),
        (_rule("a", when="{form: new_institutoin}"), "did you mean 'new_institution'?"),
        (_rule("a", when="{constrains_hegemon: maybe}"), "unknown value 'maybe'; known: yes, no"),
        (_rule("a", then="link: mett"), "link: unknown value 'mett'; did you mean 'met'?"),
        (_rule("a", then="lnk: met"), "did you mean 'link'?"),
        (_rule("a", then="form: other"), "concludes an unknown fact 'form'"),
        (_rule("a", stage="frist"), "unknown stage 'frist'; did you mean 'first'?"),
        (_rule("a", source="paul-2005"), "unknown source 'paul-2005'; did you mean 'paul-2004'?"),
        (
            _rule("b") + _rule("a", when="{link: met}", then="classification: soft_balancing"),
            "reads 'link', which is concluded only in stage 'first'; move the rule to a later",
        ),
        (_rule("a", when="{notes: noted}"), "'notes' gathers many values and can be no premise"),
        (
            _rule("b") + _rule("a", stage="second"),
            "concludes 'link', as rule b does in another stage",
        ),
        (_rule("a") + _rule("a"), "the id 'a' is already taken at"),
    ],
)
def test_each_mistake_of_a_rule_has_its_finding(tmp_path: Path, rule: str, message: str) -> None:
    text = BROKEN + rule
    path = book(tmp_path, text)
    told = findings(path)
    places = [
        f"{path}/rulebook.yaml:{n}:"
        for n, line in enumerate(text.splitlines(), 1)
        if n > line_of(text, "rules:")
    ]
    named = [line for line in told if message in line and "rule a:" in line]
    assert named, told
    assert all(any(line.startswith(place) for place in places) for line in named)


def _without_mistakes() -> str:
    wrong = (
        "{id: idle",
        "{id: second",
        "{id: never",
        "{id: strategy",
        "{id: verdict",
        "{id: notes",
        "{id: link",
    )
    kept = [line for line in BROKEN.splitlines() if not line.strip("- ").startswith(wrong)]
    return (
        "\n".join(kept).replace(", hard_balance", "")
        + "\n"
        + _rule("c", then="classification: soft_balancing")
    )


def test_mistakes_of_facts_and_stages(tmp_path: Path) -> None:
    told = "\n".join(findings(book(tmp_path, BROKEN + _rule("a"))))
    for message in (
        "no rule stands in stage 'idle'; add one or remove it",
        "undecided: unknown value 'open'; known: met",
        "no rule concludes 'never'; add one or remove the fact",
        "the name 'strategy' is taken by the codebook; rename the fact",
        "kind 'answer' is for classification, dominant_explanations, notes",
        "unknown class 'hard_balance'; did you mean 'hard_balancing'?",
    ):
        assert message in told


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("id: [\n", 2, "did not find"),
        ("id: x\nid: y\n", 2, "the key 'id' stands twice; remove one"),
        ("? [a]\n: b\n", 1, "a key must be a plain text"),
        ("a: &a [*a]\n", 1, "an alias (`*name`) is not read"),
        ("a: " + "[" * 30 + "]" * 30, 1, "is nested more than 20 levels deep"),
        ("- a list\n", 1, "not an object"),
        (
            VARIANT.replace("then: {systemic_link: met}", "then: {systemic_link: met, x: y}"),
            12,
            "write exactly one `fact: value`",
        ),
        (
            VARIANT.replace("hegemon_seen_as_threat: yes", "hegemon_seen_as_threat: []"),
            11,
            "needs a value or a list of values",
        ),
        (
            VARIANT.replace("because: A threat is enough.", "becuse: A threat is enough."),
            13,
            "did you mean 'because'?",
        ),
        (VARIANT.replace("version: 0.1.0", "version: latest"), 2, "a version; write e.g. 1.0.0"),
        (
            VARIANT.replace("    cites: [{source", "    cites: []\n    x: [{source"),
            14,
            "this list is empty",
        ),
    ],
)
def test_mistakes_of_grammar_have_their_line(
    tmp_path: Path, text: str, line: int, message: str
) -> None:
    path = book(tmp_path, text)
    told = findings(path)
    assert any(f.startswith(f"{path}/rulebook.yaml:{line}:") and message in f for f in told), told


def test_a_file_that_is_not_utf8_is_told(tmp_path: Path) -> None:
    path = book(tmp_path, VARIANT)
    (path / "rulebook.yaml").write_bytes(b"id: \xff\n")
    assert "is not UTF-8" in findings(path)[0]


def test_extends_in_a_circle_or_of_nothing(tmp_path: Path) -> None:
    one = VARIANT.replace("brooks-wohlforth-2004-walt", "two").replace("my-variant", "one")
    two = VARIANT.replace("brooks-wohlforth-2004-walt", "one").replace("my-variant", "two")
    lost = VARIANT.replace("brooks-wohlforth-2004-walt", "paul-2005").replace("my-variant", "lost")
    told = "\n".join(
        findings(book(tmp_path, one, "1"), book(tmp_path, two, "2"), book(tmp_path, lost, "3"))
    )
    assert "extends 'two', which does not load or extends this one in turn" in told
    assert "extends 'one', which does not load or extends this one in turn" in told
    assert "unknown rulebook 'paul-2005'; did you mean 'paul-2004'?" in told


def test_two_rulebooks_of_one_id(tmp_path: Path) -> None:
    told = findings(book(tmp_path, VARIANT, "1"), book(tmp_path, VARIANT, "2"))
    assert "the id 'my-variant' is already taken" in told[0]


def test_ids_that_are_made_or_reserved(tmp_path: Path) -> None:
    made = _rule("strategy-other", then="classification: soft_balancing")
    told = findings(book(tmp_path, _without_mistakes() + made))
    assert any("rule strategy-other: the id is that of a rule made" in line for line in told)
    always = _without_mistakes() + _rule("always", then="classification: soft_balancing")
    library = load_library([book(tmp_path, always)])
    values = dict.fromkeys(library.codebook.indicators, "unknown")
    assert "always" in Decider(library["broken"]).decide("other", values).fired


def test_a_mistake_within_any_has_its_line(tmp_path: Path) -> None:
    wide = (
        "\n      all:\n        - any:\n          - constrains_hegemon: yes\n          - form: othr"
    )
    rule = _rule("a").replace(" {all: [{form: other}]}", wide)
    text = _without_mistakes() + rule
    path = book(tmp_path, text)
    assert findings(path)[0].startswith(f"{path}/rulebook.yaml:{line_of(text, '- form: othr')}:")


def test_a_folder_without_rulebooks(tmp_path: Path) -> None:
    assert "no rulebook here" in findings(tmp_path)[0]
    assert "no such folder" in findings(tmp_path / "none")[0]
