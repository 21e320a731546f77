"""Where things are: tests mirror the packages, and a name belongs to one module."""

from __future__ import annotations

from collections import Counter
from configparser import ConfigParser
from pathlib import Path

from places import ROOT, TESTS

PACKAGES = ("python", "rules", "schemas", "service")
#: The folder of the package `softbalance` itself.
OUTERMOST = "python"
#: A command, a call of the API or a schema may have the name of what it opens the door to.
SHARED_NAMES = {"batches", "cases", "classify", "codebook", "replay", "rulebooks"}


def _modules() -> list[Path]:
    return [
        path.relative_to(ROOT)
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if path.name != "__init__.py"
    ]


def _package_of(module: Path) -> str:
    parts = module.parent.parts
    return ".".join(("softbalance", *(() if parts == (OUTERMOST,) else parts)))


def test_each_folder_of_tests_is_that_of_a_package() -> None:
    folders = {path.parent.relative_to(TESTS) for path in TESTS.rglob("test_*.py")}
    mirrored = {folder for folder in folders if folder.parts[0] in PACKAGES}
    assert {folder.parts[0] for folder in mirrored} == {*PACKAGES}
    assert [
        str(folder) for folder in mirrored if not (ROOT / folder / "__init__.py").exists()
    ] == []
    assert {str(folder) for folder in folders - mirrored} == {"helpers", "project"}


def test_a_test_named_after_a_module_is_in_the_folder_of_its_package() -> None:
    homes: dict[str, set[Path]] = {}
    for module in _modules():
        # a room may be tested through the command that opens it
        if module.parent != Path("service/commands"):
            homes.setdefault(module.stem, set()).add(module.parent)
    # a package may be tested as a whole, beside or in its own folder
    for init in (path for package in PACKAGES for path in (ROOT / package).rglob("__init__.py")):
        folder = init.parent.relative_to(ROOT)
        homes.setdefault(folder.name, set()).update((folder, folder.parent))
    for path in TESTS.rglob("test_*.py"):
        folder, name = path.parent.relative_to(TESTS), path.stem.removeprefix("test_")
        if folder.parts[0] in PACKAGES and folder.name != "commands" and name in homes:
            assert folder in homes[name], f"{path} tests a module of {homes[name]}"


def test_no_helper_has_the_name_of_a_module() -> None:
    helpers = {path.stem for path in (TESTS / "helpers").glob("*.py")}
    assert helpers & {module.stem for module in _modules()} == set()


def test_each_name_belongs_to_one_module() -> None:
    counted = Counter(module.stem for module in _modules())
    assert {name for name, count in counted.items() if count > 1} == SHARED_NAMES


def test_every_package_is_declared() -> None:
    config = ConfigParser()
    config.read(ROOT / "setup.cfg", "utf-8")
    found = {
        _package_of(init.relative_to(ROOT))
        for package in PACKAGES
        for init in (ROOT / package).rglob("__init__.py")
    }
    assert {*config["options"]["packages"].split()} == found
    # a folder of modules without an __init__ would be left out of both
    folders = {_package_of(module) for module in _modules()}
    assert folders <= found
