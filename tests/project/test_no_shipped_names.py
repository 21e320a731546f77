"""No name of a shipped rulebook or of the shipped codebook is known to anything but their YAML."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from softbalance.rules.language.loader import (
    DEFAULT_RULEBOOK,
    Library,
    load_library,
    load_sound_library,
)
from softbalance.rules.model import Codebook, Rulebook
from softbalance.schemas.fields import VALUES
from softbalance.schemas.grammar import ANSWERS
from softbalance.service.app import create_app
from softbalance.service.cli import softbalance
from softbalance.service.settings import Settings

from elsewhere import BOOK, EPISODE, PLAIN, written
from places import ROOT

#: Names that are also words of every rulebook's answer, or plain words of the pages.
PLAIN_WORDS = {
    *ANSWERS,
    *VALUES,
    "form",
    "strategy",
    "dominant explanations",
    "dominant explanation",
}
PLAIN_WORDS |= {"other", "scope", "context", "mixed", "indirect"}
#: Where the names of the shipped rulebooks may stand.
SOURCES = [
    path
    for folder in ("rules", "schemas", "service")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in {".py", ".html", ".js", ".css", ".svg"} and "vendor" not in path.parts
]
Ask = Callable[..., str]


def _named(library: Library) -> Iterator[str]:
    """Every id, label and title of what is shipped, its strategies, listed values and authors."""
    codebook = library.codebook
    documents: list[Codebook | Rulebook] = [codebook, *library.rulebooks.values()]
    for document in documents:
        yield from (document.id, document.title, document.title.partition(":")[0])
        for source, citation in document.sources.items():
            yield from (source, citation.partition(",")[0])
    for group in codebook.groups:
        yield from (group.id, group.title)
    yield from codebook.indicators
    for form in codebook.forms.values():
        yield from (form.id, form.label, form.strategy)
    for verdict in codebook.classes.values():
        yield from (verdict.id, verdict.label)
    for book in library.rulebooks.values():
        yield from (rule.id for rule in book.rules)
        yield from (stage.title for stage in book.stages)
        for fact in book.facts.values():
            yield from (fact.id, fact.title, *(fact.values if fact.kind == "answer" else ()))


def _pattern(name: str) -> str:
    """A surname alone is a word too, in small letters."""
    return re.escape(name) if name.istitle() and " " not in name else f"(?i:{re.escape(name)})"


def _forbidden() -> re.Pattern[str]:
    names = set(_named(load_library()))
    names |= {name.replace("_", " ") for name in names}
    told = sorted(map(_pattern, {n for n in names if n.lower() not in PLAIN_WORDS}), key=len)
    return re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(reversed(told))})(?![A-Za-z0-9])")


FORBIDDEN = _forbidden()


def _found(text: str) -> list[str]:
    return FORBIDDEN.findall(unescape(text))


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    """Let the service and the commands load a library of another field in place of the shipped."""
    shipped = written(tmp_path / "elsewhere")
    load = partial(load_library, shipped=shipped)
    load_sound = partial(load_sound_library, shipped=shipped)
    for place in ("context", "commands.rulebook"):
        monkeypatch.setattr(f"softbalance.service.{place}.load_library", load)
    for place in ("context", "commands.options", "commands.rulebook"):
        monkeypatch.setattr(f"softbalance.service.{place}.load_sound_library", load_sound)
    return load()


@pytest.fixture
def service(elsewhere: Library, tmp_path: Path) -> Iterator[FlaskClient]:
    app = create_app(Settings(database=f"sqlite:///{tmp_path}/store.db"))
    yield app.test_client()
    app.extensions["softbalance"].store.close()


@pytest.fixture
def ask(service: FlaskClient) -> Ask:
    """Ask the service for what it shows, which must be there."""

    def get(path: str, method: str = "GET", status: int = 200, **request: Any) -> str:
        got = service.open(path, method=method, **request)
        assert got.status_code == status, (path, got.get_data(as_text=True))
        return got.get_data(as_text=True)

    return get


@pytest.fixture
def records(ask: Ask) -> list[str]:
    """Store a classification of each class, by both rulebooks, and return their ids."""
    made = []
    for book in (BOOK, PLAIN):
        for value in ("yes", "no", "contested"):
            said = {"indicator": "lamp_lit", "value": value}
            episode = {**EPISODE, "id": f"night-{value}", "observations": [said]}
            path = f"/v1/classifications?rulebook={book}"
            made.append(json.loads(ask(path, "POST", 201, json=episode))["id"])
    made.append(json.loads(ask("/v1/classifications", "POST", 201, json=EPISODE))["id"])
    return made


def test_the_sources_name_no_shipped_rulebook() -> None:
    found = {
        path.relative_to(ROOT): names
        for path in SOURCES
        if (names := _found(path.read_text("utf-8")))
    }
    assert found == {Path("rules/language/loader.py"): [DEFAULT_RULEBOOK]}


def test_no_page_names_a_shipped_rulebook(ask: Ask, records: list[str]) -> None:
    pages = ["/", "/?text=night", "/?classification=out_of_sight", "/rulebooks", "/code", "/batch"]
    pages += [f"/classifications/{record}" for record in records]
    pages += [
        f"/rulebooks/{book}{more}" for book in (BOOK, PLAIN) for more in ("", "/verification")
    ]
    pages += ["/rulebooks/diff", f"/rulebooks/diff?before={BOOK}&after={PLAIN}"]
    pages += ["/classifications.csv", "/classifications.ndjson"]
    for page in pages:
        assert not _found(ask(page)), page
    assert not _found(ask("/rulebooks/none", status=404, headers={"Accept": "text/html"}))
    shown = ask(f"/classifications/{records[-1]}")
    for name in ("Harbour watch", "Keeper, Ann. 1901", "Beam trials", "Natural causes", "lamp oil"):
        assert name in shown
    assert "is safe passage: the beam trials is passed on the of the beam;" in shown
    assert "whether weather had a part is open" in shown
    assert "is aground, and no light would have helped." in ask(f"/classifications/{records[1]}")
    assert "the beam trials is open on the of the beam" in ask(f"/classifications/{records[2]}")
    assert "This rulebook has none." in ask(f"/classifications/{records[3]}")


def test_the_desk_names_no_shipped_rulebook(ask: Ask, elsewhere: Library) -> None:
    for book in (f"?rulebook={PLAIN}", f"?rulebook={BOOK}", ""):
        told = json.loads(ask(f"/code/verdict{book}", "POST", json=EPISODE))
        assert told["said"] == "Safe passage"
        assert not _found(told["html"])
    assert elsewhere.default == BOOK
    assert "Beam trials" in told["html"]


@pytest.mark.parametrize("ending", ["json", "txt", "dot", "svg"])
def test_no_download_names_a_shipped_rulebook(ask: Ask, records: list[str], ending: str) -> None:
    for record in records:
        assert not _found(ask(f"/classifications/{record}/download.{ending}"))


def test_the_api_names_no_shipped_rulebook(ask: Ask, records: list[str]) -> None:
    for path in (
        "/openapi.json",
        "/docs",
        "/v1/codebook",
        "/v1/rulebooks",
        f"/v1/rulebooks/{BOOK}",
    ):
        assert not _found(ask(path)), path
    assert not _found(ask("/v1/comparisons", "POST", json=EPISODE))
    headers = {"Content-Type": "text/csv"}
    batch = ask(
        "/v1/batches?detail=full", "POST", data="form,lamp_lit\ntall_tower,no\n", headers=headers
    )
    assert json.loads(batch)["rulebook"]["id"] == BOOK
    assert not _found(batch)
    for wanted in ("text/plain", "text/vnd.graphviz"):
        trace = ask(f"/v1/classifications/{records[0]}/trace", headers={"Accept": wanted})
        assert not _found(trace)


@pytest.mark.usefixtures("elsewhere")
def test_no_text_or_table_names_a_shipped_rulebook(tmp_path: Path) -> None:
    episode, sheet = tmp_path / "episode.json", tmp_path / "sheet.csv"
    episode.write_text(json.dumps(EPISODE), "utf-8")
    sheet.write_text("id,form,lamp_lit,fog_bank\na,tall_tower,yes,no\nb,light_ship,,yes\n", "utf-8")
    both = ("--rulebook", BOOK, "--rulebook", PLAIN)

    def told(*arguments: object) -> str:
        done = CliRunner().invoke(softbalance, list(map(str, arguments)), catch_exceptions=False)
        assert done.exit_code in {0, 1}, done.output
        assert not _found(done.output), arguments
        return done.stdout

    assert told("explain", episode, *both[:2])
    assert told("explain", episode, *both)
    for form in ("md", "csv", "json", "qdc"):
        assert told("codebook", "--format", form)
    assert told("rulebook", "show", BOOK)
    assert told("rulebook", "diff", BOOK, PLAIN)
    assert told("rulebook", "verify", BOOK)
    fixed = ["dominant_explanations", "notes", "contested", "fired"]
    for books, own in (
        (both[:2], ["beam", "weather"]),
        (both[2:], []),
        (both, ["beam", "weather"]),
    ):
        header, *rows = told("classify", sheet, "-o", "-", *books).splitlines()
        first = ["id", "rulebook", "classification", "strategy"]
        assert header.split(",") == [*first, *own, *fixed]
    assert f"a,{PLAIN},safe_passage,by_height,,,,,,strategy-tall-tower;lit" in rows
    table = told("export", "qca", sheet, "-o", "-", *both[:2]).splitlines()
    assert table[0] == "id,lamp_lit,keeper_awake,fog_bank,safe_passage,ran_aground"
    assert table[1:] == ["a,1,,0,1,0", "b,,,1,,"]
    told("export", "package", sheet, "-o", tmp_path / "package", *both)
    for file in (tmp_path / "package").iterdir():
        assert not _found(file.read_text("utf-8")), file.name
