"""A second opinion on every verdict: the tests of the sources in plain Python.

Written from what the rulebooks are meant to say, without a look at them or at the engines, so that
the two can be tested against each other. Each function is one step and says what it concludes.
Nothing here is meant to be reused by the product.
"""

from collections.abc import Mapping
from typing import Any

Truth = bool | None
Values = Mapping[str, str]

BROOKS_WOHLFORTH = "brooks-wohlforth-2004"
WALT = "brooks-wohlforth-2004-walt"
PAUL = "paul-2004"
RULEBOOKS = (BROOKS_WOHLFORTH, WALT, PAUL)

VALUES = ("yes", "no", "unknown", "contested")

RIVALS = {
    "policy_bargaining": ("disputes_specific_policy", "objects_on_merits", "bargaining_suffices"),
    "regional_security": ("meets_regional_need", "complements_hegemon", "regional_need_suffices"),
    "material_interest": (
        "brings_economic_gain",
        "serves_interest_group",
        "material_gain_suffices",
    ),
}
"""Rival explanation -> its two drivers and its sufficiency, the codebook's groups in order."""

CONTEXT = ("balancing_rhetoric", "prestige_payoff", "free_riding_possible")

INDICATORS = (
    "constrains_hegemon",
    "persists_without_concentration",
    "aimed_at_hegemon_power",
    "hegemon_seen_as_threat",
    "shifts_capabilities",
    "security_gain_against_hegemon",
    "frustrates_policy_only",
    "costly_commitment",
    "sacrifices_other_goals",
    "bonus_of_other_goals",
    "retreats_when_costly",
    *RIVALS["policy_bargaining"],
    *RIVALS["regional_security"],
    *RIVALS["material_interest"],
    *CONTEXT,
)

FORMS = {
    "internal_buildup": "hard_internal",
    "formal_alliance": "hard_external",
    "joint_military_technology": "incipient_hard_weak",
    "joint_force": "incipient_hard_strong",
    "arming_adversary": "indirect",
    "new_institution": "institutional_new",
    "existing_institution": "institutional_existing",
    "limited_entente": "entente",
    "other": "other",
}
"""Form -> strategy."""

HARD_FORMS = ("internal_buildup", "formal_alliance")
TESTS = ("systemic_link", "security_motive", "tradeoffs")
PAUL_NOTES = ("prestige_not_weighed", "rhetoric_not_weighed", "scope_not_coded")

CLASSES = (
    "not_a_constraint",
    "politics_as_usual",
    "mixed",
    "soft_balancing",
    "hard_balancing",
    "indeterminate",
)

TRUTH: Mapping[str, Truth] = {"yes": True, "no": False, "unknown": None, "contested": None}
TEST_RESULT: Mapping[Truth, str] = {True: "met", False: "failed", None: "undetermined"}


def kleene_not(a: Truth) -> Truth:
    """Strong Kleene negation: undecided stays undecided."""
    return None if a is None else not a


def kleene_and(*members: Truth) -> Truth:
    """Strong Kleene conjunction: one false member decides it."""
    if False in members:
        return False
    return None if None in members else True


def kleene_or(*members: Truth) -> Truth:
    """Strong Kleene disjunction: one true member decides it."""
    if True in members:
        return True
    return None if None in members else False


def reconcile(episode: Mapping[str, Any]) -> dict[str, str]:
    """Reconcile all observations: one value for each of the 23 indicators."""
    observed: dict[str, set[str]] = {indicator: set() for indicator in INDICATORS}
    for indicator, value in episode.get("indicators", {}).items():
        observed[indicator].add(value)
    for observation in episode.get("observations", []):
        observed[observation["indicator"]].add(observation["value"])
    return {indicator: reconciled(seen) for indicator, seen in observed.items()}


