"""A table of episodes through one rulebook: the rulebook as one relational expression.

Compiled from the rulebook alone, to an Ibis expression that DuckDB, Spark, PostgreSQL and others
run. Stage by stage it does what `softbalance.rules.matching` does with one episode: the premises
that hold are the bits of a word, put together from one CASE a fact; a rule holds if its bits are
in it. One more CASE a fact then tells the number of the rule that concludes it.

To import this module takes a while, since it imports Ibis.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from operator import and_, or_

import ibis
import ibis.expr.types as ir
from softbalance.rules.matching import StageMatcher
from softbalance.rules.model import FORM, SETS, Codebook, Rule, Rulebook, Stage
from softbalance.rules.tabular import HIDDEN, Coded, Layout, may_both_hold
from softbalance.schemas.fields import CONTESTED, UNKNOWN

#: As many bits of a word leave the sign of a 64-bit integer alone.
WORD_BITS = 62
#: What an observation says in two bits, yes and no, so that their union is what several say.
SAID = {"yes": 1, "no": 2, CONTESTED: 3}


def verdicts(codings: ir.Table, rulebook: Rulebook, *, fired: bool = True) -> ir.Table:
    """Return the verdict on every row of `codings`, in the order of its rows or any other.

    `codings` has a string column `form` and one an indicator that holds exactly `yes`, `no`,
    `unknown` or `contested` (see `reconciled`). All other columns are kept. Added are the columns
    `classification`, `strategy`, those of each test and explanation (strings) and
    `dominant_explanations`, `notes`, `contested` and, if wanted, `fired` (arrays of strings), as
    the single-episode engine gives them (codebook, "Rulebook"). `classification` is null only
    where the rulebook concludes none, or two.

    Raises ValueError if a column that is kept has the name of one that is added.
    """
    layout = Layout(rulebook, fired)
    own = own_columns(codings, layout)
    table = coded(codings, layout)
    return table.select(
        **{name: table[name] for name in own},
        **{name: _word(table, column) for name, column in layout.answers.items()},
        **{name: _words(table, columns) for name, columns in layout.lists.items()},
    )


def own_columns(codings: ir.Table, layout: Layout) -> list[str]:
    """Return the columns that no rulebook reads. Raises ValueError, see `verdicts`."""
    inputs = {FORM, *layout.rulebook.codebook.indicators}
    own = [name for name in codings.columns if name not in inputs]
    for name in own:
        if name in layout.answers or name in layout.lists or name.startswith(HIDDEN):
            raise ValueError(f"the column {name!r} has the name of a result; rename it")
    return own


def _word(table: ir.Table, coded: Coded) -> ir.Value:
    column = table[coded.column]
    return ibis.cases(*((column == n, word) for n, word in enumerate(coded.words, 1)))


def _words(table: ir.Table, columns: Iterable[Coded]) -> ir.Value:
    words = [_word(table, column) for column in columns]
    if not words:
        return ibis.array([], type="array<string>")
    return ibis.array(words).filter(lambda word: word.notnull())


def coded(codings: ir.Table, layout: Layout) -> ir.Table:
    """Return the columns of a layout for every row, as whole numbers, and the row's own columns."""
    own = own_columns(codings, layout)
    table, settled = codings, set[str]()
    for stage in layout.rulebook.stages:
        table = _after(stage, table, layout, settled)
        settled |= {*stage.concludes}
    wanted = [*layout.answers.values(), *(c for cs in layout.lists.values() for c in cs)]
    table = table.mutate(**dict(_members(table, layout, settled)))
    return table.select(*own, *dict.fromkeys(column for column, _ in wanted))


def _after(stage: Stage, table: ir.Table, layout: Layout, settled: set[str]) -> ir.Table:
    """Add a column for each fact of one value and each lone rule of a stage."""
    matcher = StageMatcher(stage, {fact: layout.rulebook.domain(fact) for fact in stage.reads})
    size = max(mask.bit_length() for masks in matcher.masks.values() for mask in masks.values())
    words = {
        f"{HIDDEN}word_{stage.id}_{low}": _premises(table, layout, settled, matcher, low)
        for low in range(0, size, WORD_BITS)
    }
    table = table.mutate(**words)
    holds = {
        rule.id: _holds([table[word] for word in words], *needs)
        for rule, needs in zip(stage.rules, matcher.needs, strict=True)
    }
    columns = {layout.flags[rule.id]: _flag(holds[rule.id]) for rule in layout.alone(stage)}
    for fact in stage.concludes:
        if fact not in SETS:
            columns[layout.number(fact)] = _number(layout.rules_of(fact), holds)
    return table.mutate(**columns)


