"""Properties are proved where every coding has them, else refuted by an Episode."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from softbalance.rules.diagrams.space import Space
from softbalance.rules.findings import RulebookErrors
from softbalance.rules.language.archive import dump_rulebook, restore_rulebook
from softbalance.rules.language.loader import load_folder
from softbalance.rules.model import Rulebook
from softbalance.rules.verification.properties import broken_properties

from drawn_theories import CLASSES, OPEN, Theory, draw_theory
from places import ROOT

NEVER = {"never": [{"classification": "first"}, "t0"]}
MONOTONE = {
    "monotone": {"raise": "i0", "away_from": ["first", "second"], "towards": ["third", "fourth"]}
}
SETTLED = {"settled": ["first", "third"], "except": ["i1"]}

Classes = Mapping[tuple[str, ...], tuple[dict[str, str], str, bool]]


def _is_broken(book: Rulebook) -> bool:
    flaws = list(broken_properties(Space(book)))
    for flaw in flaws:
        assert flaw.place.file.endswith("rulebook.yaml")
        assert flaw.remark is (flaw.witness is None)
    return any(not flaw.remark for flaw in flaws)


def _classes(theory: Theory) -> Classes:
    """Every coding with its facts in the end, its class, and whether it is consistent."""
    found = {}
    for coding in theory.codings():
        facts, _, _ = theory.conclude(coding)
        revised = [n for n in theory.scales if facts[n] != coding[n] and facts[n] == "contested"]
        told = any(
            row["then"] == "contested" and theory.holds(row["when"], coding)
            for revision in theory.content["revise"].values()
            for row in revision["rows"][:1]
        )
        found[tuple(coding.values())] = facts, facts["classification"], not revised and not told
    return found


def _breaks_never(theory: Theory, classes: Classes) -> bool:
    return any(cls == "first" and facts["t0"] == "met" for facts, cls, _ in classes.values())


def _breaks_monotone(theory: Theory, classes: Classes) -> bool:
    scale = theory.scales["i0"]
    rising = ("no", "yes") if scale == ("yes", "no") else scale
    return any(
        CLASSES.index(classes[form, higher, *rest][1]) < CLASSES.index(cls)
        for (form, lower, *rest), (_, cls, _) in classes.items()
        if lower in rising
        for higher in rising[rising.index(lower) + 1 :]
    )


def _breaks_settled(theory: Theory, classes: Classes) -> bool:
    broken = False
    for (form, *values), (_, cls, _) in classes.items():
        if cls in SETTLED["settled"]:
            answers = [
                scale if value in OPEN and name not in SETTLED["except"] else (value,)
                for (name, scale), value in zip(theory.scales.items(), values, strict=True)
            ]
            ends = [classes[form, *completed] for completed in product(*answers)]
            broken |= any(end != cls and consistent for _, end, consistent in ends)
    return broken


@pytest.mark.parametrize("seed", range(8))
def test_they_are_proved_where_every_coding_has_them(tmp_path: Path, seed: int) -> None:
    theory = draw_theory(seed, tmp_path, 3, [NEVER, MONOTONE, SETTLED])
    classes, book = _classes(theory), theory.rulebook
    for stated, breaks in zip(
        book.properties, (_breaks_never, _breaks_monotone, _breaks_settled), strict=True
    ):
        broken = _is_broken(replace(book, properties=(stated,)))
        assert broken is breaks(theory, classes), stated


def test_they_are_kept_with_the_rulebook(tmp_path: Path) -> None:
    book = draw_theory(3, tmp_path, 3, [NEVER, MONOTONE, SETTLED]).rulebook
    again = restore_rulebook(book.digest, dump_rulebook(book))
    assert again.properties == book.properties
    assert len(again.properties) == 3


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("never: {thret: high}", "unknown fact 'thret'; did you mean 'threat'?"),
        ("monotone: {raise: threat, away_from: mixt, towards: mixed}", "unknown class 'mixt'"),
        ("settled: [mixed]\n    except: [nothing_here]", "unknown indicator 'nothing_here'"),
        ("settled: [mixed]\n    never: threat", "write exactly one of"),
        ("except: [threat]", "write exactly one of"),
    ],
)
def test_a_mistake_is_told_at_its_line(tmp_path: Path, written: str, message: str) -> None:
    shipped = ROOT / "tests" / "theories" / "dependence" / "rulebook.yaml"
    text = f"{shipped.read_text('utf-8')}properties:\n  - {written}\n"
    (tmp_path / "rulebook.yaml").write_text(text, "utf-8")
    with pytest.raises(RulebookErrors) as raised:
        load_folder(tmp_path)
    (finding,) = {f for f in raised.value.findings if message in f.message}
    assert finding.place.line > text.count("\n") - 3


def test_a_class_that_stands_for_not_settled_is_not_settled(tmp_path: Path) -> None:
    shipped = ROOT / "tests" / "theories" / "dependence" / "rulebook.yaml"
    text = f"{shipped.read_text('utf-8')}properties:\n  - settled: [indeterminate]\n"
    (tmp_path / "rulebook.yaml").write_text(text, "utf-8")
    (book,) = load_folder(tmp_path)
    (flaw,) = broken_properties(Space(book))
    assert "becomes" in flaw.message
    assert flaw.witness is not None
