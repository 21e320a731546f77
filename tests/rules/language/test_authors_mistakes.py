"""Mistakes of authors are told all at once, each at the line that has to be mended."""

from __future__ import annotations

import random
import re
import shutil
from pathlib import Path

import pytest
from softbalance.rules.findings import Finding, RulebookErrors
from softbalance.rules.language.loader import (
    SHIPPED,
    BrokenRulebook,
    load_folder,
    load_library,
    load_sound_library,
)

from places import ROOT
from written_rulebooks import VARIANT, book

ATTEMPTS = ROOT / "tests" / "data" / "first-attempts"
BOOKS = ("paul-2004", "brooks-wohlforth-2004", "brooks-wohlforth-2004-walt")


def _findings(folder: Path) -> tuple[Finding, ...]:
    with pytest.raises(RulebookErrors) as raised:
        load_folder(folder)
    return raised.value.findings


def _spoil(folder: Path, name: str, line: int, text: str) -> tuple[Finding, ...]:
    lines = (SHIPPED / name / "rulebook.yaml").read_text("utf-8").splitlines()
    lines[line - 1] = text
    return _findings(book(folder, "\n".join(lines), name))


def _words(name: str) -> list[tuple[int, str, re.Match[str]]]:
    """Lines with a word of the language or a name that is referred to, in a rulebook as shipped."""
    lines = (SHIPPED / name / "rulebook.yaml").read_text("utf-8").splitlines()
    wanted = re.compile(
        r"\b(when|then|because|title|about|rows|outcomes|add|citation|summary|section|undecided|"
        r"stage|kind|source|any|not|open|at_least)(?=: )|(?<=then: )\w+|(?<=stage: )\w+|"
        r"(?<=kind: )\w+|\b(met|failed)(?=: >-)|(?<=undecided: \[)\w+"
    )
    return [(i, text, m) for i, text in enumerate(lines, 1) for m in wanted.finditer(text)]


@pytest.mark.parametrize("name", BOOKS)
def test_a_misspelt_word_is_told_at_its_line(tmp_path: Path, name: str) -> None:
    words = _words(name)
    chosen = random.Random(name).sample(words, min(25, len(words)))
    for number, (line, text, word) in enumerate(chosen):
        spoilt = f"{text[: word.start()]}{word[0]}x{text[word.end() :]}"
        told = _spoil(tmp_path / str(number), name, line, spoilt)
        assert line in {finding.place.line for finding in told}, (spoilt, told)
        assert len(told) <= 4, (spoilt, told)


PAUL_FAULTS = [
    ("[aimed_at_hegemon_power, ", "[aimed_at_hegemon_powr, ", "did you mean 'aimed_at_hegemon_"),
    ("{systemic_link: failed}", "{systemic_link: faild}", "unknown value 'faild'; did you mean"),
    ("then: indeterminate", "then: indeterminat", "did you mean 'indeterminate'?"),
    ("- id: open-link", "- idd: open-link", "unknown field 'idd'; did you mean 'id'?"),
    ("- id: open-link", "- id: Open link", "is not an id"),
    ("source: paul-2004", "source: paul-2005", "unknown source 'paul-2005'"),
    ("    stage: dominant", "    stage: dominnt", "unknown stage 'dominnt'; did you mean"),
    ("undecided: [indeterminate]", "undecided: indeterminate", "not a list"),
    ("undecided: [indeterminate]", "undecided: [indeterminat]", "undecided: unknown value"),
    ("values: [not_a", "values: [not_a_constraint, not_a", "'not_a_constraint' is listed twice"),
    (
        "when: balancing_rhetoric",
        "when: {at_least: {count: 3, of: [balancing_rhetoric, prestige_payoff]}}",
        "'3' is no count of 2 members",
    ),
    ("when: balancing_rhetoric", "when: []", "write a list of one formula or more"),
    ("when: balancing_rhetoric", "when: {notes: x}", "'notes' gathers many values"),
    ("when: balancing_rhetoric", "when: not", "'not' is a word of the language"),
    (
        "hegemon_seen_as_threat]",
        "hegemon_seen_as_threat, classification: soft_balancing]",
        "reads 'classification', which is concluded only in stage 'classification'",
    ),
    ("{constrains_hegemon: no}", "{constrains_hegemon: {at_least: yes}}", "without an order"),
    ("brooks-wohlforth-2004, section: Op", "brooks-wohlforth-2003, section: Op", "unknown source"),
    ("section: Opening", "sectn: Opening", "did you mean 'section'?"),
    ("title: Link to the power of a threatening hegemon", 'title: ""', "this text is empty"),
    ("add: balancing", "add: Balancing Now", "is not a name"),
    ("collect:", "collect: x\nfoo:", "not a mapping"),
    ("  systemic_link:\n    title", "  open:\n    title", "'open' is a word of the language"),
    ("then: hard_balancing", "then: hard_balancing\n        when: no", "the key 'when' stands"),
]


