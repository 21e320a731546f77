"""The rows behind each candidate, gathered in slices, so that memory does not grow with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from softbalance.rules.table.sql import quote_text

if TYPE_CHECKING:
    import duckdb

#: How many ids of rows a cell of the sheet holds for each dossier; the rows file has them all.
MAX_IDS = 50
#: How many acts, and how many candidates, are gathered at once: lists stay in memory.
_ACTS, _CANDIDATES = 1_000_000, 50_000


def gather(connection: duckdb.DuckDBPyConnection, title: str, *, compound: bool) -> None:
    """Make the table `found`: candidates in order, with a title and the rows behind each.

    `title` names the data, `compound` says that a row may be several acts. Needs the tables
    `scored`, `used`, `acts` and `names`.
    """
    acts, candidates = (
        int((connection.execute(f"SELECT count(*) FROM {name}").fetchone() or (0,))[0])
        for name in ("acts", "scored")
    )
    slices = 1 + acts // _ACTS
    for number in range(slices):
        _make_or_add(connection, "kept", _kept_rows_sql(slices, number), first=number == 0)
    for start in range(0, max(candidates, 1), _CANDIDATES):
        query = _found_sql(start, start + _CANDIDATES, title, compound=compound)
        _make_or_add(connection, "found", query, first=start == 0)


def _make_or_add(
    connection: duckdb.DuckDBPyConnection, name: str, query: str, *, first: bool
) -> None:
    made = f"CREATE OR REPLACE TEMP TABLE {name} AS" if first else f"INSERT INTO {name}"
    connection.execute(f"{made} {query}")


def _kept_rows_sql(slices: int, number: int) -> str:
    """Return the query for dossiers: how many rows each has, and the ids of the first."""
    return f"""
        SELECT dossier, max(nth) AS rows,
            list(coalesce(id, line::VARCHAR) ORDER BY nth) FILTER (nth <= {MAX_IDS}) AS ids
        FROM (
            SELECT dossier, id, line,
                row_number() OVER (PARTITION BY dossier ORDER BY file, line) AS nth
            FROM acts WHERE role IS NOT NULL AND hash(dossier) % {slices} = {number}
                AND dossier IN (SELECT dossier FROM used)
        )
        GROUP BY dossier
    """


def _found_sql(after: int, until: int, title: str, *, compound: bool) -> str:
    rows = "sum(k.rows)::BIGINT"
    if compound:
        rows = (
            "(SELECT count(DISTINCT (file, line)) FROM acts "
            "WHERE role IS NOT NULL AND list_contains(any_value(s.dossiers), acts.dossier))"
        )
    return f"""
        WITH sliced AS (
            SELECT * FROM scored WHERE rank > {after} AND rank <= {until}
        ), behind AS (
            SELECT s.rank, {rows} AS rows, flatten(list(k.ids ORDER BY d.nth)) AS ids
            FROM sliced s, (SELECT unnest(s.dossiers) AS dossier,
                generate_subscripts(s.dossiers, 1) AS nth) d
            JOIN kept k ON k.dossier = d.dossier GROUP BY s.rank
        ), called AS (
            SELECT s.rank, string_agg(coalesce(n.name, d.code), ', ' ORDER BY d.nth) AS names
            FROM sliced s, (SELECT unnest(s.actors) AS code,
                generate_subscripts(s.actors, 1) AS nth) d
            LEFT JOIN names n ON n.code = d.code GROUP BY s.rank
        )
        SELECT s.*, {quote_text(title)} AS source, b.rows,
            list_filter(b.ids, lambda id, nth: list_position(b.ids, id) = nth) AS row_ids,
            left(c.names, 200) || ', ' || s.win || ': candidate from ' || source AS title
        FROM sliced s JOIN behind b USING (rank) JOIN called c USING (rank) ORDER BY rank
    """
