"""A rulebook whose author edits and breaks it while a service decides by it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from softbalance.rules.language.loader import load_library
from softbalance.service.store import Store

from benchmarks.serving import SOFTBALANCE

_TEXT = """\
id: edited
version: 0.{edit}.0
title: A rulebook that is edited
summary: As its parent, with another title in each edition ({edit}).
extends: brooks-wohlforth-2004
"""


class EditedRulebook:
    """A folder with one rulebook; `done` and `refused` count what came of reloads."""

    id = "edited"

    def __init__(self, folder: Path) -> None:
        self.folder, self.edits, self.done, self.refused = folder, 0, 0, 0
        self._loaded: set[str] = set()
        (folder / self.id).mkdir(parents=True)
        self.edit()
        self._note()

    def edit(self) -> None:
        """Write another edition."""
        self.edits += 1
        self._write(_TEXT.format(edit=self.edits))

    def break_(self) -> None:
        """Write one that does not load."""
        self.edits += 1
        self._write(_TEXT.format(edit=self.edits) + "rules: [")

    def reload(self, port: int) -> None:
        """Ask the service to load the folder again."""
        command = [SOFTBALANCE, "rulebook", "reload", "--port", str(port)]
        done = subprocess.run(command, capture_output=True, check=False)
        if done.returncode:
            self.refused += 1
        else:
            self.done += 1
            self._note()

    def find_unknown(self, database: str) -> int:
        """Return how many records were decided by what was never loaded, or is not kept."""
        store, before, unknown = Store(database), None, 0
        while True:
            page = store.page({}, 1000, before)
            for item in page.items:
                digest = item["rulebook"]["digest"]
                unknown += digest not in self._loaded or store.load_kept(digest) is None
            before = page.next
            if before is None:
                store.close()
                return unknown

    def _note(self) -> None:
        self._loaded.add(load_library([self.folder])[self.id].digest)

    def _write(self, text: str) -> None:
        (self.folder / self.id / "rulebook.yaml").write_text(text, "utf-8")
