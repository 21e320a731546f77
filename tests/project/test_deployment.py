"""What is shipped to run the service in containers; no Docker is at hand, all else is real."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from dockerfile_parse import DockerfileParser
from softbalance.service.datasets.engines.java import provide_java
from softbalance.service.http.workers import LAST_RESORT
from softbalance.service.settings import Settings
from sqlalchemy import make_url

from places import ROOT

BIN = Path(sys.executable).parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def _steps() -> list[dict[str, Any]]:
    with (ROOT / "Dockerfile").open(encoding="utf-8") as file:
        return [{**step} for step in DockerfileParser(fileobj=file).structure]


def _stages() -> dict[str, list[tuple[str, str]]]:
    stages: dict[str, list[tuple[str, str]]] = {}
    for step in _steps():
        if step["instruction"] == "FROM":
            source, _, name = step["value"].split()
            stages[name] = [*stages.get(source, ())]
        elif stages:
            stages[name].append((step["instruction"], step["value"]))
    return stages


def _value(stage: str, instruction: str) -> str:
    return [value for name, value in _stages()[stage] if name == instruction][-1]


@pytest.mark.parametrize(
    "command",
    [
        ["check-jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"],
        ["hadolint", "Dockerfile"],
    ],
)
def test_the_files_are_what_their_formats_ask_for(command: list[str]) -> None:
    tool, *arguments = command
    done = subprocess.run(
        [BIN / tool, *arguments], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_images_run_as_a_user_without_rights_and_hold_no_compiler() -> None:
    stages = _stages()
    assert list(stages)[-1] == "service"
    for name in ("service", "spark"):
        assert _value(name, "USER") == "10001:10001"
        assert "gcc" not in " ".join(value for _, value in stages[name])
    assert "gcc" in " ".join(value for _, value in stages["build"])


def test_containers_are_hardened_and_have_no_secret_in_the_file() -> None:
    for service in SERVICES.values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service.get("user", "10001") != "0"
        for name, value in service.get("environment", {}).items():
            secret = {"PASSWORD", "DATABASE", "SECRET"} & {*name.split("_")}
            assert not secret or value.startswith("/run/secrets/")
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
    assert all(secret["file"].startswith("./secrets/") for secret in COMPOSE["secrets"].values())
    assert "/secrets/" in (ROOT / ".gitignore").read_text("utf-8").splitlines()
    assert COMPOSE["networks"]["store"] == {"internal": True}


def test_what_starts_together_waits_for_what_it_needs() -> None:
    assert SERVICES["service"]["depends_on"]["schema"] == {
        "condition": "service_completed_successfully"
    }
    for service in SERVICES.values():
        for other, how in service.get("depends_on", {}).items():
            checked = "healthcheck" in SERVICES[other]
            assert checked == (how["condition"] == "service_healthy")
    default = {name for name, service in SERVICES.items() if "profiles" not in service}
    assert default == {"database", "schema", "service"}
    for name in default:
        assert {*SERVICES[name].get("depends_on", ())} <= default
    grace = int(SERVICES["service"]["stop_grace_period"].removesuffix("s"))
    assert grace > Settings().grace + LAST_RESORT


@pytest.fixture
def secrets(tmp_path: Path) -> Path:
    """Make the secrets as the documents say, in a folder of their own."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for _ in range(2):
        done = subprocess.run(["make", "secrets"], cwd=tmp_path, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
    return tmp_path / "secrets"


def test_secrets_are_made_once_and_fit(secrets: Path) -> None:
    password = (secrets / "database_password").read_text("utf-8")
    url = make_url((secrets / "database").read_text("utf-8"))
    assert len(password) >= 32
    assert (url.password, url.host) == (password, "database")
    told = SERVICES["database"]["environment"]
    assert (url.username, url.database) == (told["POSTGRES_USER"], told["POSTGRES_DB"])
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    # in the container, where it is mounted by itself, another user reads it
    assert stat.S_IMODE((secrets / "database").stat().st_mode) == 0o644


def test_the_service_runs_as_composed(
    postgres: str,
    serve: Callable[..., str],
    run: Callable[..., subprocess.CompletedProcess[str]],
    secrets: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (secrets / "database").write_text(postgres, "utf-8")
    told = SERVICES["service"]["environment"]
    assert SERVICES["schema"]["environment"].items() <= told.items()
    for name, value in told.items():
        assert value.rpartition("/")[2] in SERVICES["service"]["secrets"]
        monkeypatch.setenv(name, value.replace("/run/secrets", str(secrets)))
    upgraded = run(*SERVICES["schema"]["command"])
    assert upgraded.returncode == 0, upgraded.stderr
    address = serve()
    python, *check = yaml.safe_load(_value("service", "HEALTHCHECK").partition("CMD ")[2])
    assert python == "python"
    here = [part.replace("http://127.0.0.1:8000", address) for part in check]
    assert here != check
    assert subprocess.run([sys.executable, *here], check=False, timeout=30).returncode == 0


def test_datasets_are_classified_on_the_cluster_as_composed(
    run: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    """The commands of the profile `spark`, with the master's name replaced by this machine's."""
    provide_java()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    def started(name: str, *more: str) -> subprocess.Popen[bytes]:
        service = SERVICES[name]
        command = [*service["entrypoint"], *service["command"]]
        here = {"spark-master": "127.0.0.1", "7077": str(port), "/tmp/work": str(tmp_path / "work")}
        here["spark://spark-master:7077"] = f"spark://127.0.0.1:{port}"
        words = [here.get(word, word) for word in command]
        with (tmp_path / f"{name}.log").open("wb") as log:
            environment = os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}"}
            return subprocess.Popen([*words, *more], stdout=log, stderr=log, env=environment)

    (tmp_path / "in.csv").write_text("id,form\na,other\nb,joint_force\n", "utf-8")
    cluster = [started("spark-master", "--webui-port", "0")]
    try:
        _await(tmp_path / "spark-master.log", "Starting Spark master")
        cluster.append(started("spark-worker", "--webui-port", "0", "--cores", "2"))
        _await(tmp_path / "spark-worker.log", "Successfully registered with master")
        master = f"spark://127.0.0.1:{port}"
        done = run(
            "classify", tmp_path / "in.csv", "-o", tmp_path / "out.csv",
            "--engine", "spark", "--master", master,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    finally:
        for process in cluster:
            process.terminate()
            process.wait(30)
    written = "".join(path.read_text("utf-8") for path in (tmp_path / "out.csv").glob("*.csv"))
    assert "a,brooks-wohlforth-2004,indeterminate" in written
    assert "Registered app softbalance" in (tmp_path / "spark-master.log").read_text("utf-8")


def _await(log: Path, text: str) -> None:
    deadline = time.monotonic() + 60
    while text not in log.read_text("utf-8"):
        assert time.monotonic() < deadline, log.read_text("utf-8")
        time.sleep(0.1)
