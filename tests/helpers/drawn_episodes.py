"""Hypothesis strategies for valid Episodes and codings, steered so that every class comes up.

Uniformly drawn codings hardly ever reach the mixed and balancing classes. So a draw starts from a
template that reaches one class of brooks-wohlforth-2004 (or one of its notes), fills in the
indicators the template leaves free, and then mutates a few. The same sketch serves hypothesis and
the seeded plain-random generator: it only ever picks from sequences.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

from hypothesis import strategies as st
from softbalance.schemas.episode import Episode

from evaluator import CONTEXT, FORMS, HARD_FORMS, INDICATORS, RIVALS, VALUES

Pick = Callable[[Sequence[Any]], Any]
Coding = tuple[str, dict[str, str]]
Template = tuple[Sequence[str], dict[str, str]]

ALL_FORMS = tuple(FORMS)
SOFT_FORMS = tuple(form for form in FORMS if form not in HARD_FORMS)

TWO_MET = {
    "constrains_hegemon": "yes",
    "persists_without_concentration": "no",
    "aimed_at_hegemon_power": "yes",
    "security_gain_against_hegemon": "yes",
    "frustrates_policy_only": "no",
}
NO_SUFFICIENCY = {group[2]: "no" for group in RIVALS.values()}
ABSENT = {driver: "no" for group in RIVALS.values() for driver in group[:2]}
PAID = {"bonus_of_other_goals": "no", "retreats_when_costly": "no"}
TRADE_MET = [
    {**PAID, "costly_commitment": "yes"},
    {**PAID, "sacrifices_other_goals": "yes"},
    {**PAID, "costly_commitment": "yes", "hegemon_seen_as_threat": "yes"},
    {**PAID, "sacrifices_other_goals": "yes", "hegemon_seen_as_threat": "yes"},
]
TRADE_FAILED = [
    {"bonus_of_other_goals": "yes"},
    {"retreats_when_costly": "yes"},
    {"costly_commitment": "no", "sacrifices_other_goals": "no"},
]
DRIVERS = [(driver, group[2]) for group in RIVALS.values() for driver in group[:2]]
CONTRIBUTING = [{**NO_SUFFICIENCY, driver: "yes"} for driver, _ in DRIVERS]
SUFFICIENT = [{driver: "yes", sufficiency: "yes"} for driver, sufficiency in DRIVERS]
UNDETERMINED = [{**ABSENT, driver: value} for driver, _ in DRIVERS for value in VALUES[2:]]
BALANCING = [{**TWO_MET, **ABSENT, **trade} for trade in TRADE_MET]


def _with(value: str, *indicators: str) -> list[dict[str, str]]:
    return [{indicator: value} for indicator in indicators]


def _cross(*parts: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """Every union of one coding from each part; the later part wins."""
    unions: list[dict[str, str]] = [{}]
    for part in parts:
        unions = [{**union, **coding} for union in unions for coding in part]
    return unions


def _any_form(codings: Sequence[dict[str, str]]) -> list[Template]:
    return [(ALL_FORMS, coding) for coding in codings]


IN_SCOPE = _with("yes", "constrains_hegemon")
PERSISTS = "persists_without_concentration"
DERIVED = _any_form(_cross([IN_SCOPE[0], TWO_MET], SUFFICIENT, _with("unknown", PERSISTS)))
CONFLICT = _any_form(_cross([TWO_MET], TRADE_MET, SUFFICIENT))
FAILED = _any_form(
    _cross(
        IN_SCOPE,
        _with("no", "aimed_at_hegemon_power", "security_gain_against_hegemon")
        + _with("yes", PERSISTS, "frustrates_policy_only"),
    )
)
OPEN_TESTS = _any_form(
    _cross(BALANCING, [{name: value} for name in TWO_MET for value in VALUES[2:]])
    + _cross(BALANCING, _with("contested", "bonus_of_other_goals", "retreats_when_costly"))
)
TEMPLATES: dict[str, Sequence[Sequence[Template]]] = {
    "not_a_constraint": [_any_form(_with("no", "constrains_hegemon"))],
    "politics_as_usual": [
        FAILED,
        DERIVED,
        DERIVED,
        _any_form(_cross([TWO_MET], TRADE_FAILED, CONTRIBUTING)),
    ],
    "mixed": [
        _any_form(_cross([{**TWO_MET, **ABSENT}], TRADE_FAILED)),
        _any_form(_cross([TWO_MET], TRADE_MET, CONTRIBUTING)),
    ],
    "soft_balancing": [
        [(SOFT_FORMS, coding) for coding in BALANCING],
        [(HARD_FORMS, {**coding, "shifts_capabilities": "no"}) for coding in BALANCING],
    ],
    "hard_balancing": [
        [(HARD_FORMS, {**coding, "shifts_capabilities": "yes"}) for coding in BALANCING]
    ],
    "indeterminate": [CONFLICT, OPEN_TESTS, _any_form(_cross(BALANCING, UNDETERMINED))],
}
"""For each class the families of templates that reach it."""

FRAGILE = ("mixed", "soft_balancing", "hard_balancing")
AIMS = (*TEMPLATES, *FRAGILE, "politics_as_usual")
"""The classes to start from: those that a mutation easily destroys come up more often."""

FILLERS = (("unknown",), ("no",), ("yes",), VALUES, VALUES)
"""Values that the indicators a template leaves free are filled from."""

STEERED = (True,) * 9 + (False,)
MUTATIONS = (0, 0, 1, 1, 2, 3)


def _sketch(pick: Pick) -> Coding:
    """A steered coding, now and then an unsteered one."""
    if not pick(STEERED):
        return pick(ALL_FORMS), {indicator: pick(VALUES) for indicator in INDICATORS}
    forms, fixed = pick(pick(TEMPLATES[pick(AIMS)]))
    filler = pick(FILLERS)
    values = {
        indicator: fixed.get(indicator) or (filler[0] if len(filler) == 1 else pick(filler))
        for indicator in INDICATORS
    }
    for indicator in CONTEXT:
        values[indicator] = pick(VALUES)
    for _ in range(pick(MUTATIONS)):
        values[pick(INDICATORS)] = pick(VALUES)
    return pick(forms), values


@st.composite
def codings(draw: st.DrawFn) -> Coding:
    """A form and reconciled values for all 23 indicators."""

    def pick(options: Sequence[Any]) -> Any:
        return draw(st.sampled_from(options))

    return _sketch(pick)


def random_codings(n: int, seed: int) -> Iterator[Coding]:
    """The same codings from a seeded generator, in bulk; equal seeds give equal runs."""
    rng = random.Random(seed)
    for _ in range(n):
        yield _sketch(rng.choice)


EXPANSIONS: dict[str, tuple[tuple[str, ...], ...]] = {
    "unknown": ((), (), (), ("unknown",), ("unknown", "unknown")),
    "yes": (("yes",), ("yes",), ("yes", "yes"), ("unknown", "yes"), ("yes", "yes", "yes")),
    "no": (("no",), ("no",), ("no", "no"), ("no", "unknown"), ("no", "no", "no")),
    "contested": (
        ("contested",),
        ("yes", "no"),
        ("no", "yes", "yes"),
        ("yes", "contested"),
        ("contested", "no", "unknown"),
        ("contested", "contested"),
    ),
}
"""Observations that the codebook's step 0 reconciles to each value."""


