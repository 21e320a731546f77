"""From rows to acts: who did what kind of thing to whom and when, or why it is none of that.

An act is one row's pair of actors. Its columns: `file`, `line`, `id`, `day`; `win`, the window;
`a` and `b`, source and target; `kind` (see `kinds`); `code` and whether it was `repaired`;
`between` two states; `role`, what it is to a candidate, with its `dossier`, under which it is
kept; `scope`, why it is out of scope; `wrong`, `wrong_column`, `wrong_value`, why it is rejected.
"""

from __future__ import annotations

from softbalance.rules.table.sql import quote_text
from softbalance.service.events.kinds import COOPERATION, NEUTRAL, signs

#: What an act is to a candidate.
COOPERATES, QUARRELS, AGAINST, WITH, FROM, MEMBER, DISPUTE = (
    "cooperation",
    "conflict_within",
    "against_hegemon",
    "with_hegemon",
    "from_hegemon",
    "with_organisation",
    "dispute",
)
WINDOWS = {
    "year": "strftime({day}, '%Y')",
    "quarter": "strftime({day}, '%Y') || 'Q' || quarter({day})",
    "month": "strftime({day}, '%Y-%m')",
}
_IGO = "International Government Organization"


def window_sql(window: str, day: str = "day") -> str:
    """Return the expression for the window of a day."""
    return WINDOWS[window].format(day=day)


def cameo_acts(rows: str, names: str, hegemon: str, window: str) -> str:
    """Return the query for the acts of CAMEO-coded rows.

    Needs the tables `meanings`, `written`, `coded` and `called` (see `tables`). `names` is how the
    layout names states.
    """
    return _roles_sql(
        f"""
        SELECT file, line, id, coalesce(chosen, r.code) AS code, coded.kind,
            NULL::VARCHAR AS skipped, days AS day, source_state AS a, target_state AS b,
            source_organisation, target_organisation,
            {_case(1)} AS wrong, {_case(2)} AS wrong_column, {_case(3)} AS wrong_value,
            coalesce(chosen <> r.code, false) AS repaired
        FROM ({_resolved_sql(rows, names)}) r LEFT JOIN coded ON chosen = coded.code
        """,
        hegemon,
        window,
    )


#: Why a row is rejected: when, the code of the mistake, the column and the cell. The first counts.
_WRONG = (
    ("days IS NULL", "'date'", "'day'", "r.day"),
    ("plain IS NULL AND restored IS NULL", "'unknown'", "'code'", "r.code"),
    ("chosen IS NULL", "'ambiguous'", "'code'", "r.code"),
    ("lpad(root, 2, '0') <> left(chosen, 2)", "'disagree'", "'code'", "r.code"),
    ("source IS NOT NULL AND NOT source_known", "'unknown'", "'source'", "source"),
    ("target IS NOT NULL AND NOT target_known", "'unknown'", "'target'", "target"),
)


def _case(part: int) -> str:
    return f"CASE {' '.join(f'WHEN {why[0]} THEN {why[part]}' for why in _WRONG)} END"


def _resolved_sql(rows: str, names: str) -> str:
    day = "try_strptime(day, ['%Y%m%d', '%Y-%m-%d'])::DATE"
    return f"""
        SELECT r.*,
            w.plain, w.restored, {_chosen_sql()} AS chosen,
            s.state AS source_state, t.state AS target_state,
            s.written IS NOT NULL AS source_known, t.written IS NOT NULL AS target_known,
            {_organisation("source", names)} AS source_organisation,
            {_organisation("target", names)} AS target_organisation
        FROM (SELECT *, {day} AS days FROM {rows}) r
        LEFT JOIN written w ON r.code = w.written
        LEFT JOIN meanings s ON r.source = s.written AND days BETWEEN s.since AND s.until
        LEFT JOIN meanings t ON r.target = t.written AND days BETWEEN t.since AND t.until
        LEFT JOIN called o ON r.source_group = o.written
        LEFT JOIN called p ON r.target_group = p.written
    """


