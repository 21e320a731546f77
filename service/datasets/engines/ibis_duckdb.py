"""DuckDB 2 for Ibis 12, which still calls it by names of DuckDB 1."""

from __future__ import annotations

import warnings
from typing import Any

import duckdb
import ibis


class _Connection:
    """A DuckDB connection whose results can be fetched as Ibis 12 fetches them."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, *args: Any, **kwargs: Any) -> _Connection:
        """Execute a query; the result is fetched from what this returns."""
        self._connection.execute(*args, **kwargs)
        return self

    def cursor(self) -> _Connection:
        """Return a further connection to the same database."""
        return _Connection(self._connection.cursor())

    def fetch_arrow_table(self) -> Any:
        """Return the result as a pyarrow table."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # on a copy of the rows: Ibis only asks for schemas
            return self._connection.to_arrow_table()


def connect(url: str) -> Any:
    """Return the Ibis connection for a `duckdb://` URL."""
    path = url.removeprefix("duckdb://")
    return ibis.duckdb.from_connection(_Connection(duckdb.connect(path or ":memory:")))
