"""Forward chaining on durable_rules, contained.

durable_rules 2.0.28 is quick at matching and has sharp edges; this module is the only one that
touches it, and keeps to the part that is safe:

- its C module is called directly, without `Host`, whose timer threads steal firings and do not
  survive a fork;
- a ruleset a stage, with one permanent session, and in it at most one fact, whose properties are
  short tokens that the rulebook declares: no text of an episode ever enters;
- a rule that always matches in each ruleset, since a session in which nothing fired is not safe;
- every return code is looked at; after any failure the engine refuses to go on (`EngineFailure`),
  and the process that holds it is to be replaced;
- from Python 3.13 on, a C function that its module misses is provided (`call_object.c`).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import orjson
from softbalance.rules.model import Clause, Rule, Stage

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


class EngineFailure(RuntimeError):
    """The firing engine failed or disagrees with the rulebook: our error, never the caller's."""


class StageRuleset:
    """The rules of one stage as a durable_rules ruleset with one permanent session."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage.id
        self._bits = {rule.id: 1 << i for i, rule in enumerate(stage.rules)} | {_ALWAYS: 0}
        rules = {rule.id: {"all": [{"m": _expression(rule)}]} for rule in stage.rules}
        rules[_ALWAYS] = {"all": [{"m": {"id": "1"}}]}
        self._handle = durable.create_ruleset(stage.id, orjson.dumps(rules).decode())
        self._failed = False

    def fire(self, facts: Mapping[str, str]) -> int:
        """Assert the facts, run every rule that matches, take the facts back.

        Returns the rules that fired as a bit mask, bit i for the stage's i-th rule. A rule with
        `any` may match in several ways; it has fired all the same. Not safe for two threads at a
        time. Raises EngineFailure.
        """
        if self._failed:
            raise EngineFailure(
                f"stage {self._stage}: the engine failed before; replace the process"
            )
        self._failed = True
        try:
            fired = self._fire(orjson.dumps({**_FACT_ID, **facts}).decode())
        except (durable.error, ValueError, KeyError) as error:
            raise EngineFailure(f"stage {self._stage}: durable_rules failed: {error}") from error
        self._failed = False
        return fired

    def _fire(self, fact: str) -> int:
        code, session = durable.assert_fact(self._handle, fact)
        if code != _DONE:
            raise EngineFailure(
                f"stage {self._stage}: durable_rules refused the facts (code {code})"
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
            raise EngineFailure(f"stage {self._stage}: durable_rules ran no rule at all")
        code, _ = durable.retract_fact(self._handle, _RETRACT)
        if code != _DONE:
            raise EngineFailure(f"stage {self._stage}: the facts were not taken back (code {code})")
        return fired


def _expression(rule: Rule) -> dict[str, object]:
    clauses = [_clause(clause) for clause in rule.when]
    return clauses[0] if len(clauses) == 1 else {"$and": clauses}


def _clause(clause: Clause) -> dict[str, object]:
    atoms: list[dict[str, object]] = [
        {premise.fact: value} for premise in clause for value in premise.values
    ]
    return atoms[0] if len(atoms) == 1 else {"$or": atoms}
