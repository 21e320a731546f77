"""Forward chaining on durable_rules, contained.

durable_rules 2.0.28 is quick at matching and has sharp edges; this module is the only one that
touches it, and keeps to the part that is safe:

- its C module is called directly, without `Host`, whose timer threads steal firings and do not
  survive a fork;
- one or more rulesets a stage, each with one permanent session, and in it at most one fact, whose
  properties are short tokens that the rulebook declares: no text of an episode ever enters;
- a rule is a conjunction of tokens, each tested by equality, so that it matches once or not at all.
  What the engine is slow or wrong at (alternatives, sets of values, counts) is a token by itself,
  asserted where it holds; no ruleset has more rules, properties or conjuncts than it can take;
- a rule that always matches in each ruleset, since a session in which nothing fired is not safe;
- every return code is looked at; after any failure the engine refuses to go on (`EngineFailure`),
  and the process that holds it is to be replaced;
- from Python 3.13 on, a C function that its module misses is provided (`call_object.c`).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from operator import itemgetter
from typing import Any

import orjson
from softbalance.rules.model import Clause, Premise, Rule, Stage

#: Our extension module that defines PyEval_CallObject; setup.py has it built.
_CALL_OBJECT = f"{__package__}.call_object"


def _import_engine() -> Any:
    if sys.version_info >= (3, 13):
        _provide_call_object()
    import durable_rules_engine  # noqa: PLC0415 - it does not load before that

    return durable_rules_engine


def _provide_call_object() -> None:
    """Load our module so that the linker finds its function for modules that are loaded later."""
    flags = sys.getdlopenflags()
    sys.setdlopenflags(flags | os.RTLD_GLOBAL)
    try:
        import_module(_CALL_OBJECT)
    except ImportError as error:
        raise ImportError(
            f"durable_rules needs {_CALL_OBJECT} on this Python, and it does not load ({error}); "
            "with a C compiler at hand, install softbalance again: in its folder, "
            "pip install --editable ."
        ) from error
    finally:
        sys.setdlopenflags(flags)


durable = _import_engine()

#: A rule that matches every fact; no rule of a rulebook has capitals in its id.
_ALWAYS = "ALWAYS"
_FACT_ID = {"id": "1", "sid": "1"}
_RETRACT = orjson.dumps(_FACT_ID).decode()
_DONE = 0
#: What a ruleset is given at most. The engine fails on more than 64 rules that match one fact, 255
#: properties or 16 conjuncts, and never returns from some hundreds of rules.
RULES_A_RULESET = 48
CONJUNCTS_A_RULE = 12
#: So many combinations of values are remembered for a token; beyond, it is computed each time.
_REMEMBERED = 4096


class EngineFailure(RuntimeError):
    """The firing engine failed or disagrees with the rulebook: our error, never the caller's."""


