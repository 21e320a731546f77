"""Every Python of this machine that the package is for, and machines that lack what it needs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from places import ROOT

IGNORED = shutil.ignore_patterns(".*", "build", "dist", "*.egg-info", "__pycache__", "*.so")
OLDEST = (3, 11)
#: What an interpreter says of itself: its version, and where its headers are.
_ASKED = "import sys, sysconfig; print(*sys.version_info[:4], sysconfig.get_path('include'))"
#: Imports every module but the one that Alembic alone can run, and that for which PostgreSQL's
#: library is needed.
_IMPORTS = """
from importlib import import_module
from pkgutil import walk_packages
for name in ("rules", "schemas", "service"):
    package = import_module(f"softbalance.{name}")
    for module in walk_packages(package.__path__, f"{package.__name__}."):
        if not module.name.endswith((".migrations.env", ".store.postgres")):
            import_module(module.name)
"""


def _found() -> dict[str, Path]:
    """Return an interpreter for each version: the running one, those on PATH, those of pyenv.

    Previews are left out, and those without headers: a dependency is compiled.
    """
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates = [
        *(
            Path(name)
            for minor in range(OLDEST[1], 30)
            if (name := shutil.which(f"python3.{minor}"))
        ),
        *sorted(pyenv.glob("versions/3.*/bin/python3")),
    ]
    found = {}
    for python in candidates:
        asked = subprocess.run([python, "-c", _ASKED], capture_output=True, text=True, check=False)
        if asked.returncode:
            continue  # a shim of pyenv for a version that is not chosen here
        major, minor, _, level, headers = asked.stdout.strip().split(" ", 4)
        ready = level == "final" and Path(headers, "Python.h").exists()
        if ready and (int(major), int(minor)) >= OLDEST:
            found[f"{major}.{minor}"] = python
    running = f"{sys.version_info.major}.{sys.version_info.minor}"
    return dict(sorted({**found, running: Path(sys.executable)}.items()))


PYTHONS = _found()
#: All other tests try the running one, unless there is no other.
OTHERS = [name for name, path in PYTHONS.items() if path != Path(sys.executable)]


@pytest.mark.parametrize("version", OTHERS or PYTHONS)
def test_it_installs_on_every_python_and_decides_the_cases(version: str, tmp_path: Path) -> None:
    source, venv = tmp_path / "source", tmp_path / "venv"
    shutil.copytree(ROOT, source, ignore=IGNORED)
    # with the pip of this environment: not every Python has one
    _call(PYTHONS[version], "-m", "venv", "--without-pip", venv)
    python = venv / "bin" / "python"
    _call(
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "--quiet",
        "--no-compile",
        source,
    )
    shown = json.loads(_call(venv / "bin" / "softbalance", "cases", "--json", cwd=tmp_path))
    assert shown
    assert all(entry["ok"] for entry in shown)
    _call(python, "-c", _IMPORTS, cwd=tmp_path)
    assert _call(python, "--version").startswith(f"Python {version}.")
    if tuple(map(int, version.split("."))) >= (3, 13):
        _says_what_to_do_without_its_module(venv)


def _says_what_to_do_without_its_module(venv: Path) -> None:
    """From Python 3.13 on durable_rules needs a module of ours; take it away."""
    (module,) = venv.glob("lib/python3.*/site-packages/softbalance/rules/episode/call_object.*.so")
    module.unlink()
    done = subprocess.run(
        [venv / "bin" / "softbalance", "cases"],
        cwd=venv, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "pip install" in done.stderr
    assert "C compiler" in done.stderr
    assert (done.stderr.count("\n"), done.stdout) == (1, "")


def _call(*command: object, cwd: Path = ROOT) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd, capture_output=True, text=True, timeout=600, check=False,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _prepare(folder: Path, python: str, *tools: str) -> subprocess.CompletedProcess[str]:
    """Prepare this Python on a machine that has nothing but a shell and these tools."""
    for tool in ("sh", "dirname", "id", *tools):
        found = shutil.which(tool)
        assert found
        (folder / tool).symlink_to(found)
    return subprocess.run(
        [ROOT / "tools" / "prepare", python],
        env={"PATH": str(folder)}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_a_machine_without_a_compiler_is_told_what_to_install_in_a_line(tmp_path: Path) -> None:
    # nothing can be installed here: there is no apt-get
    done = _prepare(tmp_path, sys.executable)
    assert done.returncode == 1
    assert "apt-get install gcc libc6-dev" in done.stderr
    assert "C compiler" in done.stderr
    assert (done.stderr.count("\n"), done.stdout) == (1, "")


def test_a_machine_that_has_all_is_left_alone(tmp_path: Path) -> None:
    compiler = str(sysconfig.get_config_var("CC")).split()[0]
    # gcc finds its parts by its own path
    done = _prepare(tmp_path, sys.executable, *{compiler, "as", "ld"})
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ("exit 127", "There is no"),
        ('case $2 in *exit*) exit 1;; *) echo "3.9";; esac', "is Python 3.9"),
    ],
    ids=["none", "old"],
)
def test_a_machine_without_a_new_enough_python_is_told_in_a_line(
    tmp_path: Path, answers: str, told: str
) -> None:
    python = tmp_path / "python3"
    python.write_text(f"#!/bin/sh\n{answers}\n", "utf-8")
    python.chmod(0o755)
    done = _prepare(tmp_path, str(python))
    assert done.returncode == 1
    assert told in done.stderr
    assert "Python 3.11 or newer" in done.stderr
    assert (done.stderr.count("\n"), done.stdout) == (1, "")
