"""What the routes and commands work with, made once a process from the settings."""

from __future__ import annotations

from dataclasses import dataclass, field

from softbalance.rules.language.archive import dump_rulebook
from softbalance.rules.language.loader import Library, load_library
from softbalance.rules.verification.checks import verify
from softbalance.schemas.rulebooks import Verification
from softbalance.service.classifiers import Classifiers
from softbalance.service.observing.metrics import Metrics
from softbalance.service.settings import Settings
from softbalance.service.store import Store
from softbalance.service.verifications import Verifications


@dataclass(frozen=True)
class Context:
    """Settings, rulebooks, their classifiers, the store and the metrics."""

    settings: Settings
    library: Library
    classifiers: Classifiers
    store: Store
    metrics: Metrics
    _verifications: Verifications = field(default_factory=Verifications)

    @classmethod
    def from_settings(
        cls, settings: Settings, *, must_exist: bool = False, made: bool = False
    ) -> Context:
        """Load the rulebooks and open the store, which is made unless it `must_exist`.

        A store that this has already `made` is not touched: it may be away for now.
        Raises RulebookErrors, StoreAway.
        """
        library = load_library(settings.rulebooks)
        store, metrics = Store(settings.database), Metrics(library)
        store.database.watch = metrics.time_store
        if must_exist:
            store.expect()
        if not made:
            store.create()
            for rulebook in library.rulebooks.values():
                store.keep(rulebook.digest, rulebook.id, dump_rulebook(rulebook))
        return cls(settings, library, Classifiers(library, store), store, metrics)

    def verify(self, rulebook: str) -> Verification:
        """Return a rulebook's verification as JSON, made when it is first asked for (seconds).

        Raises UnknownRulebook.
        """
        book = self.library[rulebook]
        return self._verifications.get(
            book.digest, lambda: verify(book, self.classifiers[rulebook])
        )
