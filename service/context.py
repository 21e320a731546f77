"""What the routes and commands work with, made once a process from the settings."""

from __future__ import annotations

from dataclasses import dataclass, field

from softbalance.rules.language.archive import dump_rulebook
from softbalance.rules.language.loader import Library, load_library
from softbalance.rules.verification.checks import Verification, verify
from softbalance.service.classifiers import Classifiers
from softbalance.service.observing.metrics import Metrics
from softbalance.service.settings import Settings
from softbalance.service.store import Store


@dataclass(frozen=True)
class Context:
    """Settings, rulebooks, their classifiers, the store and the metrics."""

    settings: Settings
    library: Library
    classifiers: Classifiers
    store: Store
    metrics: Metrics
    _verified: dict[str, Verification] = field(default_factory=dict)

    @classmethod
    def from_settings(
        cls, settings: Settings, *, must_exist: bool = False, made: bool = False
    ) -> Context:
        """Load the rulebooks and open the store, which is made unless it `must_exist`.

        A store that this has already `made` is not touched: it may be away for now.
        Raises RulebookErrors, StoreAway.
        """
        library = load_library(settings.rulebooks)
        store, metrics = Store(settings.database, settings.store_deadline), Metrics(library)
        store.database.watch = metrics.time_store
        store.database.watch_pool = metrics.observe_pool
        if must_exist:
            store.expect()
        if not made:
            store.create()
            for rulebook in library.rulebooks.values():
                store.keep(rulebook.digest, rulebook.id, dump_rulebook(rulebook))
        return cls(settings, library, Classifiers(library, store), store, metrics)

    def verify(self, rulebook: str) -> Verification:
        """Return a rulebook's verification, made when it is first asked for (a few seconds)."""
        if rulebook not in self._verified:
            classifier = self.classifiers[rulebook]
            self._verified[rulebook] = verify(classifier.rulebook, classifier)
        return self._verified[rulebook]
