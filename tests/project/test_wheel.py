"""The wheel, as it would be published: built, installed elsewhere, used."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
import zipfile
from pathlib import Path
from shutil import copytree, ignore_patterns
from sysconfig import get_config_var

from places import ROOT

EXT_SUFFIX = str(get_config_var("EXT_SUFFIX"))
IGNORED = ignore_patterns(".*", "build", "dist", "*.egg-info", "__pycache__", "*.so")


def test_the_wheel_holds_all_that_the_product_needs(tmp_path: Path) -> None:
    source = tmp_path / "source"
    copytree(ROOT, source, ignore=IGNORED)
    # without being told what, it makes a source distribution, and the wheel from nothing else
    _call(sys.executable, "-m", "build", "--outdir", tmp_path, source)
    (wheel,) = tmp_path.glob("*.whl")
    _holds_every_file(wheel)
    # the dependencies are those of this environment; the product comes from the wheel alone
    site = next(path for path in sys.path if path.endswith("site-packages"))
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    _call(python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel)
    (own,) = (tmp_path / "venv" / "lib").glob("python*/site-packages")
    (own / "dependencies.pth").write_text(site)
    shown = _call(own.parents[2] / "bin" / "softbalance", "cases", "--json")
    assert all(entry["ok"] for entry in json.loads(shown))
    where = _call(python, "-c", "import softbalance.rules.language.loader as m; print(m.__file__)")
    assert where.startswith(str(own))


def _holds_every_file(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    for folder in ("rules", "schemas", "service"):
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".so":
                # of a module in C, what it is compiled to for this Python
                shipped = path.with_suffix(EXT_SUFFIX) if path.suffix == ".c" else path
                assert f"softbalance/{shipped.relative_to(ROOT)}" in names, path
    assert {"softbalance/__init__.py", "softbalance/answers.py", "softbalance/py.typed"} <= names
    assert not any(
        name.startswith(("python/", "softbalance/python/", "rules/", "tests/", "schemas/"))
        for name in names
    )


def _call(*command: object) -> str:
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
