"""What a run writes: the coding sheet or Episodes, and the rows behind each candidate."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import orjson
from softbalance.rules.model import Codebook
from softbalance.rules.table.sql import quote_name, quote_text
from softbalance.schemas.episode import Episode
from softbalance.service.datasets.outputs import Output
from softbalance.service.datasets.reading.formats import Format
from softbalance.service.events.evidence import MAX_IDS
from softbalance.service.events.scoring import PARTS

if TYPE_CHECKING:
    import duckdb

_FETCHED = 1024
#: Column of the sheet → expression over a candidate, after the episode's own and the indicators.
OBSERVED = {
    "rank": "rank",
    "score": "score",
    **{part: part for part in PARTS},
    "window": "win",
    "cooperation": "cooperation",
    "cooperation_kinds": "kinds",
    "cooperation_expected": "expected",
    "cooperation_departure": "departure",
    "against_hegemon": "against",
    "against_hegemon_least": "against_least",
    "against_hegemon_kinds": "against_kinds",
    "against_hegemon_departure": "against_departure",
    "with_hegemon": "with_it",
    "with_hegemon_departure": "with_departure",
    "from_hegemon": "from_it",
    "conflict_within": "within",
    "form_basis": "form_basis",
    "first_day": "first",
    "last_day": "last",
    "codes_repaired": "repaired",
    "source": "source",
    "rows": "rows",
    "row_ids": "row_ids",
    "dossiers": "dossiers",
}
_LISTS = ("row_ids", "dossiers")
_WRITING = {
    Format.CSV: "FORMAT csv, HEADER",
    Format.TSV: "FORMAT csv, HEADER, DELIMITER '\t'",
    Format.PARQUET: "FORMAT parquet",
}


def write_candidates(
    connection: duckdb.DuckDBPyConnection, codebook: Codebook, output: Output, to: Path
) -> None:
    """Write the table `found` (see `evidence`, in order) as a wide coding sheet or as Episodes."""
    if output.format is Format.NDJSON:
        _write_episodes(connection, output.gzipped, to)
        return
    lists = output.format is Format.PARQUET
    columns = {
        "id": "id",
        "title": "title",
        "form": "form",
        "hegemon": "hegemon",
        "actors": "array_to_string(actors, ';')",
        "start": "period_start",
        "end": "period_end",
        **dict.fromkeys(codebook.indicators, "NULL::VARCHAR"),
        **OBSERVED,
    }
    if not lists:
        columns |= {name: f"array_to_string({columns[name]}, ';')" for name in _LISTS}
    selected = ", ".join(f"{value} AS {quote_name(name)}" for name, value in columns.items())
    how = _WRITING[output.format] + (", COMPRESSION gzip" if output.gzipped else "")
    connection.execute(f"COPY (SELECT {selected} FROM found) TO {quote_text(str(to))} ({how})")


def _write_episodes(connection: duckdb.DuckDBPyConnection, gzipped: bool, to: Path) -> None:
    with cast(BinaryIO, gzip.open(to, "wb") if gzipped else to.open("wb")) as out:
        for candidate in fetch_rows(connection, "SELECT * FROM found"):
            out.write(orjson.dumps(episode_of(candidate), option=orjson.OPT_APPEND_NEWLINE))


def fetch_rows(connection: duckdb.DuckDBPyConnection, query: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a query by the names of its columns."""
    cursor = connection.execute(query)
    names = [column[0] for column in cursor.description or ()]
    while rows := cursor.fetchmany(_FETCHED):
        yield from (dict(zip(names, row, strict=True)) for row in rows)


def episode_of(candidate: Mapping[str, Any]) -> Episode:
    """Return a candidate as an Episode; its summary tells what was observed, and no motive."""
    return {
        "id": candidate["id"],
        "title": candidate["title"],
        "summary": _summary(candidate),
        "form": candidate["form"],
        "hegemon": candidate["hegemon"],
        "actors": candidate["actors"],
        "period": {"start": candidate["period_start"], "end": candidate["period_end"]},
    }


def _summary(candidate: Mapping[str, Any]) -> str:
    parts = ", ".join(f"{name.removeprefix('score_')} {candidate[name]:+.3f}" for name in PARTS)
    hegemon = candidate["hegemon"]
    lines = [
        f"A candidate from {candidate['source']}, found by screening; not a verdict.",
        f"Cooperation among them: {candidate['cooperation']} ({candidate['kinds']}); "
        f"{_describe_departure(candidate['departure'])}.",
        f"Conflict and criticism towards {hegemon}: {candidate['against']} "
        f"({candidate['against_kinds'] or 'none'}), at least {candidate['against_least']} by each; "
        f"{_describe_departure(candidate['against_departure'])}.",
        f"Cooperation with {hegemon}: {candidate['with_it']}; "
        f"{_describe_departure(candidate['with_departure'])}.",
        f"Conflict among them: {candidate['within']}. "
        f"Conflict of {hegemon} towards them: {candidate['from_it']}.",
        f"Form: {candidate['form']} ({candidate['form_basis']}).",
        f"Rank {candidate['rank']}, score {candidate['score']:.3f} = {parts}.",
        f"Rows behind it: {candidate['rows']}, in the rows file under "
        f"{_list_some(candidate['dossiers'], 40)}; ids "
        f"{_list_some(candidate['row_ids'], MAX_IDS)}.",
    ]
    return "\n".join(lines)[:10_000]


def _describe_departure(departure: float | None) -> str:
    if departure is None:
        return "no past to compare with"
    return f"departs from their own past by {departure:+.3f}"


def _list_some(names: Sequence[str], most: int) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def write_rows(
    connection: duckdb.DuckDBPyConnection, files: Sequence[str], output: Output, to: Path
) -> None:
    """Write each row behind a candidate, once for each dossier that it is kept under."""
    parquet = output.format is Format.PARQUET
    names = "[" + ", ".join(map(quote_text, files)) + "]"
    connection.execute(
        f"COPY (SELECT dossier, {names}[file + 1] AS file, line, id, day, a AS source, "
        f"b AS target, kind, code, repaired, role FROM acts WHERE role IS NOT NULL "
        "AND dossier IN (SELECT dossier FROM used) ORDER BY dossier, acts.file, line) "
        f"TO {quote_text(str(to))} "
        f"({'FORMAT parquet' if parquet else 'FORMAT csv, HEADER'})"
    )
