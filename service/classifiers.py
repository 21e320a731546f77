"""The classifiers of this process, each made at its first use."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime

from softbalance.rules.classifier import Classifier, ProcessClassifiers
from softbalance.rules.codings import reconcile
from softbalance.rules.episode.decision import Decision
from softbalance.rules.language.archive import restore_rulebook
from softbalance.rules.language.loader import Library
from softbalance.rules.model import Rulebook
from softbalance.schemas.classification import Classification
from softbalance.schemas.episode import Episode
from softbalance.service.store import Store


class RulebookNotKept(LookupError):
    """The rulebook of a digest is neither loaded nor kept, or what is kept is not usable."""


class Classifiers:
    """A classifier for each rulebook of a library, and for those that the store has kept."""

    def __init__(self, library: Library, store: Store) -> None:
        self.library = library
        self._store = store
        self._made = ProcessClassifiers(self._rulebook)

    def __getitem__(self, rulebook: str) -> Classifier:
        """Return the classifier of a rulebook of the library; raises UnknownRulebook."""
        return self.find_by_digest(self.library[rulebook].digest)

    def find_by_digest(self, digest: str) -> Classifier:
        """Return the classifier of the rulebook that has or had this digest.

        Raises RulebookNotKept and StoreAway.
        """
        return self._made[digest]

    def find_kept(self, rulebook: str, digest: str) -> Rulebook:
        """Return a rulebook by its id in the state that has or had this digest.

        Raises RulebookNotKept, also where it is the digest of another, and StoreAway.
        """
        found = self.find_by_digest(digest[:128]).rulebook
        if found.id != rulebook:
            raise RulebookNotKept(f"{digest[:128]} is the digest of {found.id}")
        return found

    def _rulebook(self, digest: str) -> Rulebook:
        for rulebook in self.library.rulebooks.values():
            if rulebook.digest == digest:
                return rulebook
        content = self._store.load_kept(digest)
        if content is None:
            raise RulebookNotKept(f"no rulebook of the digest {digest} is kept in this store")
        try:
            return restore_rulebook(digest, content)
        except ValueError as error:
            raise RulebookNotKept(
                f"what is kept of rulebook {digest} is not usable: {error}"
            ) from error


def classify(
    classifier: Classifier,
    episode: Episode,
    detail: str,
    decided: Callable[[Decision], None] | None = None,
) -> Classification:
    """Classify a valid Episode; return the whole answer, with its id and time.

    An episode without an id is given one. `decided` is told of the decision. Raises EngineFailure.
    """
    named: Episode = episode if "id" in episode else {"id": str(uuid.uuid4()), **episode}
    codings = reconcile(classifier.rulebook.codebook, named)
    decision = classifier.decide(codings)
    if decided:
        decided(decision)
    return {
        "id": str(uuid.uuid4()),
        "classified_at": datetime.now(UTC).isoformat(timespec="microseconds")[:-6] + "Z",
        **classifier.answer(named, codings, decision, detail),
    }
