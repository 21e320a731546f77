"""What the routes and commands work with, made once a process from the settings."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from softbalance.rules.findings import Finding, RulebookErrors
from softbalance.rules.language.loader import Library, load_library, load_sound_library
from softbalance.rules.verification.cases import Case, cases_of
from softbalance.rules.verification.checks import AtHand, verify
from softbalance.schemas.rulebooks import Verification
from softbalance.service.classifiers import Classifiers
from softbalance.service.observing.metrics import Metrics
from softbalance.service.settings import Settings
from softbalance.service.store import Store
from softbalance.service.verifications import Verifications


@dataclass(frozen=True)
class LoadedLibrary:
    """A library and the cases of its rulebooks, by id, read from their folders at one time.

    Whoever works with it need not read the folders again, which may have changed since.
    """

    library: Library
    cases: Mapping[str, list[Case]]
    #: Unlike that of any other loading. A digest tells neither cases nor lines of files apart.
    name: str = field(default_factory=lambda: secrets.token_hex(8))

    @classmethod
    def load(cls, folders: Iterable[Path]) -> LoadedLibrary:
        """Load the shipped rulebooks and those of folders; raises RulebookErrors."""
        library, cases = load_library(folders), {}
        findings: list[Finding] = []
        for rulebook in library.rulebooks.values():
            try:
                cases[rulebook.id] = cases_of(rulebook)
            except RulebookErrors as error:
                findings += error.findings
        if findings:
            raise RulebookErrors(findings)
        return cls(library, cases)

    def keep(self, database: str) -> None:
        """Keep every rulebook in the store of that URL, which is opened and closed for it.

        Raises StoreAway, also if the store has another schema.
        """
        store = Store(database)
        try:
            store.check()
            store.keep(*self.library.rulebooks.values())
        finally:
            store.close()


@dataclass(frozen=True)
class Context:
    """Settings, rulebooks, their classifiers, the store and the metrics.

    `cases` are those of the rulebooks, by id; None if they are read when they are asked for.
    """

    settings: Settings
    library: Library
    cases: Mapping[str, list[Case]] | None
    classifiers: Classifiers
    store: Store
    metrics: Metrics
    _verifications: Verifications

    @classmethod
    def from_settings(
        cls,
        settings: Settings,
        *,
        loaded: LoadedLibrary | None = None,
        must_exist: bool = False,
        made: bool = False,
    ) -> Context:
        """Load the rulebooks that are sound, or take those `loaded`, and open the store.

        It may not be there yet, and is made unless it `must_exist`. A store that was `made` before
        is not touched: it may be away for now. Raises RulebookErrors, StoreAway.
        """
        library = loaded.library if loaded else load_sound_library(settings.rulebooks)
        store, metrics = Store(settings.database, settings.store_deadline), Metrics(library)
        store.loaded = {book.digest: book for book in library.rulebooks.values()}
        hours = settings.idempotency_hours
        store.claims_kept = timedelta(hours=hours) if hours else None
        store.database.watch = metrics.time_store
        store.database.watch_pool = metrics.observe_pool
        if must_exist:
            store.expect()
        if not made:
            store.create()
            store.keep(*library.rulebooks.values())
        cases = loaded.cases if loaded else None
        verifications = Verifications(name=loaded.name if loaded else "")
        classifiers = Classifiers(library, store)
        return cls(settings, library, cases, classifiers, store, metrics, verifications)

    def cases_of(self, rulebook: str) -> list[Case]:
        """Return the cases of a rulebook; raises RulebookErrors if they have to be read yet."""
        return cases_of(self.library[rulebook]) if self.cases is None else self.cases[rulebook]

    def verify(self, rulebook: str) -> Verification:
        """Return a rulebook's verification as JSON, made when it is first asked for (seconds).

        Raises UnknownRulebook.
        """
        book = self.library[rulebook]
        cases = None if self.cases is None else self.cases[rulebook]
        return self._verifications.get(
            book.digest, lambda: verify(book, AtHand(self.classifiers[rulebook], cases))
        )
