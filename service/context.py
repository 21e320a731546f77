"""What the routes and commands work with, made once a process from the settings."""

from __future__ import annotations

from dataclasses import dataclass

from softbalance.rules.archive import archived
from softbalance.rules.loader import Library, load_library
from softbalance.service.classifiers import Classifiers
from softbalance.service.settings import Settings
from softbalance.service.store import Store


@dataclass(frozen=True)
class Context:
    """Settings, rulebooks, their classifiers and the store."""

    settings: Settings
    library: Library
    classifiers: Classifiers
    store: Store

    @classmethod
    def from_settings(cls, settings: Settings) -> Context:
        """Load the rulebooks and open the store. Raises RulebookErrors, StoreAway."""
        library = load_library(settings.rulebooks)
        store = Store(settings.database)
        store.create()
        for rulebook in library.rulebooks.values():
            store.keep(rulebook.digest, rulebook.id, archived(rulebook))
        return cls(settings, library, Classifiers(library, store), store)
