"""A table of episodes through one rulebook: the rulebook as one relational expression.

Compiled from the rulebook alone, to an Ibis expression that DuckDB, Spark, PostgreSQL and others
run. What is known of an episode are the bits of a few bitsets (see `softbalance.rules.table.bits`).
Stage by stage a rule is tried by these bits, all its premises at once; one CASE a fact then gives
the number of the rule that concludes it, and later stages see its value's bit.

To import this module takes a while, since it imports Ibis.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import reduce
from itertools import chain
from operator import add, and_, or_
from typing import Any

import ibis
import ibis.expr.types as ir
from softbalance.rules.model import (
    FORM,
    SETS,
    Clause,
    Codebook,
    Indicator,
    Premise,
    Rule,
    Rulebook,
    Stage,
)
from softbalance.rules.satisfiability import may_both_hold
from softbalance.rules.table.bits import (
    BITSET_WIDTH,
    BitPositions,
    assign_coding_bits,
    assign_rulebook_bits,
    split_mask,
)
from softbalance.rules.table.columns import (
    CONTRADICTION,
    FIRED,
    HIDDEN,
    CodedColumn,
    Piece,
    RulebookColumns,
)
from softbalance.schemas.fields import CONTESTED, UNKNOWN
from softbalance.schemas.grammar import CLASSIFICATION


def verdicts(codings: ir.Table, rulebook: Rulebook, *, fired: bool = True) -> ir.Table:
    """Return the verdict on every row of `codings`.

    `codings` has a string column `form` and one an indicator that holds exactly one of its values,
    `unknown` or `contested` (see `reconcile_observations`). All other columns are kept. Added are
    the columns `classification`, `strategy`, those of each test and explanation (strings) and
    `dominant_explanations`, `notes`, `contested` and, if wanted, `fired` (arrays of strings), as
    the single-episode engine gives them. Where that engine would refuse, because the rulebook
    concludes no value of a fact or two, `classification` is null.

    Raises ValueError if a column that is kept has the name of one that is added.
    """
    layout = RulebookColumns(rulebook)
    own = own_columns(codings, layout)
    table = compute_codes(_fence(codings)(pack_bitsets(codings, rulebook.codebook)), layout)
    return table.select(
        **{name: table[name] for name in own},
        **{name: _decode_label(table, coded) for name, coded in layout.answers.items()},
        **{
            name: _decode_labels(table, pieces)
            for name, pieces in layout.lists.items()
            if fired or name != FIRED
        },
    )


def own_columns(codings: ir.Table, layout: RulebookColumns) -> list[str]:
    """Return the columns that no rulebook reads. Raises ValueError, see `verdicts`."""
    inputs = {FORM, *layout.rulebook.codebook.indicators}
    own = [name for name in codings.columns if name not in inputs]
    for name in own:
        if name in layout.answers or name in layout.lists or name.startswith(HIDDEN):
            raise ValueError(f"the column {name!r} has the name of a result; rename it")
    return own


def _decode_label(table: ir.Table, coded: CodedColumn) -> ir.Value:
    return ibis.cases(*((table[coded.column] == code, word) for code, word in coded.codes))


def _decode_labels(table: ir.Table, pieces: Iterable[Piece]) -> ir.Value:
    words = [_decode_label(table, coded) for coded in chain.from_iterable(pieces)]
    if not words:
        return ibis.literal([], type="array<string>")
    return ibis.array(words).filter(lambda word: word.notnull())


def pack_bitsets(codings: ir.Table, codebook: Codebook) -> ir.Table:
    """Return codings (see `verdicts`) as bitsets, and before them the row's other columns."""
    bits = assign_coding_bits(codebook)
    own = [name for name in codings.columns if name not in bits.facts]
    bitsets = {
        bitset: reduce(
            or_, [_bits_of(codings[f], values, bitset) for f, values in bits.facts.items()]
        )
        for bitset in bits.bitsets
    }
    return codings.select(*own, **bitsets)


