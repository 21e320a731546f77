"""The screening score: what makes a group worth a coder's time, each part of it shown.

A score ranks; it is no verdict. For a window with N rows between states, and P before it, a pair
that had x acts in the window and y in all earlier ones is expected to have

    e = (y + 1/2) * N / P

and departs from its own past by

    (x - e) / sqrt(e * (1 + N / P) + 1)

which is the mean and, but for the 1, the variance that a gamma-Poisson model predicts: the half
says that a pair unseen so far is not impossible, N / P that a rate is the less certain the less
past there is, and the 1 keeps a single act from counting as a great one. Without earlier windows
in the data there is no departure.
"""

from __future__ import annotations

from softbalance.rules.table.sql import quote_text
from softbalance.service.events.grouping import acts_against_sql
from softbalance.service.events.kinds import forms, list_conflictual_kinds

#: How far a departure may count, either way: past this, more of it tells no more.
BOUND = 3
#: The parts of the score, each a column of that name; the score is their sum.
PARTS = {
    "score_cooperation": "ln(1 + cooperation)",
    # a departure of NULL counts as none; least() and greatest() would pass over it
    "score_departure": f"greatest(-{BOUND}, least({BOUND}, coalesce(departure, 0)))",
    # twice, since without it nothing that is observed points at the hegemon; what the least of them
    # did, since a pair of which one is silent does not oppose it together
    "score_against": "2 * ln(1 + against_least)",
    "score_with": "-ln(1 + with_it)",
    "score_within": "-ln(1 + within)",
}


def _expected_sql(past: str) -> str:
    return f"(CASE WHEN past_all > 0 THEN ({past} + 0.5) * rows_all / past_all END)"


def _departure(now: str, past: str) -> str:
    expected = _expected_sql(past)
    spread = f"{expected} * (1 + rows_all / past_all) + 1"
    return f"round(({now} - {expected}) / sqrt({spread}), 3)"


def candidates_sql(hegemon: str, window: str) -> str:
    """Return the query for candidates, best first: groups with what they did to the hegemon.

    Needs the tables `groups`, `windows` and `hegemon`.
    """
    parts = ", ".join(f"round({formula}, 3) + 0 AS {name}" for name, formula in PARTS.items())
    start, end = _period(window)
    return f"""
        WITH named AS (
            SELECT *, {_id()} AS id,
                CASE WHEN organisation IS NULL THEN members
                     ELSE list_append(members, organisation) END AS actors
            FROM groups
        ), towards AS ({_conduct_sql()}
        ), measured AS (
            SELECT named.* EXCLUDE (repaired, dossiers), against, against_least, with_it, from_it,
                (repaired + repaired_there)::BIGINT AS repaired,
                list_concat(dossiers, coalesce(dossiers_there, [])) AS dossiers,
                {acts_against_sql()} AS against_kinds,
                round({_expected_sql("past_cooperation")}, 3) AS expected,
                {_departure("cooperation", "past_cooperation")} AS departure,
                {_departure("against", "past_against")} AS against_departure,
                {_departure("with_it", "past_with")} AS with_departure
            FROM named JOIN towards USING (id) JOIN windows USING (win)
        )
        SELECT *, {_form("form")} AS form, {_form("because")} AS form_basis,
            coalesce(started, {start}) AS period_start, coalesce(ended, {end}) AS period_end,
            {quote_text(hegemon)} AS hegemon, {parts},
            round({" + ".join(PARTS)}, 3) AS score,
            row_number() OVER (ORDER BY score DESC, id) AS rank
        FROM measured ORDER BY rank
    """


def _conduct_sql() -> str:
    """Return the query for what the members of each group did to the hegemon, and it to them."""
    kinds = ", ".join(f'sum("{kind}") AS "{kind}"' for kind in list_conflictual_kinds())
    return f"""
            SELECT id, sum(against)::BIGINT AS against, min(against) AS against_least,
                sum(with_it)::BIGINT AS with_it, sum(from_it)::BIGINT AS from_it,
                sum(past_against) AS past_against, sum(past_with) AS past_with,
                sum(h.repaired) AS repaired_there, {kinds},
                list(h.dossier ORDER BY state) FILTER (h.dossier IS NOT NULL) AS dossiers_there
            FROM (SELECT id, win, unnest(members) AS state FROM named)
            JOIN hegemon h USING (state, win) GROUP BY id
    """


def _id() -> str:
    """Return the expression for a candidate's id; many members are told by a hash of them."""
    name = "concat_ws('-', array_to_string(members, '-'), organisation)"
    name = f"regexp_replace({name}, '[^A-Za-z0-9-]+', '_', 'g')"
    short = f"members[1] || '-and-' || (len(members) - 1) || '-more-' || left(md5({name}), 12)"
    return f"CASE WHEN len({name}) > 100 THEN {short} ELSE {name} END || '-' || win"


def _form(part: str) -> str:
    """Return the expression for the form, or for why it is that."""
    cases = []
    for rule in forms():
        value = rule.form if part == "form" else rule.because
        when = "organisation IS NOT NULL" if rule.organisation else (
            f"list_contains(string_split(observed, ';'), '{rule.kind}')"
        )  # fmt: skip
        cases.append(f"WHEN {when} THEN {quote_text(value)}")
    rest = "other" if part == "form" else "the codes determine no form"
    return f"CASE {' '.join(cases)} ELSE {quote_text(rest)} END"


def _period(window: str) -> tuple[str, str]:
    if window == "year":
        return "win", "win"
    if window == "month":
        return "win", "win"
    begins = "date_trunc('quarter', first)"
    return f"strftime({begins}, '%Y-%m')", f"strftime({begins} + INTERVAL 2 MONTH, '%Y-%m')"
