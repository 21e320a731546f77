"""What may go wrong with the store's database, as the rest of the service is told of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, SQLAlchemyError


class StoreAway(ConnectionError):
    """The store cannot be reached, does not answer or cannot be used; nothing was stored."""


class CommitUnknown(StoreAway):
    """The database fell silent while it committed: what was to be stored may be stored or not."""


class WrongSchema(StoreAway):
    """The store has another schema than this version of softbalance works with."""


@contextmanager
def raise_store_away(name: str) -> Iterator[None]:
    """Raise what a database or its driver raises as StoreAway; `name` is the store's."""
    try:
        yield
    except DBAPIError as error:
        reason = str(error.orig).strip()
        raise StoreAway(f"the store {name} does not answer: {reason}") from error
    except ModuleNotFoundError as error:
        remedy = "pip install 'softbalance[postgres]'"
        raise StoreAway(f"the store {name} cannot be used: {error}; {remedy}") from error
    except SQLAlchemyError as error:
        reason = str(error).partition("\n")[0]
        raise StoreAway(f"the store {name} cannot be used: {reason}") from error
