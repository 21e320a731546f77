"""Settings from the environment and the command line."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest
from softbalance.service.commands.serve import command
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


def test_each_setting_is_an_option_and_each_option_a_setting(
    run: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    options = {parameter.name: parameter.opts for parameter in command.params}
    assert options.pop("check") == ["--check"]
    assert options == {
        field.name: [f"--{field.name.replace('_', '-')}"] for field in fields(Settings)
    }
    told = " ".join(run("serve", "--help").stdout.split())
    for field in fields(Settings):
        if field.default != ():
            about = str(field.metadata["about"])
            assert f"{about[0].upper()}{about[1:]}. [default: {field.default}]" in told


def test_a_value_may_stand_in_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "database"
    secret.write_text("postgresql+psycopg://user:secret@host/name\n", "utf-8")
    settings = Settings.from_environment({"SOFTBALANCE_DATABASE_FILE": str(secret)})
    assert settings.database == "postgresql+psycopg://user:secret@host/name"


def test_a_file_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    missing = {"SOFTBALANCE_DATABASE_FILE": str(tmp_path / "none")}
    with pytest.raises(UnusableSetting, match="none', which cannot be read: No such file"):
        Settings.from_environment(missing)
    (tmp_path / "port").write_bytes(b"\xff")
    with pytest.raises(UnusableSetting, match=r"SOFTBALANCE_PORT_FILE is .* cannot be read"):
        Settings.from_environment({"SOFTBALANCE_PORT_FILE": str(tmp_path / "port")})
    both = missing | {"SOFTBALANCE_DATABASE": "sqlite:///store.db"}
    with pytest.raises(UnusableSetting, match=r"both SOFTBALANCE_DATABASE and .* are set"):
        Settings.from_environment(both)
    with pytest.raises(UnusableSetting, match="unknown setting 'SOFTBALANCE_DATABSE_FILE'"):
        Settings.from_environment({"SOFTBALANCE_DATABSE_FILE": "x"})
