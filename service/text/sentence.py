"""The verdict in a sentence, as a scholar would write it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from softbalance.rules.model import Codebook, Rulebook
from softbalance.rules.wording import listed
from softbalance.schemas.classification import Answer
from softbalance.schemas.episode import Episode
from softbalance.service.text.phrases import label, printable, words
from softbalance.service.text.states_text import state_name, with_article

#: Value of a test → how the tests stand on it.
_TESTS = {"met": "{are} met on {them}", "failed": "fail{s} on {them}"}
_OPEN_TEST = "{are} open on {them}"


def verdict_sentence(classified: Answer, codebook: Codebook, rulebook: Rulebook | None) -> str:
    """Return a classification in one sentence: whose action, which class, and why.

    `rulebook` is the one that decided; without it, facts are called by their ids.
    """
    name = _short(rulebook) if rulebook else classified["rulebook"]["id"]
    verdict = label(classified["classification"], codebook).lower()
    return (
        f"Under {name}, {_action(classified['episode'])} is {verdict}{_why(classified, rulebook)}."
    )


def _short(rulebook: Rulebook) -> str:
    return rulebook.title.partition(":")[0]


def _action(episode: Episode) -> str:
    actors = [with_article(state_name(code)) for code in episode.get("actors", ())]
    shown = [*actors[:6], "others"] if len(actors) > 6 else actors
    whose = f" of {printable(listed(shown))}" if actors else ""
    period = episode.get("period", {})
    years = list(dict.fromkeys(period[end][:4] for end in ("start", "end") if end in period))
    return f"the action{whose}{' (' + ' to '.join(years) + ')' if years else ''}"


def _why(classified: Answer, rulebook: Rulebook | None) -> str:
    if classified["classification"] == "not_a_constraint":
        return " on the hegemon, and the question of balancing does not arise"
    clauses = [*_tests(classified["tests"], rulebook), *_rivals(classified["explanations"])]
    return f": {'; '.join(clauses)}" if clauses else ""


def _tests(tests: Mapping[str, str], rulebook: Rulebook | None) -> list[str]:
    by_value: dict[str, list[str]] = {}
    for test, value in tests.items():
        by_value.setdefault(value, []).append(f"the {fact_title(test, rulebook)}")
    one = len(tests) == 1
    grammar = {"are": "is" if one else "are", "s": "s" if one else ""}
    said = [
        _TESTS.get(value, _OPEN_TEST).format(them=listed(facts), **grammar)
        for value, facts in by_value.items()
    ]
    return [f"the {'test' if one else 'tests'} of balancing {listed(said, 'but')}"] if said else []


def _rivals(explanations: Mapping[str, str]) -> list[str]:
    by_value: dict[str, list[str]] = {}
    for rival, value in explanations.items():
        by_value.setdefault(value, []).append(words(rival))
    clauses = []
    # what would have been enough comes first, and what is open only where nothing else is known
    if enough := by_value.get("sufficient"):
        clauses.append(
            f"{listed(enough)} {'alone' if len(enough) == 1 else 'each'} would account for it"
        )
    if part := by_value.get("contributing"):
        clauses.append(f"{listed(part)} had a part in it")
    if explanations and set(by_value) == {"absent"}:
        clauses.append("no rival explanation is at work")
    if not clauses and (open_ := by_value.get("undetermined")):
        clauses.append(f"whether {listed(open_, 'or')} had a part is open")
    return [listed(clauses)] if clauses else []


def fact_title(fact: str, rulebook: Rulebook | None) -> str:
    """Return what a rulebook calls a fact, as it stands within a sentence."""
    found = rulebook.facts.get(fact) if rulebook else None
    return found.title[:1].lower() + found.title[1:] if found else words(fact)


def fact_names(facts: Sequence[str], rulebook: Rulebook | None) -> dict[str, str]:
    """Return for facts what a rulebook calls them, as a heading has it."""
    titles = {fact: fact_title(fact, rulebook) for fact in facts}
    return {fact: title[:1].upper() + title[1:] for fact, title in titles.items()}