@pytest.mark.parametrize(("old", "new", "message"), PAUL_FAULTS)
def test_a_fault_is_told_at_its_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = (SHIPPED / "paul-2004" / "rulebook.yaml").read_text("utf-8")
    assert old in text
    spoilt = text.replace(old, new, 1)
    line = spoilt[: spoilt.index(new)].count("\n") + 1
    told = _findings(book(tmp_path, spoilt, "paul-2004"))
    shown = [finding for finding in told if message in finding.message]
    assert shown, told
    lines = range(line, line + new.count("\n") + 1)
    if "the key" not in message:
        assert shown[0].place.line in lines, told


def test_mistakes_of_every_kind_are_told_in_one_run(tmp_path: Path) -> None:
    text = (SHIPPED / "paul-2004" / "rulebook.yaml").read_text("utf-8")
    faults = [0, 1, 2, 5, 9, 10, 17, 19]
    for old, new, _ in (PAUL_FAULTS[i] for i in faults):
        text = text.replace(old, new, 1)
    told = "\n".join(map(str, _findings(book(tmp_path, text, "paul-2004"))))
    assert [PAUL_FAULTS[i][2] for i in faults if PAUL_FAULTS[i][2] not in told] == []
    assert len(told.splitlines()) <= len(faults) + 2


def test_first_attempts_are_told_all_their_mistakes() -> None:
    told = _findings(ATTEMPTS / "pape-wishes")
    by_line: dict[int, str] = {}
    for finding in told:
        line = finding.place.line
        by_line[line] = f"{by_line.get(line, '')}{finding.rule}: {finding.message}\n"
    assert "add `language: 2`" in by_line[7]
    assert "unknown class 'prebalancing'" in by_line[19]
    assert "enough-mechanisms: /rules/0/when" in by_line[23]
    assert "soft: /rules/1/when/all/3: 'not'" in by_line[29]
    assert "soft: form: unknown value 'territorial_denial'" in by_line[29]
    assert by_line.keys() == {7, 19, 23, 29}
    (finding,) = _findings(ATTEMPTS / "actors")
    assert (finding.place.line, finding.rule) == (9, "systemic-link-met")
    assert "unknown fact 'actors'" in finding.message


def test_an_heir_is_told_what_it_broke_in_its_parent(tmp_path: Path) -> None:
    heir = """\
language: 2
id: heir
version: 1.0.0
title: Heir
summary: It leaves out a class that its parent concludes.
extends: paul-2004
decisions:
  classification:
    values: [not_a_constraint, politics_as_usual, soft_balancing, indeterminate]
"""
    told = _findings(book(tmp_path, heir, "heir"))
    assert [finding.place.line for finding in told] == [6, 6]
    assert {finding.rule for finding in told} == {"hard-by-form", "dominant-balancing"}
    for finding in told:
        assert "unknown value 'hard_balancing'" in finding.message
        assert re.search(r"as inherited from .*paul-2004/rulebook.yaml:\d+", finding.message)


def test_what_is_sound_is_loaded_beside_what_is_not(tmp_path: Path) -> None:
    good = book(tmp_path, VARIANT, "good")
    bad = book(tmp_path, VARIANT.replace("my-variant", "bad").replace("yes", "perhaps"), "bad")
    heir = VARIANT.replace("my-variant", "heir").replace("brooks-wohlforth-2004-walt", "bad")
    torn = book(tmp_path, "id: [\n", "torn")
    folders = [good, bad, book(tmp_path, heir, "heir"), torn, tmp_path / "none"]
    library = load_sound_library(folders)
    assert "my-variant" in library.rulebooks
    assert library.broken.keys() == {"bad", "heir", "torn"}
    assert [str(tmp_path / "none") in str(f) for f in library.findings].count(True) == 1
    for name in ("bad", "heir"):
        with pytest.raises(BrokenRulebook, match="unknown value 'perhaps'"):
            library[name]
    with pytest.raises(RulebookErrors) as raised:
        load_library(folders)
    assert raised.value.findings == library.findings


