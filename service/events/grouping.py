"""From acts to groups of states: who cooperated with whom, in each window, and what it came to.

A *group* is a pair of states, or the states that work with one organisation. Its columns: `win`;
`members`, sorted codes; `organisation`; `cooperation` and `within`, how many acts of cooperation
and of conflict there were among them; `past_cooperation`, how many in earlier windows; `kinds` and
`observed`, the kinds of cooperation, with their numbers and without; `repaired`; `dossiers`;
`first` and `last`, days; `started` and `ended`, where the data tell them.
"""

from __future__ import annotations

from softbalance.rules.table.sql import quote_text
from softbalance.service.events.acts import AGAINST, COOPERATES, FROM, MEMBER, QUARRELS, WITH
from softbalance.service.events.kinds import list_conflictual_kinds, list_cooperative_kinds

_BEFORE = "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING"


def windows_sql() -> str:
    """Return the query for the windows: rows between two states, and how many before."""
    return f"""
        SELECT win, rows_all, sum(rows_all) OVER (ORDER BY win {_BEFORE}) AS past_all
        FROM (
            SELECT win, count(*) FILTER (between) AS rows_all
            FROM acts WHERE win IS NOT NULL AND wrong IS NULL GROUP BY win
        )
    """


def counts_sql() -> str:
    """Return the query for cooperation and conflict of pairs, and of states with organisations."""
    kinds = ", ".join(
        f"count(*) FILTER (kind = '{k}') AS \"{k}\"" for k in list_cooperative_kinds()
    )
    return f"""
        SELECT *, coalesce(sum(cooperation) OVER (
            PARTITION BY organised, one, other ORDER BY win {_BEFORE}), 0) AS past
        FROM (SELECT win, role = '{MEMBER}' AS organised, one, other, dossier,
            count(*) FILTER (role <> '{QUARRELS}') AS cooperation,
            count(*) FILTER (role = '{QUARRELS}') AS within, {kinds},
            count(*) FILTER (repaired) AS repaired,
            min(day) FILTER (role <> '{QUARRELS}') AS first,
            max(day) FILTER (role <> '{QUARRELS}') AS last
        FROM acts WHERE role IN ('{COOPERATES}', '{QUARRELS}', '{MEMBER}') GROUP BY ALL)
    """


def hegemon_sql(hegemon: str) -> str:
    """Return the query for what passed between each state and the hegemon, in every window.

    A state without such acts in a window has a row of noughts there, so that its past can be read.
    Needs the table `windows`.
    """
    us = quote_text(hegemon)
    kinds = list_conflictual_kinds()
    counted = ", ".join(
        f"count(*) FILTER (role = '{AGAINST}' AND kind = '{k}') AS \"{k}\"" for k in kinds
    )
    filled = ", ".join(f'coalesce("{k}", 0) AS "{k}"' for k in kinds)
    return f"""
        WITH counted AS (
            SELECT win, CASE WHEN a = {us} THEN b ELSE a END AS state, dossier,
                count(*) FILTER (role = '{AGAINST}') AS against,
                count(*) FILTER (role = '{WITH}') AS with_it,
                count(*) FILTER (role = '{FROM}') AS from_it, {counted},
                count(*) FILTER (repaired) AS repaired
            FROM acts WHERE role IN ('{AGAINST}', '{WITH}', '{FROM}') GROUP BY ALL
        ), states AS (
            SELECT unnest([one, other]) AS state FROM counts UNION SELECT state FROM counted
        )
        SELECT state, windows.win, dossier, coalesce(against, 0) AS against,
            coalesce(with_it, 0) AS with_it, coalesce(from_it, 0) AS from_it,
            coalesce(repaired, 0) AS repaired, {filled},
            coalesce(sum(against) OVER past, 0) AS past_against,
            coalesce(sum(with_it) OVER past, 0) AS past_with
        FROM states CROSS JOIN windows LEFT JOIN counted USING (state, win)
        WINDOW past AS (PARTITION BY state ORDER BY windows.win {_BEFORE})
    """


def groups_sql(min_events: int) -> str:
    """Return the query for pairs, and for the states that act through an organisation.

    The latter are at least two that in the same window each cooperated with it and each opposed or
    criticised the hegemon. Needs the tables `counts` and `hegemon`.
    """
    columns = ", ".join(f'sum("{k}") AS "{k}"' for k in list_cooperative_kinds())
    return f"""
        WITH pairs AS (
            SELECT win, [one, other] AS members, NULL::VARCHAR AS organisation,
                cooperation, within, past, {", ".join(f'"{k}"' for k in list_cooperative_kinds())},
                repaired,
                [dossier] AS dossiers, first, last
            FROM counts WHERE NOT organised
        ), organised AS (
            SELECT c.win, list(c.one ORDER BY c.one) AS members, c.other AS organisation,
                sum(cooperation) AS cooperation, 0 AS within, sum(past) AS past, {columns},
                sum(c.repaired) AS repaired, list(c.dossier ORDER BY c.one) AS dossiers,
                min(first) AS first, max(last) AS last
            FROM counts c JOIN hegemon h ON c.one = h.state AND c.win = h.win
            WHERE organised AND h.against > 0
            GROUP BY c.win, c.other HAVING count(*) > 1
        )
        SELECT win, members, organisation, cooperation, within, past AS past_cooperation,
            {_counts_by_kind_sql(list_cooperative_kinds())} AS kinds,
            {_observed_sql()} AS observed, repaired, dossiers,
            first, last, NULL::VARCHAR AS started, NULL::VARCHAR AS ended
        FROM (FROM pairs UNION ALL BY NAME FROM organised) WHERE cooperation >= {min_events}
    """


def _counts_by_kind_sql(kinds: list[str]) -> str:
    """Return the expression for numbers by kind, as `kind=number;…`."""
    parts = ", ".join(f'CASE WHEN "{k}" > 0 THEN \'{k}=\' || "{k}" END' for k in sorted(kinds))
    return f"concat_ws(';', {parts})"


def _observed_sql() -> str:
    parts = ", ".join(
        f"CASE WHEN \"{k}\" > 0 THEN '{k}' END" for k in sorted(list_cooperative_kinds())
    )
    return f"concat_ws(';', {parts})"


def acts_against_sql() -> str:
    """Return the expression for the numbers of acts against the hegemon by kind."""
    return _counts_by_kind_sql(list_conflictual_kinds())
