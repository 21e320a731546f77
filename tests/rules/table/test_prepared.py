"""The SQL of the shipped rulebooks that is kept, and what counts as stale."""

from pathlib import Path

import pytest
from softbalance.rules.language.loader import Library
from softbalance.rules.table import prepared

HOW = "raise prepared.FORMAT, and run `python -m softbalance.rules.table.prepared`"


def test_what_is_shipped_is_what_would_be_written_now(library: Library, tmp_path: Path) -> None:
    prepared.keep(library.rulebooks, tmp_path)
    wanted = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert {p.name: p.read_text() for p in prepared.KEPT.glob("*.sql")} == wanted, HOW


@pytest.mark.parametrize("stale", ["-- sha256:0, format", "format 0"])
def test_a_text_of_another_rulebook_or_another_form_is_not_used(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stale: str
) -> None:
    book = library["paul-2004"]
    fresh = prepared.load_prepared_sql(book)
    first, _, text = (prepared.KEPT / "paul-2004.sql").read_text().partition("\n")
    assert text == fresh
    before, said, after = first.partition("format")
    changed = stale + after if stale.startswith("--") else before + stale
    assert said
    assert changed != first
    (tmp_path / "paul-2004.sql").write_text(f"{changed}\nSELECT nothing\n")
    monkeypatch.setattr(prepared, "KEPT", tmp_path)
    monkeypatch.setattr(prepared, "_written", {})
    assert prepared.load_prepared_sql(book) == fresh
    (tmp_path / "paul-2004.sql").write_text(f"{first}\n{text}")
    monkeypatch.setattr(prepared, "_written", {book.digest: "not asked for"})
    assert prepared.load_prepared_sql(book) == fresh
