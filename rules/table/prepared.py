"""The relational expression of a rulebook as text for DuckDB, which takes Ibis a second to write.

For the shipped rulebooks it is written beforehand and kept in `prepared_sql`. A kept text names the
rulebook by its digest and the number of its form, and counts only for just these: whatever else is
asked for is written when it is needed. To keep what is shipped anew:

    python -m softbalance.rules.table.prepared
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from softbalance.rules.model import Rulebook
from softbalance.rules.table.bits import assign_coding_bits
from softbalance.rules.table.columns import HIDDEN, RulebookColumns

#: In the text: the table or query to read, and its columns to keep, which come first.
SOURCE, OWN = f"{HIDDEN}source", f"{HIDDEN}own"
KEPT = Path(str(files("softbalance.rules.table"))) / "prepared_sql"
#: The number of the form that the text has. Raise it with each change of what is written; a test
#: compares what is kept with what would be written, and tells when that was forgotten.
FORMAT = 1
#: What was written in this process, by digest.
_written: dict[str, str] = {}


def load_prepared_sql(rulebook: Rulebook) -> str:
    """Return the query for the columns of a rulebook (`compute_codes`), on bitsets.

    It reads the table `SOURCE` and keeps its column `OWN`, for others to put in their own.
    """
    made_by = _make_stamp(rulebook)
    path = KEPT / f"{rulebook.id}.sql"
    if path.is_file():
        first, _, text = path.read_text(encoding="utf-8").partition("\n")
        if first == made_by:
            return text
    if not rulebook.digest:  # it was not loaded, so there is nothing to know it by
        return _write(rulebook)
    if rulebook.digest not in _written:
        _written[rulebook.digest] = _write(rulebook)
    return _written[rulebook.digest]


def _make_stamp(rulebook: Rulebook) -> str:
    return f"-- {rulebook.digest}, format {FORMAT}"


def _write(rulebook: Rulebook) -> str:
    # imported here, since it takes longer than a small dataset
    import ibis  # noqa: PLC0415
    from softbalance.rules.table.expression import compute_codes  # noqa: PLC0415

    bitsets = dict.fromkeys(assign_coding_bits(rulebook.codebook).bitsets, "int64")
    source = ibis.table({OWN: "string", **bitsets}, name=SOURCE)
    return str(ibis.to_sql(compute_codes(source, RulebookColumns(rulebook)), dialect="duckdb"))


def keep(rulebooks: Mapping[str, Rulebook], folder: Path) -> None:
    """Write the text of rulebooks into a folder, and remove all others from it."""
    folder.mkdir(exist_ok=True)
    for path in folder.glob("*.sql"):
        path.unlink()
    for name, rulebook in rulebooks.items():
        text = f"{_make_stamp(rulebook)}\n{_write(rulebook)}"
        (folder / f"{name}.sql").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    from softbalance.rules.language.loader import load_library

    keep(load_library().rulebooks, KEPT)
