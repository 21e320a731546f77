"""Rows that survey tools write below the header, before the answers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import orjson

#: How many there may be.
SURVEY_ROWS = 2
#: What Qualtrics names a column by, in the second of two rows.
_QUALTRICS = "ImportId"
#: What SurveyMonkey writes below a question that has one answer.
_SURVEYMONKEY = {"response", "open-ended response"}


def count_survey_rows(rows: Sequence[Sequence[str | None]]) -> int:
    """Return how many of the first rows below a header are a survey tool's own.

    Qualtrics writes the questions' text and then, as JSON, what it calls each column itself;
    SurveyMonkey what kind of answer there is.
    """
    if len(rows) >= SURVEY_ROWS and _all(rows[1], _is_import_id):
        return SURVEY_ROWS
    if rows and _all(rows[0], _is_import_id):
        return 1
    return int(bool(rows) and _all(rows[0], lambda cell: cell.strip().lower() in _SURVEYMONKEY))


def _all(cells: Sequence[str | None], is_so: Callable[[str], bool]) -> bool:
    filled = [cell for cell in cells if cell and cell.strip()]
    return bool(filled) and all(map(is_so, filled))


def _is_import_id(cell: str) -> bool:
    try:
        said = orjson.loads(cell)
    except orjson.JSONDecodeError:
        return False
    return isinstance(said, dict) and _QUALTRICS in said