def _premises(
    table: ir.Table, layout: Layout, settled: set[str], matcher: StageMatcher, low: int
) -> ir.Value:
    """Return the word of the stage's premises that hold, from bit `low` on."""
    bits = (1 << WORD_BITS) - 1
    parts = []
    for fact, masks in matcher.masks.items():
        part = {value: mask >> low & bits for value, mask in masks.items()}
        if any(part.values()):
            parts.append(
                ibis.cases(
                    *(
                        (table[column] == code, _integer(part[value]))
                        for column, code, value in layout.readings(fact, fact in settled)
                    )
                )
            )
    return reduce(or_, parts)


def _integer(number: int) -> ir.Value:
    return ibis.literal(number, type="int64")


def _holds(words: list[ir.Value], singles: int, choices: tuple[int, ...]) -> ir.Value:
    """Return whether all bits of `singles` are set, and of each choice any."""
    return reduce(
        and_,
        [
            *(word & bits == bits for word, bits in _split(words, singles)),
            *(
                reduce(or_, [word & bits != _integer(0) for word, bits in _split(words, choice)])
                for choice in choices
            ),
        ],
    )


def _split(words: list[ir.Value], mask: int) -> Iterator[tuple[ir.Value, ir.Value]]:
    for word in words:
        bits = mask & (1 << WORD_BITS) - 1
        mask >>= WORD_BITS
        if bits:
            yield word, _integer(bits)


def _flag(condition: ir.Value) -> ir.Value:
    return ibis.cases((condition, 1), else_=0)


def _number(rules: list[Rule], holds: dict[str, ir.Value]) -> ir.Value:
    """Return the number of the first rule that holds, 0 if none does or two disagree."""
    cases = []
    for n, rule in enumerate(rules, 1):
        against = [
            ~holds[other.id]
            for other in rules
            if other.value != rule.value and may_both_hold(rule, other)
        ]
        cases.append((reduce(and_, [holds[rule.id], *against]), n))
    return ibis.cases(*cases, else_=0)


def _members(table: ir.Table, layout: Layout, settled: set[str]) -> Iterator[tuple[str, ir.Value]]:
    """Yield a column for each member of the lists but that of the rules that fired."""
    for name in SETS:
        for column, (value,) in layout.lists[name]:
            flags = [layout.flags[r.id] for r in layout.rules_of(name) if r.value == value]
            if flags:
                yield column, _flag(reduce(or_, [table[flag] == 1 for flag in flags]))
            else:
                yield column, ibis.literal(0)
    for column, (indicator,) in layout.lists[CONTESTED]:
        readings = layout.readings(indicator, indicator in settled)
        yield (
            column,
            ibis.cases(
                *((table[c] == code, int(value == CONTESTED)) for c, code, value in readings)
            ),
        )


def reconciled(observations: ir.Table, codebook: Codebook, key: str) -> ir.Table:
    """Return one row a `key`, with a column an indicator, from one row an observation.

    `observations` has the string columns `key`, `indicator` and `value`, the latter one of `yes`,
    `no`, `unknown`, `contested`. The value of an indicator is as step 0 of the codebook says. Rows
    whose indicator or value is null or unheard of say nothing, but their key has a row.
    """
    indicators, each = list(codebook.indicators), WORD_BITS // 2
    said = _matching(observations["value"], SAID)
    words, values = {}, {}
    for low in range(0, len(indicators), each):
        word = f"{HIDDEN}word_{low}"
        places = {name: 4**place for place, name in enumerate(indicators[low : low + each])}
        words[word] = (said * _matching(observations["indicator"], places)).bit_or()
        values |= {name: (word, place) for name, place in places.items()}
    table = observations.group_by(key).aggregate(**words)
    return table.select(
        key, **{name: _said(table[word], place) for name, (word, place) in values.items()}
    )


def _matching(column: ir.Value, codes: Mapping[str, int]) -> ir.Value:
    cases = [(column == value, _integer(code)) for value, code in codes.items()]
    return ibis.cases(*cases, else_=_integer(0))


def _said(word: ir.Value, place: int) -> ir.Value:
    said = word & _integer(3 * place)
    cases = [(said == _integer(bits * place), value) for value, bits in SAID.items()]
    return ibis.cases(*cases, else_=UNKNOWN)
