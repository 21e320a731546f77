"""Cells of typed columns as SQL for DuckDB: as the text of a sheet, and as JSON can hold them."""

from __future__ import annotations

from duckdb.sqltypes import DuckDBPyType
from softbalance.rules.table.sql import quote_name

_DECIMALS = ("FLOAT", "DOUBLE", "DECIMAL")
_FLOATS = ("float", "double")


def text_sql(cell: str, type_: str) -> str:
    """Return a cell as the text a sheet would have for it: no decimals on a whole number."""
    if type_.startswith(_DECIMALS):
        whole = f"TRY_CAST({cell} AS BIGINT)"
        text = f"CASE WHEN {cell} = {whole} THEN {whole}::VARCHAR ELSE {cell}::VARCHAR END"
        return f"nullif({text}, 'nan')"
    return cell if type_ == "VARCHAR" else f"{cell}::VARCHAR"


def holds_floats(type_: str) -> bool:
    """Return whether there are floating-point numbers in a column of this type."""
    return any(name in type_ for name in ("FLOAT", "DOUBLE"))


def finite_sql(cell: str, type_: DuckDBPyType) -> str:
    """Return a cell with null for each number in it that JSON has not: NaN and the infinities."""
    kind = type_.id
    if kind in _FLOATS:
        return f"CASE WHEN isfinite({cell}) THEN {cell} END"
    if not holds_floats(str(type_)):
        return cell
    if kind == "struct":
        fields = ", ".join(
            f"{quote_name(name)} := {finite_sql(f'{cell}.{quote_name(name)}', child)}"
            for name, child in type_.children
            if isinstance(child, DuckDBPyType)
        )
        return f"CASE WHEN {cell} IS NOT NULL THEN struct_pack({fields}) END"
    if kind in ("list", "array"):
        child = type_.children[0][1]
        return _each_sql(cell, child)
    if kind == "map":
        _, (_, value) = type_.children
        values = _each_sql(f"map_values({cell})", value)
        return f"CASE WHEN {cell} IS NOT NULL THEN MAP(map_keys({cell}), {values}) END"
    return cell


def _each_sql(cells: str, type_: object) -> str:
    if not isinstance(type_, DuckDBPyType):
        return cells
    name = f"x{len(cells)}"
    return f"list_transform({cells}, lambda {name}: {finite_sql(name, type_)})"
