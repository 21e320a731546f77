"""Tables in, tables out, in the database at a connection URL: the data never leaves it."""

from __future__ import annotations

from functools import reduce
from typing import Any

import ibis
import ibis.expr.types as ir
from softbalance.rules.model import FORM, Codebook, Rulebook
from softbalance.rules.table.expression import verdicts
from softbalance.rules.wording import join_words
from softbalance.schemas.fields import VALUES
from softbalance.service.datasets.engines import ibis_duckdb
from softbalance.service.datasets.engines.duck_answers import LISTS, RULEBOOK, answer_names
from softbalance.service.datasets.engines.duck_sources import OWN, SAID
from softbalance.service.datasets.engines.ibis_codings import (
    gather_coders,
    gather_observations,
    observations,
    remove_blanks,
    strip_blanks,
    to_text,
    wide_codings,
)
from softbalance.service.datasets.reading.dataset import own_names, rename_columns
from softbalance.service.datasets.reading.defects import DISAGREE, UnusableDataset
from softbalance.service.datasets.reading.layouts import (
    CODER,
    HELP,
    ID,
    Header,
    SheetLayout,
    read_header,
)
from softbalance.service.datasets.reading.reading_options import refuse_file_options
from softbalance.service.datasets.reading.values import list_alike, warn_of_alike
from softbalance.service.datasets.run import ClassifyRequest, Outcome
from sqlglot import exp

ROW_NUMBER = "__row_number"
_REASONS = {
    ID: "this row has no id; what is coded in it needs its episode's",
    FORM: "this row has no form of the codebook; correct it",
    "indicator": "this row names no indicator of the codebook; correct it",
}


def classify_tables(request: ClassifyRequest) -> Outcome:
    """Classify tables of a database into a new table there; rejects go to another new table.

    Raises UnusableDataset: no such database, table or column, or a new table's name is taken.
    """
    refuse_file_options(request.reading, "a table of a database")
    try:
        connection = _connect(request.engine)
    except Exception as error:  # each backend has its own
        raise UnusableDataset(f"{_without_password(request.engine)}: {error}") from error
    try:
        return _classify(request, connection)
    except UnusableDataset:
        raise
    except Exception as error:
        raise UnusableDataset(f"the database says: {error}") from error
    finally:
        connection.disconnect()


def _connect(url: str) -> Any:
    return ibis_duckdb.connect(url) if url.startswith("duckdb://") else ibis.connect(url)