def text(max_size: int = 40) -> st.SearchStrategy[str]:
    """Any text of one character or more but no NUL and no surrogates."""
    allowed = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
    return st.text(allowed, min_size=1, max_size=max_size)


def _ids() -> st.SearchStrategy[str]:
    alphabet = "ABCXYZabcxyz0189._:-"
    return st.text(alphabet, min_size=1, max_size=128)


def _names() -> st.SearchStrategy[str]:
    """Codes of states, present and gone, acronyms, and whatever else is kept as sent."""
    known = st.sampled_from(["USA", "RUS", "CHN", "IND", "FRA", "SUN", "YUG", "EU", "NATO", "SCO"])
    return known | known | text(64)


@st.composite
def periods(draw: st.DrawFn) -> dict[str, str]:
    """A start and an end in one precision, the end not before the start."""
    dates = sorted([draw(st.dates()), draw(st.dates())])
    length = draw(st.sampled_from([4, 7, 10]))
    return {"start": dates[0].isoformat()[:length], "end": dates[1].isoformat()[:length]}


def _some(optional: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=optional)


def _sources() -> st.SearchStrategy[dict[str, str]]:
    urls = st.sampled_from(["https://example.org/a?b=c#d", "http://example.com/%C3%A9"])
    optional = {"citation": text(), "locator": text(20), "url": urls, "excerpt": text()}
    return _some(optional).filter(bool)


def _details() -> st.SearchStrategy[dict[str, Any]]:
    """What may be known about an observation besides its indicator and value."""
    dates = st.dates().map(lambda date: date.isoformat())
    return _some({"source": _sources(), "note": text(), "coder": text(12), "date": dates})


def _headers() -> st.SearchStrategy[dict[str, Any]]:
    """What an Episode may say besides its form and codings."""
    return _some(
        {
            "id": _ids(),
            "title": text(300),
            "summary": text(),
            "hegemon": _names(),
            "actors": st.lists(_names(), max_size=4),
            "period": periods(),
        }
    )


@st.composite
def _codings_as_sent(draw: st.DrawFn, values: dict[str, str]) -> dict[str, Any]:
    """`indicators` and `observations` that step 0 reconciles to these values."""
    shorthand: dict[str, str] = {}
    observations: list[dict[str, Any]] = []
    use_shorthand = draw(st.sampled_from([False, True, True]))
    for indicator, value in values.items():
        said = list(draw(st.sampled_from(EXPANSIONS[value])))
        if said and use_shorthand and draw(st.booleans()):
            shorthand[indicator] = said.pop()
        observations += [{"indicator": indicator, "value": each} for each in said]
    if draw(st.booleans()):
        observations = draw(st.permutations(observations))
    for details in draw(st.lists(_details(), max_size=min(3, len(observations)))):
        observations[draw(st.integers(0, len(observations) - 1))].update(details)
    sent = {"indicators": shorthand, "observations": observations}
    keep_empty = draw(st.booleans())
    return {field: said for field, said in sent.items() if said or keep_empty}


@st.composite
def episodes(draw: st.DrawFn) -> Episode:
    """A valid Episode: a steered coding as it might be sent, at times with all the rest."""
    form, values = draw(codings())
    headers = draw(st.just({}) | _headers())
    sent: dict[str, Any] = {**headers, "form": form, **draw(_codings_as_sent(values))}
    return cast(Episode, sent)
