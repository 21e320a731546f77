"""Some episodes at a time, for which the relational engine tells only which rules fired."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
from softbalance.rules.codings import Codings
from softbalance.rules.model import FORM, Rulebook
from softbalance.rules.table.bits import BITSET_WIDTH, assign_coding_bits
from softbalance.rules.table.duckdb_sql import fired_rules_sql


class ChunkDecider:
    """Tells which rules of a rulebook fire on each of many codings; for one thread."""

    def __init__(self, rulebook: Rulebook) -> None:
        bits = assign_coding_bits(rulebook.codebook)
        self._facts, self._size = bits.facts, len(bits.bitsets)
        query, self._columns = fired_rules_sql(rulebook, "codings", "n")
        typed = ", ".join(f"{name} BIGINT" for name in ("n", *bits.bitsets))
        values = ", ".join(f"unnest(${n + 1})" for n in range(len(bits.bitsets) + 1))
        self._fill = f"INSERT INTO codings SELECT {values}"
        self._connection = duckdb.connect(config={"threads": 1})
        self._connection.execute(f"CREATE TEMP TABLE codings ({typed})")
        self._connection.execute(f"PREPARE fired AS {query}")

    def __enter__(self) -> ChunkDecider:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def find_fired(self, codings: Sequence[Codings]) -> list[list[str]]:
        """Return the ids of the rules that fire, codings by codings."""
        if not codings:
            return []
        bitsets = [self._pack_bits(coding) for coding in codings]
        columns = [list(range(len(codings))), *map(list, zip(*bitsets, strict=True))]
        self._connection.execute("DELETE FROM codings")
        self._connection.execute(self._fill, columns)
        rows = self._connection.execute("EXECUTE fired").fetchall()
        return [self._read_fired(row) for row in rows]

    def _pack_bits(self, codings: Codings) -> list[int]:
        said = {FORM: codings.form, **codings.values}
        mask = sum(self._facts[fact][value] for fact, value in said.items())
        return [mask >> n * BITSET_WIDTH & (1 << BITSET_WIDTH) - 1 for n in range(self._size)]

    def _read_fired(self, row: Sequence[int]) -> list[str]:
        told = zip(self._columns, row, strict=True)
        return [coded.labels[number // coded.unit - 1] for coded, number in told if number]
