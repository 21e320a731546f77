"""Militarized disputes of the Correlates of War: who stood together against the hegemon.

Its rows are participants (MIDB) and disputes (MIDA), and cooperation is standing on the same side.
The acts have the columns that `acts` describes; the window of each is its dispute's.
"""

from __future__ import annotations

from softbalance.rules.table.sql import quote_text
from softbalance.service.events.acts import AGAINST, DISPUTE, WITH, window_sql
from softbalance.service.events.kinds import hostility_kinds


def sides_sql(participants: str, disputes: str | None) -> str:
    """Return the query for participants, each with its state, dates and what is wrong with it.

    Needs the table `meanings`. `disputes` are the rows of MIDA, if they were given.
    """
    day = _day("start", "1", "1")
    lost = "FALSE" if disputes is None else f"p.dispute NOT IN (SELECT dispute FROM {disputes})"
    checks = (
        (f"{day} IS NULL", "'date'", "'styear'", "p.start_year"),
        ("m.state IS NULL", "'unknown'", "'ccode'", "p.state"),
        ("p.side IS NULL OR p.side NOT IN ('0', '1')", "'unknown'", "'sidea'", "p.side"),
        (
            f"p.hostility IS NULL OR p.hostility NOT IN ({_list_sql(hostility_kinds())})",
            "'unknown'", "'hostlev'", "p.hostility",
        ),
        (lost, "'no_dispute'", "'dispnum'", "p.dispute"),
    )  # fmt: skip

    def case(part: int) -> str:
        return f"CASE {' '.join(f'WHEN {why[0]} THEN {why[part]}' for why in checks)} END"

    kinds = " ".join(f"WHEN '{level}' THEN '{kind}'" for level, kind in hostility_kinds().items())
    return f"""
        SELECT p.file, p.line, p.dispute, m.state, p.side = '1' AS side_a, {day} AS day,
            CASE p.hostility {kinds} END AS kind, {_date_sql("start")} AS started,
            {_date_sql("end")} AS ended,
            {case(1)} AS wrong, {case(2)} AS wrong_column, {case(3)} AS wrong_value
        FROM {participants} p
        LEFT JOIN meanings m ON p.state = m.written AND {day} BETWEEN m.since AND m.until
    """