def _bits_of(column: ir.Value, bits: Mapping[Any, int], bitset: str) -> ir.Value:
    """Return the bits within a bitset that go with what stands in a column."""
    within = {value: split_mask(mask).get(bitset, 0) for value, mask in bits.items()}
    cases = [(column == value, _integer(mask)) for value, mask in within.items() if mask]
    return ibis.cases(*cases, else_=_integer(0)) if cases else _integer(0)


def compute_codes(bitsets: ir.Table, layout: RulebookColumns) -> ir.Table:
    """Return the columns of a layout for every row, and before them the row's own columns.

    `bitsets` has the bitsets of codings.
    """
    fenced, bits = _fence(bitsets), assign_rulebook_bits(layout.rulebook)
    table = fenced(bitsets)
    for stage in layout.rulebook.stages:
        table = fenced(_add_conclusions(stage, table, layout, bits))
        table = fenced(table.mutate(**dict(_update_bitsets(stage, table, layout, bits))))
    table = fenced(table.mutate(**dict(_members(table, layout, bits))))
    if CLASSIFICATION in layout.answers:
        table = _void_undecided(table, layout)
    own = [name for name in bitsets.columns if name not in bits.bitsets]
    pieces = chain.from_iterable(layout.lists.values())
    wanted = (*layout.answers.values(), *chain.from_iterable(pieces))
    return table.select(*own, *dict.fromkeys(coded.column for coded in wanted))


def _fence(codings: ir.Table) -> Callable[[ir.Table], ir.Table]:
    """Return what keeps a step of the expression a step of the query.

    PostgreSQL would put each step into the next, at every mention, and run out of memory over the
    result; it does not where a step has a limit, be it without effect.
    """
    try:
        postgres = codings.get_backend().name == "postgres"
    except ibis.IbisError:
        postgres = False
    return (lambda table: table.limit(1 << BITSET_WIDTH)) if postgres else (lambda table: table)


def _void_undecided(table: ir.Table, layout: RulebookColumns) -> ir.Table:
    """Take the classification back where rules contradict each other, or conclude too little."""
    undecided = reduce(
        or_,
        [
            # an indicator that no rule revises is as it was coded
            table[coded.column] < (1 if fact in layout.rulebook.facts else 0)
            for fact, coded in layout.facts.items()
        ],
    )
    column = layout.answers[CLASSIFICATION].column
    return table.mutate(**{column: ibis.cases((undecided, 0), else_=table[column])})


def _add_conclusions(
    stage: Stage, table: ir.Table, layout: RulebookColumns, bits: BitPositions
) -> ir.Table:
    """Add a column for each fact of one value that a stage concludes, and each lone rule."""
    holds = {rule.id: _holds(rule, table, bits) for rule in stage.rules}
    columns = {
        flag.column: _code([(holds[rule.id], flag.unit)])
        for rule, flag in layout.list_lone_rules(stage)
    }
    for fact in stage.concludes:
        if fact not in SETS:
            rules = [rule for rule in stage.rules if rule.fact == fact]
            columns[layout.facts[fact].column] = _conclusion(layout.facts[fact], rules, holds)
    return table.mutate(**columns)


def _holds(rule: Rule, table: ir.Table, bits: BitPositions) -> ir.Value:
    """Return whether all premises hold: no bit is set that speaks against an input, and one for."""
    against, tests = 0, []
    for clause in rule.when:
        if clause.lone and clause.lone.fact in bits.inputs:
            against |= bits.mask_other_values(clause.lone.fact, clause.lone.values)
        else:
            tests.append(_has_enough(clause, table, bits))
    if against:
        tests += [
            table[bitset] & _integer(m) == _integer(0) for bitset, m in split_mask(against).items()
        ]
    return reduce(and_, tests) if tests else ibis.literal(True)