class StageRuleset:
    """The rules of one stage as durable_rules rulesets with one permanent session each."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage.id
        self._failed = False
        numbered = list(enumerate(stage.rules))
        self._rulesets = [
            _Ruleset(f"{stage.id}-{low}" if low else stage.id, numbered[low:][:RULES_A_RULESET])
            for low in range(0, len(numbered), RULES_A_RULESET)
        ]

    def fire(self, facts: Mapping[str, str]) -> int:
        """Assert the facts, run every rule that matches, take the facts back.

        Returns the rules that fired as a bit mask, bit i for the stage's i-th rule. Not safe for
        two threads at a time. Raises EngineFailure.
        """
        if self._failed:
            raise EngineFailure(
                f"stage {self._stage}: the engine failed before; replace the process"
            )
        self._failed = True
        fired = 0
        try:
            for ruleset in self._rulesets:
                fired |= ruleset.fire(facts)
        except (durable.error, ValueError, KeyError) as error:
            raise EngineFailure(f"stage {self._stage}: durable_rules failed: {error}") from error
        self._failed = False
        return fired


class _Ruleset:
    """Rules of a stage, each with its number there, as one ruleset."""

    def __init__(self, name: str, rules: Sequence[tuple[int, Rule]]) -> None:
        self._name = name
        self._bits = {rule.id: 1 << number for number, rule in rules} | {_ALWAYS: 0}
        tokens: dict[Clause, str] = {}
        expressions = {rule.id: {"all": [{"m": _expression(rule, tokens)}]} for _, rule in rules}
        expressions[_ALWAYS] = {"all": [{"m": {"id": "1"}}]}
        alone = {p.fact for _, rule in rules for p in _list_equalities(rule)}
        self._alone = tuple(alone)
        self._tokens = [(token, _evaluator(clause)) for clause, token in tokens.items()]
        self._handle = durable.create_ruleset(name, orjson.dumps(expressions).decode())

    def fire(self, facts: Mapping[str, str]) -> int:
        """Return the rules that fire, as `StageRuleset.fire` does."""
        said = _FACT_ID.copy()
        for fact in self._alone:
            said[fact] = facts[fact]
        for token, holds in self._tokens:
            if holds(facts):
                said[token] = "1"
        code, session = durable.assert_fact(self._handle, orjson.dumps(said).decode())
        if code != _DONE:
            raise EngineFailure(
                f"stage {self._name}: durable_rules refused the facts (code {code})"
            )
        fired = matches = 0
        started = durable.start_action_for_state(self._handle, session)
        message = started[1] if started else None
        while message:
            # {"rule-id":{"m":{...}}}: the name alone is wanted, and ids hold no quotes
            fired |= self._bits[message[2 : message.index('"', 2)]]
            matches += 1
            message = durable.complete_and_start_action(self._handle, session)
        if not matches:
            raise EngineFailure(f"stage {self._name}: durable_rules ran no rule at all")
        code, _ = durable.retract_fact(self._handle, _RETRACT)
        if code != _DONE:
            raise EngineFailure(f"stage {self._name}: the facts were not taken back (code {code})")
        return fired


def _expression(rule: Rule, tokens: dict[Clause, str]) -> dict[str, object]:
    """Return a rule as the engine reads it, and name by `tokens` what it needs to be asserted."""
    atoms: list[dict[str, object]] = [
        {premise.fact: premise.values[0]} for premise in _list_equalities(rule)
    ]
    for clause in _list_others(rule):
        # facts begin with a small letter
        token = tokens.setdefault(clause, f"T{len(tokens)}")
        atoms.append({token: "1"})
    return atoms[0] if len(atoms) == 1 else {"$and": atoms}


def _list_equalities(rule: Rule) -> list[Premise]:
    """Return the premises of a rule that the engine tests by itself."""
    lone = [clause.lone for clause in rule.when]
    return [p for p in lone if p and len(p.values) == 1][: CONJUNCTS_A_RULE // 2]


def _list_others(rule: Rule) -> list[Clause]:
    """Return all other clauses of a rule; where they are many, the last of them as one."""
    equalities = _list_equalities(rule)
    others = [clause for clause in rule.when if clause.lone not in equalities]
    room = CONJUNCTS_A_RULE - len(equalities)
    if len(others) <= room:
        return others
    joined = tuple(others[room - 1 :])
    return [*others[: room - 1], Clause(joined, len(joined))]


def _evaluator(clause: Clause) -> Callable[[Mapping[str, str]], bool]:
    """Return what tells whether a clause holds of facts; what it was told once it remembers."""
    facts = list(dict.fromkeys(premise.fact for premise in clause.premises()))
    values_of = itemgetter(*facts)
    known: dict[object, bool] = {}

    def holds(seen: Mapping[str, str]) -> bool:
        values = values_of(seen)
        held = known.get(values)
        if held is None:
            held = clause.holds(seen)
            if len(known) < _REMEMBERED:
                known[values] = held
        return held

    return holds