def _list_sql(names: dict[str, str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _day(which: str, month: str, day: str) -> str:
    """Return the expression for a day; a month or day that is missing (-9) counts as given."""
    year, months, days = (f"TRY_CAST(p.{which}_{part} AS INT)" for part in ("year", "month", "day"))
    return (
        f"try_strptime(printf('%04d-%02d-%02d', {year}, "
        f"CASE WHEN {months} BETWEEN 1 AND 12 THEN {months} ELSE {month} END, "
        f"CASE WHEN {days} BETWEEN 1 AND 31 THEN {days} ELSE {day} END), '%Y-%m-%d')::DATE"
    )


def _date_sql(which: str) -> str:
    """Return the expression for a date as far as it is known: YYYY, YYYY-MM or YYYY-MM-DD."""
    year, month, day = (f"TRY_CAST(p.{which}_{part} AS INT)" for part in ("year", "month", "day"))
    return (
        f"CASE WHEN {year} < 1 THEN NULL "
        f"WHEN {month} NOT BETWEEN 1 AND 12 THEN printf('%04d', {year}) "
        f"WHEN {day} NOT BETWEEN 1 AND 31 THEN printf('%04d-%02d', {year}, {month}) "
        f"ELSE printf('%04d-%02d-%02d', {year}, {month}, {day}) END"
    )


def hegemon_disputes_sql(hegemon: str, window: str) -> str:
    """Return the query for the disputes of the hegemon: its side, who opposed it, the window.

    Needs the table `sides`.
    """
    us = quote_text(hegemon)
    return f"""
        SELECT dispute, any_value(side_a) FILTER (state = {us}) AS hegemon_side,
            {window_sql(window, "min(day)")} AS win
        FROM sides WHERE wrong IS NULL GROUP BY dispute HAVING bool_or(state = {us})
    """


def dispute_acts(hegemon: str, disputes: str | None, window: str) -> str:
    """Return the query for the acts of participants and of disputes.

    Needs the tables `sides` and `opposed` (see `hegemon_disputes_sql`).
    """
    us = quote_text(hegemon)
    query = f"""
        SELECT s.file, s.line, 'MID-' || s.dispute || '-' || coalesce(s.state, '') AS id, s.day,
            coalesce(o.win, {window_sql(window, "s.day")}) AS win,
            CASE WHEN o.dispute IS NOT NULL THEN s.state END AS a,
            CASE WHEN o.dispute IS NOT NULL AND s.state <> {us} THEN {us} END AS b,
            CASE WHEN s.side_a = o.hegemon_side THEN 'same_side' ELSE s.kind END AS kind,
            NULL::VARCHAR AS code, false AS repaired, s.wrong IS NULL AS between,
            CASE WHEN s.wrong IS NOT NULL OR o.dispute IS NULL THEN NULL
                 WHEN s.state = {us} THEN '{DISPUTE}'
                 WHEN s.side_a = o.hegemon_side THEN '{WITH}' ELSE '{AGAINST}' END AS role,
            NULL::VARCHAR AS other, s.state AS one,
            CASE WHEN s.state = {us} THEN 'MID-' || s.dispute
                 ELSE least(s.state, {us}) || '-' || greatest(s.state, {us}) || '-' || o.win
            END AS dossier,
            CASE WHEN o.dispute IS NULL THEN 'without_hegemon' END AS scope,
            s.wrong, s.wrong_column, s.wrong_value
        FROM sides s LEFT JOIN opposed o ON s.dispute = o.dispute
    """
    return query if disputes is None else f"{query} UNION ALL {_dispute_rows(disputes)}"


def _dispute_rows(disputes: str) -> str:
    """Return the query for the acts of disputes, which bear out those of their participants."""
    return f"""
        SELECT d.file, d.line, 'MID-' || d.dispute, NULL, o.win, NULL, NULL, NULL, NULL, false,
            false, CASE WHEN o.dispute IS NOT NULL THEN '{DISPUTE}' END, NULL, NULL,
            'MID-' || d.dispute, CASE WHEN o.dispute IS NULL THEN 'without_hegemon' END,
            CASE WHEN p.dispute IS NULL THEN 'no_participants' END,
            CASE WHEN p.dispute IS NULL THEN 'dispnum' END,
            CASE WHEN p.dispute IS NULL THEN d.dispute END
        FROM {disputes} d LEFT JOIN opposed o ON d.dispute = o.dispute
        LEFT JOIN (SELECT DISTINCT dispute FROM sides) p ON d.dispute = p.dispute
    """


def coalitions_sql(hegemon: str, min_events: int) -> str:
    """Return the query for the groups that stood together against the hegemon, by window.

    In the columns of `grouping.groups_sql`. Needs the tables `sides` and `opposed`.
    """
    us = quote_text(hegemon)
    return f"""
        WITH sided AS (
            SELECT o.dispute, o.win, list_sort(list(DISTINCT s.state)) AS members,
                min(s.day) AS first, max(s.day) AS last, min(s.started) AS started,
                max(s.ended) AS ended
            FROM sides s JOIN opposed o ON s.dispute = o.dispute
            WHERE s.wrong IS NULL AND s.side_a <> o.hegemon_side AND s.state <> {us}
            GROUP BY ALL HAVING len(members) > 1
        ), counted AS (
            SELECT win, members, count(*) AS cooperation, min(first) AS first, max(last) AS last,
                min(started) AS started, max(ended) AS ended,
                list_sort(list('MID-' || dispute)) AS dossiers
            FROM sided GROUP BY ALL
        )
        SELECT win, members, NULL::VARCHAR AS organisation, cooperation, 0 AS within,
            coalesce(sum(cooperation) OVER (PARTITION BY members ORDER BY win
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS past_cooperation,
            'same_side=' || cooperation AS kinds, ''::VARCHAR AS observed, 0 AS repaired, dossiers,
            first, last, started, ended
        FROM counted QUALIFY cooperation >= {min_events}
    """
