"""The verdict in a sentence, as a scholar would write it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from softbalance.rules.model import Codebook, Rulebook
from softbalance.rules.wording import join_words
from softbalance.schemas.classification import Answer
from softbalance.schemas.episode import Episode
from softbalance.service.text.phrases import escape_text, label, to_words
from softbalance.service.text.states_text import state_name, with_article

#: The name here of every value that a rulebook calls undecided.
_OPEN = "undetermined"
#: Value of a test → how the tests stand on it.
_TESTS = {
    "met": "{are} met on {them}",
    "failed": "fail{s} on {them}",
    _OPEN: "{are} open on {them}",
}
#: The values of explanations that have a phrase of their own.
_EXPLANATIONS = ("sufficient", "contributing", "absent", _OPEN)


def verdict_sentence(classified: Answer, codebook: Codebook, rulebook: Rulebook | None) -> str:
    """Return a classification in one sentence: whose action, which class, and why.

    `rulebook` is the one that decided; without it, facts are called by their ids.
    """
    name = _shorten_title(rulebook) if rulebook else classified["rulebook"]["id"]
    verdict = codebook.classes.get(classified["classification"])
    if verdict and verdict.predicate:
        said = verdict.predicate
    else:
        called = label(classified["classification"], codebook).lower()
        said = f"{called}{_why(classified, rulebook)}"
    return f"Under {name}, {_action(classified['episode'])} is {said}."


def _shorten_title(rulebook: Rulebook) -> str:
    return rulebook.title.partition(":")[0]


def _action(episode: Episode) -> str:
    actors = [with_article(state_name(code)) for code in episode.get("actors", ())]
    shown = [*actors[:6], "others"] if len(actors) > 6 else actors
    whose = f" of {escape_text(join_words(shown))}" if actors else ""
    period = episode.get("period", {})
    years = list(dict.fromkeys(period[end][:4] for end in ("start", "end") if end in period))
    return f"the action{whose}{' (' + ' to '.join(years) + ')' if years else ''}"


def _why(classified: Answer, rulebook: Rulebook | None) -> str:
    tests, explanations = classified["tests"], classified["explanations"]
    clauses = [*_describe_tests(tests, rulebook), *_describe_explanations(explanations, rulebook)]
    return f": {'; '.join(clauses)}" if clauses else ""


def _describe_tests(tests: Mapping[str, str], rulebook: Rulebook | None) -> list[str]:
    one = len(tests) == 1
    grammar = {"are": "is" if one else "are", "s": "s" if one else ""}
    said = []
    for value, facts in _by_value(tests, rulebook).items():
        phrase = _TESTS.get(value, f"{{are}} {to_words(value)} on {{them}}")
        them = join_words([f"the {fact_title(fact, rulebook)}" for fact in facts])
        said.append(phrase.format(them=them, **grammar))
    called = within(kind_title("test", rulebook, "test" if one else "tests"))
    return [f"the {called} {join_words(said, 'but')}"] if said else []


def _describe_explanations(explanations: Mapping[str, str], rulebook: Rulebook | None) -> list[str]:
    by_value = _by_value(explanations, rulebook)
    named = {value: [to_words(fact) for fact in facts] for value, facts in by_value.items()}
    clauses = []
    # what would have been enough comes first, and what is open only where nothing else is known
    if enough := named.get("sufficient"):
        clauses.append(
            f"{join_words(enough)} {'alone' if len(enough) == 1 else 'each'} would account for it"
        )
    if part := named.get("contributing"):
        clauses.append(f"{join_words(part)} had a part in it")
    for value in [value for value in named if value not in _EXPLANATIONS]:
        are = "is" if len(named[value]) == 1 else "are"
        clauses.append(f"{join_words(named[value])} {are} {to_words(value)}")
    if named.keys() == {"absent"}:
        called = within(kind_title("explanation", rulebook, "explanations"))
        clauses.append(f"none of the {called} is at work")
    if not clauses and (open_ := named.get(_OPEN)):
        clauses.append(f"whether {join_words(open_, 'or')} had a part is open")
    return [join_words(clauses)] if clauses else []


def _by_value(facts: Mapping[str, str], rulebook: Rulebook | None) -> dict[str, list[str]]:
    """Return the facts of each value, those undecided together."""
    by_value: dict[str, list[str]] = {}
    for fact, value in facts.items():
        is_open = rulebook is not None and value in rulebook.list_undecided_values(fact)
        by_value.setdefault(_OPEN if is_open else value, []).append(fact)
    return by_value


def kind_title(kind: str, rulebook: Rulebook | None, otherwise: str) -> str:
    """Return what a rulebook calls its facts of a kind: the title of the stage for just these."""
    facts = set(rulebook.of_kind(kind)) if rulebook else set()
    stages = rulebook.stages if rulebook and facts else ()
    return next((stage.title for stage in stages if {*stage.concludes} == facts), otherwise)


def kind_titles(rulebook: Rulebook | None) -> dict[str, str]:
    """Return what a rulebook calls its tests and its explanations, as headings have it."""
    return {
        "test": kind_title("test", rulebook, "Tests"),
        "explanation": kind_title("explanation", rulebook, "Explanations"),
    }


def fact_title(fact: str, rulebook: Rulebook | None) -> str:
    """Return what a rulebook calls a fact, as it stands within a sentence."""
    found = rulebook.facts.get(fact) if rulebook else None
    return within(found.title) if found else to_words(fact)


def fact_names(facts: Sequence[str], rulebook: Rulebook | None) -> dict[str, str]:
    """Return for facts what a rulebook calls them, as a heading has it."""
    titles = {fact: fact_title(fact, rulebook) for fact in facts}
    return {fact: title[:1].upper() + title[1:] for fact, title in titles.items()}


def within(title: str) -> str:
    """Return a title as it stands within a sentence."""
    return title[:1].lower() + title[1:]
