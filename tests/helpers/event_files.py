"""Rows of event data as their publishers lay them out, invented, sound and damaged."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

GDELT_NAMES = (
    "GLOBALEVENTID SQLDATE MonthYear Year FractionDate "
    + " ".join(
        f"Actor{n}{part}"
        for n in (1, 2)
        for part in (
            "Code", "Name", "CountryCode", "KnownGroupCode", "EthnicCode", "Religion1Code",
            "Religion2Code", "Type1Code", "Type2Code", "Type3Code",
        )
    )
    + " IsRootEvent EventCode EventBaseCode EventRootCode QuadClass GoldsteinScale NumMentions"
    " NumSources NumArticles AvgTone "
    + " ".join(
        f"{who}Geo_{part}"
        for who in ("Actor1", "Actor2", "Action")
        for part in (
            "Type", "FullName", "CountryCode", "ADM1Code", "ADM2Code", "Lat", "Long", "FeatureID",
        )
    )
    + " DATEADDED SOURCEURL"
).split()  # fmt: skip
ICEWS_NAMES = [
    "Event ID", "Event Date", "Source Name", "Source Sectors", "Source Country", "Event Text",
    "CAMEO Code", "Intensity", "Target Name", "Target Sectors", "Target Country", "Story ID",
    "Sentence Number", "Publisher", "City", "District", "Province", "Country", "Latitude",
    "Longitude",
]  # fmt: skip
MIDA_NAMES = [
    "dispnum", "stday", "stmon", "styear", "endday", "endmon", "endyear", "outcome", "settle",
    "fatality", "fatalpre", "maxdur", "mindur", "hiact", "hostlev", "recip", "numa", "numb",
    "ongo2014", "version",
]  # fmt: skip
MIDB_NAMES = [
    "dispnum", "stabb", "ccode", "stday", "stmon", "styear", "endday", "endmon", "endyear",
    "sidea", "revstate", "revtype1", "revtype2", "fatality", "fatalpre", "hiact", "hostlev",
    "orig", "version",
]  # fmt: skip
_IGO = "International Government Organization,Global,Global Diplomatic IGOs"


def quad_of(code: str) -> str:
    """GDELT's QuadClass of a CAMEO code."""
    root = int(code[:2]) if code[:2].isdigit() else 1
    return "1" if root <= 5 else "2" if root <= 9 else "3" if root <= 14 else "4"


def gdelt(number: int, day: str, source: str, target: str, code: str, **other: str) -> list[str]:
    """A row of GDELT 2.0; an actor is a country, or `IGO:` and a known group."""
    row = dict.fromkeys(GDELT_NAMES, "")
    row |= {"GLOBALEVENTID": str(number), "SQLDATE": day, "MonthYear": day[:6], "Year": day[:4]}
    for n, actor in ((1, source), (2, target)):
        if actor.startswith("IGO:"):
            row |= {f"Actor{n}KnownGroupCode": actor[4:], f"Actor{n}Type1Code": "IGO"}
        else:
            row[f"Actor{n}CountryCode"] = actor
    row |= {"EventCode": code, "EventBaseCode": code[:3], "EventRootCode": code[:2]}
    row |= {"QuadClass": quad_of(code), "GoldsteinScale": "0.0", "NumArticles": "1"}
    row |= {"DATEADDED": f"{day}120000", "SOURCEURL": f"https://example.org/{number}"}
    return list((row | other).values())


def gdelt1(row: Sequence[str], *, url: bool) -> list[str]:
    """A row of GDELT 2.0 as GDELT 1.0 has it, with or without its URL."""
    kept = [cell for name, cell in zip(GDELT_NAMES, row, strict=True) if "ADM2" not in name]
    return kept if url else kept[:-1]


def through_a_spreadsheet(row: Sequence[str]) -> list[str]:
    """A row of GDELT as a spreadsheet leaves it: numbers for codes, rounded dates of addition."""
    codes = {name: n for n, name in enumerate(GDELT_NAMES)}
    damaged = list(row)
    for name in ("EventCode", "EventBaseCode", "EventRootCode"):
        damaged[codes[name]] = damaged[codes[name]].removeprefix("0")
    damaged[codes["DATEADDED"]] = "2.02E+13"
    return damaged


def icews(number: int, day: str, source: str, target: str, code: str, scale: str) -> list[str]:
    """A row of ICEWS; an actor is a country, or `IGO:` and a name."""
    row = dict.fromkeys(ICEWS_NAMES, "")
    row |= {"Event ID": str(number), "Event Date": day, "CAMEO Code": code, "Intensity": scale}
    for side, actor in (("Source", source), ("Target", target)):
        organisation = actor.removeprefix("IGO:")
        if organisation != actor:
            row |= {f"{side} Name": organisation, f"{side} Sectors": _IGO, f"{side} Country": "NA"}
        else:
            row |= {f"{side} Name": f"Government ({actor})", f"{side} Country": actor}
    return list(row.values())


def plover(number: int, day: str, source: Any, target: Any, event: str, **other: Any) -> Any:
    """A record of PLOVER; actors are lists of codes."""
    actors = {
        "source": [{"actorText": code, "code": code, "sector": "GOV"} for code in source],
        "target": [{"actorText": code, "code": code, "sector": "GOV"} for code in target] or "",
    }
    return {"id": f"P-{number}", "date": day, **actors, "event": event, **other}


def participant(
    dispute: int, state: int, side: int, start: tuple[int, int, int], hostility: int
) -> list[str]:
    """A row of MIDB; the start is day, month, year."""
    row = dict.fromkeys(MIDB_NAMES, "0")
    row |= {"dispnum": str(dispute), "stabb": "XXX", "ccode": str(state), "sidea": str(side)}
    row |= dict(zip(("stday", "stmon", "styear"), map(str, start), strict=True))
    row |= {"endday": "-9", "endmon": "12", "endyear": str(start[2]), "hostlev": str(hostility)}
    return list(row.values())


def dispute(number: int, year: int, hostility: int) -> list[str]:
    """A row of MIDA."""
    row = dict.fromkeys(MIDA_NAMES, "0") | {"dispnum": str(number), "styear": str(year)}
    return list((row | {"hostlev": str(hostility)}).values())


def text(rows: Iterable[Sequence[str]], delimiter: str) -> str:
    """Rows as a text file: tabs know no quotes."""
    if delimiter == "\t":
        return "".join("\t".join(row) + "\n" for row in rows)
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return out.getvalue()


def lines(records: Iterable[Mapping[str, Any]]) -> str:
    """Records as NDJSON."""
    return "".join(json.dumps(record) + "\n" for record in records)
