"""The classifiers of this process, each made at its first use."""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from softbalance.rules.classifier import Classifier
from softbalance.rules.loader import Library


class Classifiers:
    """A classifier for each rulebook of a library.

    The firing engine is to be built once a process and after the fork, so a forked child that
    finds its parent's classifiers makes its own.
    """

    def __init__(self, library: Library) -> None:
        self.library = library
        self._made: dict[str, Classifier] = {}
        self._pid = os.getpid()
        self._lock = threading.Lock()

    def __getitem__(self, rulebook: str) -> Classifier:
        """Return the classifier of a rulebook; raises UnknownRulebook."""
        if self._pid == os.getpid() and rulebook in self._made:
            return self._made[rulebook]
        with self._lock:
            if self._pid != os.getpid():
                self._made, self._pid = {}, os.getpid()
            if rulebook not in self._made:
                self._made[rulebook] = Classifier(self.library[rulebook])
            return self._made[rulebook]


def classify(classifier: Classifier, episode: Mapping[str, Any], detail: str) -> dict[str, Any]:
    """Classify a valid Episode; return the whole answer, with its id and time.

    An episode without an id is given one. Raises EngineFailure.
    """
    named = episode if "id" in episode else {"id": str(uuid.uuid4()), **episode}
    return {
        "id": str(uuid.uuid4()),
        "classified_at": datetime.now(UTC).isoformat(timespec="microseconds")[:-6] + "Z",
        **classifier.classify(named, detail),
    }
