"""What others expect of a rulebook: that its cases come out, and its version means one thing.

Proofs tell whether a rulebook answers every coding with one voice. They can't tell whether the
answer is the one that was meant; these checks can, as far as somebody has said what was.
"""

from __future__ import annotations

from collections.abc import Iterator

from softbalance.rules.classifier import Classifier
from softbalance.rules.codings import reconcile
from softbalance.rules.comparison.equivalence import Equivalence, field_words
from softbalance.rules.comparison.rulebook_changes import diff_rulebooks
from softbalance.rules.episode.decision import Decision
from softbalance.rules.episode.firing import EngineFailure
from softbalance.rules.findings import Flaw
from softbalance.rules.model import Rulebook
from softbalance.rules.verification.cases import Case, CaseResult, Mismatch
from softbalance.rules.wording import join_words, locate_rule


def case_flaws(classifier: Classifier, case: Case) -> Iterator[Flaw]:
    """Decide a case and find what comes out otherwise than expected."""
    try:
        decision = classifier.decide(reconcile(classifier.rulebook.codebook, case.episode))
    except EngineFailure as error:
        message = f"case {case.id} cannot be decided: {error}"
        yield Flaw(None, case.place, message, case.episode)
        return
    for mismatch in CaseResult(case, classifier.verdict(decision)).find_mismatches():
        yield _case_flaw(decision, case, mismatch)


def _case_flaw(decision: Decision, case: Case, mismatch: Mismatch) -> Flaw:
    rule = next((f.rule for f in decision.firings if f.rule.fact == mismatch.fact), None)
    by = f" by {locate_rule(rule)}" if rule else ""
    return Flaw(
        rule.id if rule else None,
        case.place,
        f"case {case.id}: {mismatch.words}{by}; correct whichever is wrong",
        case.episode,
    )


def version_flaws(known: Rulebook, rulebook: Rulebook) -> Iterator[Flaw]:
    """Find out whether two rulebooks of one id and version answer any coding differently."""
    differing = list(Equivalence(known, rulebook).find_differing_fields())
    if not differing:
        return
    rules = diff_rulebooks(known, rulebook).rules
    touched = (*(change.after for change in rules.changed), *rules.added, *rules.removed)
    fields = join_words(field_words(d.field) for d in differing)
    restored = join_words(rule.id for rule in touched) if touched else "its facts"
    yield Flaw(
        touched[0].id if touched else None,
        touched[0].place if touched else rulebook.place,
        f"{rulebook.id} {rulebook.version} is known ({known.place.file}) and answers otherwise "
        f"there, on {fields}; raise the version, or restore {restored}",
        differing[0].witness,
    )