def _chosen_sql() -> str:
    """Return the expression for the code that a row means.

    Two digits from 10 on are a root, or a code that a spreadsheet took the leading zero of. The
    root's own column decides, else QuadClass, else the scale; 16 has no scale to tell it by.
    """
    return """CASE
        WHEN w.written IS NULL THEN NULL
        WHEN w.restored IS NULL THEN w.plain
        WHEN w.plain IS NULL THEN w.restored
        WHEN lpad(r.root, 2, '0') = left(w.plain, 2) THEN w.plain
        WHEN lpad(r.root, 2, '0') = left(w.restored, 2) THEN w.restored
        WHEN r.root IS NOT NULL THEN NULL
        WHEN r.quad IN ('3', '4') THEN w.plain
        WHEN r.quad = '1' THEN w.restored
        WHEN r.code = '16' THEN NULL
        WHEN TRY_CAST(r.scale AS DOUBLE) > -1 THEN w.restored
        WHEN TRY_CAST(r.scale AS DOUBLE) < -1.5 THEN w.plain
    END"""


def _organisation(side: str, names: str) -> str:
    alias = "o" if side == "source" else "p"
    if names == "names":  # the name may also be a person's: only those known count
        return f"CASE WHEN contains(r.{side}_type1, '{_IGO}') THEN {alias}.called END"
    types = ", ".join(f"r.{side}_type{n}" for n in (1, 2, 3))
    return f"CASE WHEN 'IGO' IN ({types}) THEN coalesce({alias}.called, r.{side}_group) END"


def plover_acts(rows: str, hegemon: str, window: str) -> str:
    """Return the query for the acts of PLOVER rows, which are sound (see `plover`)."""
    return _roles_sql(
        f"""
        SELECT file, line, id, r.code, r.kind, skipped, day::DATE AS day,
            s.state AS a, t.state AS b,
            NULL::VARCHAR AS source_organisation, NULL::VARCHAR AS target_organisation,
            NULL::VARCHAR AS wrong, NULL::VARCHAR AS wrong_column, NULL::VARCHAR AS wrong_value,
            false AS repaired
        FROM {rows} r
        LEFT JOIN meanings s ON r.source = s.written AND day::DATE BETWEEN s.since AND s.until
        LEFT JOIN meanings t ON r.target = t.written AND day::DATE BETWEEN t.since AND t.until
        """,
        hegemon,
        window,
    )


def _roles_sql(sound: str, hegemon: str, window: str) -> str:
    sign = " ".join(f"WHEN '{kind}' THEN '{sign}'" for kind, sign in signs().items())
    us = quote_text(hegemon)
    return f"""
        SELECT file, line, id, day, win, a, b, kind, code, repaired,
            coalesce(a <> b, false) AS between,
            CASE WHEN scope IS NULL AND wrong IS NULL THEN {_role(us)} END AS role,
            coalesce(organisation, greatest(a, b)) AS other,
            CASE WHEN organisation IS NULL THEN least(a, b) ELSE coalesce(a, b) END AS one,
            CASE WHEN organisation IS NULL THEN one || '-' || other || '-' || win
                 ELSE one || '-' || regexp_replace(other, '[^A-Za-z0-9]+', '_', 'g') || '-' || win
            END AS dossier,
            scope, wrong, wrong_column, wrong_value
        FROM (
            SELECT *, {window_sql(window)} AS win,
                CASE kind {sign} END AS sign,
                CASE WHEN a IS NULL OR b IS NULL
                    THEN coalesce(source_organisation, target_organisation) END AS organisation,
                CASE WHEN skipped IS NOT NULL THEN skipped
                     WHEN organisation IS NOT NULL AND {us} IS DISTINCT FROM coalesce(a, b)
                          AND coalesce(a, b) IS NOT NULL AND sign = '{COOPERATION}' THEN NULL
                     WHEN a IS NULL OR b IS NULL THEN 'not_between_states'
                     WHEN a = b THEN 'domestic'
                     WHEN sign = '{NEUTRAL}' THEN 'neither' END AS scope
            FROM ({sound})
        )
    """


def _role(us: str) -> str:
    """Return the expression for what an act in scope is to a candidate; `us` is the hegemon."""
    return f"""CASE
        WHEN {us} NOT IN (a, b) AND sign = '{COOPERATION}' THEN '{COOPERATES}'
        WHEN {us} NOT IN (a, b) THEN '{QUARRELS}'
        WHEN organisation IS NOT NULL THEN '{MEMBER}'
        WHEN sign = '{COOPERATION}' THEN '{WITH}'
        WHEN b = {us} THEN '{AGAINST}'
        ELSE '{FROM}' END"""