def reconciled(seen: set[str]) -> str:
    """Reconcile one indicator: `unknown` says nothing, two distinct values collide."""
    said = seen - {"unknown"}
    if not said:
        return "unknown"
    return said.pop() if len(said) == 1 else "contested"


def rival(values: Values, driver1: str, driver2: str, sufficiency: str) -> str:
    """One rival explanation: at work by a driver, and enough alone by its sufficiency."""
    if values[driver1] == "yes" or values[driver2] == "yes":
        return "sufficient" if values[sufficiency] == "yes" else "contributing"
    if values[driver1] == "no" and values[driver2] == "no":
        return "absent"
    return "undetermined"


def rivals(values: Values) -> dict[str, str]:
    """The state of all three rival explanations."""
    return {name: rival(values, *group) for name, group in RIVALS.items()}


def persistence(coded: str, explanations: Values) -> str:
    """persists_without_concentration once the rivals are known: a sufficient one implies it."""
    if "sufficient" in explanations.values():
        if coded == "unknown":
            return "yes"
        if coded == "no":
            return "contested"
    return coded


def systemic_link(rulebook: str, values: Values, persists: str) -> str:
    """Caused by and aimed at the hegemon's power; with Walt, also seen as a threat."""
    link = kleene_and(kleene_not(TRUTH[persists]), TRUTH[values["aimed_at_hegemon_power"]])
    if rulebook == WALT:
        link = kleene_and(link, TRUTH[values["hegemon_seen_as_threat"]])
    return TEST_RESULT[link]


def security_motive(values: Values) -> str:
    """A gain in safety from the hegemon, by more than the frustration of a policy."""
    gain = TRUTH[values["security_gain_against_hegemon"]]
    policy_only = TRUTH[values["frustrates_policy_only"]]
    return TEST_RESULT[kleene_and(gain, kleene_not(policy_only))]


def tradeoffs(values: Values) -> str:
    """A price paid, for a constraint that is no by-product and was not given up."""
    paid = kleene_or(TRUTH[values["costly_commitment"]], TRUTH[values["sacrifices_other_goals"]])
    bonus = TRUTH[values["bonus_of_other_goals"]]
    retreats = TRUTH[values["retreats_when_costly"]]
    return TEST_RESULT[kleene_and(paid, kleene_not(bonus), kleene_not(retreats))]


def in_play(explanations: Values) -> bool:
    """Whether any rival is contributing or sufficient."""
    states = explanations.values()
    return "contributing" in states or "sufficient" in states


def classification(form: str, values: Values, tests: Values, explanations: Values) -> str:
    """The class: that of the first row that holds."""
    systemic, security, trade = (tests[name] for name in TESTS)
    two_met = systemic == "met" and security == "met"
    three_met = two_met and trade == "met"
    trade_failed = two_met and trade == "failed"
    playing = in_play(explanations)
    absent = all(state == "absent" for state in explanations.values())
    hard, shifts = form in HARD_FORMS, values["shifts_capabilities"]
    rows = (
        (values["constrains_hegemon"] == "no", "not_a_constraint"),
        (systemic == "failed" or security == "failed", "politics_as_usual"),
        (trade_failed and playing, "politics_as_usual"),
        (trade_failed and absent, "mixed"),
        (three_met and playing, "mixed"),
        (three_met and absent and not hard, "soft_balancing"),
        (three_met and absent and hard and shifts == "yes", "hard_balancing"),
        (three_met and absent and hard and shifts == "no", "soft_balancing"),
        (True, "indeterminate"),
    )
    return next(classified for holds, classified in rows if holds)


def dominant(classified: str, explanations: Values) -> list[str]:
    """Dominant explanations: `balancing` first, rivals in alphabetical order."""
    sufficient = sorted(name for name, state in explanations.items() if state == "sufficient")
    contributing = sorted(name for name, state in explanations.items() if state == "contributing")
    if classified == "politics_as_usual":
        return sufficient or contributing
    if classified == "mixed":
        return ["balancing", *contributing]
    if classified in ("soft_balancing", "hard_balancing"):
        return ["balancing"]
    return []


