"""How a cell of a sheet says an indicator's value."""

from __future__ import annotations

from softbalance.schemas.fields import CONTESTED, NO, UNKNOWN, VALUES, YES
from softbalance.schemas.mistakes import Mistake, quote_value, unknown_name

#: Value → its spellings, in lower case; blanks around them do not count.
SPELLINGS: dict[str, tuple[str, ...]] = {
    YES: ("yes", "y", "1", "true"),
    NO: ("no", "n", "0", "false"),
    UNKNOWN: ("unknown", "na", "n/a", ".", ""),
    CONTESTED: ("contested",),
}
#: What counts as blank around a value: ASCII white space, as in SQL's `TRIM(x, ' \t…')`.
BLANKS = " \t\n\r\v\f"


def fold_case(cell: object) -> str:
    """Return what a cell says without case and blanks; an empty cell says ''."""
    return "" if cell is None else str(cell).strip(BLANKS).lower()


def parse_value(cell: object) -> str | None:
    """Return the value that an indicator's cell says, or None if it says none."""
    said = fold_case(cell)
    return next((value for value, spellings in SPELLINGS.items() if said in spellings), None)


def value_mistake(cell: object) -> Mistake | None:
    """Return what is wrong with an indicator's cell, or None if it says a value."""
    if parse_value(cell) is not None:
        return None
    return unknown_name("value", str(cell), VALUES)


def form_mistake(cell: object, forms: tuple[str, ...]) -> Mistake | None:
    """Return what is wrong with a form's cell, or None if it names a form."""
    said = fold_case(cell)
    if said in forms:
        return None
    if not said:
        return Mistake("required", "this row has no form; add one of: " + ", ".join(forms))
    return unknown_name("form", str(cell), forms)


def indicator_mistake(cell: object, indicators: tuple[str, ...]) -> Mistake | None:
    """Return what is wrong with a long row's indicator, or None if it names one."""
    said = fold_case(cell)
    if said in indicators:
        return None
    if not said:
        return Mistake("required", "this row names no indicator")
    return unknown_name("indicator", str(cell), indicators)


def id_mistake(cell: object) -> Mistake | None:
    """Return what is wrong with a long row's id, or None if it has one."""
    if fold_case(cell):
        return None
    return Mistake("required", "this row has no id; an observation needs its episode's")


def disagreement(form: object) -> Mistake:
    """Say that the rows of an id name several forms."""
    return Mistake(
        "disagree",
        f"other rows of this id have another form than {quote_value(form)}; make them agree",
    )
