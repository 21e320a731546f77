"""Names of states as a sentence has them, from their ISO 3166 codes."""

from __future__ import annotations

import re
from functools import lru_cache

#: Names that want an article.
_ARTICLE = re.compile(
    r"^(United|Union|Netherlands|Philippines|Bahamas|Gambia|Comoros|Maldives|Sudan)\b"
    r"|\b(Republic|Federation|Islands|Territory|Territories|Emirates)\b"
)


@lru_cache(maxsize=1024)
def state_name(code: str) -> str:
    """Return the English short name of a state, present (ISO 3166-1) or gone (3166-3).

    A code of neither is returned as it is: an organisation is known by its acronym.
    """
    import pycountry  # noqa: PLC0415 - its tables are read when they are first asked

    if not re.fullmatch("[A-Z]{3}", code):
        return code
    found = pycountry.countries.get(alpha_3=code) or pycountry.historic_countries.get(alpha_3=code)
    if found is None:
        return code
    common: str | None = getattr(found, "common_name", None)
    if common:
        return common
    name, _, before = str(found.name).partition(", ")
    return f"{before} {name}" if before else name


def with_article(name: str) -> str:
    """Return a state's name with the article that it has within a sentence."""
    return f"the {name}" if _ARTICLE.search(name) else name
