"""Settings from the environment and the command line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from softbalance.service.settings import Settings, UnusableSetting


def test_defaults() -> None:
    assert Settings.from_environment({}) == Settings()


def test_the_environment_is_read() -> None:
    environment = {
        "SOFTBALANCE_PORT": "8080",
        "SOFTBALANCE_DATABASE": "sqlite:///other.db",
        "SOFTBALANCE_RULEBOOKS": os.pathsep.join(["/a", "/b c"]),
        "PATH": "/bin",
    }
    settings = Settings.from_environment(environment)
    assert settings.port == 8080
    assert settings.database == "sqlite:///other.db"
    assert settings.rulebooks == (Path("/a"), Path("/b c"))


def test_options_win() -> None:
    settings = Settings.from_environment({"SOFTBALANCE_PORT": "8080"}, port=1, host=None)
    assert (settings.port, settings.host) == (1, "127.0.0.1")


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("SOFTBALANCE_PROT", "8080", "did you mean 'SOFTBALANCE_PORT'?"),
        ("SOFTBALANCE_PORT", "http", "SOFTBALANCE_PORT is 'http'; write a whole number"),
        ("SOFTBALANCE_PORT", "65536", "from 0 to 65535"),
        ("SOFTBALANCE_PORT", "1_0", "from 0 to 65535"),
        ("SOFTBALANCE_WORKERS", "0", "from 1 to 1000"),
        ("SOFTBALANCE_THREADS", "-1", "from 1 to 1000"),
        ("SOFTBALANCE_MAX_BODY", "0", "write a whole number from 1024"),
        ("SOFTBALANCE_HOST", "", "SOFTBALANCE_HOST is empty"),
    ],
)
def test_mistakes(name: str, value: str, told: str) -> None:
    with pytest.raises(UnusableSetting, match=told.replace("?", r"\?")):
        Settings.from_environment({name: value})