CODEBOOK = """\
id: other
version: 1.0.0
title: Other
sources: {nobody: {citation: Nobody. Nothing.}}
groups: [{id: all, title: All}]
indicators:
  - {id: calm, group: all, question: Calm?, help: Look., cites: [{source: nobody, section: S}]}
forms:
  - {id: any_form, strategy: s, label: L, because: B., cites: [{source: nobody, section: S}]}
classes: [{id: good, label: Good, meaning: M}, {id: bad, label: Bad, meaning: M}]
"""
OWN = """\
language: 2
id: own
version: 1.0.0
title: Own
summary: S.
source: nobody
sources: {nobody: {citation: Nobody. Nothing.}}
stages: {classification: {title: C, about: C.}}
decisions:
  classification:
    cites: S
    rows:
      - {when: calm, then: good, because: B.}
      - {then: bad, because: B.}
"""


def _own(folder: Path, name: str, codebook: str = CODEBOOK, rulebook: str = OWN) -> Path:
    path = book(folder, rulebook.replace("id: own", f"id: {name}"), name)
    (path / "codebook.yaml").write_text(codebook, "utf-8")
    return path


def test_a_codebook_beside_a_rulebook_is_its_own_and_its_heirs(tmp_path: Path) -> None:
    heir = "language: 2\nid: heir\nversion: 1.0.0\ntitle: H\nsummary: S.\nextends: own\n"
    folders = [_own(tmp_path, "own"), book(tmp_path, heir, "heir")]
    library = load_library(folders)
    shared = library[library.default].codebook
    assert set(library["own"].codebook.indicators) == {"calm"}
    assert library["heir"].codebook is library["own"].codebook
    assert list(library.codebook.indicators) == [*shared.indicators, "calm"]
    assert list(library.codebook.classes) == [*shared.classes, "good", "bad"]


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("question: Calm?", "question: Calm at all?", "indicator 'calm'"),
        ("help: Look.", "help: Listen.", "indicator 'calm'"),
        ("label: L", "label: Other", "form 'any_form'"),
        ("label: Good", "label: Better", "class 'good'"),
        ("title: All", "title: Every", "group 'all'"),
    ],
)
def test_a_name_means_one_thing_in_a_library(tmp_path: Path, old: str, new: str, kind: str) -> None:
    first, second = _own(tmp_path, "one"), _own(tmp_path, "two", CODEBOOK.replace(old, new))
    with pytest.raises(RulebookErrors) as raised:
        load_library([first, second])
    (finding,) = raised.value.findings
    line = CODEBOOK[: CODEBOOK.index(old)].count("\n") + 1
    assert str(finding.place) == f"{second}/codebook.yaml:{line}"
    assert f"the {kind} is declared otherwise at {first}/codebook.yaml:{line}" in finding.message
    assert load_sound_library([first, second]).broken.keys() == {"two"}


def test_a_name_may_be_declared_alike_by_codebook_and_rulebook(tmp_path: Path) -> None:
    item = "- {id: calm, group: all, question: Calm?, help: Look., cites: S}"
    words = f"groups: [{{id: all, title: All}}]\nindicators:\n  {item}\nclasses:\n"
    words += "  - {id: good, label: Good, meaning: M}\n  - {id: bad, label: Bad, meaning: M}\n"
    other = book(tmp_path, OWN.replace("id: own", "id: other") + words, "other")
    library = load_library([_own(tmp_path, "own"), other])
    assert (
        library["other"].codebook.indicators["calm"] == library["own"].codebook.indicators["calm"]
    )
    own = book(tmp_path, OWN + words, "own")
    assert set(load_folder(own)[0].codebook.indicators) == {"calm"}


def test_a_broken_codebook_hides_nothing_of_its_rulebook(tmp_path: Path) -> None:
    codebook = CODEBOOK.replace("{id: bad, label: Bad, meaning: M}", "{id: bad, meaning: M}")
    codebook = codebook.replace("group: all, q", "group: al, q")
    path = _own(tmp_path, "own", codebook, OWN.replace("when: calm", "when: clam"))
    told = {(Path(f.place.file).name, f.place.line): f.message for f in _findings(path)}
    assert told.keys() == {("codebook.yaml", 7), ("codebook.yaml", 10), ("rulebook.yaml", 13)}
    assert "unknown group 'al'; did you mean 'all'?" in told["codebook.yaml", 7]
    assert "did you mean 'calm'?" in told["rulebook.yaml", 13]


def test_a_citation_of_an_added_indicator_is_checked(tmp_path: Path) -> None:
    text = (ROOT / "tests" / "theories" / "dependence" / "rulebook.yaml").read_text("utf-8")
    spoilt = text.replace("cites: Somewhere", "cites: {source: nowhere, section: S}", 1)
    shutil.rmtree(tmp_path / "book", ignore_errors=True)
    (finding,) = _findings(book(tmp_path, spoilt))
    assert finding.place.line == text[: text.index("cites: Somewhere")].count("\n") + 1
    assert "unknown source 'nowhere'" in finding.message