def _has_enough(clause: Clause, table: ir.Table, bits: BitPositions) -> ir.Value:
    """Return whether enough members of a clause hold."""
    own = [member for member in clause.members if isinstance(member, Premise)]
    inner = [_has_enough(m, table, bits) for m in clause.members if isinstance(m, Clause)]
    if clause.least == 1 and own:
        inner.append(_any_set(table, reduce(or_, (_mask(premise, bits) for premise in own))))
    else:
        inner += [_any_set(table, _mask(premise, bits)) for premise in own]
    if clause.least == 1:
        return reduce(or_, inner)
    if clause.least == len(inner):
        return reduce(and_, inner)
    return reduce(add, (held.cast("int8") for held in inner)) >= clause.least


def _mask(premise: Premise, bits: BitPositions) -> int:
    return bits.mask_values(premise.fact, premise.values)


def _any_set(table: ir.Table, mask: int) -> ir.Value:
    """Return whether any bit of a mask is set; a bitset that is not there yet has none."""
    known = [
        (table[bitset], part)
        for bitset, part in split_mask(mask).items()
        if bitset in table.columns
    ]
    tests = [bitset & _integer(part) != _integer(0) for bitset, part in known]
    return reduce(or_, tests) if tests else ibis.literal(False)


def _update_bitsets(
    stage: Stage, table: ir.Table, layout: RulebookColumns, bits: BitPositions
) -> Iterator[tuple[str, ir.Value]]:
    """Yield the bitsets that change by what a stage has concluded."""
    for bitset in bits.bitsets:
        known = [table[bitset]] if bitset in table.columns else []
        for fact in stage.concludes:
            if every := split_mask(sum(bits.facts.get(fact, {}).values())).get(bitset):
                coded, values = layout.facts[fact], bits.facts[fact]
                number = table[coded.column]
                if fact in bits.inputs:  # an indicator, which keeps its coding otherwise
                    old = reduce(or_, known)
                    known = [ibis.cases((number > 0, old & _integer(~every)), else_=old)]
                known.append(_bits_of(number, {c: values[v] for c, v in coded.codes}, bitset))
        if known:
            yield bitset, reduce(or_, known)


def _integer(number: int) -> ir.Value:
    return ibis.literal(number, type="int64")


def _conclusion(coded: CodedColumn, rules: list[Rule], holds: Mapping[str, ir.Value]) -> ir.Value:
    """Return the code of the first rule that holds and that no other contradicts."""
    cases, contested = [], []
    for rule, (code, value) in zip(rules, coded.codes, strict=True):
        against = [
            ~holds[other.id]
            for other in rules
            if other.value != value and may_both_hold(rule, other)
        ]
        cases.append((reduce(and_, against, holds[rule.id]), code))
        contested += [(holds[rule.id], CONTRADICTION)] if against else []
    return _code(cases + contested)


def _code(cases: Iterable[tuple[ir.Value, int]]) -> ir.Value:
    """Return a small number: that of the first condition that is true, or 0."""
    numbered = [(condition, ibis.literal(code, type="int16")) for condition, code in cases]
    none = ibis.literal(0, type="int16")
    return ibis.cases(*numbered, else_=none) if numbered else none


def _members(
    table: ir.Table, layout: RulebookColumns, bits: BitPositions
) -> Iterator[tuple[str, ir.Value]]:
    """Yield a column for each member of the lists but that of the rules that fired."""
    alone = [pair for stage in layout.rulebook.stages for pair in layout.list_lone_rules(stage)]
    for name in SETS:
        for member in chain.from_iterable(layout.lists[name]):
            flags = [
                table[flag.column] != 0
                for rule, flag in alone
                if rule.fact == name and rule.value in member.labels
            ]
            yield member.column, _code((flag, member.unit) for flag in flags)
    for member in chain.from_iterable(layout.lists[CONTESTED]):
        (indicator,) = member.labels
        contested = _any_set(table, bits.mask_values(indicator, [CONTESTED]))
        yield member.column, _code([(contested, member.unit)])