def notes(values: Values, explanations: Values) -> list[str]:
    """The notes, in alphabetical order."""
    rhetoric = values["balancing_rhetoric"] == "yes"
    aims = (values["aimed_at_hegemon_power"], values["security_gain_against_hegemon"])
    held = {
        "rhetoric_not_weighed": rhetoric,
        "rhetoric_only": rhetoric and "yes" not in aims,
        "prestige_not_weighed": values["prestige_payoff"] == "yes",
        "free_riding_enables": values["free_riding_possible"] == "yes" and in_play(explanations),
        "inconsistent_coding": inconsistent(values, explanations),
        "scope_not_coded": values["constrains_hegemon"] in ("unknown", "contested"),
    }
    return sorted(note for note, holds in held.items() if holds)


def inconsistent(values: Values, explanations: Values) -> bool:
    """A sufficient rival beside a coded no, or a sufficiency without either of its drivers."""
    coded_no = values["persists_without_concentration"] == "no"
    if coded_no and "sufficient" in explanations.values():
        return True
    return any(
        values[sufficiency] == "yes" and values[driver1] == "no" and values[driver2] == "no"
        for driver1, driver2, sufficiency in RIVALS.values()
    )


def paul_tests(values: Values) -> dict[str, str]:
    """The one test of paul-2004: aimed at the power of a hegemon seen as a threat."""
    aimed, threat = values["aimed_at_hegemon_power"], values["hegemon_seen_as_threat"]
    return {"systemic_link": TEST_RESULT[kleene_and(TRUTH[aimed], TRUTH[threat])]}


def paul_classification(form: str, values: Values, tests: Values) -> str:
    """The class by paul-2004: that of the first row that holds."""
    if values["constrains_hegemon"] == "no":
        return "not_a_constraint"
    if tests["systemic_link"] == "failed":
        return "politics_as_usual"
    if tests["systemic_link"] == "met":
        return "hard_balancing" if form in HARD_FORMS else "soft_balancing"
    return "indeterminate"


def infer(rulebook: str, form: str, values: Values) -> tuple[str, Values, Values, str]:
    """The class, the tests, the rivals and persists_without_concentration."""
    coded = values["persists_without_concentration"]
    if rulebook == PAUL:
        tests = paul_tests(values)
        return paul_classification(form, values, tests), tests, {}, coded
    if rulebook not in RULEBOOKS:
        raise ValueError(f"no such rulebook: {rulebook}")
    explanations = rivals(values)
    persists = persistence(coded, explanations)
    tests = {
        "systemic_link": systemic_link(rulebook, values, persists),
        "security_motive": security_motive(values),
        "tradeoffs": tradeoffs(values),
    }
    return classification(form, values, tests, explanations), tests, explanations, persists


def classify(rulebook: str, form: str, values: Values) -> str:
    """The classification alone, of reconciled values."""
    return infer(rulebook, form, values)[0]


def verdict(rulebook: str, form: str, values: Values) -> dict[str, Any]:
    """The whole verdict, of reconciled values for all 23 indicators."""
    classified, tests, explanations, persists = infer(rulebook, form, values)
    final = {**values, "persists_without_concentration": persists}
    recorded = notes(values, explanations)
    if rulebook == PAUL:
        recorded = [note for note in recorded if note in PAUL_NOTES]
    return {
        "classification": classified,
        "strategy": FORMS[form],
        "tests": tests,
        "explanations": explanations,
        "dominant_explanations": dominant(classified, explanations),
        "notes": recorded,
        "contested": [name for name in INDICATORS if final[name] == "contested"],
    }


def evaluate(rulebook: str, episode: Mapping[str, Any]) -> dict[str, Any]:
    """The verdict of the codebook on an Episode."""
    return verdict(rulebook, episode["form"], reconcile(episode))