def _classify(request: ClassifyRequest, connection: Any) -> Outcome:
    tables = set(connection.list_tables())
    rejects = request.rejects or f"{request.output}_rejects"
    for name in request.inputs:
        if name not in tables:
            raise UnusableDataset(f"there is no table {name!r} in the database")
    for name in (request.output, rejects):
        if name in tables:
            raise UnusableDataset(f"the table {name!r} is there already; drop it or name another")
    inputs = [connection.table(name) for name in request.inputs]
    if len({table.columns for table in inputs}) > 1:
        raise UnusableDataset("the tables have different columns; classify them in several runs")
    header = read_header(inputs[0].columns, request.codebook, request.inputs[0])
    source = source_of(reduce(lambda a, b: a.union(b), inputs), header)
    plan = Plan(source, header, request)
    made = []
    try:
        connection.create_table(request.output, plan.answers(lists=True))
        made.append(request.output)
        rejected = _count(connection, plan.select_unsound())
        if rejected:
            connection.create_table(rejects, plan.mistakes(plan.select_unsound()))
        rows = _count(connection, connection.table(request.output))
    except BaseException:
        for name in made:
            _drop(connection, name)
        raise
    ids = plan.select_alike_ids()
    found = [] if ids is None else connection.raw_sql(connection.compile(ids)).fetchall()
    warnings = [*header.warnings, *warn_of_alike("ids", list_alike(id_ for (id_,) in found))]
    return Outcome(rows // len(request.rulebooks), rejected, warnings=warnings)


def _count(connection: Any, table: ir.Table) -> int:
    """Return how many rows a table has, without the frames that Ibis' own `execute` needs."""
    query = connection.compile(table.count())
    # DuckDB takes no other query before the last row is fetched, and the one after it
    return int(connection.raw_sql(query).fetchall()[0][0])


def _drop(connection: Any, name: str) -> None:
    """Drop a table; with this sqlglot, Ibis 12 forgets the name in its own `drop_table`."""
    quoted = exp.to_identifier(name, quoted=True).sql(connection.dialect)
    connection.raw_sql(f"DROP TABLE {quoted}")


def source_of(table: ir.Table, header: Header) -> ir.Table:
    """Return a table in the columns that `ibis_codings` describes.

    Rows are counted as they come, unless the table has a column `ROW_NUMBER` already.
    """
    said = {SAID + name: to_text(table[header.names[i]]) for name, i in header.places.items()}
    said = {SAID + ID: ibis.null("string"), **said}
    own = {f"{OWN}{n}": table[header.names[place]] for n, place in enumerate(header.own)}
    counted = ROW_NUMBER in table.columns
    row = table[ROW_NUMBER] if counted else ibis.row_number() + 1
    return table.select(file=ibis.literal(0, "int64"), row=row, **said, **own)


class Plan:
    """What is to be computed from one source, on any engine."""

    def __init__(self, source: ir.Table, header: Header, request: ClassifyRequest) -> None:
        self._header, self._request = header, request
        self._codebook: Codebook = request.codebook
        self._own = [f"{OWN}{n}" for n in range(len(header.own))]
        values = request.reading.values
        if header.layout is SheetLayout.WIDE:
            self._checked = wide_codings(source, self._codebook, values, grouped=header.grouped)
            gather = gather_coders
        else:
            self._checked = observations(source, self._codebook, values)
            gather = gather_observations
        self._episodes = self._checked
        if header.grouped:
            sound = self._checked.filter(self._checked.sound)
            self._episodes = gather(sound, self._codebook, "row", self._own)

    def answers(self, *, lists: bool) -> ir.Table:
        """Return the answer; without `lists` those are text, joined by `;`."""
        fired, rulebooks = self._request.fired, self._request.rulebooks
        names = answer_names(rulebooks, fired)
        passed = rename_columns(own_names(self._header), names)
        codings = self._episodes.filter(self._episodes.sound)
        codings = codings.select(ID, *self._own, FORM, *self._codebook.indicators)
        parts = []
        for book in rulebooks:
            verdict = verdicts(_by_codebook(codings, self._codebook, book), book, fired=fired)
            cells = {name: _cell(verdict, name, book.id, lists) for name in names}
            own = {passed[n]: verdict[c] for n, c in zip(passed, self._own, strict=True)}
            parts.append(verdict.select(**cells, **own))
        return reduce(lambda a, b: a.union(b), parts)

    def select_alike_ids(self) -> ir.Table | None:
        """Return the ids that differ from another's only in case or blanks.

        None where a row is an episode, so that no id can part one in two.
        """
        if not self._header.grouped:
            return None
        ids = self._episodes.select(ID)
        folded = ids.mutate(folded=remove_blanks(ids[ID]).lower())
        counts = folded.group_by("folded").aggregate(count=folded.count())
        alike = counts.filter(counts["count"] > 1)
        return folded.filter(folded.folded.isin(alike.folded)).order_by(ID).select(ID)

    def select_unsound(self) -> ir.Table:
        """Return the rows that cannot be classified, but for a sheet's row of help."""
        helped = self._checked[ID].fill_null("") == HELP  # a row without an id is none of help
        table = self._checked.filter(self._checked.sound | ~helped)
        if not self._header.grouped:
            return table.filter(~table.sound)
        apart = self._episodes.filter(~self._episodes.sound).select(ID)
        return table.filter(~table.sound | table[ID].isin(apart[ID]))

    def mistakes(self, unsound: ir.Table) -> ir.Table:
        """Return a row for each mistake of rows that cannot be classified.

        Columns as in a rejects file; `line` is null, since a table has none.
        """
        return _all_mistakes(unsound, self._header, self._codebook)


def _by_codebook(codings: ir.Table, codebook: Codebook, book: Rulebook) -> ir.Table:
    """Return codings as a rulebook's own codebook has them."""
    own = book.codebook
    if own is codebook:
        return codings
    others = [name for name in codebook.indicators if name not in own.indicators]
    forms = [(form, own.own_form(form)) for form in codebook.forms]
    return codings.drop(*others).mutate(**{FORM: codings[FORM].cases(*forms)})


def _all_mistakes(unsound: ir.Table, header: Header, codebook: Codebook) -> ir.Table:
    passed = {CODER} if header.grouped else {ID}
    needed = [name for name in header.places if name not in passed]
    parts = [
        _mistakes(unsound, unsound[name].isnull(), name, "unknown", _reason(name, codebook))
        for name in needed
    ]
    if header.grouped:
        why = "the rows of this id name several forms; make them agree"
        parts.append(_mistakes(unsound, unsound.sound, FORM, DISAGREE, why))
    return reduce(lambda a, b: a.union(b), parts)


def _reason(name: str, codebook: Codebook) -> str:
    if name in _REASONS:
        return _REASONS[name]
    indicator = codebook.indicators.get(name)
    values = join_words(indicator.domain if indicator else VALUES, "or")
    return f"this is no value; write {values}"


def _mistakes(
    table: ir.Table, wrong: ir.BooleanValue, name: str, code: str, message: str
) -> ir.Table:
    said = table[SAID + name]
    blank = said.isnull() | (strip_blanks(said) == "")
    chosen = table.filter(wrong)
    return chosen.select(
        line=ibis.null("int64"),
        id=chosen[SAID + ID],
        column=ibis.literal(name),
        value=chosen[SAID + name],
        code=ibis.cases((blank, "required"), else_=code),
        message=ibis.literal(message),
    )


def _cell(verdict: ir.Table, name: str, rulebook: str, lists: bool) -> ir.Value:
    if name == RULEBOOK:
        return ibis.literal(rulebook)
    if name not in verdict.columns:
        return ibis.null("array<string>" if name in LISTS and lists else "string")
    if name in LISTS and not lists:
        return verdict[name].join(";")
    return verdict[name]


def _without_password(url: str) -> str:
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"