def reconcile_observations(observations: ir.Table, codebook: Codebook, key: str) -> ir.Table:
    """Return one row a `key`, with a column an indicator, from one row an observation.

    `observations` has the string columns `key`, `indicator` and `value`, the latter a value of the
    indicator, unknown or contested. The value of an indicator is as `reconcile` gives it. Rows
    whose indicator or value is null or unheard of say nothing, but their key has a row.
    """
    bitsets = {
        bitset: bit_or(
            reduce(
                add,
                (
                    _encode(observations["value"], codes) * _encode(observations["indicator"], at)
                    for codes, at in _share_codes(codebook, places)
                ),
            )
        )
        for bitset, places in _places_of_said(codebook).items()
    }
    return _decode_all_said(observations.group_by(key).aggregate(**bitsets), codebook, key)


def reconcile_coders(rows: ir.Table, codebook: Codebook, key: str) -> ir.Table:
    """Return the same from rows that have a column an indicator, each what one coder says."""
    bitsets = {
        bitset: bit_or(
            reduce(
                add,
                (
                    _encode_at(rows[name], codebook.indicators[name], at)
                    for name, at in places.items()
                ),
            )
        )
        for bitset, places in _places_of_said(codebook).items()
    }
    return _decode_all_said(rows.group_by(key).aggregate(**bitsets), codebook, key)


def _codes_of_said(indicator: Indicator) -> dict[str, int]:
    """Return a bit for each value, so that their union is what several say, all for contested."""
    values = indicator.values
    return {**{v: 1 << i for i, v in enumerate(values)}, CONTESTED: (1 << len(values)) - 1}


def _share_codes(
    codebook: Codebook, places: Mapping[str, int]
) -> Iterator[tuple[dict[str, int], dict[str, int]]]:
    """Yield the codes of each scale, and the places of the indicators that have it."""
    scales: dict[tuple[str, ...], dict[str, int]] = {}
    for name, place in places.items():
        scales.setdefault(codebook.indicators[name].values, {})[name] = place
    for shared in scales.values():
        yield _codes_of_said(codebook.indicators[next(iter(shared))]), shared


def _places_of_said(codebook: Codebook) -> dict[str, dict[str, int]]:
    """Return for each bitset where in it stands what is said of which indicator."""
    bitsets: list[dict[str, int]] = []
    used = BITSET_WIDTH
    for name, indicator in codebook.indicators.items():
        if used + len(indicator.values) > BITSET_WIDTH:
            bitsets.append({})
            used = 0
        bitsets[-1][name] = 1 << used
        used += len(indicator.values)
    return {f"{HIDDEN}word_{n}": places for n, places in enumerate(bitsets)}


def _decode_all_said(table: ir.Table, codebook: Codebook, key: str) -> ir.Table:
    values = {
        name: _decode_said(table[bitset], codebook.indicators[name], place)
        for bitset, places in _places_of_said(codebook).items()
        for name, place in places.items()
    }
    return table.select(key, **values)


@ibis.udf.agg.builtin  # type: ignore[untyped-decorator]
def bit_or(numbers: int) -> int:  # type: ignore[empty-body]
    """Return the bits that any of the numbers has; Ibis' own is missing on Spark."""


def _encode_at(column: ir.Value, indicator: Indicator, place: int) -> ir.Value:
    codes = _codes_of_said(indicator)
    return _encode(column, {value: bits * place for value, bits in codes.items()})


def _encode(column: ir.Value, codes: Mapping[str, int]) -> ir.Value:
    cases = [(column == value, _integer(code)) for value, code in codes.items()]
    return ibis.cases(*cases, else_=_integer(0))


def _decode_said(bitset: ir.Value, indicator: Indicator, place: int) -> ir.Value:
    codes = _codes_of_said(indicator)
    said = bitset & _integer(codes[CONTESTED] * place)
    cases = [(said == _integer(codes[value] * place), value) for value in indicator.values]
    return ibis.cases((said == _integer(0), UNKNOWN), *cases, else_=CONTESTED)
